"""What a warm function that writes messages remembers of brands.

It is apart from :mod:`shared.storage.cached`, which the public door imports at every cold start: a brand knows every
kind of message, and the door sends none.
"""

from __future__ import annotations

from typing import Protocol

from shared.clock import Clock
from shared.domain.brands import DEFAULT_BRAND, Brand
from shared.storage.cached import Remembered


class Brands(Protocol):
    """Reads a brand."""

    def current(self, brand_id: str) -> Brand | None:
        """The current version; None if it was never published."""
        ...


class CachedBrands:
    """Brands, read at most once a minute each; there is always one.

    Args:
        repository: Where they are read.
        clock: Tells when to read again.
        made_up: The default brand of a company that published none.
    """

    def __init__(self, repository: Brands, clock: Clock, made_up: Brand) -> None:
        self._current = Remembered(repository.current, clock)
        self._made_up = made_up

    def current(self, brand_id: str) -> Brand:
        """The version that was current at most a minute ago; else the default brand, else the one that is made up.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._current.get(brand_id) or self._current.get(DEFAULT_BRAND) or self._made_up
