"""Bugs that engineers have really shipped in systems like this one, each of which the simulation must find.

A bug is a context manager that puts one wrong piece into the running product; only tests can reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeAlias
from unittest.mock import patch

from botocore.exceptions import BotoCoreError, ClientError

import functions.api.bootstrap as api_bootstrap
import functions.notify.bootstrap as notify_bootstrap
import functions.notify.service as notify_service
import functions.nps_calc.app as nps_calc_app
import functions.survey_ingest.bootstrap as ingest_bootstrap
import shared.clients
from functions.delivery_status.service import DeliveryStatus
from functions.notify import delivery_news, planning
from functions.nps_calc.service import NpsCalc
from shared.clock import RandomIds, SystemClock
from shared.domain import deliveries as domain_deliveries
from shared.domain.asking import Ask
from shared.domain.events import DomainEvent, chain
from shared.domain.messages import MessageState
from shared.domain.recording import Outcome, Recorded, Stored, Write
from shared.domain.responses import Change
from shared.domain.sending import Fence, Receipt
from shared.domain.stages import ANNOUNCED_WHILE
from shared.errors import TemporaryError
from shared.events import EventBus
from shared.queues import Queue
from shared.storage import ask_budget, deliveries, funnel, messages, responses, transactions
from shared.storage.deliveries import DeliveryRepository
from shared.storage.funnel import FunnelRepository
from shared.storage.messages import MessageRepository
from shared.storage.receipts import ReceiptRepository
from shared.storage.response_actions import ResponseActions
from shared.storage.survey_requests import SurveyRequestRepository
from shared.storage.transactions import Action

Bug: TypeAlias = Callable[[], AbstractContextManager[object]]

_commit = transactions.commit
_fence = MessageRepository.fence


def counts_again() -> AbstractContextManager[object]:
    """The response is written without a condition, so a redelivery counts it again."""

    return patch.object(ResponseActions, "_unchanged", lambda self, before: {})


@contextmanager
def _in_two_steps(score_first: bool) -> Iterator[None]:
    def commit(dynamodb: Any, actions: Sequence[Action]) -> None:
        def score() -> None:
            try:
                for action in actions:
                    if "Update" in action:
                        dynamodb.update_item(**action["Update"])
            except (ClientError, BotoCoreError) as error:
                raise TemporaryError("the store did not answer") from error

        if score_first:
            score()
        _commit(dynamodb, [action for action in actions if "Update" not in action])
        if not score_first:
            score()

    with patch.object(responses, "commit", commit):
        yield


def marks_then_counts() -> AbstractContextManager[object]:
    """The response first, its score in a second call: a crash between them loses the count."""
    return _in_two_steps(score_first=False)


def counts_then_marks() -> AbstractContextManager[object]:
    """The score first, the response in a second call: a crash between them counts twice."""
    return _in_two_steps(score_first=True)


def forgets_to_subtract() -> AbstractContextManager[object]:
    """A revision adds what is new, and leaves what was counted before."""
    added = property(lambda write: Change(write.response.response_id, None, write.counted))
    return patch.object(Write, "change", added)


def forgets_the_trail() -> AbstractContextManager[object]:
    """A revision changes a score, and nobody can tell afterwards who did it."""
    return patch.object(Write, "audited", None)


def takes_older_revisions() -> AbstractContextManager[object]:
    """Whatever arrives last wins."""

    def judged(submission: Any, stored: Stored) -> Outcome:
        return Outcome.KNOWN if submission.response == stored.response else Outcome.RECORDED

    return patch.object(responses, "judged", judged)


def alerts_on_first_sight_only() -> AbstractContextManager[object]:
    """What follows from an answer is wished for only by the run that recorded it: a crash in between loses it."""

    follow_up = NpsCalc.follow_up

    def follow(self: NpsCalc, recorded: Recorded) -> int:
        return follow_up(self, recorded) if recorded.outcome is Outcome.RECORDED else 0

    return patch.object(NpsCalc, "follow_up", follow)


def swallows_failures() -> AbstractContextManager[object]:
    """The batch is always answered with success."""
    return patch.object(nps_calc_app, "come_again", lambda back_off, poison, postponed: {"batchItemFailures": []})


class _CarelessQueue(Queue):
    """Takes every message, whether the queue does or not."""

    def send(self, message: Any, group: str, delay: timedelta = timedelta(0)) -> None:
        with suppress(TemporaryError):
            super().send(message, group, delay)


def accepts_what_is_not_kept() -> AbstractContextManager[object]:
    """The public door says 202 although the queue may not have taken the answer."""
    return patch.object(ingest_bootstrap, "Queue", _CarelessQueue)


def creates_without_the_queue() -> AbstractContextManager[object]:
    """The API is content if the answer is recorded at once, although nothing follows from what the queue has not."""
    return patch.object(api_bootstrap, "Queue", _CarelessQueue)


def forgets_a_twin() -> AbstractContextManager[object]:
    """Of two messages of one response in a batch, the last decides whether anything follows."""
    return patch.object(responses, "decisive", lambda one, other: other)


def gives_messages_new_ids() -> AbstractContextManager[object]:
    """A message's id says when it was wished for, so each repetition is another message."""
    return patch("functions.nps_calc.service.message_id", lambda kind, *about: f"msg_{RandomIds().new()}")


