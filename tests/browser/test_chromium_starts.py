"""The browser that the other tests drive does start, and only this machine can be reached from it."""

from __future__ import annotations

from playwright.sync_api import Page


def test_a_page_is_shown_and_its_scripts_run(page: Page) -> None:
    page.set_content("<p id=said></p><script>document.getElementById('said').textContent = 6 * 7</script>")
    assert page.text_content("#said") == "42"
