"""The widest survey is mended within what DynamoDB takes: the in-memory one refuses longer expressions."""

from __future__ import annotations

from infra.ops.rebuild import SurveyDay, rebuild
from shared.domain.responses import Rating
from shared.domain.surveys import Scale
from shared.storage.keys import score_key
from shared.storage.response_lists import ResponseLists
from shared.storage.responses import ResponseRepository
from shared.storage.score_days import ScoreDays
from shared.storage.scores import ScoreRepository
from tests.fakes.answers import TODAY, answer, submitted
from tests.functional.tables import TABLE
from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.tables import Index, KeyPart, KeySchema

EVERY_RATING = [
    answer(number).model_copy(update={"ratings": {f"q{n}": Rating(scale=Scale.NPS, value=number) for n in range(20)}})
    for number in range(11)
]


def test_a_document_that_lost_all_its_220_counters_is_mended(aws: InMemoryAws) -> None:
    by_survey = Index("by_survey", KeySchema(KeyPart("survey_id"), KeyPart("answered")))
    aws.dynamodb.create_table(TABLE, hash_key="pk", range_key="sk", indexes=(by_survey,))
    dynamodb = aws.session().client("dynamodb")
    ResponseRepository(dynamodb, TABLE).record(submitted(*EVERY_RATING))
    whole = score_key("shop", "", TODAY, "", 0)
    dynamodb.put_item(TableName=TABLE, Item={**whole, "responses": {"N": "0"}, "certificate": {"N": "0"}})
    day = SurveyDay("shop", TODAY, frozenset())
    lists, documents = ResponseLists(dynamodb, TABLE), ScoreDays(dynamodb, TABLE)

    found = rebuild([day], lists, documents, repair=True, pause=lambda: None)

    assert (found.mended, found.are_clean) == (1, True)
    (read,) = ScoreRepository(dynamodb, TABLE).read("shop", TODAY, TODAY)
    assert (read.responses, len(read.counters), sum(each for of in read.counters.values() for each in of.values())) == (
        11,
        20,
        220,
    )
