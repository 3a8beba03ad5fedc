"""A shop that uses the product: a story told through the public API, on the deployed template, in simulated time."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import boto3

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.surveys import Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.queues import CALM, Weather
from tests.simulation.aws.senders import Accepted
from tests.simulation.deployed import DeployedStack, deployed
from tests.simulation.faults import Crash, FaultInjector, NoFaults, Plan
from tests.simulation.oracles import Answer, faults_at_rest, messages, statuses_heard

SURVEY = {
    "survey_id": "delivery",
    "name": "Delivery",
    "touchpoint": "delivery",
    "brand": {"name": "Shop"},
    "time_zone": "Europe/Berlin",
    "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
    "breakdowns": [{"name": "city", "values": ["Berlin", "Hamburg"]}],
    "alert_to": ["owner@shop.example"],
}
SECRET, PUBLISHABLE = "sk_simulated", "pk_simulated"
ACCEPTED, SERVER_FAULT = 202, 500
MAX_POSTS = 50
BEFORE_ARRIVAL = ("delivery_on_its_way", "delivery_arriving")


class Shop:
    """The shop, its customers and its carrier.

    Attributes:
        accepted: every answer that was accepted, in order.
        reported: parcels and statuses that were reported of them, in order.
        stale: messages that a provider accepted although the store knew better.
    """

    def __init__(self, stack: DeployedStack) -> None:
        """Open the shop in a deployed stack: publish its survey, make its keys."""
        self.stack = stack
        self.aws = stack.aws
        self.accepted: list[Answer] = []
        self.reported: list[tuple[str, str]] = []
        self.stale: list[str] = []
        self.aws.ses.witness = self.aws.sms.witness = self._watch
        dynamodb = boto3.client("dynamodb")
        SurveyRepository(dynamodb, "SurveysTable").publish(Survey.model_validate(SURVEY))
        keys = ApiKeyRepository(dynamodb, "SurveysTable")
        for name, kind, key in (("server", KeyKind.SECRET, SECRET), ("page", KeyKind.PUBLISHABLE, PUBLISHABLE)):
            known = {"key_hash": key_hash(key), "kind": kind, "name": name, "survey_id": "delivery"}
            keys.add(ApiKey.model_validate({**known, "created_at": self.aws.clock.now()}))

    def answer(
        self,
        number: int,
        rating: int,
        *,
        revision: int = 1,
        city: str = "Berlin",
        comment: str = "",
        test: bool = False,
    ) -> None:
        """A customer answers; the `number` names the response."""
        response_id = f"00000000-0000-4000-8000-{number:012d}"
        body: dict[str, Any] = {"response_id": response_id, "revision": revision, "rating": rating, "test": test}
        body |= {"properties": {"city": city}} | ({"comment": comment} if comment else {})
        self._post("/v1/surveys/delivery/responses", body, PUBLISHABLE)
        day = (self.aws.clock.now() + timedelta(hours=1)).date().isoformat()
        self.accepted.append(Answer(response_id, revision, "delivery", "recommend", rating, day, {"city": city}, test))

    def register(self, delivery_id: str, phone: str | None = None) -> None:
        """The shop hands a parcel over."""
        now = self.aws.clock.now()
        recipient = {"email": f"{delivery_id}@example.org", "name": "Ada"} | ({"phone": phone} if phone else {})
        body = {
            "delivery_id": delivery_id,
            "carrier": "dhl",
            "recipient": recipient,
            "promise": {"start": (now + timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=3)).isoformat()},
            "survey_id": "delivery",
        }
        self._post("/v1/deliveries", body, SECRET)

    def report(self, delivery_id: str, status: str) -> None:
        """The carrier reports."""
        body = {
            "event_id": f"{delivery_id}-{status}",
            "status": status,
            "occurred_at": self.aws.clock.now().isoformat(),
        }
        self._post(f"/v1/deliveries/{delivery_id}/events", body, SECRET)
        self.reported.append((delivery_id, status))

    def _post(self, path: str, body: Mapping[str, Any], key: str) -> None:
        """Post until it is accepted, as a client that does not lose what it has to say."""
        function = "survey_ingest" if path.endswith("/responses") else "delivery_events"
        for _ in range(MAX_POSTS):
            try:
                reply = self.stack.http("POST", path, body, key=key)
            except Crash:
                self.stack.restart(function)
            else:
                if reply.status == ACCEPTED:
                    return
                assert reply.status >= SERVER_FAULT, reply
            self.aws.clock.advance(1)
        raise AssertionError(f"{path} was not accepted in {MAX_POSTS} attempts")

    def wait(self, seconds: float) -> None:
        """Let the workers work for a while."""
        until = self.aws.clock.seconds() + seconds
        self.stack.worker.run_until_quiet(until=until)
        self.aws.clock.advance_to(until)

    def come_to_rest(self) -> None:
        """Let everything be done, then put dead letters back, without any fault, and let it be done again."""
        self.stack.worker.run_until_quiet()
        self.aws.hook = None
        for queue in self.aws.sqs.queues:
            dead = queue.dead_letter_queue
            if dead is None:
                continue
            for message in list(dead.messages):
                dead.messages.remove(message)
                queue.send(message.body, message.attributes, message.group_id)
        self.stack.worker.run_until_quiet()

    def deliver_receipts(self) -> None:
        """The providers tell what became of each message they accepted."""
        at = self.aws.clock.now()
        for mail in self.aws.ses.accepted:
            tags = {name: [value] for name, value in mail.tags.items()}
            about = {"messageId": mail.message_id, "timestamp": at.isoformat(), "tags": tags}
            self.stack.receipt(
                {
                    "eventType": "Delivery",
                    "mail": about,
                    "delivery": {"timestamp": at.isoformat(), "recipients": mail.to},
                }
            )
        for sms in self.aws.sms.accepted:
            self.stack.receipt(
                {
                    "eventType": "TEXT_DELIVERED",
                    "eventVersion": "1.0",
                    "eventTimestamp": round(at.timestamp() * 1000),
                    "isFinal": True,
                    "destinationPhoneNumber": sms.to[0],
                    "messageId": sms.message_id,
                    "context": sms.tags,
                }
            )

    def faults(self) -> list[str]:
        """Whatever is wrong at rest; empty if nothing is."""
        amiss = faults_at_rest(self.aws, self.accepted, self.reported)
        return [*amiss, *self.stale, *self.stack.refused_calls()]

    def _watch(self, accepted: Accepted) -> None:
        message_id = accepted.tags["message_id"]
        message = next((one for one in messages(self.aws) if one.message_id == message_id), None)
        if (
            message
            and message.kind in BEFORE_ARRIVAL
            and "delivered" in statuses_heard(self.aws, str(message.delivery_id))
        ):
            self.stale.append(f"{message.kind} was accepted after the parcel was known to be delivered")


@contextmanager
def shop(
    seed: int = 0,
    plan: Plan | None = None,
    weather: Weather = CALM,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[Shop]:
    """An open shop; the faults of the plan strike from here on."""
    with deployed(InMemoryAws(seed), parameters) as stack, _quiet():
        opened = Shop(stack)
        for source in stack.sources:
            source.queue.weather = weather
        stack.aws.hook = FaultInjector(stack.aws, plan or NoFaults())
        yield opened


@contextmanager
def _quiet() -> Iterator[None]:
    """Without logs and metrics, which take longer than all the rest."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with patch.dict(os.environ, {"POWERTOOLS_METRICS_DISABLED": "true"}):
            yield
    finally:
        logging.disable(before)
