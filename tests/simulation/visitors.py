"""A day of visitors: a seeded script of what each one does, and its own count of how far they came.

The count is made as the script goes on, from what it does; nothing of it is read from the product.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from tests.simulation.shop import PUBLISHABLE, SECRET, Shop

RESPONSES, VIEWS = "/v1/surveys/delivery/responses", "/v1/surveys/delivery/views"
ACCEPTED = 202


class Visit(NamedTuple):
    """What one visitor does once the survey is before their eyes.

    Args:
        leaves: Goes away without a press.
        dismisses: Closes it; perhaps after having begun.
        begins: Presses something.
        ratings: What they answer, revision by revision; nobody answers who dismisses.
        resends: Whether the page sends its answer again, as an outbox does that heard nothing.
        beacons: How often the page tells of the view: a killed browser never, a hidden tab that comes back twice.
        is_test: Whether it is a preview.
    """

    dismisses: bool
    begins: bool
    ratings: tuple[int, ...]
    resends: bool
    beacons: int
    is_test: bool


def visit(chance: random.Random) -> Visit:
    """One visitor as chance has it."""
    kind = chance.choices(("leaves", "dismisses", "answers", "begins"), (35, 20, 40, 5))[0]
    ratings = tuple(chance.choices(range(11), k=chance.choice((1, 1, 1, 2)))) if kind == "answers" else ()
    return Visit(
        dismisses=kind == "dismisses",
        begins=kind in ("answers", "begins") or (kind == "dismisses" and chance.random() < 0.3),
        ratings=ratings,
        resends=chance.random() < 0.2,
        beacons=chance.choices((0, 1, 2), (5, 80, 15))[0],
        is_test=chance.random() < 0.03,
    )


class Day:
    """The day, and the script's count of it.

    Attributes:
        steps: How often each step was taken, by channel.
        ratings: What stands of each answer.
    """

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._chance = random.Random(f"visitors-{seed}")
        self.steps: Counter[tuple[str, str]] = Counter()
        self.ratings: list[int] = []
        self._visitors = 0

    def open(self, pages: dict[str, int], invited: dict[str, int]) -> None:
        """So many visitors come to pages, by channel, and so many are invited, in any order."""
        for number, channel in enumerate(channel for channel, many in invited.items() for _ in range(many)):
            self._buys(f"parcel-{number}", channel)
        self._shop.wait(1800)  # a second for each SMS, and whoever comes too soon comes again later
        mails = [("email", sent) for sent in self._shop.aws.ses.accepted]
        texts = [("sms", sent) for sent in self._shop.aws.sms.accepted]
        links = [(channel, link) for channel, sent in (*mails, *texts) if (link := link_in(str(sent.request)))]
        visitors = [*links, *((channel, None) for channel, many in pages.items() for _ in range(many))]
        self._chance.shuffle(visitors)
        for number, (channel, link) in enumerate(visitors):
            if link is None:
                self._comes(channel, {}, {"source": channel})
            elif self._chance.random() < 0.6:
                self._follows(channel, link)
            if number % 60 == 0:
                self._shop.wait(1)
        self._shop.deliver_receipts()
        self._shop.come_to_rest()

    def _buys(self, parcel: str, channel: str) -> None:
        """Somebody whose parcel arrives is invited: by e-mail who has one, else by SMS."""
        recipient = {"email": f"{parcel}@example.org"} if channel == "email" else {"phone": _phone(parcel)}
        body = {"delivery_id": parcel, "carrier": "dhl", "survey_id": "delivery", "recipient": recipient}
        self._post("/v1/deliveries", body, SECRET)
        self._post(f"/v1/deliveries/{parcel}/events", {"status": "delivered"}, SECRET)
        self.steps.update({(channel, "invited"): 1, (channel, "delivered"): 1})

    def _follows(self, channel: str, link: str) -> None:
        """Somebody opens the link of their invitation."""
        page = self._shop.stack.http("GET", urlsplit(link).path, query=_query(link))
        if 300 <= page.status < 400:
            link = page.headers["location"]
            page = self._shop.stack.http("GET", urlsplit(link).path, query=_query(link))
        assert page.status == 200, page
        token = _query(link).get("t") or urlsplit(link).path.rpartition("/")[2]
        nonce = re.search(r'data-nonce="([\w.-]+)"', page.body)
        self._shop.aws.clock.advance(1)
        proof = {"proof": {"nonce": nonce[1], "pressed_after_ms": 900}} if nonce else {}
        self._comes(channel, {"t": token}, proof)

    def _comes(self, channel: str, query: dict[str, str], beside: dict[str, Any]) -> None:
        """One visitor with a survey before their eyes."""
        does = visit(self._chance)
        self._visitors += 1
        answer = {"test": does.is_test, **beside} | ({} if query else {"response_id": self._uuid()})
        for revision, rating in enumerate(does.ratings, start=1):
            for _ in range(1 + does.resends):
                self._post(RESPONSES, {**answer, "revision": revision, "rating": rating}, query=query)
        view = {"view_id": self._uuid(), "channel": "link" if query else channel, "shown": True, "test": does.is_test}
        for _ in range(does.beacons):
            self._post(VIEWS, {**view, "started": does.begins, "dismissed": does.dismisses}, query=query)
        if does.is_test:
            return
        seen = does.beacons > 0
        taken = {"shown": seen, "started": seen and does.begins, "dismissed": seen and does.dismisses}
        self.steps.update({(channel, step): 1 for step, is_so in taken.items() if is_so})
        if does.ratings:
            self.steps[channel, "answered"] += 1
            self.ratings.append(does.ratings[-1])

    def _post(self, path: str, body: Any, key: str = PUBLISHABLE, query: dict[str, str] | None = None) -> None:
        address = f"2001:db8:0:{self._visitors:x}::1"
        reply = self._shop.stack.http("POST", path, body, key=None if query else key, query=query, address=address)
        assert reply.status == ACCEPTED, (path, body, reply)

    def _uuid(self) -> str:
        return str(UUID(int=self._chance.getrandbits(128), version=4))


def link_in(message: str) -> str | None:
    """The address behind which an invitation asks; None if it is no invitation."""
    found = re.search(r"https://[\w.-]+/(?:r/[\w.~-]+|i/[\w-]+|s/delivery\?t=[\w.~-]+)", message)
    return found[0] if found else None


def _query(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}


def _phone(parcel: str) -> str:
    """A number unlike all others before its last four digits: not many that are alike there are sent to."""
    return f"+49151{int(parcel.rpartition('-')[2]) * 10_000 + 10_000_000}"
