"""The public door: who may answer what, in which order refusals come, and what goes on the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.survey_ingest import app
from functions.survey_ingest.service import SurveyIngest
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.limits import DoorLimits, Rate
from shared.domain.links import LinkChannel, SurveyLink
from shared.domain.published import PublishedSurvey
from shared.domain.queued import ResponseSubmitted
from shared.domain.responses import Response
from shared.domain.surveys import Breakdown, Survey
from shared.errors import ExpiredLinkError, ForbiddenError, TemporaryError, TooManyRequestsError, UnauthorizedError
from tests.fakes.clock import FrozenClock
from tests.fakes.http import body_of, http_event
from tests.fakes.queues import RecordingQueue

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
SHOP = "https://shop.example"
RESPONSE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
LINK_ID = "0190f3c2-0000-7000-8000-00000000000a"
ROUTE = "POST /v1/surveys/{survey_id}/responses"
SURVEY = Survey.model_validate(
    {
        "survey_id": "delivery",
        "version": 3,
        "name": "Delivery",
        "touchpoint": "delivery",
        "brand": {"name": "Example Shop"},
        "time_zone": "Europe/Berlin",
        "questions": [
            {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
            {"id": "why", "scale": "text", "text": {"en": "Why?"}},
        ],
        "breakdowns": [{"name": "device", "values": ["phone"]}, {"name": "country", "values": ["DE"]}],
    }
)
LINK = SurveyLink(
    survey_id="delivery",
    response_id=LINK_ID,
    person_id="per_1",
    subject_type="delivery",
    subject_id="parcel-1",
    expires_at=2**31,
)

LINKS = {
    "good": LINK,
    "other": LINK.model_copy(update={"survey_id": "checkout"}),
    "sms": LINK.model_copy(update={"channel": LinkChannel.SMS}),
    "rated": LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True}),
}


def limits() -> DoorLimits:
    return DoorLimits(by_address=Rate(60, 40), by_link=Rate(6, 6), while_hot=Rate(4, 4), salt=bytes(16))


def publishable(key: str, *origins: str) -> ApiKey:
    return ApiKey(
        key_hash=key_hash(key),
        kind=KeyKind.PUBLISHABLE,
        name=key.removeprefix("pk_"),
        created_at=NOW,
        survey_id="delivery",
        origins=origins,
    )


class Surveys:
    """One survey with two keys; counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails = False
        self.archived = False
        self.hot_until: datetime | None = None

    def current(self, survey_id: str) -> PublishedSurvey | None:
        self.asked.append(survey_id)
        if self.fails:
            raise TemporaryError("the store is away")
        keys = (publishable("pk_shop", SHOP), publishable("pk_demo", "null", "http://localhost:*"))
        found = PublishedSurvey(SURVEY, keys, self.archived, self.hot_until)
        return found if survey_id == "delivery" else None


class Links:
    """Knows some tokens, and one press."""

    def verify(self, token: str) -> SurveyLink:
        if token == "expired":
            raise ExpiredLinkError("This link has expired.")
        if token not in LINKS:
            raise UnauthorizedError("This link is not valid.")
        return LINKS[token]

    def check_press(self, nonce: str, response_id: str, pressed_after_ms: int) -> None:
        if (nonce, response_id, pressed_after_ms) != ("nonce", LINK_ID, 800):
            raise ForbiddenError("no press")


class Door:
    """The function with everything around it in memory."""

    def __init__(self) -> None:
        self.surveys = Surveys()
        self.queue = RecordingQueue()
        self.links_asked = 0
        self.clock = FrozenClock(NOW)
        self.service = SurveyIngest(self.surveys, self.links, self.queue, self.clock, limits=limits())

    def links(self) -> Links:
        self.links_asked += 1
        return Links()

    def post(
        self, body: object, query: str = "", survey: str = "delivery", address: str = "203.0.113.7", **headers: str
    ) -> dict[str, Any]:
        if not query and "authorization" not in headers:
            headers["authorization"] = "Bearer pk_shop"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        event = http_event(ROUTE, path_parameters={"survey_id": survey}, body=body, query=query, headers=given)
        event["requestContext"]["http"]["sourceIp"] = address
        return app.lambda_handler(event, None)

    @property
    def responses(self) -> list[Response]:
        return [sent.message.response for sent in self.queue.sent if isinstance(sent.message, ResponseSubmitted)]

    def accepted(self, body: object, query: str = "", **headers: str) -> Response:
        answer = self.post(body, query, **headers)
        assert answer["statusCode"] == 202, answer["body"]
        (sent,) = self.queue.sent
        assert isinstance(sent.message, ResponseSubmitted)
        assert sent.message.expected_revision is None
        assert sent.group == "delivery"
        return sent.message.response

    def refused(self, status: int, body: object, query: str = "", **how: str) -> Any:
        answer = self.post(body, query, **how)
        assert answer["statusCode"] == status, answer["body"]
        assert self.queue.sent == []
        return body_of(answer)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    door = Door()
    monkeypatch.setattr(app, "service", lambda: door.service)
    yield door


