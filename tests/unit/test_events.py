"""What is told of a commit: the same event whenever it is told, and nothing that a person wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from infra.event_schemas import FOLDER, documents, schema
from shared.domain.events import EVENTS, DomainEvent, PersonErased, ResponseRecorded, ScoreMoved, Step, chain
from shared.domain.people import Recipient
from shared.domain.recording import ScoreChange
from shared.domain.responses import Counted, Response, Subject
from shared.errors import UnpublishedError
from shared.events import MAX_BYTES, MAX_ENTRIES, SOURCE, EventBus
from tests.fakes.answers import TODAY, answer, response_id
from tests.fakes.clock import NOON


def counted(rating: int, **others: Any) -> Counted:
    made = answer(rating=rating, **others).counted
    assert made is not None
    return made


TALKATIVE = answer(
    rating=3,
    revision=2,
    comment="Ada Lovelace never got it, ring +49 151 12345678",
    person_id="per_1",
    claimed_person=Recipient(email="ada@example.org", name="Ada Lovelace"),
    properties={"city": "Berlin", "note": "call Ada"},
    breakdowns={"city": "Berlin"},
    texts={"why": "Ada was out"},
    subject=Subject(type="order", id="o-1"),
    locale="de",
)
EXAMPLES: tuple[DomainEvent, ...] = (
    ResponseRecorded.of(TALKATIVE),
    ScoreMoved.of(TALKATIVE, Step(None, None, TALKATIVE.counted)),
    ScoreMoved.of(TALKATIVE, Step(2, counted(9), TALKATIVE.counted)),
    PersonErased.of("per_1", NOON, NOON + timedelta(minutes=15)),
)


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(event) for event in EXAMPLES} == set(EVENTS)


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.detail_type)
def test_an_event_is_what_its_published_schema_says(event: DomainEvent) -> None:
    jsonschema.validate(
        json.loads(event.detail()),
        json.loads((FOLDER / f"{event.detail_type}.json").read_text()),
        format_checker=jsonschema.FormatChecker(),
    )


def test_a_schema_refuses_what_is_no_event() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**json.loads(EXAMPLES[0].detail()), "revision": 0}, schema(ResponseRecorded))


def test_the_schemas_in_the_documents_are_the_generated_ones() -> None:
    assert {path: path.read_text() for path in sorted(FOLDER.iterdir())} == documents(), "run make event-schemas"


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.detail_type)
def test_an_event_names_nobody_and_repeats_nothing_that_was_written(event: DomainEvent) -> None:
    assert [word for word in ("Ada", "ada@", "49 151", "out", "note") if word in event.detail()] == []


def test_a_response_read_from_the_store_is_the_same_event_byte_for_byte() -> None:
    read = Response.model_validate_json(TALKATIVE.model_dump_json())
    shuffled = read.model_copy(update={"ratings": dict(reversed(list(read.ratings.items())))})
    assert ResponseRecorded.of(shuffled).detail() == ResponseRecorded.of(TALKATIVE).detail()


def test_each_thing_that_happens_has_an_id_of_its_own() -> None:
    happened = [
        *(ResponseRecorded.of(answer(number, revision=revision)) for number in (1, 2) for revision in (1, 2)),
        *(ScoreMoved.of(answer(), Step(revision, None, counted(9))) for revision in (None, 1, 2)),
        *(PersonErased.of(person, NOON, NOON) for person in ("per_1", "per_2")),
    ]
    assert len({event.id for event in happened}) == len(happened)


def test_the_first_count_is_known_from_the_first_change() -> None:
    changes = [ScoreChange(4, NOON, "ops", counted(9), counted(3)), ScoreChange(7, NOON, None, counted(3), None)]
    assert list(chain(changes, None)) == [
        Step(None, None, counted(9)),
        Step(4, counted(9), counted(3)),
        Step(7, counted(3), None),
    ]
    assert list(chain([], counted(5))) == [Step(None, None, counted(5))]
    assert list(chain([], None)) == []
    assert list(chain([ScoreChange(2, NOON, None, None, counted(5))], counted(5))) == [Step(2, None, counted(5))]


class Bus:
    """EventBridge: takes what it is given, but for what it is told to refuse."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.refused: set[str] = set()
        self.fault = fault

    def put_events(self, **kwargs: Any) -> Mapping[str, Any]:
        self.calls.append(kwargs["Entries"])
        if self.fault is not None:
            raise self.fault
        answers = [
            {"ErrorCode": "InternalException", "ErrorMessage": "Internal"}
            if json.loads(entry["Detail"])["id"] in self.refused
            else {"EventId": "e"}
            for entry in kwargs["Entries"]
        ]
        return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


def test_an_entry_says_whose_it_is_and_of_what_kind() -> None:
    bus = Bus()
    event = EXAMPLES[3]
    EventBus(bus, "hearback").publish(event)
    assert bus.calls == [
        [{"EventBusName": "hearback", "Source": SOURCE, "DetailType": "PersonErased", "Detail": event.detail()}]
    ]


def test_ten_events_go_in_a_call() -> None:
    bus = Bus()
    EventBus(bus, "hearback").publish(*(ResponseRecorded.of(answer(number)) for number in range(1, 26)))
    assert [len(call) for call in bus.calls] == [MAX_ENTRIES, MAX_ENTRIES, 5]


def test_fewer_go_if_they_are_large() -> None:
    bus = Bus()
    large = {f"b{n}": "x" * (MAX_BYTES // 40) for n in range(20)}
    EventBus(bus, "hearback").publish(*(ResponseRecorded.of(answer(number, breakdowns=large)) for number in (1, 2, 3)))
    assert [len(call) for call in bus.calls] == [1, 1, 1]


def test_nothing_to_tell_is_no_call() -> None:
    bus = Bus()
    EventBus(bus, "hearback").publish()
    assert bus.calls == []


def test_what_the_bus_did_not_take_is_named_and_the_rest_is_on_it() -> None:
    bus = Bus()
    events = [ResponseRecorded.of(answer(number)) for number in range(1, 16)]
    bus.refused = {events[3].id, events[12].id}
    with pytest.raises(UnpublishedError) as unpublished:
        EventBus(bus, "hearback").publish(*events)
    assert unpublished.value.event_ids == bus.refused
    assert [len(call) for call in bus.calls] == [10, 5]


@pytest.mark.parametrize(
    "fault",
    [
        ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, "PutEvents"),
        ReadTimeoutError(endpoint_url="https://events"),
    ],
)
def test_of_a_call_without_an_answer_every_event_counts_as_lost(fault: Exception) -> None:
    events = [ResponseRecorded.of(answer(number)) for number in (1, 2)]
    with pytest.raises(UnpublishedError) as unpublished:
        EventBus(Bus(fault), "hearback").publish(*events)
    assert unpublished.value.event_ids == {event.id for event in events}


def test_an_event_of_a_step_says_what_it_took_out_and_what_it_added() -> None:
    moved = json.loads(EXAMPLES[2].detail())
    assert (moved["response_id"], moved["survey_id"], moved["revision"]) == (response_id(1), "shop", 2)
    assert moved["before"] == {"survey_id": "shop", "day": str(TODAY), "ratings": {"recommend": 9}, "breakdowns": {}}
    assert (moved["after"]["ratings"], moved["after"]["breakdowns"]) == ({"recommend": 3}, {"city": "Berlin"})
