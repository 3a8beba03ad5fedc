"""The API of secret keys, from the request to the tables: it reads its own writes, and takes nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from functions.api import bootstrap
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.messages import MessageKind, Notification
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.queued import ResponseSubmitted
from shared.domain.recording import Outcome, Recorded
from shared.storage.deliveries import DeliveryRepository
from shared.storage.keys import response_key
from shared.storage.messages import MessageRepository, Tables
from shared.storage.responses import ResponseRepository
from shared.storage.scores import ScoreRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RESPONSE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
CREATED_AT = 1_767_225_600  # 2026-01-01 00:00 in UTC, 01:00 in Berlin
GIVEN: dict[str, Any] = {"response_id": RESPONSE_ID, "score": 9, "created_at": CREATED_AT}


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def ask(stack: HttpStack, method: str, path: str, status: int, **request: Any) -> Any:
    headers = {"authorization": "Bearer sk_own", **request.pop("headers", {})}
    answer = stack.call(method, path, headers=headers, **request)
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def create(stack: HttpStack, status: int = 201, headers: dict[str, str] | None = None, **given: Any) -> Any:
    return ask(stack, "POST", "/v1/survey_responses", status, body=given, headers=headers or {})


def response_count(stack: HttpStack) -> int:
    count = ask(stack, "GET", "/v1/metrics", 200, query={"since": "0"})["response_count"]
    assert isinstance(count, int)
    return count


class TestAnAnswer:
    def test_is_shaped_as_delighteds_with_ours_beside(self, stack: HttpStack) -> None:
        created = create(
            stack,
            **GIVEN,
            comment="Early and kind.",
            answers={"courier": 5, "why": "on time"},
            person={"email": "ada@example.com", "name": "Ada"},
            person_properties={"device": "phone"},
            subject={"type": "order", "id": "1042"},
        )
        person = created.pop("person")
        updated_at = created.pop("updated_at")
        assert created == {
            "id": RESPONSE_ID,
            "survey_type": "nps",
            "score": 9,
            "comment": "Early and kind.",
            "permalink": None,
            "created_at": CREATED_AT,
            "person_properties": {"device": "phone"},
            "notes": [],
            "tags": [],
            "additional_answers": [
                {
                    "id": "courier",
                    "value": {"free_response": None, "scale": 5, "select_one": None, "select_many": None},
                    "question": {"id": "courier", "type": "scale", "text": "How was the courier?"},
                },
                {
                    "id": "why",
                    "value": {"free_response": "on time", "scale": None, "select_one": None, "select_many": None},
                    "question": {"id": "why", "type": "free_response", "text": "Why?"},
                },
            ],
            "survey": "delivery",
            "revision": 1,
            "answers": {"recommend": 9, "courier": 5, "why": "on time"},
            "subject": {"type": "order", "id": "1042"},
            "day": "2026-01-01",
            "test": False,
            "verified": True,
            "suspicious": False,
        }
        assert person.startswith("per_")
        assert abs(updated_at - datetime.now(UTC).timestamp()) < 60

    def test_can_be_read_when_it_was_created(self, stack: HttpStack) -> None:
        created = create(stack, **GIVEN)
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200) == created
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID.upper()}", 200) == created

    def test_that_was_imported_is_counted_and_marked_so_that_nobody_is_told(self, stack: HttpStack) -> None:
        create(stack, **GIVEN, imported=True)
        create(stack, **GIVEN, imported=True)
        assert [message["response"]["source"] for message in stack.queued("responses")] == ["import"] * 2
        assert (
            ask(stack, "GET", "/v1/metrics", 200, query={"since": "2026-01-01", "until": "2026-01-01"})[
                "response_count"
            ]
            == 1
        )

    def test_is_in_the_score_when_it_was_created(self, stack: HttpStack) -> None:
        create(stack, score=10)
        told = ask(stack, "GET", "/v1/metrics", 200)
        assert (told["response_count"], told["nps"], told["promoter_count"], told["ratings"]) == (1, 100, 1, {"10": 1})

    def test_is_queued_once_under_the_condition_that_it_is_new(self, stack: HttpStack) -> None:
        create(stack, **GIVEN)
        (message,) = stack.queued("responses")
        submitted = ResponseSubmitted.model_validate(message)
        assert submitted.expected_revision == 0
        assert (submitted.response.response_id, submitted.response.verified) == (RESPONSE_ID, True)

    def test_of_a_preview_is_kept_and_not_counted(self, stack: HttpStack) -> None:
        assert create(stack, **GIVEN, test=True)["test"]
        assert response_count(stack) == 0

    def test_for_another_survey_than_the_keys_names_it(self, stack: HttpStack) -> None:
        assert create(stack, score=9, survey="checkout")["survey"] == "checkout"
        assert response_count(stack) == 0
        assert ask(stack, "GET", "/v1/metrics", 200, query={"survey": "checkout"})["response_count"] == 1


class TestTheSameAnswerAgain:
    def test_counts_once(self, stack: HttpStack) -> None:
        assert create(stack, **GIVEN) == create(stack, **GIVEN)
        assert response_count(stack) == 1

    def test_by_its_idempotency_key_is_the_same(self, stack: HttpStack) -> None:
        for key in ("order-1042", RESPONSE_ID, "ü" * 300):
            headers = {"Idempotency-Key": key}
            first, again = (create(stack, headers=headers, score=9, comment=key) for _ in range(2))
            assert first == again
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200)["comment"] == RESPONSE_ID
        assert response_count(stack) == 3

    def test_without_an_id_is_another_answer(self, stack: HttpStack) -> None:
        assert create(stack, score=9)["id"] != create(stack, score=9)["id"]
        assert response_count(stack) == 2

    @pytest.mark.parametrize("change", [{"score": 8}, {"comment": "x"}, {"created_at": CREATED_AT + 1}, {"test": True}])
    def test_with_other_content_is_a_conflict_and_changes_nothing(
        self, stack: HttpStack, change: dict[str, Any]
    ) -> None:
        create(stack, **GIVEN)
        create(stack, 409, **{**GIVEN, **change})
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200)["score"] == 9
        messages = [ResponseSubmitted.model_validate(message) for message in stack.queued("responses")]
        ResponseRepository(stack.dynamodb, "responses").record(messages)
        assert ask(stack, "GET", "/v1/metrics", 200, query={"since": "0"})["ratings"] == {"9": 1}

    def test_after_an_edit_is_a_conflict_that_says_so(self, stack: HttpStack) -> None:
        created = create(stack, **GIVEN)
        ask(stack, "PUT", f"/v1/survey_responses/{RESPONSE_ID}", 200, body={**created, "comment": "Call back."})
        assert "or it was edited since" in create(stack, 409, **GIVEN)["detail"]
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200)["comment"] == "Call back."

    def test_with_other_content_while_the_store_is_away_is_taken_and_has_no_effect(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ResponseRepository, "record", lambda *_: {RESPONSE_ID: Recorded(None, Outcome.POSTPONED)})
            create(stack, **GIVEN)
            create(stack, **{**GIVEN, "score": 2})
        for message in stack.queued("responses"):
            ResponseRepository(stack.dynamodb, "responses").record([ResponseSubmitted.model_validate(message)])
        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200)["score"] == 9
        assert ask(stack, "GET", "/v1/metrics", 200, query={"since": "0"})["ratings"] == {"9": 1}

    def test_that_the_store_refuses_is_refused_by_its_id(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(ResponseRepository, "record", lambda *_: {RESPONSE_ID: Recorded(None, Outcome.INVALID)})
            assert list(create(stack, 422, **GIVEN)["errors"]) == ["response_id"]

    def test_after_it_was_erased_stays_erased(self, stack: HttpStack) -> None:
        item = {**response_key(RESPONSE_ID), "erased": {"BOOL": True}}
        stack.dynamodb.put_item(TableName="responses", Item=item)
        create(stack, 409, **GIVEN)
        ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 404)
        assert response_count(stack) == 0


class TestAnOutage:
    def test_of_the_store_loses_no_answer_that_the_queue_has(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(self: ResponseRepository, submitted: list[ResponseSubmitted]) -> dict[str, Recorded]:
            return {each.response.response_id: Recorded(None, Outcome.POSTPONED) for each in submitted}

        with monkeypatch.context() as patch:
            patch.setattr(ResponseRepository, "record", away)
            created = create(stack, **GIVEN)
        assert response_count(stack) == 0

        messages = [ResponseSubmitted.model_validate(message) for message in stack.queued("responses")]
        ResponseRepository(stack.dynamodb, "responses").record(messages)

        assert ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 200) == created
        assert response_count(stack) == 1

    def test_of_the_queue_is_told_and_leaves_nothing_behind(self, stack: HttpStack) -> None:
        stack.sqs.delete_queue(QueueUrl=stack.queues["responses"])
        create(stack, 503, **GIVEN)
        ask(stack, "GET", f"/v1/survey_responses/{RESPONSE_ID}", 404)


class TestAPerson:
    def test_is_the_same_by_any_of_their_addresses(self, stack: HttpStack) -> None:
        ada = {"email": "ada@example.com", "phone_number": "+49 151 12345678"}
        first = create(stack, score=9, person=ada)["person"]
        assert create(stack, score=8, person={"email": "ADA@example.com"})["person"] == first
        assert create(stack, score=8, person={"phone_number": "+4915112345678"})["person"] == first
        assert create(stack, score=8, person=first)["person"] == first
        assert create(stack, score=8, person={"email": "bob@example.com"})["person"] != first

    @pytest.mark.parametrize(
        ("person", "field"),
        [
            ("per_nobody", "person"),
            ("a#b", "person"),
            (1, "person"),
            ({}, "person"),
            ({"name": "Ada"}, "person"),
            ({"email": "ada"}, "person.email"),
            ({"email": "a@b.example", "phone": "+4915112345678"}, "person.phone"),
        ],
    )
    def test_that_is_none_is_refused_and_nothing_queued(self, stack: HttpStack, person: Any, field: str) -> None:
        assert set(create(stack, 422, score=9, person=person)["errors"]) == {field}
        assert stack.queued("responses") == []

    def test_is_not_made_for_an_answer_that_is_refused(self, stack: HttpStack) -> None:
        before = stack.everything_kept()
        create(stack, 422, score=11, person={"email": "ada@example.com"})
        create(stack, 422, score=9, created_at=4_000_000_000, person={"email": "ada@example.com"})
        assert stack.everything_kept() == before


class TestTime:
    def test_of_an_answer_decides_its_day_where_the_survey_lives(self, stack: HttpStack) -> None:
        assert create(stack, score=9, created_at=1_767_222_000)["day"] == "2026-01-01"
        assert create(stack, score=9, created_at=1_767_221_999)["day"] == "2025-12-31"

    def test_a_little_ahead_of_ours_is_now_and_far_ahead_a_fault(self, stack: HttpStack) -> None:
        now = int(datetime.now(UTC).timestamp())
        assert create(stack, score=9, created_at=now + 200)["created_at"] <= now + 60
        assert set(create(stack, 422, score=9, created_at=now + 400)["errors"]) == {"created_at"}

    def test_bounds_a_score_by_days_both_included(self, stack: HttpStack) -> None:
        for day in range(1, 6):
            create(stack, score=day, created_at=CREATED_AT + 86_400 * (day - 1))
        told = ask(
            stack, "GET", "/v1/metrics", 200, query={"since": "2026-01-02", "until": str(CREATED_AT + 3 * 86_400)}
        )
        assert (told["since"], told["until"], told["ratings"]) == ("2026-01-02", "2026-01-04", {"2": 1, "3": 1, "4": 1})

    def test_without_bounds_is_the_30_days_up_to_the_latest_response(self, stack: HttpStack) -> None:
        for days in (0, 1, 30, 31):
            create(stack, score=9, created_at=CREATED_AT + 86_400 * days)
        told = ask(stack, "GET", "/v1/metrics", 200)
        assert (told["since"], told["until"], told["response_count"]) == ("2026-01-03", "2026-02-01", 2)


class TestMetrics:
    @pytest.mark.parametrize(
        ("query", "status", "fields"),
        [
            ({"survey": "nothing"}, 404, None),
            ({"survey": ""}, 404, None),
            ({"survey": "a#b\x00"}, 404, None),
            ({"survey": "x" * 5000}, 404, None),
            ({"since": "yesterday"}, 422, {"since"}),
            ({"until": "9" * 400}, 422, {"until"}),
            ({"since": "2026-02-01", "until": "2026-01-01"}, 422, {"until"}),
            ({"question": "weather"}, 422, {"question"}),
            ({"by": "weather"}, 422, {"by"}),
            ({"compare": "last year"}, 422, {"compare"}),
            ({"interval": "hour"}, 422, {"interval"}),
            ({"interval": "day", "since": "0", "until": "2026-01-01"}, 422, {"interval"}),
        ],
    )
    def test_of_what_there_is_not_are_refused(
        self, stack: HttpStack, query: dict[str, str], status: int, fields: set[str] | None
    ) -> None:
        assert ask(stack, "GET", "/v1/metrics", status, query=query).get("errors", {}).keys() == (fields or set())

    def test_of_another_question_are_its_own(self, stack: HttpStack) -> None:
        create(stack, score=9, answers={"courier": 1})
        told = ask(stack, "GET", "/v1/metrics", 200, query={"question": "courier"})
        assert (told["scale"], told["score"], told["nps"], told["response_count"]) == ("csat", 0, None, 1)

    def test_have_rows_buckets_and_a_comparison_in_two_queries(
        self, stack: HttpStack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for day, score, device in ((-2, 2, "phone"), (0, 9, "phone"), (0, 10, "desktop"), (1, 3, "watch")):
            create(stack, score=score, created_at=CREATED_AT + 86_400 * day, person_properties={"device": device})
        query = {"since": "2026-01-01", "until": "2026-01-02", "by": "device", "compare": "previous", "interval": "day"}
        asked: list[Any] = []
        read = ScoreRepository.read

        def counted(self: ScoreRepository, *about: Any) -> Any:
            asked.append(about)
            return read(self, *about)

        monkeypatch.setattr(ScoreRepository, "read", counted)
        told = ask(stack, "GET", "/v1/metrics", 200, query=query)

        assert len(asked) == 2
        assert told["response_count"] == 3
        assert [(row["value"], row["score"]) for row in told["rows"]] == [
            ("phone", 100),
            ("desktop", 100),
            ("other", -100),
        ]
        assert [row["comparison"]["verdict"] for row in told["rows"]] == [
            "no change shown",
            "no answers on one side",
            "no answers on one side",
        ]
        assert [(bucket["bucket"], bucket["score"]) for bucket in told["buckets"]] == [
            ("2026-01-01", 100),
            ("2026-01-02", -100),
        ]
        assert (told["comparison"]["since"], told["comparison"]["response_count"]) == ("2025-12-30", 1)

    @pytest.mark.parametrize(
        ("first_second", "day"),
        [(1_774_738_800, "2026-03-29"), (1_792_879_200, "2026-10-25")],  # 23 and 25 hours long in Berlin
    )
    def test_of_the_days_on_which_the_clocks_change_hold_all_their_hours(
        self, stack: HttpStack, first_second: int, day: str
    ) -> None:
        hours = 23 if day == "2026-03-29" else 25
        for at in (-1, 0, hours * 3600 - 1, hours * 3600):
            create(stack, score=9, created_at=first_second + at)
        told = ask(stack, "GET", "/v1/metrics", 200, query={"since": "2026-01-01", "interval": "day"})
        found = {bucket["bucket"]: bucket["response_count"] for bucket in told["buckets"] if bucket["response_count"]}
        assert list(found.values()) == [1, 2, 1]
        assert list(found)[1] == day

    def test_without_answers_are_null(self, stack: HttpStack) -> None:
        told = ask(stack, "GET", "/v1/metrics", 200)
        assert [told[name] for name in ("nps", "score", "margin_of_error", "interval", "promoter_percent")] == [
            None
        ] * 5
        assert told["response_count"] == 0


DEFINITION: dict[str, Any] = {
    "name": "After a chat",
    "touchpoint": "support_chat",
    "brand": {"name": "Example Shop"},
    "questions": [{"id": "satisfied", "scale": "csat_3", "text": {"en": "Did we help?"}}],
}


class TestADefinition:
    def put(self, stack: HttpStack, survey_id: str, status: int = 200, /, **changes: Any) -> Any:
        return ask(stack, "PUT", f"/v1/surveys/{survey_id}", status, body={**DEFINITION, **changes})

    def test_published_is_read_at_once_with_a_number_of_ours(self, stack: HttpStack) -> None:
        told = self.put(stack, "chat-1")
        assert (told["survey_id"], told["version"], told["archived"]) == ("chat-1", 1, False)
        assert ask(stack, "GET", "/v1/surveys/chat-1", 200) == told
        again = self.put(stack, "chat-1", name="Chat")
        assert (again["version"], again["name"]) == (2, "Chat")
        assert ask(stack, "GET", "/v1/surveys/chat-1", 200) == again

    def test_published_twice_is_one_version(self, stack: HttpStack) -> None:
        assert self.put(stack, "chat-2") == self.put(stack, "chat-2")
        assert self.put(stack, "chat-2")["version"] == 1

    def test_that_changes_a_scale_is_refused_with_the_path_and_changes_nothing(self, stack: HttpStack) -> None:
        first = self.put(stack, "chat-3")
        questions = [
            {"id": "ease", "scale": "ces", "text": {"en": "x"}},
            {**DEFINITION["questions"][0], "scale": "csat"},
        ]
        refused = self.put(stack, "chat-3", 409, questions=questions)
        assert refused["errors"] == {"questions.1.scale": ["must stay csat_3"]}
        assert ask(stack, "GET", "/v1/surveys/chat-3", 200) == first

    @pytest.mark.parametrize(
        ("changes", "path"),
        [
            ({"version": 7}, "version"),
            ({"survey_id": "chat-4"}, "survey_id"),
            ({"archived": False}, "archived"),
            ({"time_zone": "Europe/Atlantis"}, "time_zone"),
            ({"questions": []}, "questions"),
            ({"questions": [{"id": "why", "scale": "text", "text": {"en": "Why?"}}]}, "questions"),
            ({"questions": [{"id": "x", "scale": "stars", "text": {"en": "x"}}]}, "questions.0.scale"),
            ({"questions": [{"id": "x", "scale": "nps", "text": {"en": ""}}]}, "questions.0.text.en"),
            ({"questions": DEFINITION["questions"] * 2}, "questions"),
            ({"default_locale": "de"}, "questions"),
            ({"breakdowns": [{"name": "city", "values": ["a#b"]}]}, "breakdowns.0.values.0"),
            ({"breakdowns": [{"name": "city", "values": [str(n) for n in range(201)]}]}, "breakdowns.0.values"),
            ({"alert_to": ["nobody"]}, "alert_to.0"),
            ({"journey_position": 0}, "journey_position"),
        ],
    )
    def test_that_is_none_is_refused_with_the_path(self, stack: HttpStack, changes: dict[str, Any], path: str) -> None:
        assert set(self.put(stack, "chat-4", 422, **changes)["errors"]) == {path}
        ask(stack, "GET", "/v1/surveys/chat-4", 404)

    @pytest.mark.parametrize("name", ["a#b", "x" * 65, "ä", "-"])
    def test_needs_a_good_id(self, stack: HttpStack, name: str) -> None:
        assert set(self.put(stack, name, 422)["errors"]) == {"survey_id"}

    def test_archived_takes_no_answers_but_its_scores_are_read(self, stack: HttpStack) -> None:
        self.put(stack, "chat-5")
        assert ask(stack, "DELETE", "/v1/surveys/chat-5", 200)["archived"]
        create(stack, 404, survey="chat-5", score=3)
        assert ask(stack, "GET", "/v1/metrics", 200, query={"survey": "chat-5"})["response_count"] == 0
        assert ask(stack, "GET", "/v1/surveys/chat-5", 200)["archived"]
        assert self.put(stack, "chat-5")["version"] == 2
        assert not ask(stack, "GET", "/v1/surveys/chat-5", 200)["archived"]

    def test_that_is_not_there_can_not_be_archived(self, stack: HttpStack) -> None:
        for name in ("nothing", "a#b", "x" * 300):
            ask(stack, "DELETE", f"/v1/surveys/{name}", 404)


class TestTheJourney:
    def put(self, stack: HttpStack, survey_id: str, touchpoint: str, position: int | None) -> None:
        questions = [{"id": "recommend", "scale": "nps", "text": {"en": "x"}}]
        body = {**DEFINITION, "touchpoint": touchpoint, "journey_position": position, "questions": questions}
        ask(stack, "PUT", f"/v1/surveys/{survey_id}", 200, body=body)

    def test_tells_open_touchpoints_in_their_order_and_the_one_that_drags(self, stack: HttpStack) -> None:
        self.put(stack, "on-chat", "support_chat", 2)
        self.put(stack, "on-search", "search", 1)
        self.put(stack, "on-search-2", "search", None)
        self.put(stack, "on-return", "returns", 3)
        for survey, score, number in (
            ("on-chat", 1, 8),
            ("on-search", 9, 8),
            ("on-search-2", 10, 8),
            ("on-return", 0, 8),
        ):
            for _ in range(number):
                create(stack, survey=survey, score=score, created_at=CREATED_AT)
        ask(stack, "DELETE", "/v1/surveys/on-return", 200)

        told = ask(stack, "GET", "/v1/journey", 200, query={"since": "2026-01-01", "until": "2026-01-01"})

        counted = [(each["touchpoint"], each["surveys"], each["response_count"]) for each in told["touchpoints"]]
        assert counted[:2] == [("search", ["on-search", "on-search-2"], 16), ("support_chat", ["on-chat"], 8)]
        assert "returns" not in {each["touchpoint"] for each in told["touchpoints"]}
        assert (told["response_count"], told["score"]) == (24, pytest.approx(100 / 3))
        assert told["weakest"]["touchpoint"] == "support_chat"
        assert told["weakest"]["drag"] == pytest.approx(8 / 24 * -200)

    @pytest.mark.parametrize(
        ("query", "field"), [({"scale": "text"}, "scale"), ({"scale": "x"}, "scale"), ({"since": "x"}, "since")]
    )
    def test_of_nonsense_is_refused(self, stack: HttpStack, query: dict[str, str], field: str) -> None:
        assert set(ask(stack, "GET", "/v1/journey", 422, query=query)["errors"]) == {field}


class TestReading:
    def test_a_delivery_tells_its_history_and_no_address(self, stack: HttpStack) -> None:
        registration = DeliveryRegistration(
            carrier="dhl",
            recipient=Recipient(email="ada@example.com", name="Ada"),
            promise=Window(start=NOW, end=NOW + timedelta(hours=2)),
            registered_at=NOW,
        )
        delivery = Delivery(delivery_id="parcel-1").with_registration(registration, "per_1")
        for minutes, status in ((30, DeliveryStatus.DELIVERED), (0, DeliveryStatus.OUT_FOR_DELIVERY)):
            at = NOW + timedelta(minutes=minutes)
            event = DeliveryEvent(event_id=f"scan-{minutes}", status=status, occurred_at=at, learned_at=at)
            delivery = delivery.with_event(event)
        DeliveryRepository(stack.dynamodb, "deliveries").save(delivery, 0)

        told = ask(stack, "GET", "/v1/deliveries/parcel-1", 200)

        assert (told["status"], told["person"], told["carrier"]) == ("delivered", "per_1", "dhl")
        assert told["promise"] == {"start": "2026-11-22T12:00:00Z", "end": "2026-11-22T14:00:00Z"}
        assert [event["event_id"] for event in told["events"]] == ["scan-0", "scan-30"]
        assert "ada" not in str(told).lower()

    def test_a_message_tells_its_state_and_no_address(self, stack: HttpStack) -> None:
        wish = Notification(
            message_id="msg_1",
            kind=MessageKind.DETRACTOR_ALERT,
            owner="owner@shop.example",
            response_id=RESPONSE_ID,
            requested_at=NOW,
            expires_at=NOW + timedelta(days=2),
        )
        tables = Tables(**{name: name for name in Tables._fields})
        MessageRepository(boto3.client("dynamodb"), tables).claim(wish, "token", NOW, NOW + timedelta(minutes=1))
        told = ask(stack, "GET", "/v1/messages/msg_1", 200)
        assert (told["kind"], told["state"], told["reason"], told["channel"]) == (
            "detractor_alert",
            "claimed",
            None,
            None,
        )
        assert (told["response"], told["requested_at"]) == (RESPONSE_ID, "2026-11-22T12:00:00Z")
        assert "owner" not in str(told)
        assert "token" not in str(told)

    def test_a_survey_tells_its_definition(self, stack: HttpStack) -> None:
        told = ask(stack, "GET", "/v1/surveys/delivery", 200)
        assert [question["id"] for question in told["questions"]] == ["recommend", "courier", "why"]
        assert (told["survey_id"], told["version"], told["archived"]) == ("delivery", 1, False)

    @pytest.mark.parametrize(
        "name", ["nothing", "a#b", "x" * 3000, "ä", "0190f3c2-0000-7000-8000-000000000000", "\x00"]
    )
    @pytest.mark.parametrize("what", ["survey_responses", "deliveries", "messages", "surveys"])
    def test_what_is_not_there_is_not_found(self, stack: HttpStack, what: str, name: str) -> None:
        ask(stack, "GET", f"/v1/{what}/{name}", 404)


def test_the_function_starts_with_its_environment_alone(stack: HttpStack) -> None:
    assert set(bootstrap.Settings.model_fields) == {
        "surveys_table_name",
        "responses_table_name",
        "deliveries_table_name",
        "people_table_name",
        "messages_table_name",
        "funnel_table_name",
        "responses_queue_url",
        "erasures_queue_url",
        "notifications_queue_url",
        "notifications_queue_arn",
        "schedule_group_name",
        "scheduler_role_arn",
        "erasure_key_parameter",
        "link_keys_parameter",
        "recontact_days",
        "public_base_url",
    }
    assert bootstrap.service() is bootstrap.service()
