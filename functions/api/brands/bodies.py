"""A brand's definition, as it is sent and as it is told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from pydantic import ConfigDict

from shared.domain.base import Frozen, Line
from shared.domain.brands import Brand, BrandDefinition, BrandId


class PutBrand(BrandDefinition):
    """A brand's definition. The id stands in the path, and the version's number is ours to give."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Example Shop",
                    "colour": "#1f4b99",
                    "default_locale": "de",
                    "stages": {
                        "scheduled": {"enabled": False},
                        "day_before": {"at": "18:00"},
                        "soon": {"minutes_ahead": 45},
                    },
                    "quiet_hours": [{"start": "21:00", "end": "08:00", "categories": ["surveys", "delayed"]}],
                    "texts": {"delivery_soon": {"de": {"sms": "{brand}: Wir klingeln {expected}. {track}"}}},
                }
            ]
        }
    )


class BrandListed(Frozen):
    """A brand in the list of all."""

    brand_id: BrandId
    version: int
    name: Line


class BrandsTold(Frozen):
    """Every brand that was published, by its id."""

    brands: tuple[BrandListed, ...]

    @classmethod
    def of(cls, brands: Iterable[Brand]) -> Self:
        """Brands as the list tells them."""
        return cls(brands=tuple(BrandListed(brand_id=b.brand_id, version=b.version, name=b.name) for b in brands))
