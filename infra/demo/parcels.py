"""Replays carriers' histories through the deliveries endpoints, and shows what each customer was told, and was not.

Each run makes new parcels, whose histories end now. After each scan that may be worth a message the replay waits until
it is known what became of it, because a message is checked against the parcel's newest status when it is about to
leave: sent all at once, "on its way" would be found stale in every history that ends with "delivered".
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from rich.console import Console
from rich.padding import Padding
from rich.progress import track
from rich.text import Text

from infra.demo.client import Client
from infra.demo.easypost import Tracker, read
from shared.domain.deliveries import DeliveryStatus
from shared.domain.messages import MessageKind, MessageState

HISTORIES = Path(__file__).parent / "data" / "tracking"
WINDOW = timedelta(hours=2)
LONGEST_WAIT_SECONDS = 30.0
POLL_SECONDS = 0.2
WORTH_TELLING = {
    DeliveryStatus.OUT_FOR_DELIVERY: ({MessageKind.DELIVERY_ON_ITS_WAY},),
    DeliveryStatus.DELIVERED: (
        {MessageKind.DELIVERY_DELIVERED, MessageKind.DELIVERY_APOLOGY},
        {MessageKind.SURVEY_INVITATION},
    ),
}
"""What customers hear of what carriers report, one of each set: who got it late hears that we are sorry."""


class Customer(NamedTuple):
    """Who waits for a parcel. The addresses are the mail provider's simulator and numbers reserved for films."""

    email: str
    phone: str | None
    name: str
    locale: str


CUSTOMERS = (
    Customer("success+ada@simulator.amazonses.com", "+491713920001", "Ada", "en"),
    Customer("success+charles@simulator.amazonses.com", "+491713920002", "Charles", "de"),
    Customer("success+grace@simulator.amazonses.com", "+491713920003", "Grace", "en"),
    Customer("success+emmy@simulator.amazonses.com", "+491713920004", "Emmy", "de"),
    Customer("bounce+mary@simulator.amazonses.com", None, "Mary", "en"),
)


class Told(NamedTuple):
    """What became of one message, and what it said if that can be read."""

    outcome: str
    said: str


class Parcel(NamedTuple):
    """A replayed parcel."""

    delivery_id: str
    customer: Customer
    status: str


