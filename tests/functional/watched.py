"""A responses table that is watched: its calls are counted, its items read beside the code under test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from shared.domain.responses import CERTIFICATE_MODULUS, Response
from tests.fakes.answers import TODAY
from tests.fakes.recount import Count, Document, recount
from tests.functional.tables import TABLE

CANCELLED = "TransactionCanceledException"


class Watched:
    """A DynamoDB client that counts its calls, and lets a test step in before or after one."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[tuple[str, Any]] = []
        self.before: Callable[[str, Any], None] = lambda name, arguments: None
        self.after: Callable[[str, Any], None] = lambda name, arguments: None

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append((name, arguments))
            self.before(name, arguments)
            answered = getattr(self.client, name)(**arguments)
            self.after(name, arguments)
            return answered

        return call

    @property
    def names(self) -> Counter[str]:
        return Counter(name for name, _ in self.calls)

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table, read beside the code under test."""
        pages = self.client.get_paginator("scan").paginate(TableName=TABLE, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def responses(self) -> list[Response]:
        return [
            Response.model_validate(
                {
                    "response_id": item["pk"]["S"].removeprefix("RESPONSE#"),
                    "revision": int(item["revision"]["N"]),
                    "survey_id": item["survey_id"]["S"],
                    "day": item["answered"]["S"][:10],
                    "answered_at": item["answered"]["S"][11:],
                    **({"person_id": item["person_id"]["S"]} if "person_id" in item else {}),
                    **json.loads(item["content"]["S"]),
                }
            )
            for item in self.items()
            if "content" in item
        ]

    def tombstones(self) -> list[str]:
        """The ids of erased responses."""
        return [item["pk"]["S"].removeprefix("RESPONSE#") for item in self.items() if "erased" in item]

    def pointers(self) -> set[tuple[str, str]]:
        """What points from an identifier's hash to a response."""
        return {
            (item["pk"]["S"], item["sk"]["S"].removeprefix("RESPONSE#"))
            for item in self.items()
            if item["pk"]["S"].startswith("CLAIMED#")
        }

    def documents(self) -> dict[Document, Count]:
        """The score documents as they stand in the table, lanes summed."""
        sums: dict[Document, Counter[str]] = {}
        for item in self.items():
            kind, *parts = item["pk"]["S"].split("#")
            if kind != "SCORE":
                continue
            day, value, _ = item["sk"]["S"].split("#")
            document = Document(parts[0], TODAY.fromisoformat(day), parts[1], value)
            numbers = {name: int(each["N"]) for name, each in item.items() if "N" in each}
            summed = sums.setdefault(document, Counter())
            for name, number in numbers.items():
                summed[name] += number
        return {document: count for document, summed in sums.items() if (count := _count(summed)).responses}


def _count(summed: Counter[str]) -> Count:
    counters: dict[str, dict[int, int]] = {}
    for name, number in summed.items():
        if ":" in name and number:
            question, rating = name.split(":")
            counters.setdefault(question, {})[int(rating)] = number
    return Count(counters, summed["responses"], summed["certificate"] % CERTIFICATE_MODULUS)


def cancelled(arguments: Any, index: int, code: str) -> ClientError:
    """The answer to a transaction of which one action failed for this reason."""
    reasons = [{"Code": "None"} for _ in arguments["TransactItems"]]
    reasons[index] = {"Code": code}
    details: Any = {"Error": {"Code": CANCELLED, "Message": ""}, "CancellationReasons": reasons}
    return ClientError(details, "TransactWriteItems")


def assert_exact(table: Watched) -> None:
    """The scores are those of a recount of what is stored."""
    assert table.documents() == recount(table.responses())
