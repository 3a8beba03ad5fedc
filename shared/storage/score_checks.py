"""The progress of the scheduled check of the scores: one small item, written after each day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from shared.domain.score_checks import CheckProgress
from shared.storage.keys import score_check_key
from shared.storage.table import to_item, translated


class ProgressTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def put_item(self, **kwargs: Any) -> Any:
        """PutItem."""
        ...


class CheckProgressRepository:
    """The progress in the responses table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: ProgressTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def read(self) -> CheckProgress:
        """What the last run left; nothing if there was none.

        Raises:
            TemporaryError: the store did not answer.
        """
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=score_check_key(), ConsistentRead=True)
        if "Item" not in answer:
            return CheckProgress()
        return CheckProgress.model_validate_json(answer["Item"]["content"]["S"])

    def write(self, progress: CheckProgress) -> None:
        """Leave this to the next run.

        Raises:
            TemporaryError: the store did not answer; the next run judges some days again.
        """
        item = {**score_check_key(), **to_item({"content": progress.model_dump_json()})}
        with translated():
            self._dynamodb.put_item(TableName=self._table_name, Item=item)
