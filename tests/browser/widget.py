"""What the tests of the widget share: pressing, waiting, and looking into the outbox."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page

from shared.domain.surveys import Look, Option, Question, Scale

PATIENCE_SECONDS = 60


def eventually(page: Page, true: Callable[[], bool]) -> None:
    """Wait until something is true, while the browser goes on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, "it never became true"
        page.wait_for_timeout(25)


def rate(page: Page, rating: int) -> None:
    page.get_by_role("radio", name=str(rating), exact=True).click()


def outbox(page: Page) -> list[str]:
    return list(page.evaluate("Object.keys(localStorage).filter(name => name.startsWith('hearback:'))"))


def quick_retries(page: Page) -> None:
    """Back-off at a hundredth of its length: what is tested is that it comes, not how long a second is."""
    page.add_init_script("const real = setTimeout; window.setTimeout = (run, wait, ...rest) => real(run, wait / 100)")


def question(name: str, scale: Scale, text: str, look: Look | None = None, **more: object) -> Question:
    return Question.model_validate({"id": name, "scale": scale, "text": {"en": text}, "look": look, **more})


FOUND = (
    Option(value=7, text={"en": "A friend"}),
    Option(value=2, text={"en": "A search engine with a long name that does not fit on one line of a small phone"}),
)
EVERY_TYPE = {
    "nps": (question("asked", Scale.NPS, "Recommend us?"), "7", 7),
    "csat": (question("asked", Scale.CSAT, "Satisfied?"), "4", 4),
    "csat_stars": (question("asked", Scale.CSAT, "Satisfied?", Look.STARS), "4 stars", 4),
    "csat_smileys": (question("asked", Scale.CSAT, "Satisfied?", Look.SMILEYS), "Very satisfied", 5),
    "csat_3": (question("asked", Scale.CSAT_3, "Satisfied?"), "Dissatisfied", 1),
    "csat_3_stars": (question("asked", Scale.CSAT_3, "Satisfied?", Look.STARS), "3 stars", 3),
    "ces": (question("asked", Scale.CES, "Was it easy?"), "2", 2),
    "ces_smileys": (question("asked", Scale.CES, "Was it easy?", Look.SMILEYS), "Agree", 4),
    "ces_7": (question("asked", Scale.CES_7, "Was it easy?"), "7", 7),
    "expectation": (question("asked", Scale.EXPECTATION, "As expected?"), "Worse than expected", 1),
}
"""Each look of each scale, the name of one of its ratings, and the number that is sent for it."""
RATED = question("recommend", Scale.NPS, "How likely are you to recommend us to a friend?")
CHOICE = question("found_by", Scale.CHOICE, "How did you find us?", options=[option.model_dump() for option in FOUND])
TEXT = question("why", Scale.TEXT, "What could be better?")
