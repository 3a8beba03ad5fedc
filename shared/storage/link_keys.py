"""The keys that sign survey links, kept in one encrypted parameter; `ops links rotate` makes and renews it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field

from shared.clock import Clock
from shared.domain.base import Frozen, Instant
from shared.errors import TemporaryError

KEPT_FOR = timedelta(minutes=5)
"""How long a warm function uses the keys it has read: for so long after a rotation the key before still signs."""


RETIRED_FOR = timedelta(days=731)
"""How long a retired key still verifies what has no end of its own."""

Key = Annotated[str, Field(min_length=1, strict=True)]


class RetiredKey(Frozen, defer_build=True):
    """A key that signs and opens nothing any more, but for links without an end."""

    key: Key
    retired_at: Instant


class KeyRing(Frozen, defer_build=True):
    """What the parameter holds.

    Args:
        keys: The keys, the oldest first. The last one but one signs: the last is the next, which every function knows
            before it is used.
        retired: Those before them, the oldest first.
    """

    keys: Annotated[tuple[Key, ...], Field(min_length=1)]
    retired: tuple[RetiredKey, ...] = ()

    @classmethod
    def read(cls, value: str) -> KeyRing:
        """The parameter's value; before keys could retire it was a bare list.

        Raises:
            ValueError: it is neither.
        """
        content = json.loads(value)
        return cls.model_validate({"keys": content} if isinstance(content, list) else content)

    @property
    def current(self) -> tuple[str, ...]:
        """The keys that verify, the one that signs last."""
        return (*self.keys[:-2], *reversed(self.keys[-2:]))

    def ever(self, now: datetime) -> tuple[str, ...]:
        """The same after those whose retirement is not over."""
        return (*(old.key for old in self.retired if now - old.retired_at < RETIRED_FOR), *self.current)


class LinkKeys:
    """Reads the keys, at most once in five minutes.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name; its value is a `KeyRing`.
        clock: Tells when to read again.
    """

    def __init__(self, ssm: Any, parameter: str, clock: Clock) -> None:
        self._ssm = ssm
        self._parameter = parameter
        self._clock = clock
        self._ring: KeyRing | None = None
        self._read_at: datetime | None = None

    def current(self) -> tuple[str, ...]:
        """The keys, the one that signs last. In an outage, those that were read last.

        Raises:
            TemporaryError: the store is away and nothing was read yet, or there are no keys.
        """
        return self._known(self._clock.now()).current

    def ever(self) -> tuple[str, ...]:
        """The same with those retired in the past two years, for links that have no end.

        Raises:
            TemporaryError: as for `current`.
        """
        now = self._clock.now()
        return self._known(now).ever(now)

    def _known(self, now: datetime) -> KeyRing:
        if self._ring is None or self._read_at is None or now - self._read_at >= KEPT_FOR:
            self._ring = self._read()
            self._read_at = now
        return self._ring

    def _read(self) -> KeyRing:
        try:
            answer = self._ssm.get_parameter(Name=self._parameter, WithDecryption=True)
        except (ClientError, BotoCoreError) as error:
            missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound"
            if self._ring is not None and not missing:
                return self._ring
            hint = "; make it with `ops links rotate`" if missing else ""
            raise TemporaryError(f"The link keys in {self._parameter} could not be read: {error}{hint}") from error
        try:
            return KeyRing.read(answer["Parameter"]["Value"])
        except ValueError:
            raise TemporaryError(f"{self._parameter} holds no link keys; renew it with `ops links rotate`") from None
