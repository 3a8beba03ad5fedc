"""Keys to our API: `ops keys create|list|revoke`. A key is shown once; only its hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.api_keys import ApiKey, KeyKind, key_hash

RANDOM_BYTES = 24


class Keys(Protocol):
    """Where keys are kept."""

    def add(self, key: ApiKey) -> None:
        """Keep a key."""
        ...

    def list(self) -> Sequence[ApiKey]:
        """Every key there ever was."""
        ...

    def revoke(self, name: str, key_hash_prefix: str, at: datetime) -> ApiKey:
        """End a key."""
        ...


def create(
    keys: Keys, kind: KeyKind, name: str, now: datetime, survey_id: str | None = None, origins: Sequence[str] = ()
) -> str:
    """Make a key and keep its hash.

    Args:
        keys: Where keys are kept.
        kind: Publishable (for pages) or secret (for servers).
        name: Whose key it is; the actor in audit entries.
        now: The time of its making.
        survey_id: The one survey of a publishable key, or the default survey of a secret one.
        origins: The pages a publishable key may be used from.

    Returns:
        The key itself; it can not be shown again.

    Raises:
        pydantic.ValidationError: a name, origin or survey id is malformed.
        shared.errors.ConflictError: two keys of that name are live already.
        shared.errors.NotFoundError: there is no such survey.
    """
    secret = kind.prefix + secrets.token_urlsafe(RANDOM_BYTES)
    record = ApiKey(
        key_hash=key_hash(secret),
        kind=kind,
        name=name,
        created_at=now,
        survey_id=survey_id,
        origins=tuple(origins),
    )
    keys.add(record)
    return secret