def retries_in_the_sdk() -> AbstractContextManager[object]:
    """The mail client keeps its default retries."""

    def client(service: str, attempts: int = 3) -> Any:
        return shared.clients.client(service)

    return patch.object(notify_bootstrap, "client", client)


def sends_again_when_in_doubt() -> AbstractContextManager[object]:
    """An attempt without an answer is made again."""

    def held(self: Any, message: Any, now: Any) -> Any:
        if message.state is not MessageState.ATTEMPTING or message.lease_until > now:
            raise TemporaryError("another worker has the message")
        return self._attempted(
            message, planning.MessagePlanner.plan(self._planner, message.notification, now), message.token
        )

    return patch.object(notify_service.Notify, "_held_by_another", held)


def has_no_fence() -> AbstractContextManager[object]:
    """A claimed message is sent without a second look at whose it is."""

    def fence(self: MessageRepository, *args: Any, **named: Any) -> Fence:
        _fence(self, *args, **named)
        return Fence.PASSED

    return patch.object(MessageRepository, "fence", fence)


def sends_what_is_stale() -> AbstractContextManager[object]:
    """A delivery message is true for ever."""
    always = dict.fromkeys(ANNOUNCED_WHILE, frozenset(domain_deliveries.DeliveryStatus))
    return patch.object(delivery_news, "ANNOUNCED_WHILE", always)


def gives_no_reason() -> AbstractContextManager[object]:
    """A message that is not sent does not say why."""
    close = MessageRepository.close

    def closed(self: Any, message_id: str, token: str, state: MessageState, *_: Any) -> bool:
        return close(self, message_id, token, state, None, SystemClock().now())  # type: ignore[arg-type]

    return patch.object(MessageRepository, "close", closed)


def ignores_receipts() -> AbstractContextManager[object]:
    """A receipt does not settle a message that nobody knew the end of."""

    def settle(self: ReceiptRepository, receipt: Receipt) -> bool:
        return False

    return patch.object(ReceiptRepository, "settle", settle)


def overwrites_deliveries() -> AbstractContextManager[object]:
    """A parcel is written back without asking whether somebody else wrote in between."""
    save = DeliveryRepository.save

    def unconditional(self: Any, delivery: Any, expected_version: int, moved: Any = ()) -> bool:
        known = self.get(delivery.delivery_id)
        return save(self, delivery, known.version if known else 0, moved)

    return patch.object(DeliveryRepository, "save", unconditional)


def counts_promises_beside() -> AbstractContextManager[object]:
    """What became of a promise is counted before its parcel is stored: who dies or loses in between counts twice."""

    def commit(dynamodb: Any, actions: Sequence[Action]) -> None:
        for action in actions[1:]:
            _commit(dynamodb, [action])
        _commit(dynamodb, actions[:1])

    return patch.object(deliveries, "commit", commit)


def announces_on_first_sight_only() -> AbstractContextManager[object]:
    """What a report obliges us to tell is wished for only by the run that stored it: a crash in between loses it."""
    follow = DeliveryStatus._change

    def silent(self: DeliveryStatus, *args: Any) -> Any:
        announce, stored = self._announce, []
        save = self._deliveries.save

        def saving(*saved: Any) -> bool:
            stored.append(save(*saved))
            return bool(stored[-1])

        class Once:
            get = self._deliveries.get
            save = staticmethod(saving)

        with (
            patch.object(self, "_deliveries", Once()),
            patch.object(self, "_announce", lambda *told: announce(*told) if any(stored) else 0),
        ):
            return follow(self, *args)

    return patch.object(DeliveryStatus, "_change", silent)


