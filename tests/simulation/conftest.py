"""Fixtures of the simulation: an AWS, and clients of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.tables import Index, KeyPart, KeySchema


@pytest.fixture
def aws() -> InMemoryAws:
    return InMemoryAws(seed=1)


@pytest.fixture
def table(aws: InMemoryAws) -> str:
    by_owner = Index("by_owner", KeySchema(KeyPart("owner"), KeyPart("at", "N")))
    aws.dynamodb.create_table("things", hash_key="pk", range_key="sk", indexes=(by_owner,))
    return "things"


@pytest.fixture
def dynamodb(aws: InMemoryAws, table: str) -> Any:
    return aws.session().client("dynamodb")


@pytest.fixture
def sqs(aws: InMemoryAws) -> Any:
    return aws.session().client("sqs")
