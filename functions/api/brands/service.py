"""Publishes brands, and tells what they are."""

from __future__ import annotations

from functions.api.brands.bodies import BrandsTold
from functions.api.conditions import matches
from functions.api.needs import BrandCheck, Brands
from shared.domain.brands import BRAND_ID, Brand, BrandDefinition
from shared.errors import InvalidRequestError, NotFoundError


def entity_tag(version: int) -> str:
    """What a brand is at one moment, as a strong entity tag (RFC 9110, 8.8.3)."""
    return f'"{version}"'


class BrandDefinitions:
    """The brands of a back office.

    Args:
        brands: Brands as they are at this moment, and where new versions go.
        check: Sees that each message of a brand can be said.
    """

    def __init__(self, brands: Brands, check: BrandCheck) -> None:
        self._brands = brands
        self._check = check

    def listed(self) -> BrandsTold:
        """Every brand."""
        return BrandsTold.of(self._brands.list_brands())

    def definition(self, brand_id: str) -> Brand:
        """A brand as it is at this moment.

        Raises:
            NotFoundError: it was never published; its messages look like the default brand, or one that we make up.
        """
        brand = self._brands.current(brand_id) if BRAND_ID.fullmatch(brand_id) else None
        if brand is None:
            raise NotFoundError("This brand was never published.")
        return brand

    def publish(self, brand_id: str, definition: BrandDefinition, if_match: str | None = None) -> Brand:
        """Make a definition the next version of a brand; the current one again is no new version.

        Args:
            brand_id: The brand.
            definition: What it is from now on.
            if_match: The header of that name: publish only over what the caller has read.

        Raises:
            InvalidRequestError: the id can be none, or a message of it can not be said; `errors` names the fields.
            PreconditionFailedError: something else stands there.
            TemporaryError: it may not have been kept.
        """
        if not BRAND_ID.fullmatch(brand_id):
            raise InvalidRequestError(
                "This can be no brand's id.",
                {"brand_id": ["must have 1 to 64 small letters, digits and -, and begin with a letter or digit"]},
            )
        self._check(brand_id, definition)

        def is_agreed(version: int | None) -> bool:
            return matches(if_match, None if version is None else entity_tag(version))

        return self._brands.publish(brand_id, definition, is_agreed)
