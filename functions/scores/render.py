"""The pages as HTML. Style is in the page and allowed by its hash; there is no script, and none is allowed."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from functions.scores import words
from functions.scores.charts import Bar, Point, bar_charts, interval_chart, score_charts
from functions.scores.report import Report
from shared.domain.metrics.days import EARLIEST, Interval
from shared.domain.metrics.figures import Figures
from shared.pages import Page, page_headers, page_templates

__all__ = ["Page", "login_page", "notice_page", "refusal_page", "scores_page"]

_HERE = Path(__file__).parent
_PAGES = page_templates(_HERE / "templates")
_PAGES.globals.update({"words": words, "Interval": Interval, "zip": zip})
_STYLE = (_HERE / "static" / "scores.css").read_text(encoding="utf-8")
_HEADERS = page_headers(
    _STYLE,
    # Not no-referrer: with that, a browser sends `Origin: null` with our own forms.
    referrer="same-origin",
    form_action="'self'",
)
SPANS = (("7 days", 7), ("30 days", 30), ("90 days", 90), ("12 months", 365))
"""What one press chooses, back from the last day on the page."""


def login_page(said: str = "") -> Page:
    """The form that takes the secret key; 403, for whoever sees it may not see more yet.

    Args:
        said: Why the form is shown again.
    """
    return _page("login.html.jinja", HTTPStatus.FORBIDDEN, said=said)


def notice_page(status: HTTPStatus, said: str) -> Page:
    """A page that only says something."""
    return _page("notice.html.jinja", status, said=said, reader="")


def refusal_page(status: HTTPStatus, said: str, reader: str) -> Page:
    """What was wrong with the days or the question chosen, and the way back."""
    return _page("notice.html.jinja", status, said=said, reader=reader)


def scores_page(report: Report | None, reader: str) -> Page:
    """The scores; None while there is no survey."""
    if report is None:
        return _page("notice.html.jinja", HTTPStatus.OK, said="No survey is published yet.", reader=reader)
    return _page("scores.html.jinja", HTTPStatus.OK, reader=reader, report=report, **_drawn(report))


def _page(template: str, status: HTTPStatus, **content: Any) -> Page:
    html = _PAGES.get_template(template).render(style=Markup(_STYLE), **content)  # noqa: S704  ours, allowed by hash
    return Page(status, html, _HEADERS)


def _drawn(report: Report) -> dict[str, Any]:
    """The charts and links of a report."""
    figures, choice = report.figures, report.choice
    scale = choice.question.scale
    told = words.SCALES.get(scale)
    names = [words.bucket_name(bucket, choice.interval) for bucket in figures.buckets]
    ratings = [
        (rating, words.rating_name(report.survey, choice.question, rating), figures.ratings.get(rating, 0))
        for rating in choice.question.ratings
    ]
    drawn: dict[str, Any] = {
        "told": told,
        "links": _links(report),
        "ratings": ratings,
        "tones": {rating: words.tone(scale, rating) for rating in choice.question.ratings},
        "groups": _groups(report),
        "bucket_names": names,
        "distribution": bar_charts(
            [Bar(name, count, f"{name}: {words.answers(count)}", words.tone(scale, r)) for r, name, count in ratings],
            "How often each answer was given: " + ", ".join(f"{name}: {count}" for _, name, count in ratings),
            every_name=True,
        ),
        "per_day": bar_charts(
            [
                Bar(
                    words.bucket_name(each, report.answers_by),
                    each.response_count,
                    _labelled(words.span_of(each), each),
                )
                for each in report.answers
            ],
            f"{words.answers(figures.response_count)} from {words.span(choice.days)}, over time",
        ),
    }
    if told:
        drawn["over_time"] = score_charts(
            [_point(bucket, _labelled(words.span_of(bucket), bucket)) for bucket in figures.buckets],
            names,
            told.bounds,
            f"{told.score} over time with its 95 % interval; all together {words.figures(figures)}",
        )
        drawn["interval_chart"] = lambda row: interval_chart(_point(row, words.figures(row)), told.bounds)
    return drawn


def _groups(report: Report) -> list[tuple[str, int, int]]:
    """Positive, neutral and negative answers: how they are called, how many, and what percentage."""
    scale, total = report.choice.question.scale, report.figures.response_count
    if scale not in words.SCALES or not total:
        return []
    counted = [0, 0, 0]
    for rating, count in report.figures.ratings.items():
        counted[words.tone(scale, rating)] += count
    names = words.SCALES[scale].groups
    return [(name, count, round(100 * count / total)) for name, count in zip(names, counted, strict=True)]


def _links(report: Report) -> list[tuple[str, str, bool]]:
    """For each of the usual spans its name, its address, and whether it is the one on the page."""
    choice, until = report.choice, report.choice.days.until
    found = []
    for name, length in SPANS:
        since = max(until - timedelta(days=length - 1), EARLIEST)
        query = {"survey": report.survey.survey_id, "question": choice.question.id, "since": since, "until": until}
        found.append((name, f"/scores?{urlencode(query)}", since == choice.days.since))
    return found


def _point(told: Figures, label: str) -> Point:
    low, high = told.interval or (None, None)
    return Point(told.score, low, high, label)


def _labelled(place: str, told: Figures) -> str:
    return f"{place}: {words.figures(told)}"
