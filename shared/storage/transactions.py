"""Writes that happen together or not at all, and what DynamoDB's answers to them mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import TemporaryError
from shared.storage.table import error_code

CONDITION_FAILED = "ConditionalCheckFailed"
CONFLICT = "TransactionConflict"
INVALID = "ValidationError"
_UNDERSTOOD = {"None", CONDITION_FAILED, CONFLICT, INVALID}

Action = Mapping[str, Mapping[str, Any]]
"""One action of TransactWriteItems: `Put`, `Update` or `Delete` with its members."""


class TransactedTable(Protocol):
    """The calls we make to DynamoDB."""

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class Cancelled(Exception):  # noqa: N818  an answer of the store, not a fault
    """A transaction did not happen; a reason for each of its actions, in their order."""

    def __init__(self, reasons: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.reasons = reasons


class Refused(Exception):  # noqa: N818  an answer of the store, not a fault
    """The store will not take a transaction as it is, and does not say which of its actions it dislikes."""


def commit(dynamodb: TransactedTable, actions: Sequence[Action]) -> None:
    """Do all of these, or none.

    Args:
        dynamodb: A DynamoDB client.
        actions: At most 100.

    Raises:
        Cancelled: a condition failed, another transaction was at the same item, or an item is invalid.
        Refused: the store takes no such transaction.
        TemporaryError: the store did not answer, or is too busy; it may have happened all the same.
    """
    try:
        if len(actions) == 1 and "Put" in actions[0]:
            # One item is atomic by itself, and costs half.
            dynamodb.put_item(**actions[0]["Put"])
        else:
            dynamodb.transact_write_items(TransactItems=list(actions))
    except ClientError as error:
        raise _answer(error, len(actions)) from error
    except BotoCoreError as error:
        raise TemporaryError("the store did not answer; the transaction may have happened") from error


def _answer(error: ClientError, actions: int) -> Cancelled | Refused | TemporaryError:
    """What a failure of the store means for a transaction of so many actions."""
    response: Mapping[str, Any] = error.response
    match error_code(error):
        case "TransactionCanceledException":
            reasons = response.get("CancellationReasons", ())
            codes = {str(reason.get("Code")) for reason in reasons}
            if len(reasons) == actions and codes <= _UNDERSTOOD and codes != {"None"}:
                return Cancelled(reasons)
            return TemporaryError(f"{error.operation_name} was cancelled: {sorted(codes)}")
        case "ConditionalCheckFailedException":
            return Cancelled([{"Code": CONDITION_FAILED, "Item": response.get("Item")}])
        case "TransactionConflictException":
            return Cancelled([{"Code": CONFLICT}])
        case "ValidationException":
            return Refused()
        case code:
            return TemporaryError(f"{error.operation_name} failed: {code}")
