"""DynamoDB's form of an item, and its failures as ours.

We use the client, never the resource: it starts faster, and what is sent is what stands in the code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import TemporaryError

AttributeValue: TypeAlias = Mapping[str, Any]
Item: TypeAlias = Mapping[str, AttributeValue]


def to_value(value: object) -> AttributeValue:
    """A plain value as DynamoDB wants it: text, whole number, truth value, mapping, sequence or set of texts.

    Raises:
        TypeError: it is something else; a float, for one, would not come back as it went.
    """
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": to_item(value)}
    if isinstance(value, AbstractSet):
        return {"SS": sorted(value)}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return {"L": [to_value(entry) for entry in value]}
    raise TypeError(f"{type(value).__name__} has no form in our tables")


def to_item(attributes: Mapping[str, object]) -> dict[str, AttributeValue]:
    """Plain attributes as DynamoDB wants them; those that are None are left out."""
    return {name: to_value(value) for name, value in attributes.items() if value is not None}


def from_value(value: AttributeValue) -> Any:
    """A plain value from DynamoDB's form.

    Raises:
        TypeError: it is of a type that we do not store.
    """
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return int(content)
        case "M":
            return from_item(content)
        case "L":
            return [from_value(entry) for entry in content]
        case "SS":
            return frozenset(content)
        case _:
            raise TypeError(f"{kind} is not a type of our tables")


def from_item(item: Item) -> dict[str, Any]:
    """Plain attributes from DynamoDB's form."""
    return {name: from_value(value) for name, value in item.items()}


def error_code(error: ClientError) -> str:
    """The name DynamoDB gives a failure, such as `ConditionalCheckFailedException`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def cancellation_codes(error: ClientError) -> list[str]:
    """Why a transaction was cancelled: a code for each action, in their order; empty if it was something else."""
    return [str(reason.get("Code", "None")) for reason in error.response.get("CancellationReasons", ())]


@contextmanager
def translated() -> Iterator[None]:
    """Turns any failure of AWS inside the block into a `TemporaryError`; expected ones are caught inside the block."""
    try:
        yield
    except ClientError as error:
        raise TemporaryError(f"{error.operation_name} failed: {error_code(error)}") from error
    except BotoCoreError as error:
        raise TemporaryError(f"the store did not answer: {type(error).__name__}") from error


def condition_held(write: Callable[..., Any], **request: Any) -> bool:
    """Make a write under a condition; whether the condition held.

    Args:
        write: The client's method for one item.
        request: Its arguments.

    Raises:
        TemporaryError: the store did not answer, so it may have been written or not.
    """
    with translated():
        try:
            write(**request)
        except ClientError as error:
            if error_code(error) != "ConditionalCheckFailedException":
                raise
            return False
    return True


class Queryable(Protocol):
    """The call we make to DynamoDB to list items."""

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...


def every_item(dynamodb: Queryable, **query: Any) -> Iterator[Item]:
    """The items of a Query, page by page as they are asked for.

    Raises:
        TemporaryError: the store did not answer.
    """
    while True:
        with translated():
            page = dynamodb.query(**query)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        query = {**query, "ExclusiveStartKey": page["LastEvaluatedKey"]}


MAX_READ = 100
"""Items of one BatchGetItem (its API reference)."""
READ_ATTEMPTS = 5
"""How often keys that DynamoDB left out of its answer are asked for again."""


class BatchReadable(Protocol):
    """The call we make to DynamoDB to get items by their keys."""

    def batch_get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """BatchGetItem."""
        ...


def items_of(
    dynamodb: BatchReadable, table_name: str, keys: Sequence[Mapping[str, Any]], *, consistent: bool = False
) -> Iterator[Item]:
    """The items of these keys that there are, in any order, as many at once as DynamoDB takes.

    Raises:
        TemporaryError: the store did not answer, or kept leaving some out.
    """
    for start in range(0, len(keys), MAX_READ):
        asked: Sequence[Mapping[str, Any]] = keys[start : start + MAX_READ]
        for _ in range(READ_ATTEMPTS):
            with translated():
                answer = dynamodb.batch_get_item(
                    RequestItems={table_name: {"Keys": asked, "ConsistentRead": consistent}}
                )
            yield from answer["Responses"].get(table_name, ())
            asked = answer.get("UnprocessedKeys", {}).get(table_name, {}).get("Keys", ())
            if not asked:
                break
        else:
            raise TemporaryError("the store kept leaving out what it was asked for")
