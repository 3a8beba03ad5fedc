"""Capacity units: what each call consumed, as the service reports it and as a running total.

Sources: Developer Guide, "DynamoDB read and write operations" (capacity unit consumption) and "Managing complex
workflows with transactions" (two units for each one in a transaction). That an index entry written in a transaction
also costs two is the careful reading; the guide does not say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


class Meter:
    """Units of one call, by table."""

    def __init__(self) -> None:
        self._units: dict[str, Counter[str]] = {}

    def read(self, table: str, units: float) -> None:
        """Count read units."""
        self._units.setdefault(table, Counter())["read"] += units  # type: ignore[assignment]

    def write(self, table: str, units: float) -> None:
        """Count write units."""
        self._units.setdefault(table, Counter())["write"] += units  # type: ignore[assignment]

    def index(self, table: str, units: float) -> None:
        """Count the write units of a table's indexes: in what the service reports they are part of the table's."""
        if units:
            self._units.setdefault(table, Counter())["index"] += units  # type: ignore[assignment]

    def into(self, total: Counter[tuple[str, str]]) -> None:
        """Add to a running total by (table, `read`, `write` or `index`: the written entries of its indexes)."""
        for table, units in self._units.items():
            for kind, amount in units.items():
                total[table, kind] += amount

    def report(self, request: Mapping[str, Any], *, transaction: bool = False) -> list[dict[str, Any]]:
        """The `ConsumedCapacity` members the request asked for, one per table; none when it asked for none."""
        if request.get("ReturnConsumedCapacity", "NONE") == "NONE":
            return []
        found = []
        for table, units in self._units.items():
            one: dict[str, Any] = {"TableName": table, "CapacityUnits": float(sum(units.values()))}
            if transaction:
                names = {"ReadCapacityUnits": ("read",), "WriteCapacityUnits": ("write", "index")}
                sums = {name: float(sum(units[kind] for kind in kinds)) for name, kinds in names.items()}
                one |= {name: amount for name, amount in sums.items() if amount}
            found.append(one)
        return found
