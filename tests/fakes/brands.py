"""Brands in memory, with the contract of the repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.brands import Brand
from shared.errors import PreconditionFailedError


class InMemoryBrands:
    """What was published; counts how often it was read."""

    def __init__(self, *brands: Brand) -> None:
        self.reads = 0
        self._versions: dict[str, list[Brand]] = {}
        for brand in brands:
            self.publish(brand)

    def current(self, brand_id: str) -> Brand | None:
        self.reads += 1
        versions = self._versions.get(brand_id)
        return versions[-1] if versions else None

    def version(self, brand_id: str, version: int) -> Brand | None:
        return next((brand for brand in self._versions.get(brand_id, []) if brand.version == version), None)

    def list_brands(self) -> Sequence[Brand]:
        return [versions[-1] for _, versions in sorted(self._versions.items())]

    def publish(self, brand: Brand, is_agreed: Callable[[int | None], bool] = lambda _: True) -> Brand:
        versions = self._versions.setdefault(brand.brand_id, [])
        if versions and brand.model_copy(update={"version": versions[-1].version}) == versions[-1]:
            return versions[-1]
        if not is_agreed(versions[-1].version if versions else None):
            raise PreconditionFailedError("The brand is no longer what If-Match says; read it again.")
        published = brand.model_copy(update={"version": len(versions) + 1})
        versions.append(published)
        return published