RATING = {"response_id": RESPONSE_ID, "rating": 9}


class TestAnAnswer:
    def test_is_accepted_under_its_own_id(self, door: Door) -> None:
        answer = door.post({**RATING, "revision": 2})
        assert answer["statusCode"] == 202
        assert body_of(answer) == {"response_id": RESPONSE_ID, "revision": 2}

    def test_costs_one_read_of_the_survey_and_one_message(self, door: Door) -> None:
        door.post(RATING)
        assert (door.surveys.asked, len(door.queue.sent), door.links_asked) == (["delivery"], 1, 0)

    def test_is_queued_with_all_that_was_sent(self, door: Door) -> None:
        response = door.accepted(
            {
                "response_id": RESPONSE_ID.upper(),
                "revision": 1_763_000_000_000,
                "rating": 2,
                "answers": {"why": "wet"},
                "comment": "Left in the rain.",
                "person": {"email": "Ada@Example.com"},
                "subject": {"type": "order", "id": "1042"},
                "properties": {"device": "phone", "country": "FR", "campaign": "x"},
                "locale": "de",
            }
        )
        assert response.model_dump(exclude_none=True, mode="json") == {
            "response_id": RESPONSE_ID,
            "revision": 1_763_000_000_000,
            "survey_id": "delivery",
            "survey_version": 3,
            "ratings": {"recommend": {"scale": "nps", "value": 2}},
            "texts": {"why": "wet"},
            "comment": "Left in the rain.",
            "claimed_person": {"email": "Ada@example.com"},
            "subject": {"type": "order", "id": "1042"},
            "properties": {"device": "phone", "country": "FR", "campaign": "x"},
            "breakdowns": {"device": "phone", "country": "other"},
            "source": "widget",
            "verified": False,
            "test": False,
            "suspicious": False,
            "locale": "de",
            "answered_at": "2026-11-22T23:30:00Z",
            "accepted_at": "2026-11-22T23:30:00Z",
            "day": "2026-11-23",
        }

    def test_belongs_to_the_day_where_the_survey_lives(self, door: Door) -> None:
        assert door.accepted(RATING).day == date(2026, 11, 23)

    @pytest.mark.parametrize("source", ["widget", "kiosk", "link"])
    def test_tells_the_page_that_asked(self, door: Door, source: str) -> None:
        response = door.accepted({**RATING, "source": source})
        assert (response.source.value, response.verified) == (source, False)

    @pytest.mark.parametrize(
        ("told", "answered_at", "day"),
        [
            ("2026-11-22T20:30:00.125Z", datetime(2026, 11, 22, 20, 30, 0, 125_000, UTC), date(2026, 11, 22)),
            ("2026-11-22T23:30:00+01:00", datetime(2026, 11, 22, 22, 30, tzinfo=UTC), date(2026, 11, 22)),
            ("2026-11-15T23:30:00Z", NOW - timedelta(days=7), date(2026, 11, 16)),
            ("2026-11-22T23:30:01Z", NOW, date(2026, 11, 23)),
            ("2026-11-22T23:35:00Z", NOW, date(2026, 11, 23)),
        ],
    )
    def test_that_waited_belongs_to_the_day_on_which_it_was_given(
        self, door: Door, told: str, answered_at: datetime, day: date
    ) -> None:
        response = door.accepted({**RATING, "answered_at": told})
        assert (response.answered_at, response.day, response.accepted_at) == (answered_at, day, NOW)

    def test_of_a_preview_says_so(self, door: Door) -> None:
        assert door.accepted({**RATING, "test": True}).test

    def test_may_come_as_text_so_that_a_page_need_not_ask_first(self, door: Door) -> None:
        door.accepted(RATING, query="key=pk_shop", content_type="text/plain;charset=UTF-8", origin=SHOP)

    def test_that_may_not_have_been_kept_is_sent_again(self, door: Door) -> None:
        door.queue.fails = True
        answer = door.post(RATING, origin=SHOP)
        assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
        assert answer["headers"]["access-control-allow-origin"] == "*"

    def test_waits_while_surveys_can_not_be_read(self, door: Door) -> None:
        door.surveys.fails = True
        door.refused(503, RATING)


