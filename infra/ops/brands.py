"""Brands: `ops brands publish FILE`, `ops brands show ID`, `ops brands list`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.ops.definitions import read_file
from infra.stack import Stack
from shared.domain.brands import DEFAULT_BRAND, Brand
from shared.storage.brands import BrandRepository
from shared.texts.publishing import Publishing
from shared.texts.rendering import Rendering


def repository(stack: Stack) -> BrandRepository:
    """The brands of a stack."""
    return BrandRepository(stack.client("dynamodb"), stack.output("SurveysTableName"))


def publish_brand(stack: Stack, file: Path) -> Brand:
    """Publish a brand from a JSON or YAML file, once each of its messages was rendered.

    Args:
        stack: Where.
        file: The definition; without a `brand_id` it is the default brand, and a version's number does not matter.

    Raises:
        DefinitionError: the file can not be read as either.
        pydantic.ValidationError: it can, but is no brand.
        InvalidRequestError: a message of the brand can not be said.
    """
    data: Mapping[str, Any] = read_file(file, "brand")
    brand = Brand.model_validate({"brand_id": DEFAULT_BRAND, **data, "version": 1})
    Publishing(Rendering()).check(brand.brand_id, brand)
    return repository(stack).publish(brand.brand_id, brand)
