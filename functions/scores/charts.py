"""Charts as SVG, made on the server: no script, no style of their own, colours by the page's style sheet.

pygal draws; what its interactive pages need is taken out again, so that the page's Content-Security-Policy can forbid
scripts and foreign styles altogether. A label becomes a `title`, which browsers show under the pointer.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import SubElement

import pygal
from markupsafe import Markup
from pygal.style import Style

# pygal hooks into every later import for map plugins that we have none of, in a way Python gave up with 3.12.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

WIDE, NARROW = (720, 230), (330, 210)
"""Drawn for a desk and for a phone, so that text has the same size on both; the style sheet shows one of them."""
_LEFT_OUT = {"defs", "desc", "title"}
INTERVAL_SIZE = (280, 18)
DOT = 3
HALF_A_STEP = 0.3
"""How far the band of a lone point reaches to either side."""


class Point(NamedTuple):
    """A score in its place; without answers it has none."""

    score: float | None
    low: float | None
    high: float | None
    label: str


class Bar(NamedTuple):
    """A number in its place.

    Args:
        name: What stands below it.
        number: How high it is.
        label: What is said under the pointer.
        tone: Which of the three colours it has: 0 positive or plain, 1 neutral, 2 negative.
    """

    name: str
    number: int
    label: str
    tone: int = 0


def score_charts(points: Sequence[Point], names: Sequence[str], bounds: tuple[int, int], sentence: str) -> Markup:
    """A score over time, with its interval as a band.

    Args:
        points: The scores, in order.
        names: What stands below them.
        bounds: The scale of the score, -100 or 0 to 100.
        sentence: What the chart shows, for who does not see it.
    """
    low, high = bounds

    def drawn(width: int, height: int) -> Markup:
        few = width == NARROW[0]
        chart = pygal.XY(
            **_looks(width, height, "score"),
            range=bounds,
            xrange=(-0.5, max(len(points) - 0.5, 0.5)),
            y_labels=list(range(low, high + 1, (high - low) // (2 if few else 4))),
            x_labels=_steps(len(names), 4 if few else 8),
            x_value_formatter=lambda at: names[round(at)],
            value_formatter=_signed,
            dots_size=DOT,
            allow_interruptions=True,
        )
        for run in _runs(points):
            chart.add("band", _outline(points, run), fill=True, show_dots=False)
        chart.add("score", [{"value": (at, each.score), "label": each.label} for at, each in enumerate(points)])
        return _svg(chart, sentence)

    return _both(drawn(*WIDE), drawn(*NARROW))


def bar_charts(bars: Sequence[Bar], sentence: str, *, every_name: bool = False) -> Markup:
    """Numbers as bars.

    Args:
        bars: The numbers, in order.
        sentence: What the chart shows, for who does not see it.
        every_name: Whether each bar is named, rather than as many as fit.
    """
    highest = max((bar.number for bar in bars), default=0)

    def drawn(width: int, height: int) -> Markup:
        names = [bar.name for bar in bars]
        named = names if every_name else [names[at] for at in _steps(len(names), 8 if width > NARROW[0] else 4)]
        chart = pygal.StackedBar(
            **_looks(width, height - 60, "bars"),
            range=(0, max(highest, 1)),
            y_labels=[0, *([highest // 2] if highest % 2 == 0 < highest else []), max(highest, 1)],
            x_labels=names,
            x_labels_major=named,
            show_minor_x_labels=False,
            value_formatter=_signed,
            rounded_bars=2,
        )
        for tone in range(max((bar.tone for bar in bars), default=0) + 1):
            chart.add(str(tone), [{"value": b.number, "label": b.label} if b.tone == tone else None for b in bars])
        return _svg(chart, sentence)

    return _both(drawn(*WIDE), drawn(*NARROW))


def interval_chart(point: Point, bounds: tuple[int, int]) -> Markup:
    """A score with its interval, in one line of a table that tells the numbers beside it."""
    if point.score is None or point.low is None or point.high is None:
        return Markup("")
    width, height = INTERVAL_SIZE
    chart = pygal.XY(
        **_looks(width, height, "interval"),
        range=(-1, 1),
        xrange=bounds,
        show_x_labels=False,
        show_y_labels=False,
        dots_size=4,
    )
    chart.add("zero", [(0, -1), (0, 1)], show_dots=False)
    chart.add("interval", [(point.low, 0), (point.high, 0)], show_dots=False)
    chart.add("score", [(point.score, 0)], stroke=False)
    return _svg(chart, "")


def _looks(width: int, height: int, kind: str) -> dict[str, Any]:
    return {
        "width": width,
        "height": height,
        "classes": ("chart", kind),
        "style": Style(label_font_size=12, major_label_font_size=12),  # how much room labels get; CSS sets their size
        "margin": 1,
        "margin_top": 8 if kind != "interval" else 0,  # half a label's height
        "truncate_label": -1,
        "css": (),
        "js": (),
        "no_prefix": True,
        "show_legend": False,
        "disable_xml_declaration": True,
    }


def _svg(chart: Any, sentence: str) -> Markup:
    def bare(root: Any) -> Any:
        for parent in reversed(list(root.iter())):  # from within, so that the titles made here stay
            label = next((child.text for child in parent if child.get("class") == "label"), None)
            for child in list(parent):
                # A comment's tag is no text; whatever is about tooltips is moved by a script of pygal's.
                is_tooltip = {"tooltip", "tooltip-overlay"} & set(child.get("class", "").split())
                if not isinstance(child.tag, str) or child.tag in _LEFT_OUT or is_tooltip:
                    parent.remove(child)
            if label is not None and len(parent):
                SubElement(parent[0], "title").text = label
        del root.attrib["id"]
        root.attrib.update({"role": "img", "aria-label": sentence} if sentence else {"aria-hidden": "true"})
        return root

    chart.add_xml_filter(bare)
    return Markup(chart.render(is_unicode=True))  # noqa: S704  built as a tree, so that each text in it is escaped


def _both(wide: Markup, narrow: Markup) -> Markup:
    return Markup('<div class="wide">{}</div><div class="narrow">{}</div>').format(wide, narrow)


def _runs(points: Sequence[Point]) -> Iterable[range]:
    """The stretches without a gap."""
    start: int | None = None
    for at, point in enumerate((*points, None)):
        there = point is not None and point.score is not None
        if there and start is None:
            start = at
        elif not there and start is not None:
            yield range(start, at)
            start = None


def _outline(points: Sequence[Point], run: range) -> list[tuple[float, float | None]]:
    """Along the upper ends of the intervals and back along the lower ones."""
    reach = HALF_A_STEP if len(run) == 1 else 0
    places = [(at + shift, points[at]) for at in run for shift in ((-reach, reach) if reach else (0,))]
    return [(at, each.high) for at, each in places] + [(at, each.low) for at, each in reversed(places)]


def _steps(count: int, at_most: int) -> list[int]:
    """Places evenly apart, the first one among them."""
    return list(range(0, count, max(1, -(-count // at_most))))


def _signed(number: float) -> str:
    return f"{number:.0f}".replace("-", "−")
