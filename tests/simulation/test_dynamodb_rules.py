"""What the in-memory DynamoDB promises, in the words of the Developer Guide."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.simulation.aws import InMemoryAws

KEY = {"pk": {"S": "a"}, "sk": {"S": "1"}}
L_OF_X = {"L": [{"S": "x"}]}


def put(dynamodb: Any, sk: str = "1", **attributes: Any) -> None:
    dynamodb.put_item(TableName="things", Item={"pk": {"S": "a"}, "sk": {"S": sk}, **attributes})


def get(dynamodb: Any, sk: str = "1") -> Any:
    item = dynamodb.get_item(TableName="things", Key={"pk": {"S": "a"}, "sk": {"S": sk}}, ConsistentRead=True).get(
        "Item"
    )
    return {name: value for name, value in item.items() if name not in ("pk", "sk")} if item else None


def update(dynamodb: Any, expression: str, values: Any = None, **more: Any) -> Any:
    if values:
        more["ExpressionAttributeValues"] = values
    return dynamodb.update_item(TableName="things", Key=KEY, UpdateExpression=expression, **more)


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("n = :two", True),
        ("n <> :two", False),
        ("missing = :two", False),
        ("missing <> :two", True),
        ("missing = gone", False),
        ("n < :ten AND n > :one", True),
        ("n BETWEEN :one AND :two", True),
        ("n IN (:one, :ten)", False),
        ("NOT n = :one", True),
        ("n = :one OR n = :two AND t = :text", True),
        ("(n = :one OR n = :two) AND t = :one", False),
        ("attribute_exists(n) AND attribute_not_exists(missing)", True),
        ("attribute_exists(m.inner.deep)", True),
        ("attribute_exists(l[1])", True),
        ("attribute_exists(l[2])", False),
        ("attribute_type(t, :type_s)", True),
        ("begins_with(t, :prefix)", True),
        ("contains(t, :middle)", True),
        ("contains(tags, :red)", True),
        ("contains(l, :two)", True),
        ("contains(tags, :two)", False),
        ("size(t) = :five", True),
        ("size(tags) >= :two", True),
        ("size(n) = :one", False),
        ("t < :two", False),
        ("m.inner.deep = :text", True),
    ],
)
def test_a_condition_is_true_or_false_as_the_guide_says(dynamodb: Any, condition: str, holds: bool) -> None:
    put(
        dynamodb,
        n={"N": "2"},
        t={"S": "hello"},
        tags={"SS": ["red", "blue"]},
        l={"L": [{"N": "1"}, {"N": "2.0"}]},
        m={"M": {"inner": {"M": {"deep": {"S": "hello"}}}}},
    )
    every = {
        ":one": {"N": "1"},
        ":two": {"N": "2"},
        ":five": {"N": "5"},
        ":ten": {"N": "10"},
        ":text": {"S": "hello"},
        ":type_s": {"S": "S"},
        ":prefix": {"S": "he"},
        ":middle": {"S": "ell"},
        ":red": {"S": "red"},
    }
    used = {name: value for name, value in every.items() if name in re.findall(r":\w+", condition)}
    request = {"ExpressionAttributeValues": used} if used else {}
    write = {"TableName": "things", "Key": KEY, "ConditionExpression": condition, **request}
    if holds:
        dynamodb.delete_item(**write)
        assert get(dynamodb) is None
    else:
        with pytest.raises(ClientError) as refused:
            dynamodb.delete_item(**write)
        assert code_of(refused) == "ConditionalCheckFailedException"
        assert get(dynamodb) is not None


@pytest.mark.parametrize(
    ("before", "expression", "values", "after"),
    [
        ({}, "SET a = :v", {":v": {"N": "1.50"}}, {"a": {"N": "1.5"}}),
        ({"a": {"N": "1"}}, "SET a = a + :v, b = a", {":v": {"N": "2"}}, {"a": {"N": "3"}, "b": {"N": "1"}}),
        ({"a": {"N": "1"}}, "SET a = a - :v", {":v": {"N": "2"}}, {"a": {"N": "-1"}}),
        ({}, "SET a = if_not_exists(a, :z) + :v", {":z": {"N": "0"}, ":v": {"N": "2"}}, {"a": {"N": "2"}}),
        ({}, "SET a = list_append(if_not_exists(a, :e), :e)", {":e": L_OF_X}, {"a": {"L": 2 * L_OF_X["L"]}}),
        ({"a": {"L": [{"S": "x"}]}}, "SET a[7] = :v", {":v": {"S": "y"}}, {"a": {"L": [{"S": "x"}, {"S": "y"}]}}),
        ({"a": {"L": [{"S": "x"}, {"S": "y"}, {"S": "z"}]}}, "REMOVE a[0], a[1]", None, {"a": {"L": [{"S": "z"}]}}),
        ({"a": {"S": "x"}, "b": {"S": "y"}}, "REMOVE a SET b = a", None, {"b": {"S": "x"}}),
        ({}, "ADD a :v", {":v": {"N": "-3"}}, {"a": {"N": "-3"}}),
        ({"a": {"N": "1"}}, "ADD a :v", {":v": {"N": "-3"}}, {"a": {"N": "-2"}}),
        ({"a": {"SS": ["x"]}}, "ADD a :v", {":v": {"SS": ["y", "x"]}}, {"a": {"SS": ["x", "y"]}}),
        ({"a": {"SS": ["x", "y"]}}, "DELETE a :v", {":v": {"SS": ["y"]}}, {"a": {"SS": ["x"]}}),
        ({"a": {"SS": ["x"]}}, "DELETE a :v", {":v": {"SS": ["x"]}}, {}),
        ({"a": {"M": {}}}, "SET a.b = :v", {":v": {"BOOL": True}}, {"a": {"M": {"b": {"BOOL": True}}}}),
        ({"a": {"N": "9" * 37 + "8"}}, "ADD a :v", {":v": {"N": "1"}}, {"a": {"N": "9" * 38}}),
    ],
)  # fmt: skip
def test_an_update_does_what_its_expression_says(
    dynamodb: Any, before: Any, expression: str, values: Any, after: Any
) -> None:
    put(dynamodb, **before)
    update(dynamodb, expression, values)
    assert get(dynamodb) == after


@pytest.mark.parametrize(
    ("before", "expression", "values"),
    [
        ({}, "SET a = :v", {":v": {"N": "1"}, ":unused": {"N": "1"}}),
        ({}, "SET a = :missing", None),
        ({}, "SET a = b", None),
        ({}, "SET a = a + :v", {":v": {"N": "1"}}),
        ({"a": {"S": "x"}}, "SET a = a + :v", {":v": {"N": "1"}}),
        ({"a": {"S": "x"}}, "ADD a :v", {":v": {"N": "1"}}),
        ({}, "ADD a :v", {":v": {"S": "x"}}),
        ({}, "SET a = :v, a = :v", {":v": {"N": "1"}}),
        ({"a": {"M": {}}}, "SET a.b = :v REMOVE a", {":v": {"N": "1"}}),
        ({}, "SET a.b = :v", {":v": {"N": "1"}}),
        ({}, "REMOVE a.b", None),
        ({"a": {"M": {}}}, "SET a[0] = :v", {":v": {"N": "1"}}),
        ({"a": {"N": "1"}}, "SET a = list_append(a, :v)", {":v": {"L": []}}),
        ({}, "SET pk = :v", {":v": {"S": "x"}}),
        ({}, "SET a == :v", {":v": {"N": "1"}}),
        ({}, "SET a = :v SET b = :v", {":v": {"N": "1"}}),
        ({}, "SET a = :v,", {":v": {"N": "1"}}),
        ({}, "SET a = :v", {":v": {"N": "1" * 39}}),
        ({}, "SET a = :v", {":v": {"N": "1e126"}}),
        ({}, "SET a = :v", {":v": {"N": "NaN"}}),
        ({}, "SET a = :v", {":v": {"SS": ["x", "x"]}}),
        ({"a": {"N": "9" * 38}}, "ADD a :v", {":v": {"N": "0.1"}}),
        ({}, "SET a = :v", {":v": {"S": "x" * 409_600}}),
        ({}, "SET owner = :v", {":v": {"N": "1"}}),
        ({}, "SET owner = :v", {":v": {"S": ""}}),
        ({}, "SET " + ", ".join(f"attribute_{n} = :v" for n in range(300)), {":v": {"N": "1"}}),
    ],
)
def test_an_update_that_cannot_be_right_is_refused_and_changes_nothing(
    dynamodb: Any, before: Any, expression: str, values: Any
) -> None:
    put(dynamodb, **before)
    with pytest.raises(ClientError) as refused:
        update(dynamodb, expression, values)
    assert code_of(refused) == "ValidationException"
    assert get(dynamodb) == before


@pytest.mark.parametrize(
    "item",
    [
        {"pk": {"S": "a"}},
        {"pk": {"S": ""}, "sk": {"S": "1"}},
        {"pk": {"N": "1"}, "sk": {"S": "1"}},
        {"pk": {"S": "a"}, "sk": {"S": "x" * 1025}},
        {**KEY, "big": {"S": "x" * 409_600}},
        {**KEY, "set": {"SS": []}},
        {**KEY, "owner": {"S": "me"}, "at": {"S": "now"}},
    ],
)
def test_an_item_that_cannot_be_stored_is_refused(dynamodb: Any, item: Any) -> None:
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(TableName="things", Item=item)
    assert code_of(refused) == "ValidationException"


@pytest.mark.parametrize(
    "condition", ["n < :flag", "n BETWEEN :ten AND :one", "n BETWEEN :one AND :text", "n = n", "size(n)"]
)
def test_a_condition_that_can_never_be_right_is_refused(dynamodb: Any, condition: str) -> None:
    values = {":flag": {"BOOL": True}, ":one": {"N": "1"}, ":ten": {"N": "10"}, ":text": {"S": "x"}}
    used = {name: value for name, value in values.items() if name in condition}
    more = {"ExpressionAttributeValues": used} if used else {}
    with pytest.raises(ClientError) as refused:
        dynamodb.delete_item(TableName="things", Key=KEY, ConditionExpression=condition, **more)
    assert code_of(refused) == "ValidationException"


@pytest.mark.parametrize(
    ("wanted", "attributes"),
    [
        ("NONE", None),
        ("ALL_OLD", {**KEY, "n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}),
        ("ALL_NEW", {**KEY, "n": {"N": "2"}, "m": {"M": {"x": {"N": "9"}, "y": {"N": "2"}}}}),
        ("UPDATED_OLD", {"n": {"N": "1"}, "m": {"M": {"x": {"N": "1"}}}}),
        ("UPDATED_NEW", {"n": {"N": "2"}, "m": {"M": {"x": {"N": "9"}}}}),
    ],
)
def test_an_update_returns_what_was_asked_for(dynamodb: Any, wanted: str, attributes: Any) -> None:
    put(dynamodb, n={"N": "1"}, m={"M": {"x": {"N": "1"}, "y": {"N": "2"}}})
    answer = update(
        dynamodb, "ADD n :one SET m.x = :nine", {":one": {"N": "1"}, ":nine": {"N": "9"}}, ReturnValues=wanted
    )
    assert answer.get("Attributes") == attributes


def test_a_failed_condition_can_return_the_item_that_was_there(dynamodb: Any) -> None:
    put(dynamodb, n={"N": "1"})
    with pytest.raises(ClientError) as refused:
        dynamodb.put_item(
            TableName="things",
            Item=KEY,
            ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    assert refused.value.response["Item"] == {**KEY, "n": {"N": "1"}}  # type: ignore[typeddict-item]


def query(dynamodb: Any, condition: str, values: Any, **more: Any) -> Any:
    return dynamodb.query(
        TableName="things", KeyConditionExpression=condition, ExpressionAttributeValues=values, **more
    )


def test_a_query_reads_a_range_in_order_page_by_page(dynamodb: Any) -> None:
    for number in (3, 1, 2, 5, 4):
        put(dynamodb, sk=f"d#{number}")
    put(dynamodb, sk="e#1")
    values = {":a": {"S": "a"}, ":d": {"S": "d#"}}
    seen, start = [], None
    for _ in range(4):
        more: Any = {"ExclusiveStartKey": start} if start else {}
        page = query(dynamodb, "pk = :a AND begins_with(sk, :d)", values, Limit=2, ScanIndexForward=False, **more)
        seen += [item["sk"]["S"] for item in page["Items"]]
        start = page.get("LastEvaluatedKey")
        if start is None:
            break
    assert seen == ["d#5", "d#4", "d#3", "d#2", "d#1"]


def test_a_page_ends_at_one_megabyte(dynamodb: Any) -> None:
    for number in range(5):
        put(dynamodb, sk=str(number), blob={"S": "x" * 300_000})
    page = query(dynamodb, "pk = :a", {":a": {"S": "a"}})
    assert [item["sk"]["S"] for item in page["Items"]] == ["0", "1", "2", "3"]
    assert page["LastEvaluatedKey"] == {"pk": {"S": "a"}, "sk": {"S": "3"}}


def test_an_index_holds_only_items_that_have_its_key_and_follows_every_write(dynamodb: Any) -> None:
    put(dynamodb, sk="1", owner={"S": "me"}, at={"N": "10"})
    put(dynamodb, sk="2", owner={"S": "me"}, at={"N": "9"})
    put(dynamodb, sk="3", owner={"S": "me"})

    def mine() -> list[str]:
        page = query(
            dynamodb, "#o = :me", {":me": {"S": "me"}}, IndexName="by_owner", ExpressionAttributeNames={"#o": "owner"}
        )
        return [item["sk"]["S"] for item in page["Items"]]

    assert mine() == ["2", "1"]
    update(dynamodb, "SET #at = :at", {":at": {"N": "1"}}, ExpressionAttributeNames={"#at": "at"})
    assert mine() == ["1", "2"]
    update(dynamodb, "REMOVE #at", ExpressionAttributeNames={"#at": "at"})
    assert mine() == ["2"]


def test_a_filter_leaves_out_items_and_counts_them_as_scanned(dynamodb: Any) -> None:
    for number in range(4):
        put(dynamodb, sk=str(number), n={"N": str(number)})
    page = query(
        dynamodb,
        "pk = :a",
        {":a": {"S": "a"}, ":two": {"N": "2"}},
        FilterExpression="n >= :two",
        ProjectionExpression="n",
    )
    assert page["Items"] == [{"n": {"N": "2"}}, {"n": {"N": "3"}}]
    assert (page["Count"], page["ScannedCount"]) == (2, 4)


@pytest.mark.parametrize(
    ("condition", "more"),
    [
        ("sk = :a", {}),
        ("pk > :a", {}),
        ("pk = :a AND n = :a", {}),
        ("pk = :a AND pk = :a", {}),
        ("pk = :a OR sk = :a", {}),
        ("pk = :a AND contains(sk, :a)", {}),
        ("owner = :a", {"IndexName": "by_owner", "ConsistentRead": True}),
        ("pk = :a", {"FilterExpression": "sk = :a"}),
        ("pk = :a", {"IndexName": "no_such_index"}),
    ],
)
def test_a_query_that_would_read_the_whole_table_or_more_is_refused(dynamodb: Any, condition: str, more: Any) -> None:
    with pytest.raises(ClientError) as refused:
        query(dynamodb, condition, {":a": {"S": "a"}}, **more)
    assert code_of(refused) == "ValidationException"


# transactions


def action(kind: str, sk: str, **more: Any) -> Any:
    key = {"pk": {"S": "a"}, "sk": {"S": sk}}
    return {kind: {"TableName": "things", **({"Item": key} if kind == "Put" else {"Key": key}), **more}}


def test_a_transaction_that_is_cancelled_changes_nothing_and_gives_a_reason_for_each_action(dynamodb: Any) -> None:
    put(dynamodb, sk="taken", n={"N": "1"})
    put(dynamodb, sk="text", t={"S": "x"})
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                action("Put", "new"),
                action(
                    "Put",
                    "taken",
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                ),
                action("Update", "text", UpdateExpression="ADD t :one", ExpressionAttributeValues={":one": {"N": "1"}}),
                action("ConditionCheck", "absent", ConditionExpression="attribute_exists(pk)"),
            ]
        )
    assert code_of(refused) == "TransactionCanceledException"
    reasons: Any = refused.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == [
        "None",
        "ConditionalCheckFailed",
        "ValidationError",
        "ConditionalCheckFailed",
    ]
    assert reasons[1]["Item"] == {"pk": {"S": "a"}, "sk": {"S": "taken"}, "n": {"N": "1"}}
    assert get(dynamodb, "new") is None


def test_a_transaction_of_100_actions_is_the_largest(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=[action("Put", str(n)) for n in range(100)])
    assert get(dynamodb, "99") == {}
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[action("Put", str(n)) for n in range(101)])
    assert code_of(refused) == "ValidationException"


def test_one_item_twice_in_a_transaction_is_refused(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(
            TransactItems=[
                action("Put", "1"),
                action("ConditionCheck", "1", ConditionExpression="attribute_exists(pk)"),
            ]
        )
    assert code_of(refused) == "ValidationException"
    assert get(dynamodb) is None


def test_a_transaction_above_four_megabytes_is_refused(dynamodb: Any) -> None:
    def item(sk: str) -> Any:
        return {"Put": {"TableName": "things", "Item": {"pk": {"S": "a"}, "sk": {"S": sk}, "b": {"S": "x" * 400_000}}}}

    with pytest.raises(ClientError) as refused:
        dynamodb.transact_write_items(TransactItems=[item(str(n)) for n in range(11)])
    assert code_of(refused) == "ValidationException"


def test_a_request_token_makes_a_transaction_happen_once_for_ten_minutes(aws: InMemoryAws, dynamodb: Any) -> None:
    def add(token: str, amount: str) -> None:
        more = {"UpdateExpression": "ADD n :a", "ExpressionAttributeValues": {":a": {"N": amount}}}
        dynamodb.transact_write_items(TransactItems=[action("Update", "1", **more)], ClientRequestToken=token)

    add("t", "1")
    add("t", "1")
    assert get(dynamodb) == {"n": {"N": "1"}}
    with pytest.raises(ClientError) as refused:
        add("t", "2")
    assert code_of(refused) == "IdempotentParameterMismatchException"
    aws.clock.advance(601)
    add("t", "1")
    assert get(dynamodb) == {"n": {"N": "2"}}


# batches


def test_a_batch_write_refuses_a_repeated_key_and_more_than_25_items(dynamodb: Any) -> None:
    def write(*sks: str) -> None:
        items = [{"PutRequest": {"Item": {"pk": {"S": "a"}, "sk": {"S": sk}}}} for sk in sks]
        dynamodb.batch_write_item(RequestItems={"things": items})

    write(*map(str, range(25)))
    assert get(dynamodb, "24") == {}
    for sks in (("x", "x"), tuple(map(str, range(26)))):
        with pytest.raises(ClientError) as refused:
            write(*sks)
        assert code_of(refused) == "ValidationException"


def test_a_batch_read_leaves_out_what_is_not_there(dynamodb: Any) -> None:
    put(dynamodb, n={"N": "1"})
    keys = [KEY, {"pk": {"S": "a"}, "sk": {"S": "absent"}}]
    answer = dynamodb.batch_get_item(RequestItems={"things": {"Keys": keys, "ConsistentRead": True}})
    assert answer["Responses"] == {"things": [{**KEY, "n": {"N": "1"}}]}


# capacity


@pytest.mark.parametrize(
    ("size", "units"),
    [(1, 1), (1024, 1), (1025, 2), (4096, 4)],
)
def test_a_write_costs_a_unit_for_each_started_kilobyte(dynamodb: Any, size: int, units: int) -> None:
    filler = size - len("pkask1b") if size > 10 else 0
    answer = dynamodb.put_item(
        TableName="things", Item={**KEY, "b": {"S": "x" * filler}}, ReturnConsumedCapacity="TOTAL"
    )
    assert answer["ConsumedCapacity"] == {"TableName": "things", "CapacityUnits": float(units)}


def test_a_transaction_costs_two_units_for_each_one(dynamodb: Any) -> None:
    answer = dynamodb.transact_write_items(
        TransactItems=[
            action("Put", "1"),
            action("Update", "2", UpdateExpression="SET b = :b", ExpressionAttributeValues={":b": {"S": "x" * 1500}}),
        ],
        ReturnConsumedCapacity="TOTAL",
    )
    assert answer["ConsumedCapacity"] == [{"TableName": "things", "CapacityUnits": 6.0, "WriteCapacityUnits": 6.0}]


def test_an_entry_in_an_index_costs_its_own_units(dynamodb: Any) -> None:
    def units(**attributes: Any) -> float:
        answer = dynamodb.put_item(TableName="things", Item={**KEY, **attributes}, ReturnConsumedCapacity="TOTAL")
        return float(answer["ConsumedCapacity"]["CapacityUnits"])

    assert units(owner={"S": "me"}, at={"N": "1"}) == 2
    assert units(owner={"S": "me"}, at={"N": "1"}) == 1, "an entry that stays the same is not written"
    assert units(owner={"S": "me"}, at={"N": "2"}) == 3, "an entry that moves is deleted and written"


@pytest.mark.parametrize(("consistent", "units"), [(False, 1.0), (True, 2.0)])
def test_a_query_costs_by_what_it_read_in_total(dynamodb: Any, consistent: bool, units: float) -> None:
    for number in range(10):
        put(dynamodb, sk=str(number), b={"S": "x" * 600})
    answer = query(dynamodb, "pk = :a", {":a": {"S": "a"}}, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units


def test_what_was_consumed_is_counted_whether_asked_for_or_not(aws: InMemoryAws, dynamodb: Any) -> None:
    put(dynamodb)
    get(dynamodb)
    assert aws.dynamodb.consumed == {("things", "write"): 1, ("things", "read"): 1}


def test_a_lone_surrogate_is_refused(dynamodb: Any) -> None:
    with pytest.raises(ClientError) as refused:
        put(dynamodb, t={"S": "\ud800"})
    assert code_of(refused) == "SerializationException"


def test_what_does_not_ask_for_the_newest_may_be_told_of_an_older_state(aws: InMemoryAws, dynamodb: Any) -> None:
    """An index, and a read that is not strongly consistent, hear of a write later; each write in its order."""
    aws.dynamodb.lag(10)
    for at in ("1", "2"):
        item = {"pk": {"S": "a"}, "sk": {"S": "1"}, "owner": {"S": "u"}, "at": {"N": at}}
        dynamodb.put_item(TableName="things", Item=item)

    def seen() -> tuple[list[str], bool, bool]:
        query = {"KeyConditionExpression": "#o = :o", "ExpressionAttributeNames": {"#o": "owner"}}
        query |= {"ExpressionAttributeValues": {":o": {"S": "u"}}}
        listed = dynamodb.query(TableName="things", IndexName="by_owner", **query)["Items"]
        key = {"pk": {"S": "a"}, "sk": {"S": "1"}}
        weakly, strongly = (
            "Item" in dynamodb.get_item(TableName="things", Key=key, ConsistentRead=consistent)
            for consistent in (False, True)
        )
        return [item["at"]["N"] for item in listed], weakly, strongly

    assert seen() == ([], False, True)
    told = []
    for _ in range(20):
        aws.clock.advance(1)
        told += seen()[0]
    assert sorted(told) == told
    assert seen() == (["2"], True, True)
