"""The contract of surveys and keys: held by the fake that unit tests use and by the real repositories alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import boto3
import pytest
from moto import mock_aws

from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.surveys import Brand, Question, Scale, Survey
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, TemporaryError
from shared.storage.api_keys import ApiKeyRepository
from shared.storage.surveys import SurveyRepository
from tests.fakes.clock import NOON
from tests.fakes.surveys import InMemorySurveys
from tests.functional.tables import TABLE, create_table


class Surveys(Protocol):
    def current(self, survey_id: str) -> PublishedSurvey | None: ...

    def version(self, survey_id: str, version: int) -> Survey | None: ...

    def publish(self, survey: Survey, is_agreed: Callable[[Standing | None], bool] = ...) -> Survey: ...

    def archive(self, survey_id: str) -> None: ...

    def list_surveys(self) -> Sequence[ListedSurvey]: ...

    def mark_hot(self, survey_id: str, until: datetime, sooner: timedelta) -> bool: ...


class Keys(Protocol):
    def find(self, key_hash: str) -> ApiKey | None: ...

    def add(self, key: ApiKey) -> None: ...

    def list(self) -> Sequence[ApiKey]: ...

    def revoke(self, name: str, key_hash_prefix: str, at: datetime) -> ApiKey: ...


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture(params=["fake", "real"])
def both(request: pytest.FixtureRequest) -> tuple[Surveys, Keys]:
    if request.param == "fake":
        fake = InMemorySurveys()
        return fake, fake
    client = request.getfixturevalue("dynamodb")
    return SurveyRepository(client, TABLE), ApiKeyRepository(client, TABLE)


@pytest.fixture
def surveys(both: tuple[Surveys, Keys]) -> Surveys:
    return both[0]


@pytest.fixture
def keys(both: tuple[Surveys, Keys]) -> Keys:
    return both[1]


def asking(scale: Scale = Scale.NPS, question: str = "recommend", text: str = "Would you recommend us?") -> Survey:
    return Survey(
        survey_id="shop",
        name="After checkout",
        touchpoint="checkout",
        brand=Brand(name="Petits Pains"),
        questions=(Question(id=question, scale=scale, text={"en": text}),),
    )


def key(secret: str, name: str = "web-shop", kind: KeyKind = KeyKind.PUBLISHABLE, **others: Any) -> ApiKey:
    survey_id = others.pop("survey_id", "shop" if kind is KeyKind.PUBLISHABLE else None)
    return ApiKey(key_hash=key_hash(secret), kind=kind, name=name, survey_id=survey_id, created_at=NOON, **others)


def current(surveys: Surveys) -> PublishedSurvey:
    published = surveys.current("shop")
    assert published is not None
    return published


def test_a_survey_nobody_published_is_none(surveys: Surveys) -> None:
    assert surveys.current("shop") is None
    assert surveys.version("shop", 1) is None


def test_each_publication_is_the_next_version_and_the_old_ones_stay(surveys: Surveys) -> None:
    assert surveys.publish(asking()).version == 1
    assert surveys.publish(asking(text="How likely would you recommend us?")).version == 2
    assert current(surveys).survey == surveys.version("shop", 2)
    first = surveys.version("shop", 1)
    assert first is not None and first.questions[0].text == {"en": "Would you recommend us?"}


def test_the_same_content_again_is_no_new_version(surveys: Surveys) -> None:
    published = surveys.publish(asking())
    assert surveys.publish(asking()) == published
    assert surveys.version("shop", 2) is None


def test_a_question_keeps_its_scale_even_after_it_was_left_out_for_a_while(surveys: Surveys) -> None:
    surveys.publish(asking(Scale.NPS))
    surveys.publish(asking(Scale.CSAT, question="satisfied"))
    with pytest.raises(ConflictError) as error:
        surveys.publish(asking(Scale.CES, question="recommend"))
    assert error.value.errors == {"questions.0.scale": ["must stay nps"]}
    assert current(surveys).survey.version == 2


def test_an_archived_survey_keeps_all_but_is_closed(surveys: Surveys, keys: Keys) -> None:
    published = surveys.publish(asking())
    keys.add(key("pk_1"))
    for _ in range(2):
        surveys.archive("shop")
        closed = current(surveys)
        assert (closed.archived, closed.survey, closed.keys) == (True, published, (key("pk_1"),))
    assert surveys.version("shop", 1) == published


@pytest.mark.parametrize("text", ["Would you recommend us?", "How likely would you recommend us?"])
def test_an_archived_survey_is_opened_by_publishing_it_as_a_new_version(surveys: Surveys, text: str) -> None:
    surveys.publish(asking())
    surveys.archive("shop")
    assert surveys.publish(asking(text=text)).version == 2
    assert not current(surveys).archived
    assert [each.archived for each in surveys.list_surveys()] == [False]


def test_a_publishers_condition_is_asked_with_what_stands(surveys: Surveys) -> None:
    asked: list[Standing | None] = []

    def agreed(standing: Standing | None) -> bool:
        asked.append(standing)
        return len(asked) != 2

    surveys.publish(asking(), agreed)
    with pytest.raises(PreconditionFailedError):
        surveys.publish(asking(text="Would you?"), agreed)
    assert surveys.publish(asking(), agreed).version == 1
    surveys.archive("shop")
    surveys.publish(asking(), agreed)
    assert asked == [None, Standing(1, archived=False), Standing(1, archived=True)]


def test_a_hot_survey_is_marked_once_for_minutes_and_keeps_all_else(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_page"))
    before = current(surveys)
    assert before.hot_until is None
    minute = timedelta(minutes=1)
    marks = [surveys.mark_hot("shop", NOON + minutes * minute, 5 * minute) for minutes in (10, 10, 14, 15, 9)]
    assert marks == [True, False, False, True, False]
    hot = before._replace(hot_until=NOON + 15 * minute)
    assert surveys.current("shop") == hot
    assert [hot.is_hot(NOON + minutes * minute) for minutes in (0, 14, 15)] == [True, True, False]
    published = surveys.publish(asking(text="Another question?"))
    assert surveys.current("shop") == hot._replace(survey=published)


def test_a_survey_that_is_not_there_can_not_be_hot(surveys: Surveys) -> None:
    assert surveys.mark_hot("shop", NOON, timedelta(minutes=5)) is False
    assert surveys.current("shop") is None


def test_what_was_never_published_can_not_be_archived(surveys: Surveys) -> None:
    with pytest.raises(NotFoundError):
        surveys.archive("shop")
    assert surveys.current("shop") is None
    assert surveys.list_surveys() == []


def test_every_survey_is_listed_as_it_is_now(surveys: Surveys) -> None:
    assert surveys.list_surveys() == []
    surveys.publish(asking())
    surveys.publish(asking().model_copy(update={"survey_id": "chat", "touchpoint": "support_chat"}))
    surveys.publish(asking(Scale.CSAT, question="satisfied").model_copy(update={"journey_position": 2}))
    surveys.archive("chat")
    chat, shop = surveys.list_surveys()
    assert (chat.survey_id, chat.touchpoint, chat.archived) == ("chat", "support_chat", True)
    assert (shop.survey_id, shop.journey_position, shop.archived) == ("shop", 2, False)
    assert (shop.first_question_on(Scale.CSAT), shop.first_question_on(Scale.NPS)) == ("satisfied", None)


def test_a_publishable_key_is_read_together_with_its_survey(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    keys.add(key("sk_1", name="back-office", kind=KeyKind.SECRET))
    published = current(surveys)
    assert published.keys == (key("pk_1"),)
    assert published.key(key_hash("pk_1")) == key("pk_1")
    assert published.key(key_hash("sk_1")) is None


def test_a_new_version_keeps_the_keys(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    surveys.publish(asking(text="How likely would you recommend us?"))
    assert current(surveys).keys == (key("pk_1"),)


@pytest.mark.parametrize("kind", KeyKind)
def test_a_key_for_a_survey_that_is_not_there_is_refused(keys: Keys, kind: KeyKind) -> None:
    with pytest.raises(NotFoundError):
        keys.add(key("pk_1", kind=kind, survey_id="shop"))
    assert keys.find(key_hash("pk_1")) is None


def test_a_key_is_found_by_its_hash(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("sk_1", kind=KeyKind.SECRET))
    assert keys.find(key_hash("sk_1")) == key("sk_1", kind=KeyKind.SECRET)
    assert keys.find(key_hash("sk_2")) is None


def test_two_keys_of_a_name_may_be_live_and_no_third(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    keys.add(key("pk_2"))
    with pytest.raises(ConflictError):
        keys.add(key("pk_3"))
    keys.add(key("pk_4", name="another"))
    keys.revoke("web-shop", key_hash("pk_1"), NOON)
    keys.add(key("pk_3"))
    assert {each.key_hash for each in current(surveys).keys} == {key_hash(s) for s in ("pk_2", "pk_3", "pk_4")}


def test_the_same_key_twice_is_refused(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    with pytest.raises(ConflictError):
        keys.add(key("pk_1"))


def test_a_revoked_key_opens_nothing_but_is_still_listed(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    ended = NOON + timedelta(days=1)
    revoked = keys.revoke("web-shop", key_hash("pk_1")[:8], ended)
    assert (revoked.revoked_at, revoked.is_live) == (ended, False)
    assert current(surveys).keys == ()
    assert keys.find(key_hash("pk_1")) == revoked
    assert keys.list() == [revoked]


def test_revoking_again_does_not_move_the_end(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    revoked = keys.revoke("web-shop", "", NOON)
    assert keys.revoke("web-shop", "", NOON + timedelta(days=1)) == revoked


def test_only_a_key_that_is_meant_beyond_doubt_is_revoked(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    keys.add(key("pk_1"))
    keys.add(key("pk_2"))
    with pytest.raises(ConflictError):
        keys.revoke("web-shop", "", NOON)
    with pytest.raises(NotFoundError):
        keys.revoke("web-shop", "no such hash", NOON)
    with pytest.raises(NotFoundError):
        keys.revoke("web", "", NOON)
    assert len(current(surveys).keys) == 2


def test_keys_are_listed_by_name_and_then_by_age(surveys: Surveys, keys: Keys) -> None:
    surveys.publish(asking())
    older = key("pk_1").model_copy(update={"created_at": NOON - timedelta(days=1)})
    for each in (key("pk_2"), older, key("sk_1", name="a-server", kind=KeyKind.SECRET)):
        keys.add(each)
    assert [each.key_hash for each in keys.list()] == [key_hash(secret) for secret in ("sk_1", "pk_1", "pk_2")]


def test_who_publishes_at_the_same_moment_is_told_and_overwrites_nothing(dynamodb: Any) -> None:
    SurveyRepository(dynamodb, TABLE).publish(asking())

    class Overtaken:
        def get_item(self, **kwargs: Any) -> Any:
            answer = dynamodb.get_item(**kwargs)
            SurveyRepository(dynamodb, TABLE).publish(asking(text="The other one"))
            return answer

        query = dynamodb.query
        update_item = dynamodb.update_item
        transact_write_items = dynamodb.transact_write_items

    with pytest.raises(TemporaryError):
        SurveyRepository(Overtaken(), TABLE).publish(asking(text="Mine"))
    published = current(SurveyRepository(dynamodb, TABLE))
    assert (published.survey.version, published.survey.questions[0].text) == (2, {"en": "The other one"})


def test_an_outage_is_temporary() -> None:
    with mock_aws():
        missing = boto3.client("dynamodb")
        for ask in (
            lambda: SurveyRepository(missing, "gone").current("shop"),
            lambda: SurveyRepository(missing, "gone").publish(asking()),
            lambda: ApiKeyRepository(missing, "gone").find("hash"),
            lambda: ApiKeyRepository(missing, "gone").add(key("pk_1")),
            lambda: ApiKeyRepository(missing, "gone").list(),
        ):
            with pytest.raises(TemporaryError):
                ask()