def tells_on_first_sight_only() -> AbstractContextManager[object]:
    """Events are told only by the run that recorded the answer: a crash in between loses them."""
    events = NpsCalc.events

    def told(self: NpsCalc, recorded: Recorded, *, is_alone: bool) -> list[DomainEvent]:
        return events(self, recorded, is_alone=is_alone) if recorded.outcome is Outcome.RECORDED else []

    return patch.object(NpsCalc, "events", told)


def tells_the_last_step_only() -> AbstractContextManager[object]:
    """Who finds an answer recorded tells it as if it had never been another."""
    return patch("functions.nps_calc.service.chain", lambda changes, counted: chain((), counted))


def gives_events_new_ids() -> AbstractContextManager[object]:
    """An event's id is made when it is told, so each repetition is another event."""
    return patch("shared.domain.events.digest", lambda *about: RandomIds().new())


def takes_a_call_for_its_entries() -> AbstractContextManager[object]:
    """A call that succeeds is taken for every event in it."""
    put = EventBus._put

    def all_or_nothing(self: EventBus, events: Any) -> Any:
        lost = put(self, events)
        return events if len(lost) == len(events) > 1 else []

    return patch.object(EventBus, "_put", all_or_nothing)


def counts_steps_again() -> AbstractContextManager[object]:
    """A mark is put without a condition, so what is told again counts again."""
    mark = FunnelRepository._mark

    def unconditional(self: FunnelRepository, new: Any, now: Any) -> Action:
        action = mark(self, new, now)["Put"]
        return {"Put": {name: action[name] for name in ("TableName", "Item")}}

    return patch.object(FunnelRepository, "_mark", unconditional)


def marks_steps_apart() -> AbstractContextManager[object]:
    """The marks first, the documents in a second call: a crash between them loses the count."""

    def commit(dynamodb: Any, actions: Sequence[Action]) -> None:
        for kind in ("Put", "Update"):
            if chosen := [action for action in actions if kind in action]:
                _commit(dynamodb, chosen)

    return patch.object(funnel, "commit", commit)


def tells_the_funnel_on_first_sight_only() -> AbstractContextManager[object]:
    """An answer is told to the funnel only by the run that recorded it: a crash in between loses the step."""
    answered = NpsCalc.answered

    def first_sight(self: NpsCalc, recorded: Recorded, *, is_alone: bool) -> Any:
        return answered(self, recorded, is_alone=is_alone) if recorded.outcome is Outcome.RECORDED else None

    return patch.object(NpsCalc, "answered", first_sight)


def forgets_the_steps_of_a_mark() -> AbstractContextManager[object]:
    """Of a view that was told of nothing more counts, although the page tells more the second time."""
    new = funnel._new

    def first_only(things: Any, marks: Any) -> Any:
        return (each for each in new(things, marks) if not each.marked)

    return patch.object(funnel, "_new", first_only)


def asks_whom_it_asked() -> AbstractContextManager[object]:
    """The budget of a person's patience is taken without asking for it."""

    def unconditional(table_name: str, ask: Ask, now: Any) -> dict[str, Any]:
        return ask_budget.taking(table_name, ask.model_copy(update={"window": timedelta(0)}), now)

    return patch.object(messages, "taking", unconditional)


def forgets_requests() -> AbstractContextManager[object]:
    """What became of a request is known, and it is not taken off the list."""
    return patch.object(SurveyRequestRepository, "followed", lambda self, person_id, request_id: None)


def asks_beside_the_fence() -> AbstractContextManager[object]:
    """The budget is taken in a call of its own, before the fence: a refusal or a crash takes it for nothing."""

    def fence(self: MessageRepository, draft: Any, token: str, now: Any, *rest: Any, **named: Any) -> Fence:
        if draft.ask is not None:
            action = ask_budget.taking("PeopleTable", draft.ask, now)["Update"]
            try:
                self._dynamodb.update_item(**action)
            except ClientError:
                return Fence.RECENTLY_ASKED
            except BotoCoreError as error:
                raise TemporaryError("the store did not answer") from error
        return _fence(self, draft.model_copy(update={"ask": None}), token, now, *rest, **named)

    return patch.object(MessageRepository, "fence", fence)