class TestALink:
    def test_answers_as_its_person_about_its_subject(self, door: Door) -> None:
        response = door.accepted({"rating": 9, "subject": {"type": "order", "id": "x"}}, query="t=good")
        assert (response.response_id, response.person_id, response.verified) == (LINK_ID, "per_1", True)
        assert response.source.value == "link"
        assert response.subject is not None
        assert (response.subject.type, response.subject.id) == ("delivery", "parcel-1")

    def test_takes_its_own_response_id_and_no_other(self, door: Door) -> None:
        problem = door.refused(422, RATING, query="t=good")
        assert set(problem["errors"]) == {"response_id"}
        assert door.accepted({"response_id": LINK_ID, "rating": 9}, query="t=good").response_id == LINK_ID

    def test_is_good_from_any_page(self, door: Door) -> None:
        door.accepted({"rating": 9}, query="t=good", origin="https://hear.example.com")

    @pytest.mark.parametrize(("token", "status"), [("bad", 401), ("expired", 401), ("other", 403), ("", 401)])
    def test_that_is_none_of_this_survey_opens_nothing(self, door: Door, token: str, status: int) -> None:
        door.refused(status, {"rating": 9}, query=f"t={token}")

    def test_beside_a_good_key_still_has_to_be_good(self, door: Door) -> None:
        door.refused(401, RATING, query="t=bad&key=pk_shop")

    def test_says_by_which_channel_it_came(self, door: Door) -> None:
        assert door.accepted({"rating": 9}, query="t=sms").source.value == "sms"

    def test_under_the_ratings_of_an_email_is_answered_by_a_press(self, door: Door) -> None:
        pressed = {"rating": 9, "proof": {"nonce": "nonce", "pressed_after_ms": 800}}
        assert door.accepted(pressed, query="t=rated").source.value == "email"

    @pytest.mark.parametrize(
        "proof",
        [{}, {"proof": {"nonce": "other", "pressed_after_ms": 800}}, {"proof": None}],
    )
    def test_under_the_ratings_of_an_email_is_not_answered_without(self, door: Door, proof: dict[str, Any]) -> None:
        door.refused(403, {"rating": 9, **proof}, query="t=rated")