class Replay:
    """Replays parcels into one Hearback.

    Args:
        client: Its API.
        now: When the histories end.
        survey_id: The survey to which whoever got a parcel is invited, if there is one.
        mail_api: Where what was sent can be read; only on the embedded AWS, and only there customers have a phone.
    """

    def __init__(self, client: Client, now: datetime, survey_id: str | None, mail_api: str | None) -> None:
        self._client = client
        self._now = now
        self._survey_id = survey_id
        self._mail_api = mail_api

    def run(self, console: Console) -> list[Parcel]:
        """Replay every history.

        Raises:
            DemoError: the API refused a part of it.
        """
        both = list(zip(sorted(HISTORIES.glob("*.json")), CUSTOMERS, strict=True))
        shown = track(both, "Carriers' histories", console=console)
        return [self.replay(read(file), customer) for file, customer in shown]

    def replay(self, tracker: Tracker, customer: Customer) -> Parcel:
        """Replay one history.

        Raises:
            DemoError: the API refused a part of it.
        """
        delivery_id = f"{tracker.tracking_code}-{self._now:%Y%m%dT%H%M%SZ}"
        shift = self._now - max(scan.occurred_at for scan in tracker.scans)
        self._client.post("deliveries", self._registration(delivery_id, tracker, customer, shift))
        status = "unknown"
        for number, scan in enumerate(tracker.scans):
            event = {
                "event_id": f"scan-{number}",
                "status": scan.status,
                "occurred_at": (scan.occurred_at + shift).isoformat(),
                "raw_status": scan.raw_status,
            }
            self._client.post(
                f"deliveries/{delivery_id}/events", event | ({"reason": scan.reason} if scan.reason else {})
            )
            if scan.status in WORTH_TELLING or scan is tracker.scans[-1]:
                status = self._status_after(delivery_id, f"scan-{number}")
            if status == scan.status:
                for either in WORTH_TELLING.get(scan.status, ()):
                    if self._survey_id is not None or MessageKind.SURVEY_INVITATION not in either:
                        self._wait_for(either, delivery_id)
        return Parcel(delivery_id, customer, status)

    def show(self, parcels: Sequence[Parcel], console: Console) -> None:
        """Print what each customer was to be told, what not and why, and what it said: an SMS, or an e-mail's subject.

        Raises:
            DemoError: the API did not say.
        """
        console.print("Parcels, and what their customers were told")
        for parcel in parcels:
            console.print(f"[bold]{parcel.delivery_id}[/bold] for {parcel.customer.name}: {parcel.status}")
            messages = self._messages(parcel.delivery_id)
            if not messages:
                console.print("  no reason to tell", style="dim")
            for message in messages:
                told = self._told(message)
                console.print(f"  {message['kind']:23} {told.outcome}", style=None if told.said else "dim")
                if told.said:
                    console.print(Padding(Text(told.said, "italic"), (0, 0, 0, 26)))
        console.print()

    def _registration(
        self, delivery_id: str, tracker: Tracker, customer: Customer, shift: timedelta
    ) -> dict[str, object]:
        recipient = {name: value for name, value in customer._asdict().items() if value is not None}
        if self._mail_api is None:
            recipient.pop("phone", None)
        registration: dict[str, object] = {
            "delivery_id": delivery_id,
            "carrier": tracker.carrier,
            "tracking_number": tracker.tracking_code,
            "recipient": recipient,
            "time_zone": "Europe/Berlin",
        }
        if self._survey_id is not None:
            registration["survey_id"] = self._survey_id
        if tracker.promised_from is not None:
            start = tracker.promised_from + shift
            registration["promise"] = {"start": start.isoformat(), "end": (start + WINDOW).isoformat()}
        return registration

    def _status_after(self, delivery_id: str, event_id: str) -> str:
        """The parcel's status once it is known that this happened to it."""
        delivery: Mapping[str, Any] = {}
        for _ in _polls():
            delivery = self._client.get(f"deliveries/{delivery_id}") or {}
            if any(event["event_id"] == event_id for event in delivery.get("events", ())):
                break
        return str(delivery.get("status", "unknown"))

    def _wait_for(self, either: Set[MessageKind], delivery_id: str) -> None:
        for _ in _polls():
            found = [message for message in self._messages(delivery_id) if message["kind"] in either]
            if found and all(MessageState(it["state"]).is_final or it.get("deferred_until") for it in found):
                break

    def _messages(self, delivery_id: str) -> list[Mapping[str, Any]]:
        """Every message about a parcel, the oldest first."""
        page = self._client.get(f"messages?delivery={quote(delivery_id, safe='')}") or []
        return sorted(page, key=lambda message: str(message["requested_at"]))

    def _told(self, message: Mapping[str, Any]) -> Told:
        outcome = f"{message['state']} ({message['reason']})" if message["reason"] else message["state"]
        if MessageState(message["state"]) is MessageState.NEW and message.get("deferred_until"):
            outcome = f"put off until {message['deferred_until']} ({message['deferred_because']})"
        outcome += "".join(f", {what}" for what in ("delivered", "bounced") if message[f"{what}_at"])
        sent = self._client.get(self._mail_api) if self._mail_api else ()
        mine = next((mail for mail in sent or () if mail["tags"].get("message_id") == message["message_id"]), None)
        said = (mine["subject"] or mine["text"]) if mine else ""
        return Told(f"{outcome} by {message['channel']}" if message["channel"] else outcome, said)


def _polls() -> Iterator[None]:
    """Now and again, until it has been too long."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(POLL_SECONDS)
