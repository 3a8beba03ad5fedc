"""What must be true at rest, judged from what was accepted and from what stands in the tables.

Nothing here is imported from the product: the form of its items and the rule of its scores are said once more, in other
words, so that a mistake would have to be made twice.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.values import Item

Documents: TypeAlias = dict[tuple[str, str, str, str], dict[str, int]]
"""Counters by survey, breakdown, day and value."""


@dataclass(frozen=True)
class Answer:
    """One accepted submission, as the test itself sent it."""

    response_id: str
    revision: int
    survey_id: str
    question: str
    rating: int
    day: str
    breakdowns: Mapping[str, str] = field(default_factory=dict)
    test: bool = False


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


def final_answers(accepted: Iterable[Answer]) -> dict[str, Answer]:
    """The answer that stands for each response: its highest revision, the first of equals."""
    standing: dict[str, Answer] = {}
    for answer in accepted:
        known = standing.get(answer.response_id)
        if known is None or answer.revision > known.revision:
            standing[answer.response_id] = answer
    return standing


def recount(accepted: Iterable[Answer]) -> Documents:
    """The score documents that must be there."""
    documents: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for answer in final_answers(accepted).values():
        if answer.test:
            continue
        proof = _certificate(answer)
        for breakdown, value in [("", ""), *answer.breakdowns.items()]:
            document = documents[answer.survey_id, breakdown, answer.day, value]
            document[f"{answer.question}:{answer.rating}"] += 1
            document["responses"] += 1
            document["certificate"] = (document["certificate"] + proof) % (1 << 64)
    return {key: dict(document) for key, document in documents.items()}


def _certificate(answer: Answer) -> int:
    words = [answer.response_id, answer.survey_id, answer.day, f"{answer.question}={answer.rating}"]
    words += [f"{name}:{answer.breakdowns[name]}" for name in sorted(answer.breakdowns)]
    return int(hashlib.sha256(chr(31).join(words).encode()).hexdigest()[:16], base=16)


def scores(aws: InMemoryAws) -> Documents:
    """The score documents that are there, their lanes added up; counters of nothing left out."""
    found: defaultdict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    for item in _items(aws, "ResponsesTable", "SCORE"):
        _, survey_id, breakdown = item["pk"]["S"].split("#")
        day, value, _lane = item["sk"]["S"].split("#")
        for name, number in item.items():
            if "N" in number:
                found[survey_id, breakdown, day, value][name] += int(number["N"])
    for document in found.values():
        document["certificate"] %= 1 << 64
    whole = {key: {name: n for name, n in document.items() if n} for key, document in found.items()}
    return {key: document for key, document in whole.items() if document}


def stored_revisions(aws: InMemoryAws) -> dict[str, int]:
    """The revision that is stored of each response."""
    return {
        item["pk"]["S"].partition("#")[2]: int(item["revision"]["N"])
        for item in _items(aws, "ResponsesTable", "RESPONSE")
    }


def messages(aws: InMemoryAws) -> list[StoredMessage]:
    """Every message there is."""
    return [_message(item) for item in _items(aws, "MessagesTable", "MESSAGE")]


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


def _items(aws: InMemoryAws, table: str, kind: str) -> list[Item]:
    return [item for item in aws.dynamodb.table(table).items() if item["pk"]["S"].startswith(f"{kind}#")]


def faults_at_rest(aws: InMemoryAws, accepted: Iterable[Answer], reported: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Everything that is not as it must be when nothing is left to do; empty if all is well.

    Args:
        aws: The account.
        accepted: Every answer that the API accepted.
        reported: Every parcel and status of it that the API accepted.
    """
    accepted, reported = list(accepted), list(reported)
    return [
        *_scores_that_differ(aws, accepted),
        *_answers_lost(aws, accepted),
        *_alerts_amiss(aws, accepted),
        *_reports_lost(aws, reported),
        *_arrivals_amiss(aws, (parcel for parcel, status in reported if status == "delivered")),
        *_messages_amiss(aws),
        *(f"{name} still holds {n} messages" for name, n in waiting(aws).items()),
    ]


def _scores_that_differ(aws: InMemoryAws, accepted: list[Answer]) -> list[str]:
    there, expected = scores(aws), recount(accepted)
    return [
        f"score {key}: is {there.get(key)}, a recount gives {expected.get(key)}"
        for key in sorted(there.keys() | expected.keys())
        if there.get(key) != expected.get(key)
    ]


def _answers_lost(aws: InMemoryAws, accepted: list[Answer]) -> list[str]:
    stored = stored_revisions(aws)
    return [
        f"response {response_id}: revision {answer.revision} was accepted, {stored.get(response_id)} is stored"
        for response_id, answer in final_answers(accepted).items()
        if stored.get(response_id) != answer.revision
    ]


def _alerts_amiss(aws: InMemoryAws, accepted: list[Answer]) -> list[str]:
    """Each detractor that still is one has exactly one alert, and it is sent, or at least nobody can know better."""
    alerts: defaultdict[str | None, list[StoredMessage]] = defaultdict(list)
    for message in messages(aws):
        if message.kind == "detractor_alert":
            alerts[message.response_id].append(message)
    found = []
    for answer in final_answers(accepted).values():
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


def _messages_amiss(aws: InMemoryAws) -> list[str]:
    accepted = accepted_calls(aws)
    known = {message.message_id: message for message in messages(aws)}
    found = [f"message {message_id} was accepted {n} times" for message_id, n in accepted.items() if n > 1]
    found += [
        f"message {message_id} was sent, and nobody knows of it" for message_id in accepted if message_id not in known
    ]
    for message in known.values():
        n = accepted[message.message_id]
        if message.state not in FINAL:
            found.append(f"{message.kind} {message.message_id} is at rest, but {message.state}")
        if message.state == "sent" and n != 1:
            found.append(f"{message.kind} {message.message_id} is sent, but was accepted {n} times")
        if message.state in ("suppressed", "expired", "failed") and n:
            found.append(f"{message.kind} {message.message_id} is {message.state}, but was accepted")
        if message.state in ("suppressed", "expired", "failed") and message.reason is None:
            found.append(f"{message.kind} {message.message_id} is {message.state} without a reason")
    return found
