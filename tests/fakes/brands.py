"""Brands in memory, with the contract of the repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.brands import Brand, BrandDefinition
from shared.errors import PreconditionFailedError


class InMemoryBrands:
    """What was published; counts how often it was read."""

    def __init__(self, **brands: BrandDefinition) -> None:
        self.reads = 0
        self._versions: dict[str, list[Brand]] = {}
        for brand_id, definition in brands.items():
            self.publish(brand_id, definition)

    def current(self, brand_id: str) -> Brand | None:
        self.reads += 1
        versions = self._versions.get(brand_id)
        return versions[-1] if versions else None

    def version(self, brand_id: str, version: int) -> Brand | None:
        return next((brand for brand in self._versions.get(brand_id, []) if brand.version == version), None)

    def list_brands(self) -> Sequence[Brand]:
        return [versions[-1] for _, versions in sorted(self._versions.items())]

    def publish(
        self, brand_id: str, definition: BrandDefinition, is_agreed: Callable[[int | None], bool] = lambda _: True
    ) -> Brand:
        versions = self._versions.setdefault(brand_id, [])
        if versions and Brand.of(brand_id, versions[-1].version, definition) == versions[-1]:
            return versions[-1]
        if not is_agreed(versions[-1].version if versions else None):
            raise PreconditionFailedError("The brand is no longer what If-Match says; read it again.")
        published = Brand.of(brand_id, len(versions) + 1, definition)
        versions.append(published)
        return published
