"""The list of messages: everything that was sent and was not sent, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from shared.domain.messages import (
    Channel,
    EmailContent,
    EmailRequest,
    MessageKind,
    MessageState,
    Notification,
    Reason,
    SmsContent,
    SmsRequest,
)
from shared.domain.sending import Draft, Fence
from shared.storage.erasing import ErasingMessages
from shared.storage.messages import MessageRepository, Tables
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
NOW = datetime.now(UTC).replace(microsecond=0)
OWNER = "owner@shop.example"


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def call(
    stack: HttpStack, query: Mapping[str, str] | None = None, status: int = 200, headers: Any = SECRET
) -> dict[str, Any]:
    answer = stack.call("GET", "/v1/messages", headers=headers, query=query or {})
    assert answer["statusCode"] == status, answer["body"]
    return answer


def listed(stack: HttpStack, **query: str) -> list[Any]:
    told: list[Any] = body_of(call(stack, query))
    return told


def ids(stack: HttpStack, **query: str) -> list[str]:
    return [message["message_id"] for message in listed(stack, **query)]


class Outbox:
    """Messages as notify leaves them."""

    def __init__(self, stack: HttpStack) -> None:
        self.table = MessageRepository(stack.dynamodb, Tables("messages", "responses", "deliveries", "people"))

    def claimed(self, name: str, kind: MessageKind, days_ago: float = 0, **about: Any) -> Notification:
        at = NOW - timedelta(days=days_ago)
        to = {"owner": OWNER} if kind.to_owner else {"person_id": "per_1"}
        given = {"message_id": name, "kind": kind, "requested_at": at, "expires_at": NOW + timedelta(days=1)}
        wish = Notification.model_validate({**to, **given, **about})
        self.table.claim(wish, "worker", NOW, NOW + timedelta(seconds=30))
        return wish

    def closed(self, name: str, kind: MessageKind, reason: Reason, days_ago: float = 0, **about: Any) -> None:
        self.claimed(name, kind, days_ago, **about)
        assert self.table.close(name, "worker", MessageState.SUPPRESSED, reason, NOW)

    def attempted(
        self, name: str, kind: MessageKind, state: MessageState, days_ago: float = 0, *, sms: bool = False, **about: Any
    ) -> None:
        wish = self.claimed(name, kind, days_ago, **about)
        request: Any = EmailRequest(
            message_id=name, to="ada@example.org", from_name="S", content=EmailContent(subject="s", text="t", html="h")
        )
        if sms:
            content = SmsContent(body="secret text")
            request = SmsRequest(message_id=name, to="+4915112345678", content=content, expires_at=wish.expires_at)
        assert self.table.fence(Draft(request=request), "worker", NOW, NOW) is Fence.PASSED
        reason = Reason.REJECTED if state is MessageState.FAILED else None
        assert self.table.settle(name, "worker", state, NOW, reason=reason, provider_id="provider-1")


@pytest.fixture
def outbox(stack: HttpStack) -> Outbox:
    outbox = Outbox(stack)
    sent, failed, ambiguous = MessageState.SENT, MessageState.FAILED, MessageState.AMBIGUOUS
    outbox.attempted("arriving", MessageKind.DELIVERY_ARRIVING, sent, 0, sms=True, delivery_id="p-1")
    outbox.closed("stale", MessageKind.DELIVERY_ARRIVING, Reason.STALE, 1, delivery_id="p-2")
    outbox.attempted(
        "alert", MessageKind.DETRACTOR_ALERT, ambiguous, 40, response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
    )
    outbox.attempted("on-its-way", MessageKind.DELIVERY_ON_ITS_WAY, failed, 100, delivery_id="p-1", person_id="per_2")
    outbox.claimed("thanks", MessageKind.THANK_YOU, 399)
    return outbox


EVERY = ["arriving", "stale", "alert", "on-its-way", "thanks"]


@pytest.mark.usefixtures("outbox")
def test_it_has_what_was_sent_and_what_was_not_the_newest_first_and_why(stack: HttpStack) -> None:
    told = listed(stack)
    assert [message["message_id"] for message in told] == EVERY
    assert [(message["state"], message["reason"]) for message in told] == [
        ("sent", None),
        ("suppressed", "stale"),
        ("ambiguous", None),
        ("failed", "rejected"),
        ("claimed", None),
    ]
    arriving = told[0]
    assert (arriving["kind"], arriving["category"], arriving["channel"]) == ("delivery_arriving", "arriving", "sms")
    assert arriving["subject"] == {"type": "delivery", "id": "p-1"}
    assert datetime.fromisoformat(arriving["attempted_at"]) == datetime.fromisoformat(arriving["requested_at"]) == NOW
    assert told[2]["person"] is None


@pytest.mark.usefixtures("outbox")
def test_it_says_neither_whom_it_was_sent_to_nor_what_was_said(stack: HttpStack) -> None:
    text = call(stack)["body"]
    assert not [word for word in ("ada@example.org", "+4915112345678", "secret text", OWNER) if word in text]


@pytest.mark.usefixtures("outbox")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "ambiguous"}, ["alert"]),
        ({"state": "claimed"}, ["thanks"]),
        ({"reason": "stale"}, ["stale"]),
        ({"kind": "delivery_arriving"}, ["arriving", "stale"]),
        ({"kind": "delivery_arriving", "state": "sent"}, ["arriving"]),
        ({"channel": "sms"}, ["arriving"]),
        ({"channel": "email"}, ["alert", "on-its-way"]),
        ({"delivery": "p-1"}, ["arriving", "on-its-way"]),
        ({"delivery": "p-3"}, []),
        ({"since": str(int((NOW - timedelta(days=1)).timestamp()))}, ["arriving", "stale"]),
        ({"until": str(int((NOW - timedelta(days=1)).timestamp()))}, EVERY[1:]),
        (
            {"since": str(int((NOW - timedelta(days=100)).timestamp())), "until": str(int(NOW.timestamp()) - 1)},
            EVERY[1:4],
        ),
    ],
)
def test_each_filter_leaves_what_it_says(stack: HttpStack, query: dict[str, str], expected: list[str]) -> None:
    assert ids(stack, **query) == expected


def test_those_of_one_person_are_found_by_whatever_names_them(stack: HttpStack) -> None:
    person, outbox = stack.know("ada"), Outbox(stack)
    outbox.closed("hers", MessageKind.THANK_YOU, Reason.UNSUBSCRIBED, 3, person_id=person)
    outbox.attempted(
        "hers-too", MessageKind.DELIVERY_ARRIVING, MessageState.SENT, 2, person_id=person, delivery_id="p-1"
    )
    outbox.closed("not-hers", MessageKind.THANK_YOU, Reason.UNSUBSCRIBED, 1)
    for name in (person, "ada@example.com", "email:ada@example.com"):
        assert ids(stack, person=name) == ["hers-too", "hers"]
    assert ids(stack, person=person, reason="unsubscribed") == ["hers"]
    assert ids(stack, person=person, delivery="p-1", channel="email") == ["hers-too"]
    assert ids(stack, person=person, state="failed") == []
    call(stack, {"person": "nobody@example.com"}, 404)


@pytest.mark.parametrize("person", [None, "ada"])
@pytest.mark.parametrize("per_page", ["1", "2", "3", "7", "100"])
def test_its_pages_hold_each_message_once(stack: HttpStack, per_page: str, person: str | None) -> None:
    """Also of those that were wished for in the same moment, which an index has in no order."""
    known, outbox = stack.know("ada"), Outbox(stack)
    for number in range(9):
        outbox.closed(f"msg_{number}", MessageKind.THANK_YOU, Reason.STALE, number // 4, person_id=known)
    expected = [f"msg_{number}" for number in (3, 2, 1, 0, 7, 6, 5, 4, 8)]
    found: list[str] = []
    query = {"per_page": per_page, "reason": "stale", **({"person": known} if person else {})}
    while query and len(found) <= len(expected):
        answer = call(stack, query)
        page = [message["message_id"] for message in body_of(answer)]
        assert 1 <= len(page) <= int(per_page)
        found += page
        query = dict(parse_qsl(urlsplit(answer["headers"].get("link", "").partition(">")[0]).query))
    assert found == expected


def test_more_than_it_looks_through_is_refused_and_never_cut_short(
    stack: HttpStack, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.api.messages.listing.MAX_EXAMINED", 3)
    assert ids(stack, per_page="2") == ["arriving", "stale"], "of which two pages are enough"
    refused = body_of(call(stack, {"state": "claimed"}, 422))
    assert "since" in refused["errors"]
    assert ids(stack, state="claimed", until=str(int((NOW - timedelta(days=99)).timestamp()))) == ["thanks"]


def test_what_changed_since_the_index_heard_of_it_is_told_as_it_is(
    stack: HttpStack, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = stack.dynamodb.query

    def lagging(**asked: Any) -> Any:
        page = query(**asked)
        for item in page["Items"]:
            item["state"] = {"S": "ambiguous"}
        return page

    from functions.api import bootstrap

    lists = bootstrap.service().message_listing._lists
    monkeypatch.setattr(lists._dynamodb, "query", lagging)  # type: ignore[attr-defined]
    assert ids(stack, state="ambiguous") == ["alert"]


def test_an_erased_message_stays_without_its_person(stack: HttpStack) -> None:
    person, outbox = stack.know("ada"), Outbox(stack)
    outbox.attempted("hers", MessageKind.DELIVERY_ARRIVING, MessageState.SENT, person_id=person, delivery_id="p-1")
    ErasingMessages(stack.dynamodb, "messages").erase("hers", NOW)
    assert ids(stack, person=person) == []
    (told,) = listed(stack)
    assert (told["message_id"], told["state"]) == ("hers", "sent")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "parcel"),
        ("state", "lost"),
        ("reason", "because"),
        ("channel", "pigeon"),
        ("delivery", "a b"),
        ("since", "yesterday"),
        ("per_page", "101"),
        ("before", "!"),
    ],
)
def test_a_parameter_that_is_wrong_is_refused_by_its_name(stack: HttpStack, name: str, value: str) -> None:
    refused = body_of(call(stack, {name: value}, 422))
    assert list(refused["errors"]) == [name]


def test_it_is_for_secret_keys(stack: HttpStack) -> None:
    call(stack, status=401, headers={})


def test_the_document_has_the_closed_list_of_reasons() -> None:
    from infra import openapi

    schemas = openapi.document()["components"]["schemas"]
    assert schemas["Reason"]["enum"] == [reason.value for reason in Reason]
    assert Channel.EMAIL in schemas["LinkChannel"]["enum"]
