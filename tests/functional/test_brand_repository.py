"""The contract of brands: held by the fake that unit tests use and by the real repository alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import time
from typing import Any, Protocol

import boto3
import pytest
from moto import mock_aws

from shared.domain.brands import Brand, BrandDefinition, MessageTexts, QuietHours, Stage
from shared.domain.messages import Category, MessageKind
from shared.errors import PreconditionFailedError, TemporaryError
from shared.storage.brands import BrandRepository
from tests.fakes.brands import InMemoryBrands
from tests.functional.tables import TABLE, create_table

LAMPS = BrandDefinition(
    name="Lamps & Light",
    colour="#aa3300",
    logo="https://lamps.example/logo.png",
    default_locale="de",
    stages={Category.SCHEDULED: Stage(enabled=False), Category.DAY_BEFORE: Stage(at=time(18, 30))},
    quiet_hours=(QuietHours(start=time(21), end=time(8), categories=(Category.DELAYED,), countries=("DE",)),),
    messages_per_day=3,
    texts={MessageKind.DELIVERY_SOON: {"de-AT": MessageTexts(sms="Gleich da: {window}")}},
)


class Brands(Protocol):
    def current(self, brand_id: str) -> Brand | None: ...

    def version(self, brand_id: str, version: int) -> Brand | None: ...

    def list_brands(self) -> Sequence[Brand]: ...

    def publish(
        self, brand_id: str, definition: BrandDefinition, is_agreed: Callable[[int | None], bool] = ...
    ) -> Brand: ...


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("dynamodb")
        create_table(client)
        yield client


@pytest.fixture(params=["fake", "real"])
def brands(request: pytest.FixtureRequest) -> Brands:
    if request.param == "fake":
        return InMemoryBrands()
    return BrandRepository(request.getfixturevalue("dynamodb"), TABLE)


def test_a_brand_that_was_never_published_is_none(brands: Brands) -> None:
    assert brands.current("lamps") is None
    assert brands.version("lamps", 1) is None
    assert brands.list_brands() == []


def test_a_published_brand_is_read_back_whole(brands: Brands) -> None:
    published = brands.publish("lamps", LAMPS)
    assert published == Brand.of("lamps", 1, LAMPS)
    assert brands.current("lamps") == brands.version("lamps", 1) == published


def test_each_change_is_the_next_version_and_the_earlier_ones_stay(brands: Brands) -> None:
    first = brands.publish("lamps", LAMPS)
    second = brands.publish("lamps", LAMPS.model_copy(update={"name": "Light"}))
    assert (first.version, second.version) == (1, 2)
    assert brands.current("lamps") == second
    assert brands.version("lamps", 1) == first


def test_the_same_again_is_no_new_version_whatever_the_condition_says(brands: Brands) -> None:
    brands.publish("lamps", LAMPS)
    assert brands.publish("lamps", LAMPS, lambda _: False).version == 1


def test_a_publisher_who_read_something_else_publishes_nothing(brands: Brands) -> None:
    brands.publish("lamps", LAMPS)
    other = LAMPS.model_copy(update={"name": "Light"})
    with pytest.raises(PreconditionFailedError):
        brands.publish("lamps", other, lambda version: version == 7)
    assert brands.current("lamps") == Brand.of("lamps", 1, LAMPS)
    assert brands.publish("lamps", other, lambda version: version == 1).version == 2


def test_a_brand_that_nobody_published_has_no_version_to_agree_to(brands: Brands) -> None:
    asked: list[int | None] = []

    def refuse(version: int | None) -> bool:
        asked.append(version)
        return False

    with pytest.raises(PreconditionFailedError):
        brands.publish("lamps", LAMPS, refuse)
    assert asked == [None]
    assert brands.current("lamps") is None


def test_brands_are_listed_by_id_each_as_it_is_now(brands: Brands) -> None:
    brands.publish("default", BrandDefinition(name="The company"))
    brands.publish("lamps", LAMPS)
    brands.publish("default", BrandDefinition(name="The company, renamed"))
    assert [(brand.brand_id, brand.version) for brand in brands.list_brands()] == [("default", 2), ("lamps", 1)]


def test_of_two_who_publish_at_once_one_has_to_come_again(dynamodb: Any) -> None:
    brands = BrandRepository(dynamodb, TABLE)
    brands.publish("lamps", LAMPS)

    def meanwhile(_: int | None) -> bool:
        brands.publish("lamps", LAMPS.model_copy(update={"name": "Theirs"}))
        return True

    with pytest.raises(TemporaryError):
        brands.publish("lamps", LAMPS.model_copy(update={"name": "Ours"}), meanwhile)
    current = brands.current("lamps")
    assert current is not None and (current.name, current.version) == ("Theirs", 2)