class TestRefusals:
    @pytest.mark.parametrize("query", ["", "t=good"])
    def test_of_an_archived_survey_come_to_keys_and_links_alike(self, door: Door, query: str) -> None:
        door.surveys.archived = True
        door.refused(404, {"rating": 9, "response_id": LINK_ID}, query=query)

    def test_come_in_one_order(self, door: Door) -> None:
        """Body, credential, survey, origin, fields: each request has every later fault as well."""
        wrong = {"ratings": 1}
        steps: list[tuple[int, dict[str, Any]]] = [
            (415, {"body": "{", "content_type": "text/html", "authorization": "Bearer sk_x", "survey": "no"}),
            (400, {"body": "{", "authorization": "Bearer sk_x", "survey": "no", "origin": "https://evil.example"}),
            (401, {"body": wrong, "authorization": "Bearer sk_x", "survey": "no", "origin": "https://evil.example"}),
            (404, {"body": wrong, "survey": "no", "origin": "https://evil.example"}),
            (401, {"body": wrong, "authorization": "Bearer pk_x", "origin": "https://evil.example"}),
            (403, {"body": wrong, "origin": "https://evil.example"}),
            (422, {"body": wrong, "origin": SHOP}),
        ]
        for status, request in steps:
            door.refused(status, **request)

    def test_of_an_id_that_no_survey_can_have_ask_no_store(self, door: Door) -> None:
        for survey in ("a#b", "x" * 65, "-", "ä", "a b", "\x00"):
            door.refused(404, RATING, survey=survey)
        assert door.surveys.asked == []

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"rating": 9}, "response_id"),
            ({"response_id": "1", "rating": 9}, "response_id"),
            ({"response_id": RESPONSE_ID}, "rating"),
            ({**RATING, "rating": 11}, "rating"),
            ({**RATING, "rating": 9.0}, "rating"),
            ({**RATING, "rating": True}, "rating"),
            ({**RATING, "rating": "9"}, "rating"),
            ({**RATING, "answers": {"recommend": 8}}, "answers.recommend"),
            ({**RATING, "answers": {"weather": 1}}, "answers.weather"),
            ({**RATING, "answers": {"why": 9.5}}, "answers.why"),
            ({**RATING, "revision": 0}, "revision"),
            ({**RATING, "revision": 10**15 + 1}, "revision"),
            ({**RATING, "revision": 1.0}, "revision"),
            ({**RATING, "person": {"email": "ada"}}, "person.email"),
            ({**RATING, "person": {}}, "person"),
            ({**RATING, "person": {"email": "a@b.example", "password": "x"}}, "person.password"),
            ({**RATING, "subject": {"type": "Order", "id": "1"}}, "subject.type"),
            ({**RATING, "subject": {"type": "order"}}, "subject.id"),
            ({**RATING, "properties": {"a": 1}}, "properties.a"),
            ({**RATING, "properties": {str(n): "x" for n in range(21)}}, "properties"),
            ({**RATING, "test": 1}, "test"),
            ({**RATING, "source": "api"}, "source"),
            ({**RATING, "answered_at": "2026-11-15T23:29:59.999Z"}, "answered_at"),
            ({**RATING, "answered_at": "2026-11-22T23:35:01Z"}, "answered_at"),
            ({**RATING, "answered_at": "9999-12-31T23:59:59-23:59"}, "answered_at"),
            ({**RATING, "answered_at": "0001-01-01T00:00:00+23:59"}, "answered_at"),
            ({**RATING, "answered_at": "2026-11-22T20:30:00"}, "answered_at"),
            ({**RATING, "answered_at": "2026-02-30T20:30:00Z"}, "answered_at"),
            ({**RATING, "answered_at": "2026-11-22T20:30:00+24:00"}, "answered_at"),
            ({**RATING, "answered_at": 1_763_000_000}, "answered_at"),
            ({**RATING, "proof": {"nonce": 1, "pressed_after_ms": 1}}, "proof.nonce"),
            ({**RATING, "proof": {"nonce": "n", "pressed_after_ms": -1}}, "proof.pressed_after_ms"),
            ({**RATING, "verified": True}, "verified"),
            ({**RATING, "person_id": "per_1"}, "person_id"),
        ],
    )
    def test_of_a_field_name_its_path(self, door: Door, body: dict[str, Any], field: str) -> None:
        problem = door.refused(422, body)
        assert set(problem["errors"]) == {field}


