"""The in-memory AWS against an independent implementation (moto): the same seeded operations, the same answers.

Where moto is known to differ from AWS, the case is left out of the sequences and pinned by a rule test of our own:
request tokens, capacity, 4 MB transactions, sums of more than 15 digits, 39-digit numbers, index key types, batch
limits, constants that can never be right in a condition, UPDATED_* of nested paths, size() of an absent attribute, an
update that does not fit its item inside a transaction, invalid SQS characters.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.models import botocore_stubber

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.clients import REGION
from tests.simulation.aws.tables import Index, KeyPart, KeySchema

STRINGS = ["", "a", "ab", "b#1", "b#2", "ä", "z"]
NUMBERS = ["0", "1", "-1", "2.5", "10", "10000000000"]
ATTRIBUTES = ["n", "t", "l", "m", "tags"]
SILENT = {"ResponseMetadata", "ConsumedCapacity", "Message", "UnprocessedKeys", "ItemCollectionMetrics"}


class Sequence:
    """Random, mostly sensible DynamoDB requests."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def key(self) -> dict[str, Any]:
        return {"pk": {"S": self.rng.choice("ab")}, "sk": {"S": self.rng.choice(["1", "2", "d#1", "d#2", "d#3"])}}

    def value(self, attribute: str) -> dict[str, Any]:
        rng = self.rng
        if attribute == "n":
            return {"N": rng.choice(NUMBERS)}
        if attribute == "t":
            return {"S": rng.choice(STRINGS)}
        if attribute == "tags":
            return {"SS": sorted(rng.sample(["x", "y", "z"], rng.randint(1, 3)))}
        if attribute == "l":
            return {"L": [self.value(rng.choice(["n", "t"])) for _ in range(rng.randint(0, 3))]}
        return {"M": {name: self.value(name) for name in rng.sample(["n", "t"], rng.randint(0, 2))}}

    def item(self) -> dict[str, Any]:
        item = self.key() | {name: self.value(name) for name in self.rng.sample(ATTRIBUTES, self.rng.randint(0, 5))}
        if self.rng.random() < 0.5:
            item |= {"owner": {"S": self.rng.choice("uv")}, "at": {"N": str(self.rng.randint(1, 5))}}
        return item

    def condition(self, depth: int = 0) -> tuple[str, dict[str, Any]]:
        rng = self.rng
        if depth < 2 and rng.random() < 0.3:
            left, one = self.condition(depth + 1)
            right, other = self.condition(depth + 1)
            return f"({left}) {rng.choice(['AND', 'OR'])} ({right})", one | other
        if depth < 2 and rng.random() < 0.1:
            inner, values = self.condition(depth + 1)
            return f"NOT ({inner})", values
        placeholder = f":c{rng.randrange(10**6)}"
        attribute = rng.choice(["n", "t"])
        value = self.value(attribute)
        text = rng.choice(
            [
                f"{attribute} {rng.choice(['=', '<>', '<', '<=', '>', '>='])} {placeholder}",
                f"{attribute} IN ({placeholder})",
                f"attribute_exists({rng.choice(ATTRIBUTES)})",
                f"attribute_not_exists({rng.choice(ATTRIBUTES)})",
                f"contains(tags, {placeholder})",
                f"contains(t, {placeholder})",
                f"begins_with(t, {placeholder})",
                "attribute_exists({0}) AND size({0}) > {1}".format(rng.choice(["t", "l", "m", "tags"]), placeholder),
                f"m.{attribute} = {placeholder}",
                f"l[0] = {placeholder}",
            ]
        )
        if "begins_with" in text or "contains" in text:
            value = {"S": rng.choice(["a", "b", "x", "y"])}
        if "size" in text:
            value = {"N": str(rng.randint(0, 3))}
        return text, {placeholder: value} if placeholder in text else {}

    def conditional(self) -> dict[str, Any]:
        if self.rng.random() < 0.5:
            return {}
        text, values = self.condition()
        return {"ConditionExpression": text} | ({"ExpressionAttributeValues": values} if values else {})

    def update(self, *, sure: bool = False) -> dict[str, Any]:
        """An update; a `sure` one fits every item."""
        rng = self.rng
        values: dict[str, Any] = {}

        def constant(value: dict[str, Any]) -> str:
            name = f":u{len(values)}"
            values[name] = value
            return name

        clauses: dict[str, list[str]] = {}
        for attribute in rng.sample(ATTRIBUTES, rng.randint(1, 3)):
            clause, text = self._action(attribute, constant, sure)
            clauses.setdefault(clause, []).append(text)
        expression = " ".join(f"{clause} {', '.join(texts)}" for clause, texts in clauses.items())
        request = {"UpdateExpression": expression} | self.conditional()
        values |= request.pop("ExpressionAttributeValues", {})
        return request | ({"ExpressionAttributeValues": values} if values else {})

    def _action(self, attribute: str, constant: Any, sure: bool) -> tuple[str, str]:
        rng = self.rng
        if rng.random() < 0.2:
            return "REMOVE", attribute
        if attribute == "n":
            kind = rng.randrange(2 if sure else 3)
            if kind == 0:
                return "ADD", f"n {constant({'N': rng.choice(NUMBERS)})}"
            if kind == 1:
                return "SET", f"n = if_not_exists(n, {constant({'N': '0'})}) + {constant({'N': '2'})}"
            return "SET", f"n = n - {constant({'N': '1'})}"
        if attribute == "tags":
            return rng.choice(["ADD", "DELETE"]), f"tags {constant(self.value('tags'))}"
        if attribute == "l":
            more = constant({"L": [{"S": "more"}]})
            return "SET", f"l = list_append(if_not_exists(l, {constant({'L': []})}), {more})"
        if attribute == "m":
            return "SET", f"m = {constant(self.value('m'))}"
        return "SET", f"t = {constant(self.value('t'))}"

    def request(self) -> tuple[str, dict[str, Any]]:
        kind = self.rng.choice(
            ["put_item", "update_item", "update_item", "delete_item", "get_item", "query", "transact", "batch", "index"]
        )
        table = {"TableName": "things"}
        failure = {"ReturnValuesOnConditionCheckFailure": self.rng.choice(["NONE", "ALL_OLD"])}
        if kind == "put_item":
            return kind, table | {
                "Item": self.item(),
                "ReturnValues": self.rng.choice(["NONE", "ALL_OLD"]),
            } | self.conditional() | failure
        if kind == "update_item":
            returned = self.rng.choice(["NONE", "ALL_OLD", "ALL_NEW"])
            return kind, table | {"Key": self.key(), "ReturnValues": returned} | self.update() | failure
        if kind == "delete_item":
            return kind, table | {"Key": self.key(), "ReturnValues": "ALL_OLD"} | self.conditional() | failure
        if kind == "get_item":
            projection = self.rng.choice([{}, {"ProjectionExpression": "n, m.t, pk"}])
            return kind, table | {"Key": self.key(), "ConsistentRead": True} | projection
        if kind == "transact":
            return "transact_write_items", {"TransactItems": self._actions()}
        if kind == "batch":
            keys = {(key["pk"]["S"], key["sk"]["S"]): key for key in (self.key() for _ in range(4))}
            return "batch_get_item", {"RequestItems": {"things": {"Keys": list(keys.values())}}}
        return "query", table | self._query(kind == "index")

    def _actions(self) -> list[dict[str, Any]]:
        actions: dict[tuple[str, str], dict[str, Any]] = {}
        for _ in range(self.rng.randint(1, 5)):
            key = self.key()
            kind = self.rng.choice(["Put", "Update", "Delete", "ConditionCheck"])
            request: dict[str, Any] = {"TableName": "things"}
            if kind == "Put":
                request |= {"Item": self.item() | key} | self.conditional()
            elif kind == "Update":
                request |= {"Key": key} | self.update(sure=True)
            elif kind == "Delete":
                request |= {"Key": key} | self.conditional()
            else:
                request |= {"Key": key, "ConditionExpression": "attribute_exists(pk)"}
            actions[key["pk"]["S"], key["sk"]["S"]] = {kind: request}
        return list(actions.values())

    def _query(self, index: bool) -> dict[str, Any]:
        rng = self.rng
        values: dict[str, Any] = {":p": {"S": rng.choice("uv" if index else "ab")}}
        request: dict[str, Any] = {"ScanIndexForward": rng.random() < 0.5}
        if index:
            condition = rng.choice(["#o = :p", "#o = :p AND #a > :r", "#o = :p AND #a BETWEEN :r AND :s"])
            request |= {"IndexName": "by_owner", "ExpressionAttributeNames": {"#o": "owner"}}
            if "#a" in condition:
                request["ExpressionAttributeNames"] |= {"#a": "at"}
            bounds = {":r": {"N": "2"}, ":s": {"N": "4"}}
        else:
            condition = rng.choice(["pk = :p", "pk = :p AND begins_with(sk, :r)", "pk = :p AND sk BETWEEN :r AND :s"])
            bounds = {":r": {"S": "d#"}, ":s": {"S": "d#2"}}
        values |= {name: value for name, value in bounds.items() if name in condition}
        if rng.random() < 0.4:
            request |= {"FilterExpression": "attribute_exists(n)"}
        return request | {"KeyConditionExpression": condition, "ExpressionAttributeValues": values}


