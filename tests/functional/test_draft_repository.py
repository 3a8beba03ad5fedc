"""The contract of drafts: held by the fake that browser tests use and by the real repository alike."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from shared.domain.drafts import Draft
from shared.domain.surveys import Brand, Question, Scale, SurveyDefinition
from shared.errors import ConflictError
from shared.storage.drafts import DraftRepository
from tests.fakes.clock import NOON
from tests.fakes.drafts import InMemoryDrafts
from tests.functional.tables import TABLE, create_table


@pytest.fixture(params=["fake", "real"])
def drafts(request: pytest.FixtureRequest) -> Iterator[InMemoryDrafts | DraftRepository]:
    if request.param == "fake":
        yield InMemoryDrafts()
        return
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield DraftRepository(client, TABLE)


def draft(revision: int, survey_id: str = "shop", name: str = "Shop") -> Draft:
    asked = Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"})
    definition = SurveyDefinition(name=name, touchpoint="shop", brand=Brand(name="Shop"), questions=(asked,))
    return Draft(
        survey_id=survey_id, definition=definition, based_on=3, revision=revision, saved_by="ops", saved_at=NOON
    )


def test_a_draft_comes_back_as_it_was_saved(drafts: DraftRepository) -> None:
    assert drafts.get("shop") is None
    drafts.save(draft(5), over=0)
    assert drafts.get("shop") == draft(5)
    drafts.save(draft(9, name="Other"), over=5)
    assert drafts.get("shop") == draft(9, name="Other")


@pytest.mark.parametrize("over", [0, 4, 6])
def test_what_was_not_seen_is_not_overwritten(drafts: DraftRepository, over: int) -> None:
    drafts.save(draft(5), over=0)
    with pytest.raises(ConflictError):
        drafts.save(draft(9), over=over)
    assert drafts.get("shop") == draft(5)


def test_what_is_gone_is_not_brought_back(drafts: DraftRepository) -> None:
    with pytest.raises(ConflictError):
        drafts.save(draft(9), over=5)
    assert drafts.get("shop") is None


def test_the_same_again_is_no_conflict(drafts: DraftRepository) -> None:
    for _ in range(2):
        drafts.save(draft(5), over=0)
    for _ in range(2):
        drafts.save(draft(9), over=5)
    assert drafts.get("shop") == draft(9)


def test_a_draft_is_discarded_as_it_was_seen_and_stays_gone(drafts: DraftRepository) -> None:
    drafts.save(draft(5), over=0)
    with pytest.raises(ConflictError):
        drafts.discard("shop", 4)
    for _ in range(2):
        drafts.discard("shop", 5)
        assert drafts.get("shop") is None


def test_drafts_are_listed_by_the_id_of_their_survey(drafts: DraftRepository) -> None:
    for name in ("b", "a"):
        drafts.save(draft(1, name, f"Survey {name}"), over=0)
    listed = [(each.survey_id, each.name, each.saved_by) for each in drafts.list_drafts()]
    assert listed == [("a", "Survey a", "ops"), ("b", "Survey b", "ops")]
