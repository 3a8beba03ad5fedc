"""The widget that is served is made of the source that people read."""

from __future__ import annotations

import gzip

import pytest

from infra import widget

LIMIT = 5 * 1024


def test_the_committed_widget_is_what_the_minifier_makes_of_its_source() -> None:
    assert widget.SMALL.read_text(encoding="utf-8") == widget.minified(), "run make widget"


def test_what_is_served_is_small_and_asks_nothing_of_another_host() -> None:
    small = widget.SMALL.read_bytes()
    assert len(gzip.compress(small, 9, mtime=0)) <= LIMIT
    assert b"://" not in small and b"import(" not in small and b"cookie" not in small


def test_a_source_that_does_not_say_where_its_style_sheet_stands_is_no_widget(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(widget, "SOURCE", widget.STATIC / "survey.js")
    with pytest.raises(ValueError, match="exactly once"):
        widget.minified()