class TestPages:
    def test_of_the_keys_origin_may_read_the_answer(self, door: Door) -> None:
        headers = door.post(RATING, origin=SHOP)["headers"]
        assert (headers["access-control-allow-origin"], headers["vary"]) == (SHOP, "origin")

    def test_of_another_origin_are_refused_and_left_in_the_dark(self, door: Door) -> None:
        for origin in ("https://evil.example", "null", "http://shop.example", f"{SHOP}.evil.example", f"{SHOP}:8443"):
            answer = door.post(RATING, origin=origin)
            assert answer["statusCode"] == 403
            assert "access-control-allow-origin" not in answer["headers"]

    def test_may_read_why_they_are_refused(self, door: Door) -> None:
        for body, status in (("{", 400), ({**RATING, "rating": 11}, 422)):
            answer = door.post(body, origin=SHOP)
            assert (answer["statusCode"], answer["headers"]["access-control-allow-origin"]) == (status, "*")

    def test_on_any_port_and_from_a_file_are_let_in_by_a_key_that_says_so(self, door: Door) -> None:
        for origin in ("http://localhost:3000", "http://localhost", "null"):
            assert door.post(RATING, query="key=pk_demo", origin=origin)["statusCode"] == 202

    def test_of_ours_need_not_be_named_by_a_key(self, door: Door) -> None:
        """By what the browser says of the two (no page can set it), and where it says nothing by the host."""
        ours = {"origin": "https://hear.example.com"}
        assert door.post(RATING, **ours, sec_fetch_site="same-origin")["statusCode"] == 202
        assert door.post(RATING, **ours, host="hear.example.com")["statusCode"] == 202
        for site in ("cross-site", "same-site", "none"):
            assert door.post(RATING, **ours, host="hear.example.com", sec_fetch_site=site)["statusCode"] == 403

    def test_are_told_before_they_post(self, door: Door) -> None:
        answer = self.preflight("delivery", SHOP)
        assert answer["statusCode"] == 204
        assert answer["body"] == ""
        assert answer["headers"] == {
            "access-control-allow-origin": SHOP,
            "access-control-allow-methods": "POST",
            "access-control-allow-headers": "content-type, authorization",
            "access-control-max-age": "86400",
            "access-control-expose-headers": "retry-after",
            "vary": "origin",
            "cache-control": "no-store",
            "x-content-type-options": "nosniff",
        }

    def test_of_another_origin_are_told_so_too(self, door: Door) -> None:
        answer = self.preflight("delivery", "https://evil.example")
        assert answer["statusCode"] == 403
        assert "access-control-allow-origin" not in answer["headers"]

    def test_go_on_to_an_unknown_survey_to_read_that_it_is_unknown(self, door: Door) -> None:
        assert self.preflight("unknown", SHOP)["headers"]["access-control-allow-origin"] == SHOP
        assert self.preflight("a#b", SHOP)["statusCode"] == 204

    @staticmethod
    def preflight(survey: str, origin: str) -> dict[str, Any]:
        route = "OPTIONS /v1/surveys/{survey_id}/responses"
        headers = {"origin": origin, "access-control-request-method": "POST"}
        return app.lambda_handler(http_event(route, path_parameters={"survey_id": survey}, headers=headers), None)


class TestAFlood:
    """The door of these tests takes 40 at once from one address, and one a second after that."""

    def posts(self, door: Door, times: int, **how: Any) -> list[int]:
        return [door.post(RATING, **how)["statusCode"] for _ in range(times)]

    def test_from_one_address_is_told_when_to_come_again_and_costs_no_call(self, door: Door) -> None:
        assert self.posts(door, 40) == [202] * 40
        asked, sent = len(door.surveys.asked), len(door.queue.sent)
        answer = door.post(RATING, origin=SHOP)
        assert (answer["statusCode"], answer["headers"]["retry-after"]) == (429, "1")
        assert answer["headers"]["content-type"] == "application/problem+json"
        assert answer["headers"]["access-control-allow-origin"] == "*"
        assert answer["headers"]["access-control-expose-headers"] == "retry-after"
        assert (len(door.surveys.asked), len(door.queue.sent)) == (asked, sent)
        door.clock.advance(timedelta(seconds=1))
        assert door.post(RATING)["statusCode"] == 202

    def test_from_one_address_leaves_all_others_alone(self, door: Door) -> None:
        self.posts(door, 100)
        for address in ("203.0.113.8", "2001:db8::1"):
            assert door.post(RATING, address=address)["statusCode"] == 202

    def test_is_not_hidden_by_what_the_sender_says_of_its_address(self, door: Door) -> None:
        statuses = [
            door.post(RATING, x_forwarded_for=f"198.51.100.{number}", forwarded=f"for=198.51.100.{number}")[
                "statusCode"
            ]
            for number in range(50)
        ]
        assert statuses == [202] * 40 + [429] * 10

    def test_from_a_network_of_ipv6_is_one(self, door: Door) -> None:
        statuses = [door.post(RATING, address=f"2001:db8:1:2::{number:x}")["statusCode"] for number in range(50)]
        assert statuses == [202] * 40 + [429] * 10

    def test_of_wrong_keys_and_unknown_surveys_is_one_too(self, door: Door) -> None:
        assert self.posts(door, 50, authorization="Bearer pk_guessed")[-10:] == [429] * 10
        assert self.posts(door, 50, survey="nothing")[-10:] == [429] * 10

    def test_is_marked_once_the_bucket_is_nearly_empty_and_counts_as_any_answer(self, door: Door) -> None:
        self.posts(door, 40)
        marked = [response.suspicious for response in door.responses]
        assert marked == [False] * 30 + [True] * 10

    def test_of_an_office_with_one_address_goes_through_by_links(self, door: Door) -> None:
        self.posts(door, 50)
        answer = door.post({"rating": 9}, query="t=good")
        assert answer["statusCode"] == 202
        assert door.responses[-1].suspicious is False

    def test_by_one_link_is_slowed_and_asks_nobody_who_signed_it(self, door: Door) -> None:
        for token in ("good", "bad"):
            for _ in range(6):
                door.post({"rating": 9}, query=f"t={token}")
            known = door.links_asked
            answer = door.post({"rating": 9}, query=f"t={token}")
            assert (answer["statusCode"], answer["headers"]["retry-after"]) == (429, "10")
            assert door.links_asked == known

    def test_of_views_takes_no_answers_turn(self, door: Door) -> None:
        ours: dict[str, Any] = {"key": "pk_shop", "token": None, "origin": SHOP, "address": "203.0.113.7"}
        for _ in range(40):
            door.service.open("delivery", **ours, is_view=True)
        with pytest.raises(TooManyRequestsError):
            door.service.open("delivery", **ours, is_view=True)
        assert door.post(RATING)["statusCode"] == 202


