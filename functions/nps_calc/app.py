"""Trigger: the responses queue. A batch is counted in as few transactions as it fits in; each answer fails alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from functions.nps_calc import bootstrap
from shared.domain.events import DomainEvent
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome, Recorded, contradicts
from shared.domain.responses import Response
from shared.domain.steps import StepsTold
from shared.errors import PoisonMessageError, TemporaryError
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit
from shared.queues import BatchResponse, Received, come_again, parsed, received

logger = Logger(service="nps_calc")
metrics = Metrics(namespace=NAMESPACE, service="nps_calc")


class FollowUp(NamedTuple):
    """What is to be told of a response: events, and to the funnel of its survey whether it is answered."""

    events: Sequence[DomainEvent]
    answered: StepsTold | None


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> BatchResponse:
    """Count a batch of answers; those that failed come again, the others are deleted."""
    readable, poison = _read(received(event))
    recorded = bootstrap.service().record(
        [submitted for _, submitted in readable],
        redelivered={s.response.response_id for message, s in readable if message.receive_count > 1},
    )
    times = Counter(submitted.response.response_id for _, submitted in readable)
    complete = _told(
        {
            response_id: follow_up
            for response_id, each in recorded.items()
            if (follow_up := _follow_up(response_id, each, is_alone=times[response_id] == 1)) is not None
        }
    )
    postponed: list[Received] = []
    for message, submitted in readable:
        response_id = submitted.response.response_id
        if contradicts(submitted, recorded[response_id].stored):
            metrics.add_metric("ResponsesContradicted", MetricUnit.Count, 1)
            logger.warning("answer contradicts the stored one of its revision", extra={"response_id": response_id})
        if recorded[response_id].outcome is Outcome.INVALID:
            poison.append(message)
        elif response_id not in complete:
            postponed.append(message)
    _watch([submitted.response for _, submitted in readable])
    return come_again(bootstrap.back_off, poison, postponed)


def _read(messages: list[Received]) -> tuple[list[tuple[Received, ResponseSubmitted]], list[Received]]:
    """The messages that are answers, and those that are none."""
    readable: list[tuple[Received, ResponseSubmitted]] = []
    poison: list[Received] = []
    for message in messages:
        try:
            readable.append((message, parsed(message, ResponseSubmitted)))
        except PoisonMessageError as error:
            logger.error("answer can not be read", extra={"message_id": message.message_id, "fault": str(error)})
            metrics.add_metric("ResponsesUnreadable", MetricUnit.Count, 1)
            poison.append(message)
    return readable, poison


def _watch(responses: Sequence[Response]) -> None:
    """Have the door slow what comes in a flood. That it could not be marked holds up nothing: the flood goes on."""
    try:
        for survey_id in bootstrap.service().watch(responses):
            metrics.add_metric("SurveysHot", MetricUnit.Count, 1)
            logger.warning("survey is hot", extra={"survey_id": survey_id})
    except TemporaryError as error:
        logger.warning("survey not marked as hot", extra={"fault": str(error)})


def _follow_up(response_id: str, recorded: Recorded, *, is_alone: bool) -> FollowUp | None:
    """Say in the log what became of a response, and wish for what follows.

    Returns:
        What is to be told of it; None if it failed, so that it has to come again.
    """
    about: dict[str, object] = {"response_id": response_id, "outcome": recorded.outcome.value}
    if recorded.outcome is Outcome.RECORDED:
        metrics.add_metric("ResponsesRecorded", MetricUnit.Count, 1)
    if recorded.outcome is Outcome.INVALID:
        metrics.add_metric("ResponsesUnreadable", MetricUnit.Count, 1)
        logger.error("answer can not be stored", extra=about)
        return None
    if recorded.outcome is Outcome.POSTPONED:
        logger.warning("answer postponed", extra=about)
        return None
    try:
        wished = bootstrap.service().follow_up(recorded)
        events = bootstrap.service().events(recorded, is_alone=is_alone)
        answered = bootstrap.service().answered(recorded, is_alone=is_alone)
    except TemporaryError as error:
        logger.warning("follow-up postponed", extra={**about, "fault": str(error)})
        return None
    except Exception:  # a fault of ours with one answer must not hold up the rest of its batch
        logger.exception("follow-up failed", extra=about)
        return None
    logger.info("answer taken in", extra={**about, "messages_wished": wished})
    return FollowUp(events, answered)


def _told(follow_ups: dict[str, FollowUp]) -> set[str]:
    """Tell what happened to each response; those that are complete, so need not come again."""
    untold = set(bootstrap.service().tell({response_id: each.events for response_id, each in follow_ups.items()}))
    for response_id in untold:
        logger.warning("event postponed", extra={"response_id": response_id})
    uncounted = bootstrap.service().tell_funnel(
        {response_id: each.answered for response_id, each in follow_ups.items() if each.answered is not None}
    )
    for response_id in uncounted:
        logger.warning("step of the funnel postponed", extra={"response_id": response_id})
    return follow_ups.keys() - untold - set(uncounted)