def canonical(value: Any) -> Any:
    """Without request ids, order of sets, spelling of numbers, and members that say nothing."""
    if isinstance(value, dict):
        if value.keys() == {"N"}:
            return {"N": Decimal(value["N"])}
        return {
            name: sorted(inner) if name in ("SS", "NS", "BS") else canonical(inner)
            for name, inner in value.items()
            if name not in SILENT
        }
    return [canonical(inner) for inner in value] if isinstance(value, list) else value


def outcome(client: Any, operation: str, request: dict[str, Any]) -> Any:
    """The answer, or the error by its code with what it carries; never its wording."""
    try:
        answer = canonical(getattr(client, operation)(**request))
    except ClientError as error:
        response: Any = error.response
        reasons = [
            (reason["Code"], canonical(reason.get("Item"))) for reason in response.get("CancellationReasons", [])
        ]
        return response["Error"]["Code"], canonical(response.get("Item")), reasons
    if operation == "batch_get_item":
        answer["Responses"]["things"].sort(key=str)
    return answer


def contents(client: Any) -> list[Any]:
    """Every item, read by the operations under test."""
    items = []
    for partition in "ab":
        page = client.query(
            TableName="things", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": partition}}
        )
        items += canonical(page["Items"])
    return items


@pytest.fixture
def other() -> Iterator[Any]:
    """The independent implementation; a function that gives a client and an empty table."""
    with mock_aws():
        yield boto3.client


