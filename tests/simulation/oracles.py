"""What must be true of a whole stack at rest, judged without importing anything of the product."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.simulation.answers import Answer, answers_amiss, items_of, recount, standing
from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.values import Item
from tests.simulation.promised import ledger_amiss
from tests.simulation.told import events_amiss


@dataclass(frozen=True)
class StoredMessage:
    """A message as its item says."""

    message_id: str
    kind: str
    state: str
    reason: str | None
    response_id: str | None
    delivery_id: str | None
    owner: str | None
    is_handed_over: bool


def messages(aws: InMemoryAws) -> list[StoredMessage]:
    """Every message there is."""
    return [_message(item) for item in items_of(aws, "MessagesTable", "MESSAGE")]


def _message(item: Item) -> StoredMessage:
    wish = json.loads(item["content"]["S"])
    return StoredMessage(
        message_id=wish["message_id"],
        kind=wish["kind"],
        state=item["state"]["S"],
        reason=item["reason"]["S"] if "reason" in item else None,
        response_id=wish.get("response_id"),
        delivery_id=wish.get("delivery_id"),
        owner=wish.get("owner"),
        is_handed_over=wish.get("channel") == "link",
    )


def statuses_heard(aws: InMemoryAws, delivery_id: str) -> set[str]:
    """Every status in a parcel's stored history."""
    item = aws.dynamodb.table("DeliveriesTable").get({"pk": {"S": f"DELIVERY#{delivery_id}"}, "sk": {"S": "DELIVERY"}})
    history = json.loads(item["content"]["S"]).get("history", []) if item else []
    return {event["status"] for event in history}


def provider_calls(aws: InMemoryAws) -> Counter[str]:
    """How often a provider was called for each message, whether it answered or not."""
    calls: Counter[str] = Counter()
    for entry in aws.log:
        params = entry.call.params
        if entry.call.name == "sesv2.SendEmail":
            calls.update(tag["Value"] for tag in params["EmailTags"] if tag["Name"] == "message_id")
        elif entry.call.name == "pinpoint-sms-voice-v2.SendTextMessage":
            calls[params["Context"]["message_id"]] += 1
    return calls


def accepted_calls(aws: InMemoryAws) -> Counter[str]:
    """How often a provider accepted each message."""
    return Counter(one.tags["message_id"] for one in (*aws.ses.accepted, *aws.sms.accepted))


def waiting(aws: InMemoryAws) -> dict[str, int]:
    """Queues that are not empty."""
    return {queue.name: len(queue.messages) for queue in aws.sqs.queues if queue.messages}


def faults_at_rest(
    aws: InMemoryAws,
    accepted: Sequence[Answer],
    reported: Sequence[tuple[str, str]] = (),
    unsure: Sequence[Answer] = (),
) -> list[str]:
    """Everything that is not as it must be when nothing is left to do; empty if all is well.

    Args:
        aws: The account.
        accepted: Every answer that the API accepted.
        reported: Every parcel and status of it that the API accepted.
        unsure: Answers without an id whose sender does not know whether they were accepted.
    """
    expected = standing(aws, accepted, unsure)
    return [
        *answers_amiss(aws, expected),
        *events_amiss(aws, {answer.response_id: answer.revision for answer in expected}, recount(expected)),
        *_alerts_amiss(aws, expected),
        *_reports_lost(aws, reported),
        *ledger_amiss(aws),
        *_arrivals_amiss(aws, (parcel for parcel, status in reported if status == "delivered")),
        *messages_amiss(aws),
        *messages_unfinished(aws),
        *(f"{name} still holds {n} messages" for name, n in waiting(aws).items()),
    ]


def _alerts_amiss(aws: InMemoryAws, expected: Iterable[Answer]) -> list[str]:
    """Each detractor that still is one has exactly one alert, and it is sent, or at least nobody can know better."""
    alerts: defaultdict[str | None, list[StoredMessage]] = defaultdict(list)
    for message in messages(aws):
        if message.kind == "detractor_alert":
            alerts[message.response_id].append(message)
    found = []
    for answer in expected:
        states = [alert.state for alert in alerts[answer.response_id]]
        if answer.test:
            good = states == []
        elif answer.rating <= 6:
            good = states in (["sent"], ["ambiguous"])
        else:
            # It may have been a detractor once, and its alert may have left before it became better.
            good = states in ([], ["suppressed"], ["sent"], ["ambiguous"])
        if not good:
            found.append(f"response {answer.response_id}, rating {answer.rating}: alerts {states}")
    return found


def alerts_repeated(aws: InMemoryAws) -> list[str]:
    """Answers whose owner was alerted more than once."""
    alerts = Counter(
        (message.response_id, message.owner) for message in messages(aws) if message.kind == "detractor_alert"
    )
    return [f"response {response_id}: {n} alerts for one owner" for (response_id, _), n in alerts.items() if n > 1]


def _reports_lost(aws: InMemoryAws, reported: Iterable[tuple[str, str]]) -> list[str]:
    return [
        f"parcel {delivery_id}: that it is {status} was accepted, and is not in its history"
        for delivery_id, status in reported
        if status not in statuses_heard(aws, delivery_id)
    ]


def _arrivals_amiss(aws: InMemoryAws, delivered: Iterable[str]) -> list[str]:
    """Each parcel that arrived has one message that says so, and one invitation."""
    found = []
    for delivery_id in delivered:
        for kind in ("delivery_delivered", "survey_invitation"):
            states = [one.state for one in messages(aws) if (one.kind, one.delivery_id) == (kind, delivery_id)]
            if states not in (["sent"], ["ambiguous"]):
                found.append(f"parcel {delivery_id}: {kind} {states}")
    return found


FINAL = frozenset({"sent", "failed", "suppressed", "expired", "ambiguous"})


def messages_amiss(aws: InMemoryAws) -> list[str]:
    """What must never be said of a message, at rest or not."""
    accepted = accepted_calls(aws)
    known = {message.message_id: message for message in messages(aws)}
    found = [f"message {message_id} was accepted {n} times" for message_id, n in accepted.items() if n > 1]
    found += [
        f"message {message_id} was sent, and nobody knows of it" for message_id in accepted if message_id not in known
    ]
    for message in known.values():
        n = accepted[message.message_id]
        if message.state == "sent" and n != 1 and not message.is_handed_over:
            found.append(f"{message.kind} {message.message_id} is sent, but was accepted {n} times")
        if message.state in ("suppressed", "expired", "failed") and n:
            found.append(f"{message.kind} {message.message_id} is {message.state}, but was accepted")
        if message.state in ("suppressed", "expired", "failed") and message.reason is None:
            found.append(f"{message.kind} {message.message_id} is {message.state} without a reason")
    return found


def messages_unfinished(aws: InMemoryAws) -> list[str]:
    """Messages that are not at their end."""
    return [
        f"{message.kind} {message.message_id} is at rest, but {message.state}"
        for message in messages(aws)
        if message.state not in FINAL
    ]


def ambiguous_for_nothing(aws: InMemoryAws) -> list[str]:
    """Messages whose end nobody knows although a provider accepted them and has told so."""
    accepted = accepted_calls(aws)
    return [
        f"{message.kind} {message.message_id} is ambiguous after its receipt"
        for message in messages(aws)
        if message.state == "ambiguous" and accepted[message.message_id]
    ]
