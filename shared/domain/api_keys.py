"""Keys to our own API. Only their SHA-256 is stored; the name of a key is the actor in every audit entry."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from shared.domain.base import Frozen, Instant
from shared.domain.surveys import SurveyId
from shared.errors import ForbiddenError, UnauthorizedError

MAX_LIVE_KEYS = 2
"""Live keys of one name: the one in use and, while it is rotated, its successor."""

_ORIGIN = re.compile(r"null|https?://[a-z0-9.-]+(:(\d{1,5}|\*))?")
_MAX_ORIGIN = 253


def _origin(value: str) -> str:
    if len(value) > _MAX_ORIGIN or not _ORIGIN.fullmatch(value):
        raise ValueError("must be an origin, such as https://shop.example (no path, nothing at the end)")
    return value


Origin = Annotated[str, AfterValidator(_origin)]
"""An origin as browsers send it. `null` is what a page opened from a file sends; `:*` allows any port."""


class KeyKind(StrEnum):
    """Whose hands a key may be in."""

    PUBLISHABLE = "publishable"
    SECRET = "secret"  # noqa: S105  the name of a kind

    @property
    def prefix(self) -> str:
        """How a key of this kind begins, so that people and secret scanners know it."""
        return {KeyKind.PUBLISHABLE: "pk_", KeyKind.SECRET: "sk_"}[self]


class ApiKey(Frozen):
    """A key as we know it: everything but the key."""

    key_hash: str
    kind: KeyKind
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    created_at: Instant
    revoked_at: Instant | None = None
    survey_id: SurveyId | None = None
    origins: tuple[Origin, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None


def key_hash(key: str) -> str:
    """What is stored of a key. Keys carry 128 random bits, so a plain SHA-256 is enough: nothing to guess at."""
    return hashlib.sha256(key.encode()).hexdigest()


def origin_allowed(origin: str | None, allowed: tuple[str, ...]) -> bool:
    """Whether a page of this origin may use the key. No origin means: not a browser's cross-site request.

    This is a speed bump, not authentication: whoever is not a browser sends what it likes.
    """
    if origin is None or not allowed:
        return origin is None
    base, _, _ = origin.rpartition(":") if origin.count(":") == 2 else (origin, "", "")
    return origin in allowed or f"{base}:*" in allowed


def require_secret(found: ApiKey | None) -> ApiKey:
    """The key of a request that only a server may make.

    Args:
        found: What is known of the key the request carries, None if it carries none or one we never made.

    Raises:
        UnauthorizedError: there is no such key, or it is revoked.
        ForbiddenError: it is a publishable key, which is in everybody's hands.
    """
    if found is None or not found.is_live:
        raise UnauthorizedError("Send a secret key (sk_…) that is live: as Bearer, or as the user name of Basic.")
    if found.kind is not KeyKind.SECRET:
        raise ForbiddenError("This needs a secret key; a publishable one may only answer its survey.")
    return found
