"""People, whom to ask and whom not: from the request to the tables and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest

from shared.domain.asking import Asked, invitation_id
from shared.domain.messages import Category, Channel
from shared.domain.queued import SendNotification
from shared.errors import NotFoundError
from shared.storage.keys import opt_out_key, person_key, person_tombstone_key
from shared.storage.opt_outs import AddressLists
from shared.storage.survey_requests import SurveyRequestRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

ADA = "ada+shop@example.com"
SECRET = {"authorization": "Bearer sk_own"}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def call(stack: HttpStack, method: str, path: str, status: int, **request: Any) -> dict[str, Any]:
    answer = stack.call(method, path, headers={**SECRET, **request.pop("headers", {})}, **request)
    assert answer["statusCode"] == status, answer["body"]
    return answer


def ask(stack: HttpStack, method: str, path: str, status: int = 200, **request: Any) -> Any:
    return body_of(call(stack, method, path, status, **request))


def post(stack: HttpStack, status: int = 201, headers: dict[str, str] | None = None, **given: Any) -> Any:
    return ask(stack, "POST", "/v1/people", status, body=given, headers=headers or {})


def now() -> float:
    return datetime.now(UTC).timestamp()


class TestAPerson:
    def test_is_told_as_delighted_told_them(self, stack: HttpStack) -> None:
        posted = post(stack, email=ADA, name="Ada", delay=3600, properties={"customer_id": 123, "vip": True})
        assert abs(posted.pop("survey_scheduled_at") - now() - 3600) < 60
        assert posted.pop("id").startswith("per_") and posted.pop("survey_request").startswith("ask_")
        assert posted == {
            "email": ADA,
            "phone_number": None,
            "name": "Ada",
            "properties": {"customer_id": "123", "vip": "true"},
            "external_id": None,
            "survey": "delivery",
        }
        (listed,) = ask(stack, "GET", "/v1/people")
        assert abs(listed.pop("created_at") - now()) < 60
        assert abs(listed.pop("next_survey_scheduled_at") - now() - 3600) < 60
        assert listed.pop("id").startswith("per_")
        assert listed == {
            "email": ADA,
            "name": "Ada",
            "phone_number": None,
            "last_sent_at": None,
            "last_responded_at": None,
            "external_id": None,
            "locale": None,
            "properties": {"customer_id": "123", "vip": "true"},
        }

    def test_stays_the_same_and_keeps_what_is_not_told_again(self, stack: HttpStack) -> None:
        given = {"score": 9, "person": {"email": ADA}, "created_at": 1_767_225_600}
        ask(stack, "POST", "/v1/survey_responses", 201, body=given)
        first = post(stack, email=ADA, properties={"tier": "gold"}, last_sent_at=1_767_225_600, send=False)
        again = post(stack, email=ADA.upper(), name="Ada", phone_number="+49 151 12345678", send=False)
        assert again["id"] == first["id"]
        (listed,) = ask(stack, "GET", "/v1/people")
        assert (listed["name"], listed["phone_number"]) == ("Ada", "+4915112345678")
        assert (listed["properties"], listed["last_sent_at"]) == ({"tier": "gold"}, 1_767_225_600)
        assert listed["created_at"] == 1_767_225_600

    def test_who_is_not_to_be_asked_has_no_request(self, stack: HttpStack) -> None:
        posted = post(stack, email=ADA, send=False)
        assert (posted["survey_scheduled_at"], posted["survey_request"]) == (None, None)
        assert ask(stack, "GET", "/v1/people")[0]["next_survey_scheduled_at"] is None

    def test_has_answered_when_they_answered_last(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, send=False)["id"]
        for created_at in (1_767_225_600, 1_767_312_000):
            given = {"person": person, "score": 9, "created_at": created_at}
            ask(stack, "POST", "/v1/survey_responses", 201, body=given)
        assert ask(stack, "GET", "/v1/people")[0]["last_responded_at"] == 1_767_312_000

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({}, "body"),
            ({"name": "Ada"}, "body"),
            ({"email": ADA, "delay": -1}, "delay"),
            ({"email": ADA, "delay": 366 * 86_400}, "delay"),
            ({"email": ADA, "delay": "60"}, "delay"),
            ({"email": ADA, "send": "false"}, "send"),
            ({"email": ADA, "channel": "fax"}, "channel"),
            ({"email": ADA, "channel": "sms"}, "channel"),
            ({"phone_number": "+4900000000"}, "phone_number"),
            ({"external_id": "c-1"}, "channel"),
            ({"email": ADA, "properties": {"x": None}}, "properties.x"),
            ({"email": ADA, "properties": {"x": {"y": 1}}}, "properties.x"),
            ({"email": ADA, "last_sent_at": 9_999_999_999}, "last_sent_at"),
        ],
    )
    def test_that_is_wrong_is_refused_by_its_field_and_leaves_nothing(
        self, stack: HttpStack, given: dict[str, Any], path: str
    ) -> None:
        before = stack.everything_kept()
        assert list(post(stack, 422, **given)["errors"]) == [path]
        assert stack.everything_kept() == before

    def test_is_not_asked_about_a_survey_that_is_not_there(self, stack: HttpStack) -> None:
        before = stack.everything_kept()
        post(stack, 404, email=ADA, survey="nothing")
        assert stack.everything_kept() == before

    def test_can_be_asked_by_an_address_that_is_known_already(self, stack: HttpStack) -> None:
        post(stack, external_id="c-1", email=ADA, send=False)
        assert post(stack, external_id="c-1", channel="email")["survey_scheduled_at"] is not None


class TestARequest:
    def test_is_wished_for_on_the_queue_by_its_ids_alone(self, stack: HttpStack) -> None:
        posted = post(stack, email=ADA, properties={"customer_id": 123, "locale": "de"})
        (queued,) = stack.everything_kept()["queued"]["notifications"]
        wish = SendNotification.model_validate_json(queued).notification
        assert (wish.kind, wish.person_id, wish.survey_id) == ("survey_invitation", posted["id"], "delivery")
        assert (wish.request_id, wish.channel) == (posted["survey_request"], "email")
        assert wish.message_id == invitation_id(posted["survey_request"])
        assert wish.expires_at - wish.requested_at == timedelta(days=7)
        assert ADA not in queued and "customer_id" not in queued
        (request,) = SurveyRequestRepository(stack.dynamodb, "people").of_person(posted["id"]).pending
        assert (request.locale, request.properties["customer_id"]) == ("de", "123")

    def test_that_is_due_later_than_a_queue_can_wait_is_scheduled(self, stack: HttpStack) -> None:
        posted = post(stack, email=ADA, delay=901)
        assert stack.everything_kept()["queued"]["notifications"] == []
        name = invitation_id(posted["survey_request"])
        due = datetime.fromtimestamp(posted["survey_scheduled_at"], UTC)
        schedule = boto3.client("scheduler").get_schedule(GroupName="schedules", Name=name)
        assert schedule["ScheduleExpression"] == f"at({due:%Y-%m-%dT%H:%M:%S})"
        assert name in schedule["Target"]["Input"]

    def test_is_not_wished_for_if_it_is_not_to_be_sent(self, stack: HttpStack) -> None:
        post(stack, email=ADA, send=False)
        assert stack.everything_kept()["queued"]["notifications"] == []

    def test_without_a_key_is_another_one_each_time(self, stack: HttpStack) -> None:
        assert post(stack, email=ADA)["survey_request"] != post(stack, email=ADA)["survey_request"]

    def test_sent_again_under_its_key_is_the_same(self, stack: HttpStack) -> None:
        first, again = (post(stack, headers={"Idempotency-Key": "order-1"}, email=ADA) for _ in range(2))
        assert first == again
        post(stack, 409, headers={"Idempotency-Key": "order-1"}, email=ADA, survey="checkout")

    def test_that_is_due_first_is_the_next(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, delay=7200)["id"]
        post(stack, email=ADA, delay=60)
        assert abs(ask(stack, "GET", "/v1/people")[0]["next_survey_scheduled_at"] - now() - 60) < 60
        pending = SurveyRequestRepository(stack.dynamodb, "people").of_person(person).pending
        assert [request.channel for request in pending] == [Channel.EMAIL, Channel.EMAIL]

    @pytest.mark.parametrize("reference", [ADA, f"email:{ADA}", "phone_number:+4915112345678", "external_id:c-1", None])
    def test_can_be_taken_back_while_it_waits(self, stack: HttpStack, reference: str | None) -> None:
        known: dict[str, Any] = {"email": ADA, "phone_number": "+4915112345678", "external_id": "c-1"}
        person = post(stack, **known)["id"]
        post(stack, **known)
        other = post(stack, email="bob@example.com")
        path = f"/v1/people/{reference or person}/survey_requests/pending"
        assert ask(stack, "DELETE", path) == {"ok": True}
        assert ask(stack, "DELETE", f"{path}.json") == {"ok": True}
        told = {each["id"]: each["next_survey_scheduled_at"] for each in ask(stack, "GET", "/v1/people")}
        assert told == {person: None, other["id"]: other["survey_scheduled_at"]}

    @pytest.mark.parametrize("reference", ["nobody@example.com", "per_nobody", "email:x", "phone_number:1", "a#b", ":"])
    def test_of_nobody_is_not_found(self, stack: HttpStack, reference: str) -> None:
        ask(stack, "DELETE", f"/v1/people/{reference}/survey_requests/pending", 404)

    def test_is_not_made_for_somebody_who_was_erased(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA)["id"]
        requests = SurveyRequestRepository(stack.dynamodb, "people")
        (request,) = requests.of_person(person).pending
        ask(stack, "DELETE", f"/v1/people/{person}", 202)
        requests.delete_pending(person)
        with pytest.raises(NotFoundError):
            requests.add(request)
        with pytest.raises(NotFoundError):
            requests.tell(person, {"tier": "gold"}, None)
        assert requests.of_person(person) == Asked()


class TestTheListOfPeople:
    def test_leads_from_page_to_page_by_its_link(self, stack: HttpStack) -> None:
        everybody = [post(stack, email=f"c{number}@example.com", send=False)["id"] for number in range(5)]
        path, query, found = "/v1/people", {"per_page": "2"}, []
        for page in range(3):
            answer = call(stack, "GET", path, 200, query=query)
            found.append([person["id"] for person in body_of(answer)])
            link = re.fullmatch(r'<(https://hear\.example\.com\S+)>; rel="next"', answer["headers"].get("link", ""))
            assert bool(link) == (page < 2)
            if link:
                path, query = urlsplit(link[1]).path, dict(parse_qsl(urlsplit(link[1]).query))
        assert [len(page) for page in found] == [2, 2, 1]
        assert sorted(person for page in found for person in page) == sorted(everybody)

    def test_finds_one_by_address(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, phone_number="+4915112345678", send=False)["id"]
        post(stack, email="bob@example.com", send=False)
        for query in ({"email": ADA.upper()}, {"phone_number": "+4915112345678"}):
            assert [each["id"] for each in ask(stack, "GET", "/v1/people", query=query)] == [person]
        assert ask(stack, "GET", "/v1/people", query={"email": "nobody@example.com"}) == []

    def test_is_of_a_span_of_time(self, stack: HttpStack) -> None:
        post(stack, email=ADA, send=False)
        soon, before = str(int(now() + 60)), str(int(now() - 60))
        assert ask(stack, "GET", "/v1/people", query={"since": soon}) == []
        assert ask(stack, "GET", "/v1/people", query={"until": before}) == []
        assert len(ask(stack, "GET", "/v1/people", query={"since": before, "until": soon})) == 1

    def test_takes_the_second_that_until_names_as_a_whole(self, stack: HttpStack) -> None:
        noon = datetime(2026, 3, 29, 12, tzinfo=UTC)
        for number, milliseconds in enumerate((0, 500, 999, 1000)):
            stack.know(f"c{number}", noon + timedelta(milliseconds=milliseconds))
        query = {"until": str(int(noon.timestamp()))}
        assert [each["email"][:2] for each in ask(stack, "GET", "/v1/people", query=query)] == ["c0", "c1", "c2"]
        link = call(stack, "GET", "/v1/people", 200, query={**query, "per_page": "2"})["headers"]["link"]
        next_query = dict(parse_qsl(urlsplit(link.partition(">")[0]).query))
        assert [each["email"][:2] for each in ask(stack, "GET", "/v1/people", query=next_query)] == ["c2"]

    @pytest.mark.parametrize(
        "query",
        [
            {"per_page": "0"}, {"per_page": "101"}, {"per_page": "x"}, {"since": "yesterday"}, {"until": "-1"},
            {"after": "x"}, {"after": "eA"}, {"email": "x"}, {"phone_number": "1"},
            {"email": ADA, "phone_number": "+4915112345678"},
        ],
    )  # fmt: skip
    def test_refuses_by_its_name_what_it_does_not_take(self, stack: HttpStack, query: dict[str, str]) -> None:
        assert set(ask(stack, "GET", "/v1/people", 422, query=query)["errors"]) <= set(query)

    def test_refuses_a_place_outside_the_span(self, stack: HttpStack) -> None:
        for number in range(2):
            post(stack, email=f"c{number}@example.com", send=False)
        link = call(stack, "GET", "/v1/people", 200, query={"per_page": "1"})["headers"]["link"]
        after = dict(parse_qsl(urlsplit(link.partition(">")[0]).query))["after"]
        ask(stack, "GET", "/v1/people", 422, query={"after": after, "since": str(int(now() + 60))})


class TestAnUnsubscribe:
    def test_is_listed_with_whom_it_is_of(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, name="Ada", send=False)["id"]
        for _ in range(2):
            assert ask(stack, "POST", "/v1/unsubscribes", body={"person_email": ADA}) == {"ok": True}
        (entry,) = ask(stack, "GET", "/v1/unsubscribes")
        assert abs(entry.pop("unsubscribed_at") - now()) < 60
        assert entry == {"person_id": person, "email": ADA, "name": "Ada"}

    def test_of_an_unknown_address_holds_too_and_names_nobody(self, stack: HttpStack) -> None:
        ask(stack, "POST", "/v1/unsubscribes", body={"person_email": ADA})
        assert ask(stack, "GET", "/v1/unsubscribes") == []
        key = opt_out_key(Channel.EMAIL, ADA, Category.SURVEYS)
        assert "Item" in stack.dynamodb.get_item(TableName="messages", Key=key)
        assert ADA not in str(stack.everything_kept()["stored"])


class TestALongList:
    @pytest.mark.parametrize(("noun", "at"), [("bounces", "bounced_at"), ("unsubscribes", "unsubscribed_at")])
    def test_is_told_page_by_page_the_oldest_first(self, stack: HttpStack, noun: str, at: str) -> None:
        person = post(stack, email=ADA, name="Ada", send=False)["id"]
        lists, start = AddressLists(stack.dynamodb, "people"), datetime(2026, 1, 1, tzinfo=UTC)
        enter = lists.bounced if noun == "bounces" else lists.unsubscribed
        for number in range(5):
            enter(person, f"c{number}@example.com", start + timedelta(days=number))

        def told(**query: str) -> list[str]:
            return [each["email"][:2] for each in ask(stack, "GET", f"/v1/{noun}", query=query)]

        assert told() == ["c0", "c1", "c2", "c3", "c4"]
        assert [told(per_page="2", page=str(page)) for page in (1, 2, 3, 4)] == [["c0", "c1"], ["c2", "c3"], ["c4"], []]
        second = str(int((start + timedelta(days=1)).timestamp()))
        assert (told(since=second)[0], told(until=second)) == ("c1", ["c0", "c1"])
        first = ask(stack, "GET", f"/v1/{noun}", query={"per_page": "1"})
        assert first == [{"person_id": person, "email": "c0@example.com", "name": "Ada", at: int(start.timestamp())}]
        for query in ({"page": "0"}, {"page": "101"}, {"per_page": "101"}, {"since": "x"}):
            assert set(ask(stack, "GET", f"/v1/{noun}", 422, query=query)["errors"]) == set(query)

    def test_has_nobody_who_was_erased(self, stack: HttpStack) -> None:
        stack.dynamodb.put_item(TableName="people", Item=person_tombstone_key("per_1"))
        AddressLists(stack.dynamodb, "people").bounced("per_1", ADA, datetime.now(UTC))
        assert ask(stack, "GET", "/v1/bounces") == []


class TestAnErasure:
    @pytest.mark.parametrize("reference", [f"email:{ADA}", "phone_number:+4915112345678", "external_id:c-1", ADA, None])
    def test_begins_when_it_is_asked_for_however_the_person_is_named(
        self, stack: HttpStack, reference: str | None
    ) -> None:
        person = post(stack, email=ADA, phone_number="+4915112345678", external_id="c-1", send=False)["id"]
        path = f"/v1/people/{reference or person}"
        assert ask(stack, "DELETE", path, 202) == {"ok": True}
        (message, *_) = stack.queued("erasures")
        assert (message["type"], message["person_id"], message["sweep"]) == ("ErasePerson", person, 1)
        told = ask(stack, "GET", f"/v1/people/{person}/erasure")
        assert abs(told.pop("requested_at") - now()) < 60
        assert told == {"person": person, "finished_at": None, "counts": {}}

    def test_has_who_comes_back_wait_until_it_is_over(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, send=False)["id"]
        ask(stack, "DELETE", f"/v1/people/{person}", 202)
        post(stack, 503, email=ADA)
        assert SurveyRequestRepository(stack.dynamodb, "people").of_person(person) == Asked()

    def test_may_be_asked_for_again_when_nothing_is_left(self, stack: HttpStack) -> None:
        person = post(stack, email=ADA, send=False)["id"]
        ask(stack, "DELETE", f"/v1/people/{person}", 202)
        stack.dynamodb.delete_item(TableName="people", Key=person_key(person))
        ask(stack, "DELETE", f"/v1/people/{person}", 202)
        ask(stack, "DELETE", f"/v1/people/email:{ADA}", 404)

    @pytest.mark.parametrize("reference", ["per_nobody", "email:nobody@example.com", "phone_number:1", "a#b", ":"])
    def test_of_nobody_is_not_found(self, stack: HttpStack, reference: str) -> None:
        before = stack.everything_kept()
        ask(stack, "DELETE", f"/v1/people/{reference}", 404)
        ask(stack, "GET", f"/v1/people/{reference}/erasure", 404)
        assert stack.everything_kept() == before


@pytest.mark.parametrize("path", ["autopilot/email", "autopilot/sms/memberships", "autopilot/email.json"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_continued_is_told_in_a_sentence(stack: HttpStack, method: str, path: str) -> None:
    assert "Autopilot" in ask(stack, method, f"/v1/{path}", 404)["message"]
