"""Invitations by POST /v1/invitations: from the request to the tables and back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.asking import in_sample
from shared.domain.links import SurveyLink
from shared.domain.messages import Category, Channel
from shared.storage.opt_outs import OptOutRepository
from shared.storage.surveys import SurveyRepository
from shared.tokens import LinkSigner
from tests.fakes.http import body_of
from tests.functional.http_stack import LINK_KEY, SURVEY, HttpStack, http_stack

ADA = {"email": "ada@example.com", "external_id": "c-1"}
SECRET = {"authorization": "Bearer sk_own"}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def ask(stack: HttpStack, method: str, path: str, status: int, headers: dict[str, str], body: Any = None) -> Any:
    answer = stack.call(method, path, headers={**SECRET, **headers}, body=body)
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def invite(stack: HttpStack, status: int = 201, key: str | None = None, **given: Any) -> Any:
    body = {"person": ADA, "channel": "link", **given}
    return ask(stack, "POST", "/v1/invitations", status, {"idempotency-key": key} if key else {}, body)


def signed(token: str) -> SurveyLink:
    return LinkSigner(["an-older-key", LINK_KEY]).verify(token, datetime.now(UTC))


def test_a_link_is_handed_to_whoever_asks_for_it_and_answers_as_that_person(stack: HttpStack) -> None:
    subject = {"type": "chat", "id": "chat-1"}
    told = invite(stack, subject=subject, properties={"device": "phone", "note": "Ada's own"})
    assert (told["invited"], told["reason"], told["channel"]) == (True, None, "link")
    link = signed(told["token"])
    assert (link.person_id, link.subject_id, link.response_id) == (told["person"], "chat-1", told["response_id"])
    assert (dict(link.breakdowns), link.expires_at) == ({"device": "phone"}, told["expires_at"])
    assert told["url"] == f"https://hear.example.com/s/delivery?t={told['token']}"
    answered = stack.call("POST", "/v1/surveys/delivery/responses", query={"t": told["token"]}, body={"rating": 9})
    assert answered["statusCode"] == 202
    (queued,) = stack.queued("responses")
    assert queued["response"]["person_id"] == told["person"]
    assert queued["response"]["breakdowns"]["device"] == "phone"
    message = ask(stack, "GET", f"/v1/messages/{told['invitation_id']}", 200, {})
    assert (message["state"], message["channel"], message["reason"]) == ("sent", "link", None)


def test_who_was_asked_is_not_asked_again_within_the_window_and_that_has_a_reason(stack: HttpStack) -> None:
    first, second = invite(stack), invite(stack, 200)
    assert (second["invited"], second["reason"], second["token"]) == (False, "recently_asked", None)
    assert second["person"] == first["person"]
    message = ask(stack, "GET", f"/v1/messages/{second['invitation_id']}", 200, {})
    assert (message["state"], message["reason"]) == ("suppressed", "recently_asked")


def test_sent_again_under_its_key_it_is_the_same_link(stack: HttpStack) -> None:
    first, again = invite(stack, key="chat-1"), invite(stack, key="chat-1")
    assert first == again
    invite(stack, 409, key="chat-1", person={"email": "bob@example.com"})


@pytest.mark.parametrize("refused", [Category.SURVEYS, None])
@pytest.mark.parametrize(("channel", "address"), [(Channel.EMAIL, "ada@example.com"), (Channel.SMS, "+4915112345678")])
def test_who_unsubscribed_is_not_asked_by_link_either(
    stack: HttpStack, channel: Channel, address: str, refused: Category | None
) -> None:
    marks, now = OptOutRepository(stack.dynamodb, "messages"), datetime.now(UTC)
    marks.refuse(channel, address, refused, now, "customer")
    told = invite(stack, 200, person={**ADA, "phone_number": "+4915112345678"})
    assert (told["invited"], told["reason"]) == (False, "unsubscribed")
    assert not any("ASKED" in str(item) for item in stack.everything_kept()["stored"]["people"])


def test_a_person_of_no_known_address_can_be_asked_by_link(stack: HttpStack) -> None:
    assert invite(stack, person={"external_id": "c-2"})["invited"] is True


def test_who_is_not_of_the_share_is_not_asked(stack: HttpStack) -> None:
    rare = SURVEY.model_copy(update={"survey_id": "rare", "sample_percent": 1})
    SurveyRepository(stack.dynamodb, "surveys").publish(rare)
    outsider = next(name for name in map(str, range(9)) if not in_sample(f"per_{name}", "rare", 1))
    told = invite(stack, 200, person=stack.know(outsider), survey_id="rare")
    assert told["reason"] == "not_sampled"


def test_a_survey_that_asks_whenever_it_is_wished_for_does(stack: HttpStack) -> None:
    eager = SURVEY.model_copy(update={"survey_id": "eager", "recontact_days": 0})
    SurveyRepository(stack.dynamodb, "surveys").publish(eager)
    assert [invite(stack, survey_id="eager")["invited"] for _ in range(2)] == [True, True]
    assert invite(stack, 200)["reason"] == "recently_asked"


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_what_is_sent_from_here_is_decided_when_it_is_due(stack: HttpStack, channel: str) -> None:
    told = invite(stack, channel=channel, delay=60, person={**ADA, "phone_number": "+4915112345678"})
    due = datetime.fromtimestamp(told["scheduled_at"], UTC)
    assert timedelta(seconds=50) < due - datetime.now(UTC) < timedelta(seconds=61)
    assert (told["invited"], told["token"]) == (None, None)
    assert len(stack.everything_kept()["queued"]["notifications"]) == 1


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"channel": "fax"}, "channel"),
        ({"channel": "email", "person": {"external_id": "c-9"}}, "channel"),
        ({"delay": 5}, "delay"),
        ({"person": "per_unknown"}, "person"),
        ({"subject": {"type": "chat"}}, "subject.id"),
        ({"properties": {"x": None}}, "properties.x"),
        ({"locale": "german"}, "locale"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(stack: HttpStack, given: dict[str, Any], path: str) -> None:
    assert list(invite(stack, 422, **given)["errors"]) == [path]