class TestAHotSurvey:
    def heated(self, door: Door) -> Door:
        door.surveys.hot_until = NOW + timedelta(minutes=10)
        return door

    def test_takes_few_by_key_from_however_many_addresses_and_marks_them(self, door: Door) -> None:
        addresses = [f"203.0.113.{number}" for number in range(10)]
        answers = [self.heated(door).post(RATING, address=address) for address in addresses]
        assert [answer["statusCode"] for answer in answers] == [202] * 4 + [429] * 6
        assert {answer["headers"].get("retry-after") for answer in answers[4:]} == {"15"}
        assert {response.suspicious for response in door.responses} == {True}

    def test_slows_no_link(self, door: Door) -> None:
        for number in range(6):
            self.heated(door).post(RATING, address=f"203.0.113.{number}")
        answer = door.post({"rating": 9}, query="t=good")
        assert answer["statusCode"] == 202
        assert door.responses[-1].suspicious is False

    def test_cools_by_itself(self, door: Door) -> None:
        for number in range(10):
            self.heated(door).post(RATING, address=f"203.0.113.{number}")
        door.clock.advance(timedelta(minutes=10))
        before = len(door.queue.sent)
        for number in range(10):
            assert door.post(RATING, address=f"203.0.113.{number}")["statusCode"] == 202
        marked = {response.suspicious for response in door.responses[before:]}
        assert marked == {False}

    def test_refuses_with_a_right_key_only(self, door: Door) -> None:
        """That a survey is hot is told to nobody else, and takes none of its tokens."""
        for _ in range(6):
            assert self.heated(door).post(RATING, authorization="Bearer pk_x")["statusCode"] == 401
        assert door.post(RATING)["statusCode"] == 202


@pytest.mark.parametrize(("query", "verified"), [("", "no"), ("t=good", "yes")])
def test_whether_an_answer_is_verified_is_counted_and_no_property_says_so(
    door: Door, monkeypatch: pytest.MonkeyPatch, query: str, verified: str
) -> None:
    declared = (*SURVEY.breakdowns, Breakdown(name="verified", values=("yes", "no")))
    monkeypatch.setitem(globals(), "SURVEY", SURVEY.model_copy(update={"breakdowns": declared}))
    claimed = {"verified": "no" if verified == "yes" else "yes"}
    body = {"rating": 9, "response_id": LINK_ID if query else RESPONSE_ID, "properties": claimed}
    response = door.accepted(body, query=query)
    assert (response.breakdowns["verified"], response.properties) == (verified, claimed)


def test_nothing_that_was_sent_is_logged(
    door: Door, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    door.post({**RATING, "comment": "secret", "person": {"email": "ada@example.com"}, "properties": {"a": "secret"}})
    door.post({**RATING, "secret": 1, "answers": {"secret": "secret"}})
    door.post('{"secret": 1, "secret": 2}', query="key=secret&t=secret")
    for _ in range(50):
        door.post(RATING)
    logged = capsys.readouterr().out + str([vars(record) for record in caplog.records])
    for said in (
        "ResponsesAccepted",
        "ResponsesRefused",
        "ResponsesSlowed",
        "ResponsesSuspicious",
        "response accepted",
        "response refused",
        RESPONSE_ID,
    ):
        assert said in logged
    assert "secret" not in logged
    assert "ada@" not in logged
    assert "203.0.113" not in logged
