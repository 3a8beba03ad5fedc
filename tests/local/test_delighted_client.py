"""The vendor's own client, its last release, against the running stack: only its base URL and its key are ours.

Every call that it offers is made, as its README does. What is not continued (Autopilot) is refused by a sentence.
"""

from __future__ import annotations

import json
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.local.stack import Deployed, eventually

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # It says at each start that it is no longer maintained.
    import delighted

pytestmark = [pytest.mark.local, pytest.mark.slow]

SURVEY = {
    "name": "Moved from Delighted",
    "touchpoint": "delivery",
    "brand": {"name": "Example Shop"},
    "time_zone": "Europe/Berlin",
    "questions": [{"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}}],
    "breakdowns": [{"name": "segment", "values": ["Online", "Store"]}],
}


@pytest.fixture(scope="module")
def client(stack: Deployed) -> Iterator[Any]:
    """The client as anybody sets it up, with a key that was made for one survey."""
    secret = stack.facts["secret_key"]
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    survey_id = stack.request("GET", "/v1/metrics", headers=headers).json()["survey"]
    body = json.dumps(SURVEY).encode()
    assert stack.request("PUT", "/v1/surveys/moved", body, headers).status == 200
    made = delighted.Client(api_key=secret, api_base_url=f"{stack.place.base}/v1/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delighted, "shared_client", made)
        yield survey_id


@pytest.fixture
def email() -> str:
    """An address that nobody had before, of the kind that is easily damaged on its way."""
    return f"ada+{uuid.uuid4().hex[:12]}@example.com"


def person(email: str, **more: Any) -> Any:
    return delighted.Person.create(email=email, **{"send": False, **more})


def status_of(call: Callable[[], Any]) -> int | None:
    """The status of a call's refusal, None if it was not refused."""
    try:
        call()
    except delighted.errors.DelightedError as error:
        return error.response.status_code
    return None


@pytest.mark.usefixtures("client")
class TestPeople:
    def test_are_made_and_asked(self, email: str) -> None:
        made = delighted.Person.create(
            email=email,
            name="Joe Bloggs",
            properties={"customer_id": 123, "country": "USA", "question_product_name": "The London Trench"},
            delay=30,
        )
        assert (made.email, made.name) == (email, "Joe Bloggs")
        assert abs(made.survey_scheduled_at - datetime.now(UTC).timestamp() - 30) < 60
        assert made.properties == {"customer_id": "123", "country": "USA", "question_product_name": "The London Trench"}

    def test_are_updated_by_their_address_without_being_asked(self, email: str) -> None:
        made = delighted.Person.create(email=email)
        updated = delighted.Person.create(email=email, name="James Scott", send=False)
        assert (updated.id, updated.name, updated.survey_scheduled_at) == (made.id, "James Scott", None)

    def test_are_listed_from_page_to_page(self, email: str) -> None:
        made = [person(f"{number}.{email}").id for number in range(3)]

        def listed() -> list[str]:
            return [
                each.id for each in delighted.Person.list(per_page=2).auto_paging_iter(auto_handle_rate_limits=True)
            ]

        eventually(lambda: set(made) <= set(listed()))
        assert len(listed()) == len(set(listed()))
        assert {each.id for each in delighted.Person.all(per_page=100)} >= set(made)

    def test_are_found_by_address(self, email: str) -> None:
        made = person(email)
        (found,) = delighted.Person.all(email=email)
        assert (found.id, found.email, found.last_sent_at) == (made.id, email, None)

    @pytest.mark.parametrize("identifier", ["id", "email", "phone_number"])
    def test_are_deleted_with_all_they_said(self, email: str, identifier: str) -> None:
        number = f"+49151{uuid.uuid4().int % 10**8:08d}"
        ada = person(email, phone_number=number)
        said = delighted.SurveyResponse.create(person=ada.id, score=9)
        named = {"id": ada.id, "email": email, "phone_number": number}
        assert delighted.Person.delete(**{identifier: named[identifier]}) == {"ok": True}
        eventually(lambda: delighted.Person.all(email=email) == [])
        eventually(lambda: status_of(lambda: delighted.SurveyResponse.retrieve(said.id)) == 404)

    def test_have_requests_that_can_be_taken_back(self, email: str) -> None:
        delighted.Person.create(email=email, delay=3600)
        assert delighted.SurveyRequest.delete_pending(person_email=email) == {"ok": True}
        assert delighted.Person.all(email=email)[0].next_survey_scheduled_at is None


@pytest.mark.usefixtures("client")
class TestResponses:
    def test_are_created_and_read(self, email: str) -> None:
        ada = person(email)
        first = delighted.SurveyResponse.create(person=ada.id, score=10)
        second = delighted.SurveyResponse.create(person=ada.id, score=5, comment="Really nice.")
        assert first.id != second.id
        read = delighted.SurveyResponse.retrieve(second.id)
        assert read == second
        assert (read.person, read.score, read.comment, read.notes, read.tags) == (ada.id, 5, "Really nice.", [], [])

    def test_are_read_with_who_gave_them(self, email: str) -> None:
        made = delighted.SurveyResponse.create(person=person(email).id, score=9)
        read = delighted.SurveyResponse.retrieve(made.id, expand=["person"])
        assert type(read.person) is delighted.Person
        assert (read.person.id, read.person.email) == (made.person, email)

    def test_are_changed_by_saving_them(self, email: str) -> None:
        made = delighted.SurveyResponse.create(person=person(email).id, score=2, comment="Hm.")
        for expand in ({}, {"expand": ["person"]}):
            read = delighted.SurveyResponse.retrieve(made.id, **expand)
            read.score += 4
            assert type(read.save()) is delighted.SurveyResponse
        read = delighted.SurveyResponse.retrieve(made.id)
        assert (read.score, read.comment, read.person, read.created_at) == (10, "Hm.", made.person, made.created_at)
        read.person_properties = {"segment": "Online"}
        assert read.save().person_properties == {"segment": "Online"}

    def test_are_moved_to_who_gave_them(self, email: str) -> None:
        made = delighted.SurveyResponse.create(person=person(email).id, score=7)
        made.person = person(f"b.{email}").id
        assert made.save().person == made.person

    def test_are_listed(self, email: str) -> None:
        ada, start = person(email), datetime.now(UTC) - timedelta(days=400)
        for number in range(3):
            created_at = int((start + timedelta(days=number)).timestamp())
            delighted.SurveyResponse.create(person=ada.id, score=number, created_at=created_at)

        def scores(**query: Any) -> list[int]:
            return [each.score for each in delighted.SurveyResponse.all(person_id=ada.id, **query)]

        eventually(lambda: len(scores()) == 3)
        assert scores() == [0, 1, 2]
        assert scores(order="desc") == [2, 1, 0]
        assert scores(per_page=2, page=2) == [2]
        assert scores(since=start + timedelta(hours=1), until=start + timedelta(days=1, hours=1)) == [1]
        (newest, *_) = delighted.SurveyResponse.all(person_email=email, order="desc", expand=["person"])
        assert (newest.person.id, newest.person.email) == (ada.id, email)

    def test_are_counted(self, client: str) -> None:
        since = datetime.now(UTC) - timedelta(days=30)
        before = delighted.Metrics.retrieve(since=since)
        delighted.SurveyResponse.create(person=person(f"{uuid.uuid4().hex}@example.com").id, score=9)
        after = delighted.Metrics.retrieve(since=since)
        assert type(after) is delighted.Metrics
        assert after.survey == client
        assert (after.promoter_count, after.response_count) == (before.promoter_count + 1, before.response_count + 1)
        assert -100 <= delighted.Metrics.retrieve().nps <= 100

    def test_are_counted_by_trend(self) -> None:
        for segment, score in (("Online", 9), ("Online", 0), ("Store", 10)):
            delighted.SurveyResponse.create(survey="moved", score=score, person_properties={"segment": segment})
        assert delighted.Metrics.retrieve(survey="moved", trend="segment:Online").nps == 0
        assert delighted.Metrics.retrieve(survey="moved", trend="segment:Store").nps == 100
        trend = {"survey": "moved", "trend": "segment:Store"}
        eventually(lambda: [each.score for each in delighted.SurveyResponse.all(**trend)] == [10])


@pytest.mark.usefixtures("client")
class TestWhoIsNotWrittenTo:
    def test_unsubscribes_and_is_listed(self, email: str) -> None:
        ada = person(email, name="Ada")
        assert delighted.Unsubscribe.create(person_email=email) == {"ok": True}

        def entries() -> list[Any]:
            return [each for each in delighted.Unsubscribe.all(per_page=100) if each.email == email]

        (entry,) = eventually(entries)
        assert (entry.person_id, entry.name) == (ada.id, "Ada")
        assert abs(entry.unsubscribed_at - datetime.now(UTC).timestamp()) < 60
        assert delighted.Unsubscribe.all(page=100) == []

    def test_has_bounced_and_is_listed(self) -> None:
        address = f"bounce+{uuid.uuid4().hex[:12]}@simulator.amazonses.com"
        gone = person(address, name="Gone")
        delighted.SurveyResponse.create(survey="moved", person=gone.id, score=9)  # For which they are thanked.

        def entries() -> list[Any]:
            return [each for each in delighted.Bounce.all(per_page=100) if each.email == address]

        (entry,) = eventually(entries)
        assert (entry.person_id, entry.name) == (gone.id, "Gone")
        assert abs(entry.bounced_at - datetime.now(UTC).timestamp()) < 60
        assert delighted.Bounce.all(page=100) == []


@pytest.mark.usefixtures("client")
class TestWhatIsRefused:
    def test_says_which_field(self, email: str) -> None:
        with pytest.raises(delighted.errors.ResourceValidationError) as refused:
            delighted.SurveyResponse.create(person=person(email).id, score=11)
        assert list(json.loads(refused.value.response.body)["errors"]) == ["score"]

    def test_says_that_the_key_is_none(self, stack: Deployed) -> None:
        stranger = delighted.Client(api_key="sk_nobody", api_base_url=f"{stack.place.base}/v1/")
        with pytest.raises(delighted.errors.AuthenticationError):
            delighted.Metrics.retrieve(client=stranger)

    @pytest.mark.parametrize(
        "call",
        [
            lambda: delighted.AutopilotConfiguration.retrieve("email"),
            lambda: delighted.AutopilotMembership.forEmail().create(person_email="ada@example.com"),
            lambda: delighted.AutopilotMembership.forSms().delete(person_phone_number="+14155551212"),
            lambda: list(delighted.AutopilotMembership.forSms().list().auto_paging_iter()),
        ],
        ids=["configuration", "create", "delete", "list"],
    )
    def test_says_that_autopilot_is_not_continued(self, call: Any) -> None:
        assert status_of(call) == 404
        with pytest.raises(delighted.errors.GeneralAPIError) as refused:
            call()
        assert "Autopilot" in json.loads(refused.value.response.body)["message"]
