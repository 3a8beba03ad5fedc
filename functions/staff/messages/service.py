"""Decides who may publish brands, and over what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from shared.domain.brands import BRAND_ID, DEFAULT_BRAND, Brand, BrandDefinition, Country
from shared.domain.sms_prices import Micros
from shared.errors import NotFoundError

BrandCheck = Callable[[str, BrandDefinition], None]
"""Sees that each message of a brand can be said; else InvalidRequestError."""


class Brands(Protocol):
    """Where brands are kept."""

    def current(self, brand_id: str) -> Brand | None:
        """A brand's current version."""
        ...

    def list_brands(self) -> Sequence[Brand]:
        """Every brand."""
        ...

    def publish(self, brand_id: str, definition: BrandDefinition, is_agreed: Callable[[int | None], bool]) -> Brand:
        """Make a definition the next version, if the publisher agrees with the version that stands."""
        ...


class OpenedBrand(NamedTuple):
    """A brand as staff see it.

    Args:
        brand_id: The brand.
        version: The version that stands; 0 if it was never published.
        definition: What stands, else what it looks like until it is published.
    """

    brand_id: str
    version: int
    definition: BrandDefinition

    @property
    def brand(self) -> Brand:
        """As messages show it."""
        return Brand.of(self.brand_id, max(self.version, 1), self.definition)


class StaffMessages:
    """The staff page of messages.

    Args:
        brands: Where brands are kept.
        check: Sees that each message of a brand can be said.
        made_up: The default brand of a company that published none.
        sms_prices: What one SMS costs at most, in each country that it may go to.
    """

    def __init__(self, brands: Brands, check: BrandCheck, made_up: Brand, sms_prices: Mapping[Country, Micros]) -> None:
        self.sms_prices = sms_prices
        self._brands = brands
        self._check = check
        self._made_up = made_up

    def listed(self) -> list[OpenedBrand]:
        """Every brand, the default one first, whether it was published or not.

        Raises:
            TemporaryError: the store did not answer.
        """
        found = {
            brand.brand_id: OpenedBrand(brand.brand_id, brand.version, brand) for brand in self._brands.list_brands()
        }
        default = found.pop(DEFAULT_BRAND, OpenedBrand(DEFAULT_BRAND, 0, self._made_up))
        return [default, *found.values()]

    def opened(self, brand_id: str) -> OpenedBrand:
        """A brand; one that was never published looks like the default one.

        Raises:
            NotFoundError: this can be no brand's id.
            TemporaryError: the store did not answer.
        """
        if not BRAND_ID.fullmatch(brand_id):
            raise NotFoundError("This can be no brand's id.")
        brand = self._brands.current(brand_id)
        if brand is not None:
            return OpenedBrand(brand_id, brand.version, brand)
        return OpenedBrand(brand_id, 0, self._brands.current(DEFAULT_BRAND) or self._made_up)

    def check(self, brand_id: str, definition: BrandDefinition) -> None:
        """See that each message of a brand can be said.

        Raises:
            InvalidRequestError: one can not; `errors` names the fields.
        """
        self._check(brand_id, definition)

    def publish(self, brand_id: str, definition: BrandDefinition, seen: int) -> Brand:
        """Make a definition the brand's next version, over the version that was seen; 0 is none.

        Raises:
            InvalidRequestError: a message of it can not be said.
            PreconditionFailedError: somebody else published meanwhile.
            TemporaryError: it may not have been published.
        """
        self._check(brand_id, definition)
        return self._brands.publish(brand_id, definition, lambda version: (version or 0) == seen)
