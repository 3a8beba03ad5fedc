"""The emulator's DynamoDB keeps the promises that exact scores are built on."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.stack import Deployed, eventually

pytestmark = pytest.mark.local

NONE_YET = "attribute_not_exists(pk)"


def key(sk: str = "a") -> dict[str, dict[str, str]]:
    return {"pk": {"S": uuid.uuid4().hex}, "sk": {"S": sk}}


@pytest.fixture
def table(contract: Deployed) -> str:
    return contract.outputs["TableName"]


@pytest.fixture
def dynamodb(contract: Deployed):
    return contract.client("dynamodb")


def get(dynamodb, table, at):
    return dynamodb.get_item(TableName=table, Key=at, ConsistentRead=True).get("Item")


def test_a_transaction_writes_all_or_nothing_and_says_why_for_each_action(dynamodb, table):
    taken, free = key(), key()
    dynamodb.put_item(TableName=table, Item={**taken, "who": {"S": "first"}})
    with pytest.raises(ClientError) as cancelled:
        dynamodb.transact_write_items(
            TransactItems=[
                {"Put": {"TableName": table, "Item": free}},
                {
                    "Put": {
                        "TableName": table,
                        "Item": {**taken, "who": {"S": "second"}},
                        "ConditionExpression": NONE_YET,
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                },
            ]
        )
    assert cancelled.value.response["Error"]["Code"] == "TransactionCanceledException"
    response: Any = cancelled.value.response
    reasons = response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["who"] == {"S": "first"}
    assert get(dynamodb, table, free) is None


def test_a_refused_condition_returns_the_item_that_was_there(dynamodb, table):
    at = key()
    dynamodb.put_item(TableName=table, Item={**at, "revision": {"N": "3"}})
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(
            TableName=table, Item=at, ConditionExpression=NONE_YET, ReturnValuesOnConditionCheckFailure="ALL_OLD"
        )
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    response: Any = refused.value.response
    assert response["Item"]["revision"] == {"N": "3"}


def test_a_transaction_sent_twice_with_one_token_counts_once(dynamodb, table):
    at = key()
    add = {
        "Update": {
            "TableName": table,
            "Key": at,
            "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }
    token = uuid.uuid4().hex
    for _ in range(3):
        dynamodb.transact_write_items(TransactItems=[add], ClientRequestToken=token)
    assert get(dynamodb, table, at)["n"] == {"N": "1"}
    other = {"Update": {**add["Update"], "ExpressionAttributeValues": {":one": {"N": "2"}}}}
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[other], ClientRequestToken=token)
    assert refused.value.response["Error"]["Code"] == "IdempotentParameterMismatchException"


def test_one_item_twice_in_a_transaction_is_refused(dynamodb, table):
    at = key()
    put = {"Put": {"TableName": table, "Item": at}}
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[put, put])
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_more_than_100_actions_are_refused(dynamodb, table):
    puts = [{"Put": {"TableName": table, "Item": key()}} for _ in range(101)]
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=puts)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    dynamodb.transact_write_items(TransactItems=puts[:100])


def test_add_is_exact_to_28_digits(dynamodb, table):
    at = key()
    numbers = [Decimal(2**64 - 1), Decimal("1234567890123456789012345678"), Decimal(-(2**63)), Decimal(1)]
    for number in numbers:
        dynamodb.update_item(
            TableName=table,
            Key=at,
            UpdateExpression="ADD checksum :n",
            ExpressionAttributeValues={":n": {"N": str(number)}},
        )
    assert Decimal(get(dynamodb, table, at)["checksum"]["N"]) == sum(int(number) for number in numbers)


def test_nested_counters_are_added_to_by_path(dynamodb, table):
    at = key()
    dynamodb.put_item(TableName=table, Item=at)
    for _ in range(2):
        dynamodb.update_item(
            TableName=table,
            Key=at,
            UpdateExpression="ADD #a :one, #b :one",
            ExpressionAttributeNames={"#a": "recommend.9", "#b": "recommend.10"},
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
    item = get(dynamodb, table, at)
    assert (item["recommend.9"], item["recommend.10"]) == ({"N": "2"}, {"N": "2"})


def test_a_range_is_one_query_in_order(dynamodb, table):
    pk = uuid.uuid4().hex
    for day in ("2026-01-03", "2026-01-01", "2026-01-02", "2026-02-01"):
        dynamodb.put_item(TableName=table, Item={"pk": {"S": pk}, "sk": {"S": f"day#{day}"}})
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :a AND :b",
        ExpressionAttributeValues={":pk": {"S": pk}, ":a": {"S": "day#2026-01-01"}, ":b": {"S": "day#2026-01-31"}},
        ConsistentRead=True,
        ReturnConsumedCapacity="TOTAL",
    )
    assert [item["sk"]["S"][-2:] for item in found["Items"]] == ["01", "02", "03"]
    assert found["ConsumedCapacity"]["CapacityUnits"] == 1.0


def test_capacity_of_writes_is_counted_as_aws_counts_it(dynamodb, table):
    at = key()
    plain = dynamodb.put_item(TableName=table, Item={**at, "text": {"S": "x" * 1500}}, ReturnConsumedCapacity="TOTAL")
    assert plain["ConsumedCapacity"]["CapacityUnits"] == 2.0
    transaction = dynamodb.transact_write_items(
        TransactItems=[{"Put": {"TableName": table, "Item": key()}}], ReturnConsumedCapacity="TOTAL"
    )
    assert transaction["ConsumedCapacity"][0]["CapacityUnits"] == 2.0


@pytest.mark.parametrize(
    "item",
    [{"pk": {"S": ""}, "sk": {"S": "a"}}, {"pk": {"S": "a"}}, {"pk": {"S": "a"}, "sk": {"N": "1"}}],
    ids=["empty key", "no sort key", "key of another type"],
)
def test_a_bad_key_is_refused(dynamodb, table, item):
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(TableName=table, Item=item)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_the_templates_time_to_live_is_on(dynamodb, table):
    described = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at"}


@pytest.mark.slow
def test_expired_items_go(dynamodb, table):
    at = key()
    dynamodb.put_item(TableName=table, Item={**at, "expires_at": {"N": "1000000000"}})
    eventually(lambda: get(dynamodb, table, at) is None, seconds=90)
