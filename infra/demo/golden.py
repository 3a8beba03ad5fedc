"""The story of two deliveries, told at speed: order, promise, stages, van, door, a question, and who hears of it.

It plays on the embedded AWS alone, whose clock it moves: it begins two days ago and ends now, so that nothing of it
lies in the future. Everything goes through the public API, as a shop, a carrier, a fleet and a customer would send it;
what is due in between (the day before, "soon") is sent by the product's own timers. Whoever wants to watch opens the
mail page, and the live page when its link comes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from infra.demo.client import Client, DemoError

HAPPENS_AT = 15
"""The hour at which the story ends where the parcels go: by day, so that no quiet hours hold anything back."""
STOPS = 9
ADAS_STOP = 7
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.15
SEEN_SECONDS = 0.7
"""How long a page has to be open before a press on it counts, with a margin."""
COMMENT = "The lamp arrived with a crack in its shade."


class Step(NamedTuple):
    """One moment of the story.

    Args:
        at: When it happens in the story.
        title: What happens.
        track: The live page of Ada's parcel, once there is one.
    """

    at: datetime
    title: str
    track: str | None


class Sent(NamedTuple):
    """A message as its recipient gets it.

    Args:
        at: When it was sent, by the story's clock.
        kind: What it says.
        channel: `email` or `sms`.
        to: Whom to.
        text: What it says: an SMS whole, of an e-mail the subject.
        body: The whole text.
    """

    at: datetime
    kind: str
    channel: str
    to: str
    text: str
    body: str


class Golden:
    """Plays the story.

    Args:
        client: The API.
        mail_api: Where what was sent can be read, on the embedded AWS.
        now: When the story ends.
        watch: Told of each step when it has settled, so that a person can follow or a test can look.

    Attributes:
        on_track: Told where Ada's parcel can be watched, once there is a page.
    """

    def __init__(self, client: Client, mail_api: str, now: datetime, watch: Callable[[Step], None]) -> None:
        self._client = client
        self._mail_api = mail_api
        self._watch = watch
        self._now = now
        hours = (HAPPENS_AT - now.astimezone(UTC).hour + 12) % 24 - 12
        self.zone = ZoneInfo(f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT")  # POSIX signs: west is positive
        run = f"{now:%Y%m%dT%H%M%S}"
        self.ada, self.emmy = f"lamp-{run}", f"chair-{run}"
        self._ada_phone = f"+4915{int(now.timestamp()) % 10**9:09d}"
        self.recipients = {
            "Ada": (f"ada.{run}@customer.example", self._ada_phone),
            "Emmy": (f"emmy.{run}@customer.example", None),
        }
        self.on_track: Callable[[str], object] = lambda address: None
        self._track: str | None = None
        self._clock = datetime.min.replace(tzinfo=UTC)

    def play(self) -> list[Sent]:
        """Play it, to its end; the clock is the machine's again afterwards, whatever happens.

        Returns:
            All that was sent to the two customers, and to the shop about them, in order.

        Raises:
            DemoError: the API refused a part of it, or something that should have been sent was not.
        """
        try:
            self._order()
            self._on_the_way()
            self._the_van()
            self._at_the_door()
            self._what_the_customer_says()
        finally:
            self._client.put(self._beside("/_hearback/clock"), {"at": None})
        return self.sent()

    def sent(self) -> list[Sent]:
        """What was sent so far in this story, in order."""
        kinds = {
            message["message_id"]: message["kind"]
            for delivery_id in (self.ada, self.emmy)
            for message in self._messages(delivery_id)
        }
        mine = {address for addresses in self.recipients.values() for address in addresses if address}
        found = []
        for mail in self._client.get(self._mail_api) or ():
            kind = kinds.get(mail["tags"].get("message_id", ""))
            if kind is None and COMMENT in mail["text"] and self._began <= datetime.fromisoformat(mail["at"]):
                kind = "detractor_alert"
            if kind is not None or mine & set(mail["to"]):
                at = datetime.fromisoformat(mail["at"])
                text = mail["subject"] or mail["text"]
                found.append(Sent(at, kind or "", mail["channel"], mail["to"][0], text, mail["text"]))
        return found

    # The story, by the local clock where the parcels go: D-2 and D-1 are the days before the delivery.

    def _order(self) -> None:
        self._began = self._moment(-2, 10, 0)
        self._move(self._began)
        window = {"start": self._moment(0, 14, 0).isoformat(), "end": self._moment(0, 16, 0).isoformat()}
        self._register(self.ada, "Ada", window)
        self._tell("Ada orders a lamp; the shop promises it for the day after tomorrow", self.ada, "delivery_scheduled")
        window = {"start": self._moment(0, 11, 0).isoformat(), "end": self._moment(0, 12, 0).isoformat()}
        self._register(self.emmy, "Emmy", window)
        self._tell("Emmy orders a chair, for noon of that day", self.emmy, "delivery_scheduled")

    def _on_the_way(self) -> None:
        self._move(self._moment(-1, 8, 30))
        for parcel in (self.ada, self.emmy):
            self._report(parcel, "in_transit")
        self._tell("The carrier has both parcels")
        self._move(self._moment(-1, 17, 1))
        self._tell("Five in the afternoon, the day before", self.ada, "delivery_day_before")
        self._await(self.emmy, "delivery_day_before")

    def _the_van(self) -> None:
        self._move(self._moment(0, 8, 30))
        stops = [f"stop-{n}-{self.ada}" for n in range(1, STOPS + 1)]
        stops[ADAS_STOP - 1], stops[ADAS_STOP] = self.ada, self.emmy
        self._stops = stops
        north = [{"latitude": 52.40 + 0.01 * n, "longitude": 13.40} for n in range(STOPS)]
        planned = [{"delivery_id": stop, **place} for stop, place in zip(stops, north, strict=True)]
        self._client.put(f"routes/van-{self.ada}", {"stops": planned, "revision": 1})
        for parcel in (self.ada, self.emmy):
            self._report(parcel, "out_for_delivery")
        self._tell("The van leaves with nine stops; Ada's is the seventh", self.ada, "delivery_on_its_way")
        self._await(self.emmy, "delivery_on_its_way")

        self._move(self._moment(0, 11, 0))
        self._see(self.emmy, 0, self._moment(0, 14, 55))
        self._tell("A road is closed: Emmy's chair will not come by noon", self.emmy, "delivery_delayed")
        self._see(self.ada, 0, self._moment(0, 14, 40))
        self._move(self._moment(0, 13, 56))
        self._see(self.ada, 1)
        self._tell("The van is 45 minutes from Ada's door", self.ada, "delivery_soon")
        for done in range(1, ADAS_STOP):
            self._move(self._moment(0, 13, 56) + timedelta(minutes=6 * done))
            self._report(self._stops[done - 1], "delivered")
            self._see(self.ada, done)
            self._tell(f"Stop {done} is done")

    def _at_the_door(self) -> None:
        self._move(self._moment(0, 14, 34))
        self._report(self.ada, "arriving")
        self._tell("The next stop is Ada's", self.ada, "delivery_arriving")
        self._move(self._moment(0, 14, 39))
        self._report(self.ada, "delivered")
        self._tell("Ada has her lamp, within the promised window", self.ada, "delivery_delivered")
        self._await(self.ada, "survey_invitation")
        self._move(self._moment(0, 14, 52))
        self._report(self.emmy, "delivered")
        self._tell("Emmy has her chair, three hours late", self.emmy, "delivery_apology")
        self._await(self.emmy, "survey_invitation")

    def _what_the_customer_says(self) -> None:
        self._move(self._moment(0, 14, 56))
        self._press(self._await(self.ada, "survey_invitation"), 2)
        self._tell("Ada presses a two, and says why")
        for _ in _polls():
            if any(sent.kind == "detractor_alert" for sent in self.sent()):
                break
        else:
            raise DemoError("Nobody was alerted of Ada's two.")
        self._tell("The shop hears of it")

    # How it is told.

    def _register(self, delivery_id: str, name: str, window: Mapping[str, str]) -> None:
        email, phone = self.recipients[name]
        recipient = {"name": name, "locale": "en", "email": email} | ({"phone": phone} if phone else {})
        registration = {
            "delivery_id": delivery_id,
            "carrier": "own-van",
            "recipient": recipient,
            "promise": dict(window),
            "time_zone": self.zone.key,
            "region": "demo",
            "survey_id": "delivery",
        }
        self._client.post("deliveries", registration)

    def _report(self, delivery_id: str, status: str) -> None:
        event = {"event_id": f"{status}-{self._clock:%d%H%M}", "status": status, "occurred_at": self._clock.isoformat()}
        self._client.post(f"deliveries/{delivery_id}/events", event)
        for _ in _polls():
            known = self._client.get(f"deliveries/{delivery_id}") or {}
            if any(each["event_id"] == event["event_id"] for each in known.get("events", ())):
                return
        raise DemoError(f"{delivery_id} was not heard to be {status}.")

    def _see(self, delivery_id: str, stops_done: int, estimated_at: datetime | None = None) -> None:
        """The van tells where it is: a little before the next stop."""
        position: dict[str, object] = {
            "latitude": 52.395 + 0.01 * stops_done,
            "longitude": 13.40,
            "occurred_at": self._clock.isoformat(),
        }
        if estimated_at is not None:
            position["estimated_at"] = estimated_at.isoformat()
        self._client.post(f"deliveries/{delivery_id}/position", position)

    def _press(self, invitation: Sent, rating: int) -> None:
        """Open the rating of a mail, as its recipient does, and press it.

        A program that reads the page's nonce and waits can do that: docs/guarantees.md says so.
        """
        link = re.search(r"https?://\S+/r/[^\s?]+", invitation.body)
        if link is None:
            raise DemoError("The invitation carries no rating.")
        address = f"{link.group()}?rating={rating}"
        page = str(self._client.get(address))
        given = dict(re.findall(r'data-(to|response|nonce)="([^"]*)"', page))
        time.sleep(SEEN_SECONDS)
        answer = {
            "response_id": given["response"],
            "revision": 1,
            "rating": rating,
            "comment": COMMENT,
            "proof": {"nonce": given["nonce"], "pressed_after_ms": int(SEEN_SECONDS * 1000)},
        }
        self._client.post(urljoin(address, unescape(given["to"])), answer)

    def _tell(self, title: str, delivery_id: str | None = None, kind: str | None = None) -> None:
        """A step, once what it has sent has left."""
        if delivery_id is not None and kind is not None:
            sent = self._await(delivery_id, kind)
            link = re.search(r"https?://\S+/(?:track|i)/\S+", sent.body)
            if delivery_id == self.ada and link is not None and self._track is None:
                self._track = link.group()
                self.on_track(self._track)
        self._watch(Step(self._clock.astimezone(self.zone), title, self._track))

    def _await(self, delivery_id: str, kind: str) -> Sent:
        """A message, once it has left."""
        state = "was not wished for"
        for _ in _polls():
            wished = [message for message in self._messages(delivery_id) if message["kind"] == kind]
            if wished and wished[-1]["state"] == "sent":
                to = self.recipients["Ada" if delivery_id == self.ada else "Emmy"]
                found = [sent for sent in self.sent() if sent.kind == kind and sent.to in to]
                if found:
                    return found[-1]
            state = f"is {wished[-1]['state']} ({wished[-1]['reason']})" if wished else state
        raise DemoError(f"{kind} of {delivery_id} {state}.")

    def _messages(self, delivery_id: str) -> Sequence[Mapping[str, Any]]:
        return self._client.get(f"messages?delivery={delivery_id}&per_page=100") or ()

    def _moment(self, day: int, hour: int, minute: int) -> datetime:
        """A local time where the parcels go, so many days from the day of the delivery."""
        local = self._now.astimezone(self.zone)
        return local.replace(hour=hour, minute=minute, second=0, microsecond=0) + timedelta(days=day)

    def _move(self, at: datetime) -> None:
        self._clock = at
        self._client.put(self._beside("/_hearback/clock"), {"at": at.isoformat()})

    def _beside(self, path: str) -> str:
        return urljoin(self._mail_api, path)


def _polls() -> Iterator[None]:
    """Now and again, until it has been too long."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(POLL_SECONDS)