def fresh_pair(client: Any) -> tuple[Any, Any]:
    theirs = client("dynamodb", region_name=REGION)
    if "things" in theirs.list_tables()["TableNames"]:
        theirs.delete_table(TableName="things")
    theirs.create_table(
        TableName="things",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": kind}
            for name, kind in (("pk", "S"), ("sk", "S"), ("owner", "S"), ("at", "N"))
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_owner",
                "KeySchema": [
                    {"AttributeName": "owner", "KeyType": "HASH"},
                    {"AttributeName": "at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    aws = InMemoryAws()
    by_owner = Index("by_owner", KeySchema(KeyPart("owner"), KeyPart("at", "N")))
    aws.dynamodb.create_table("things", hash_key="pk", range_key="sk", indexes=(by_owner,))
    return client_of(aws, "dynamodb"), theirs


def client_of(aws: InMemoryAws, service: str) -> Any:
    """A client of the in-memory AWS alone: moto listens to every session of the process."""
    session = aws.session()
    session.events.unregister("before-send", botocore_stubber)  # type: ignore[arg-type]
    return session.client(service)


def compare_dynamodb(client: Any, seed: int, steps: int) -> None:
    ours, theirs = fresh_pair(client)
    sequence = Sequence(seed)
    for step in range(steps):
        operation, request = sequence.request()
        a, b = outcome(ours, operation, request), outcome(theirs, operation, request)
        assert a == b, f"seed {seed}, step {step}: {operation} {request}"
        assert contents(ours) == contents(theirs), f"seed {seed}, after step {step}: {operation} {request}"


@pytest.mark.parametrize("seed", range(5))
def test_dynamodb_answers_like_another_implementation(other: Any, seed: int) -> None:
    compare_dynamodb(other, seed, steps=60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_dynamodb_answers_like_another_implementation_for_long(other: Any, seed: int) -> None:
    compare_dynamodb(other, seed, steps=250)


# queues


class QueueSequence:
    """Random SQS requests; both sides get the same, with their own receipts."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.sent = 0

    def body(self) -> str:
        self.sent += 1
        return f"body {self.sent}"

    def step(self) -> tuple[str, dict[str, Any]]:
        rng = self.rng
        kind = rng.choice(
            ["send_message", "send_message_batch", "receive_message", "receive_message", "forget", "keep"]
        )
        if kind == "send_message":
            attributes = {"kind": {"DataType": "String", "StringValue": rng.choice("ab")}} if rng.random() < 0.5 else {}
            return kind, {"MessageBody": self.body(), "MessageAttributes": attributes}
        if kind == "send_message_batch":
            entries = [{"Id": str(n), "MessageBody": self.body()} for n in range(rng.randint(1, 4))]
            return kind, {"Entries": entries}
        if kind == "receive_message":
            return kind, {
                "MaxNumberOfMessages": rng.randint(1, 10),
                "AttributeNames": ["ApproximateReceiveCount"],
                "MessageAttributeNames": ["All"],
                "VisibilityTimeout": rng.choice([0, 600]),
            }
        return kind, {"which": rng.random()}


def received(answer: dict[str, Any]) -> list[Any]:
    return sorted(
        (
            m["Body"],
            m["MD5OfBody"],
            m["Attributes"],
            m.get("MD5OfMessageAttributes"),
            list(m.get("MessageAttributes", {})),
        )
        for m in answer.get("Messages", [])
    )


def compare_sqs(client: Any, seed: int, steps: int) -> None:
    theirs = client("sqs", region_name=REGION)
    aws = InMemoryAws()
    dead = theirs.create_queue(QueueName=f"dead-{seed}")["QueueUrl"]
    dead_arn = theirs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 3})
    url = theirs.create_queue(QueueName=f"live-{seed}", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    buried = aws.sqs.create_queue("dead")
    live = aws.sqs.create_queue("live", dead_letter_queue=buried, max_receive_count=3)
    sides = ((client_of(aws, "sqs"), live.url), (theirs, url))
    receipts: list[tuple[dict[str, str], dict[str, str]]] = []
    sequence = QueueSequence(seed)
    for step in range(steps):
        kind, request = sequence.step()
        where = f"seed {seed}, step {step}: {kind} {request}"
        if kind in ("forget", "keep"):
            if not receipts:
                continue
            pair = receipts.pop(int(request["which"] * len(receipts)))
            for body in sorted(pair[0]):
                for (one, its_url), handles in zip(sides, pair, strict=True):
                    if kind == "forget":
                        one.delete_message(QueueUrl=its_url, ReceiptHandle=handles[body])
                    else:
                        one.change_message_visibility(
                            QueueUrl=its_url, ReceiptHandle=handles[body], VisibilityTimeout=600
                        )
            continue
        answers = [getattr(one, kind)(QueueUrl=its_url, **request) for one, its_url in sides]
        if kind == "receive_message":
            assert received(answers[0]) == received(answers[1]), where
            if request["VisibilityTimeout"] and answers[0].get("Messages"):
                first, second = ({m["Body"]: m["ReceiptHandle"] for m in a["Messages"]} for a in answers)
                receipts.append((first, second))
        else:
            digests = [str(sorted(str(value) for value in _digests(answer))) for answer in answers]
            assert digests[0] == digests[1], where
    dead_bodies = [m["Body"] for m in theirs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages", [])]
    if len(dead_bodies) < 10:
        assert sorted(message.body for message in buried.messages) == sorted(dead_bodies)


def _digests(answer: dict[str, Any]) -> list[str]:
    entries = answer.get("Successful", [answer])
    return [entry["MD5OfMessageBody"] + entry.get("MD5OfMessageAttributes", "") for entry in entries]


@pytest.mark.parametrize("seed", range(5))
def test_queues_behave_like_another_implementation(other: Any, seed: int) -> None:
    compare_sqs(other, seed, steps=80)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 104))
def test_queues_behave_like_another_implementation_for_long(other: Any, seed: int) -> None:
    compare_sqs(other, seed, steps=300)
