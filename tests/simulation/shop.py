"""A shop that uses the product: a story told through the public API, on the deployed template, in simulated time."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from infra.ops.erasure import StoredErasures
from infra.ops.redrive import redrive
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.surveys import Survey
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.webhooks import as_body, easypost, signed
from tests.simulation.answers import Answer, answers_unheard_of, changes_answers, drift, stored_answers
from tests.simulation.asking import asked_too_often, requests_left
from tests.simulation.aws import Call, InMemoryAws
from tests.simulation.aws.queues import CALM, Weather
from tests.simulation.aws.senders import Accepted
from tests.simulation.back_office import BackOffice
from tests.simulation.deployed import WEBHOOK_SECRET, DeployedStack, Reply, deployed
from tests.simulation.faults import Crash, FaultInjector, NoFaults, Plan
from tests.simulation.history import History
from tests.simulation.oracles import alerts_repeated, faults_at_rest, messages, messages_amiss, statuses_heard
from tests.simulation.passed import View, changes_funnel, funnel_amiss, marks_amiss

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
OK, CREATED, ACCEPTED, SERVER_FAULT = 200, 201, 202, 500
MAX_SENDS = 50
BEFORE_ARRIVAL = ("delivery_on_its_way", "delivery_arriving")


class Shop:
    """The shop, its customers and its carrier.

    Attributes:
        accepted: every answer that was accepted, in order.
        unsure: answers without an id whose sender does not know whether they were accepted.
        erased: ids of answers that were erased.
        views: every report of a view that was accepted; `unsure_views` those whose sender heard nothing.
        counts_views: whether the survey has a funnel.
        reported: parcels and statuses that were reported of them, in order.
        gives_up: whether who has an answer to send tries only once.
        redriven: dead letters that were put back.
        wrong: what was not right at some moment: a stale message, a score that was no recount, an answer misread.
    """

    def __init__(self, stack: DeployedStack, *, counts_views: bool = False) -> None:
        """Open the shop in a deployed stack: publish its survey, make its keys."""
        self.stack = stack
        self.aws = stack.aws
        self.accepted: list[Answer] = []
        self.reported: list[tuple[str, str]] = []
        self.unsure: list[Answer] = []
        self.erased: set[str] = set()
        self.views: list[View] = []
        self.unsure_views: list[View] = []
        self.counts_views = counts_views
        self.wrong: list[str] = []
        self.redriven = 0
        self.gives_up = False
        self.back_office = BackOffice(self)
        self._history = History()
        self.aws.ses.witness = self.aws.sms.witness = self._watch
        self.aws.witness = self._recount
        dynamodb = stack.client("dynamodb")
        SurveyRepository(dynamodb, "SurveysTable").publish(Survey.model_validate({**SURVEY, "funnel": counts_views}))
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
        reply = self.send("POST", "/v1/surveys/delivery/responses", body, PUBLISHABLE, gives_up=self.gives_up)
        answer = Answer(response_id, revision, "delivery", "recommend", rating, self.today(), {"city": city}, test)
        (self.accepted if reply else self.unsure).append(answer)

    def view(self, number: int, channel: str = "widget", **told: bool) -> None:
        """A page tells of a view; the `number` names it, `told` may say that it is started, dismissed or a test."""
        view_id = f"00000000-0000-4000-a000-{number:012d}"
        body = {"view_id": view_id, "channel": channel, "shown": True, **told}
        reply = self.send("POST", "/v1/surveys/delivery/views", body, PUBLISHABLE, gives_up=self.gives_up)
        view = View(view_id, "delivery", channel, self.today(), **told)
        (self.views if reply else self.unsure_views).append(view)

    def today(self) -> str:
        """The day in the survey's time zone (the story is told in winter)."""
        return (self.aws.clock.now() + timedelta(hours=1)).date().isoformat()

    def register(self, delivery_id: str, phone: str | None = None, number: str | None = None) -> None:
        """The shop hands a parcel over; a carrier has a `number` for it."""
        now = self.aws.clock.now()
        recipient = {"email": f"{delivery_id}@example.org", "name": "Ada"} | ({"phone": phone} if phone else {})
        body = {
            "delivery_id": delivery_id,
            "carrier": "dhl",
            "recipient": recipient,
            "promise": {"start": (now + timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=3)).isoformat()},
            "survey_id": "delivery",
        } | ({"tracking_number": number} if number else {})
        self.send("POST", "/v1/deliveries", body, SECRET)

    def tracked(self, number: str, *statuses: str) -> None:
        """A tracking provider tells the whole history of a number, the last of it now."""
        now = self.aws.clock.now()
        scans = [
            (status, None, (now - timedelta(hours=len(statuses) - place)).isoformat())
            for place, status in enumerate(statuses, start=1)
        ]
        body = as_body(easypost(scans, number=number, tracker=f"trk_{number}")).decode()
        headers = signed("easypost", body.encode(), WEBHOOK_SECRET)
        self.send("POST", "/v1/webhooks/easypost", body, "", headers)

    def report(self, delivery_id: str, status: str) -> None:
        """The carrier reports."""
        body = {
            "event_id": f"{delivery_id}-{status}",
            "status": status,
            "occurred_at": self.aws.clock.now().isoformat(),
        }
        self.send("POST", f"/v1/deliveries/{delivery_id}/events", body, SECRET)
        self.reported.append((delivery_id, status))

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | str | None,
        key: str,
        headers: Mapping[str, str] | None = None,
        *,
        unanswered: Callable[[], None] = lambda: None,
        gives_up: bool = False,
    ) -> Reply | None:
        """Ask until there is an answer that is none of a broken server, as a client does that loses nothing.

        Args:
            method: The method.
            path: The path.
            body: What to send.
            key: The key to send it with.
            headers: More headers.
            unanswered: Told of each attempt that had no answer, or only that of a broken server.
            gives_up: Ask only once.

        Returns:
            The answer; a refusal is the caller's to judge. None from a sender who gave up.
        """
        for _ in range(MAX_SENDS):
            try:
                reply = self.stack.http(method, path, body, key=key, headers=headers)
            except Crash:
                self.stack.restart(self.stack.function_at(method, path))
            else:
                if reply.status < SERVER_FAULT:
                    assert method != "POST" or reply.status in (OK, ACCEPTED, CREATED), reply
                    return reply
            unanswered()
            if gives_up:
                return None
            self.aws.clock.advance(1)
        raise AssertionError(f"{path} had no answer in {MAX_SENDS} attempts")

    def asks(self, email: str, channel: str, *, key: str | None = None) -> None:
        """The shop wishes a customer to be asked."""
        headers = {"Idempotency-Key": key} if key is not None else None
        if channel == "link":
            body: dict[str, Any] = {"person": {"email": email}, "channel": "link"}
            self.send("POST", "/v1/invitations", body, SECRET, headers, gives_up=self.gives_up)
        else:
            self.send("POST", "/v1/people", {"email": email}, SECRET, headers, gives_up=self.gives_up)

    def wait(self, seconds: float) -> None:
        """Let the workers work for a while."""
        until = self.aws.clock.seconds() + seconds
        self.stack.worker.run_until_quiet(until=until)
        self.aws.clock.advance_to(until)

    def come_to_rest(self) -> None:
        """Let everything be done, then put dead letters back, without any fault, and let it be done again."""
        self.stack.worker.run_until_quiet()
        self.aws.hook = None
        self.redriven += self.redrive()
        self.stack.worker.run_until_quiet()

    def redrive(self) -> int:
        """Ops puts the letters of every dead-letter queue back, and says how many."""
        sqs, dynamodb = self.stack.client("sqs"), self.stack.client("dynamodb")
        erased = StoredErasures(dynamodb, "ResponsesTable", "PeopleTable")
        sent = 0
        with self.aws.running("ops"):
            for queue in self.aws.sqs.queues:
                if queue.dead_letter_queue is not None and queue.dead_letter_queue.messages:
                    urls = queue.dead_letter_queue.url, queue.url
                    sent += redrive(sqs, *urls, erased, matches=lambda _: True, pause=lambda: None).sent
        return sent

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
        """Whatever is wrong at rest, or was on the way; empty if nothing is."""
        accepted, unsure = (
            [answer for answer in sent if answer.response_id not in self.erased]
            for sent in (self.accepted, self.unsure)
        )
        amiss = faults_at_rest(self.aws, accepted, self.reported, unsure)
        return [*amiss, *requests_left(self.aws), *self._on_the_way()]

    def funnel_faults(self, *, gone: int = 0, whole: bool = True) -> list[str]:
        """What the funnel counts too often, or not at all; of each answer and person erased it may count one more."""
        if not self.counts_views:
            return []
        return funnel_amiss(self.aws, self.views, self.unsure_views, gone=gone + len(self.erased), whole=whole)

    def harm(self) -> list[str]:
        """Whatever must never be, even of what was lost on the way; empty if nothing is."""
        unheard_of = answers_unheard_of(self.aws, [*self.accepted, *self.unsure])
        return [
            *unheard_of,
            *messages_amiss(self.aws),
            *alerts_repeated(self.aws),
            *self.funnel_faults(whole=False),
            *self._on_the_way(),
        ]

    def _on_the_way(self) -> list[str]:
        return [
            *self.wrong,
            *asked_too_often(self.aws),
            *self.back_office.faults(),
            *self.stack.refused_calls(),
            *self.stack.uncaught,
        ]

    def _recount(self, call: Call) -> None:
        if changes_answers(call):
            stored = stored_answers(self.aws)
            amiss = [*drift(self.aws, stored), *self._history.watch(self.aws, stored)]
            amiss += (f"response {each} was erased, and is back" for each in sorted(self.erased & stored.keys()))
            self.wrong += (f"after call {call.number}, {fault}" for fault in amiss)
        if changes_funnel(call):
            self.wrong += (f"after call {call.number}, {fault}" for fault in marks_amiss(self.aws))

    def _watch(self, accepted: Accepted) -> None:
        message_id = accepted.tags["message_id"]
        message = next((one for one in messages(self.aws) if one.message_id == message_id), None)
        if (
            message
            and message.kind in BEFORE_ARRIVAL
            and "delivered" in statuses_heard(self.aws, str(message.delivery_id))
        ):
            self.wrong.append(f"{message.kind} was accepted after the parcel was known to be delivered")


@contextmanager
def shop(
    seed: int = 0,
    plan: Plan | None = None,
    weather: Weather = CALM,
    parameters: Mapping[str, str] | None = None,
    sdk_attempts: int | None = None,
    *,
    counts_views: bool = False,
) -> Iterator[Shop]:
    """An open shop; the faults of the plan strike from here on."""
    with deployed(InMemoryAws(seed), parameters, sdk_attempts=sdk_attempts) as stack, _quiet():
        opened = Shop(stack, counts_views=counts_views)
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
