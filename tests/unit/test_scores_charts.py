"""A chart draws the numbers it was given, in their places, and carries nothing that runs or loads."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from functions.scores.charts import Bar, Point, bar_charts, interval_chart, score_charts

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    Point(-50.0, -100.0, 20.0, "first"),
    Point(50.0, 0.0, 100.0, "second"),
    Point(None, None, None, "silent"),
    Point(0.0, -30.0, 30.0, "alone"),
]
NAMES = ["1 Mar", "2 Mar", "3 Mar", "4 Mar"]


def drawn(markup: str) -> list[ElementTree.Element]:
    """The charts in a piece of a page: the wide and the narrow one."""
    return list(ElementTree.fromstring(f"<div>{markup}</div>").iter(f"{SVG}svg"))  # noqa: S314  our own


def dots(chart: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Where each dot is, by what is said under the pointer."""
    return {
        dot[0].text or "": (float(dot.attrib["cx"]), float(dot.attrib["cy"]))
        for dot in chart.iter(f"{SVG}circle")
        if len(dot)
    }


def bands(chart: ElementTree.Element) -> list[list[tuple[float, float]]]:
    paths = [path.attrib["d"] for path in chart.iter(f"{SVG}path") if path.attrib["class"] == "line reactive"]
    return [list(zip(*[iter(map(float, re.findall(r"-?[\d.]+", path)))] * 2, strict=True)) for path in paths]


@pytest.fixture(params=[0, 1], ids=["wide", "narrow"])
def chart(request: pytest.FixtureRequest) -> ElementTree.Element:
    return drawn(score_charts(POINTS, NAMES, (-100, 100), "NPS"))[request.param]


def test_scores_stand_in_order_and_where_the_scale_says(chart: ElementTree.Element) -> None:
    at = dots(chart)
    assert list(at) == ["first", "second", "alone"]
    assert at["first"][0] < at["second"][0] < at["alone"][0]
    # 50 points up and 50 points down of 0 are as far apart.
    assert at["first"][1] - at["alone"][1] == pytest.approx(at["alone"][1] - at["second"][1])
    assert at["first"][1] > at["second"][1], "higher scores stand higher"


def test_the_band_holds_every_score_and_breaks_where_nobody_answered(chart: ElementTree.Element) -> None:
    at = dots(chart)
    both, alone = bands(chart)
    for name, band in (("first", both), ("second", both), ("alone", alone)):
        x, y = at[name]
        heights = [by for bx, by in band if abs(bx - x) < 1] or [by for _, by in band]
        assert min(heights) < y < max(heights)
    assert max(x for x, _ in both) < at["alone"][0] - 1
    assert max(x for x, _ in alone) - min(x for x, _ in alone) > 5, "a lone point's band can be seen"


def test_the_ends_of_the_interval_are_drawn_to_scale(chart: ElementTree.Element) -> None:
    at = dots(chart)
    per_point = (at["first"][1] - at["second"][1]) / 100
    band = sorted(y for x, y in bands(chart)[0] if abs(x - at["second"][0]) < 1)
    assert band[-1] - band[0] == pytest.approx(100 * per_point, rel=0.01)


def test_bars_are_as_high_as_their_numbers() -> None:
    for chart in drawn(bar_charts([Bar("a", 2, "two"), Bar("b", 0, "none", 1), Bar("c", 8, "eight", 2)], "Bars")):
        height = {bar[0].text: float(bar.attrib["height"]) for bar in chart.iter(f"{SVG}rect") if len(bar)}
        assert height["eight"] == pytest.approx(4 * height["two"])


def test_no_numbers_and_a_lone_one_can_be_drawn() -> None:
    assert len(drawn(score_charts(POINTS[2:3], NAMES[2:3], (0, 100), "CSAT"))) == 2
    assert len(drawn(score_charts(POINTS[:1], NAMES[:1], (-100, 100), "NPS"))) == 2
    assert len(drawn(bar_charts([], "Bars"))) == 2
    assert len(drawn(bar_charts([Bar("a", 0, "none")], "Bars"))) == 2
    assert interval_chart(POINTS[2], (-100, 100)) == ""


@pytest.mark.parametrize(("score", "bounds"), [(-100.0, (-100, 100)), (100.0, (-100, 100)), (0.0, (0, 100))])
def test_a_line_of_a_table_holds_its_whole_interval(score: float, bounds: tuple[int, int]) -> None:
    (chart,) = drawn(interval_chart(Point(score, max(score - 40, bounds[0]), min(score + 40, bounds[1]), "x"), bounds))
    width = float(chart.attrib["viewBox"].split()[2])
    numbers = [float(number) for path in chart.iter(f"{SVG}path") for number in re.findall(r"[\d.]+", path.attrib["d"])]
    assert all(0 <= x <= width for x in numbers[::2])


def test_nothing_in_a_chart_runs_loads_or_styles_itself() -> None:
    evil = "</title><script>alert(1)</script>"
    point = Point(1.0, 0.0, 2.0, evil)
    for markup in (
        score_charts([point], [evil], (-100, 100), f'"{evil}'),
        bar_charts([Bar(evil, 1, evil)], f'"{evil}'),
        interval_chart(point, (-100, 100)),
    ):
        for chart in drawn(markup):
            tags = {element.tag.removeprefix(SVG) for element in chart.iter()}
            assert tags <= {"svg", "g", "rect", "path", "circle", "text", "title"}
            names = {name for element in chart.iter() for name in element.attrib}
            assert not {name for name in names if name == "style" or name.startswith("on") or "href" in name}
        assert "<script" not in markup


def test_a_long_year_names_no_more_days_than_fit() -> None:
    bars = [Bar(f"day {day}", day % 7, f"day {day}") for day in range(100)]
    wide, narrow = (
        [text.text for text in chart.iter(f"{SVG}text") if (text.text or "").startswith("day")]
        for chart in drawn(bar_charts(bars, "Bars"))
    )
    assert (len(wide), len(narrow)) == (8, 4)
    assert all(int(a.split()[1]) < int(b.split()[1]) for a, b in pairwise(str(name) for name in wide))
