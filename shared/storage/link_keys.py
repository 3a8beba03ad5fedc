"""The keys that sign survey links, kept in one encrypted parameter; `ops links rotate` makes and renews it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.clock import Clock
from shared.errors import TemporaryError

KEPT_FOR = timedelta(minutes=5)
"""How long a warm function uses the keys it has read: for so long after a rotation the key before still signs."""


class LinkKeys:
    """Reads the keys, at most once in five minutes.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name; its value is a JSON list of keys, the oldest first. The last one but one signs:
            the last is the next, which every function knows before it is used.
        clock: Tells when to read again.
    """

    def __init__(self, ssm: Any, parameter: str, clock: Clock) -> None:
        self._ssm = ssm
        self._parameter = parameter
        self._clock = clock
        self._keys: tuple[str, ...] = ()
        self._read_at: datetime | None = None

    def current(self) -> tuple[str, ...]:
        """The keys, the one that signs last. In an outage, those that were read last.

        Raises:
            TemporaryError: the store is away and nothing was read yet, or there are no keys.
        """
        now = self._clock.now()
        if self._read_at is None or now - self._read_at >= KEPT_FOR:
            self._keys = self._read()
            self._read_at = now
        return self._keys

    def _read(self) -> tuple[str, ...]:
        try:
            answer = self._ssm.get_parameter(Name=self._parameter, WithDecryption=True)
        except (ClientError, BotoCoreError) as error:
            missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound"
            if self._keys and not missing:
                return self._keys
            hint = "; make it with `ops links rotate`" if missing else ""
            raise TemporaryError(f"The link keys in {self._parameter} could not be read: {error}{hint}") from error
        try:
            keys = json.loads(answer["Parameter"]["Value"])
        except json.JSONDecodeError:
            keys = None
        if not isinstance(keys, list) or not keys or not all(isinstance(key, str) and key for key in keys):
            raise TemporaryError(f"{self._parameter} holds no list of link keys; renew it with `ops links rotate`")
        return (*keys[:-2], *reversed(keys[-2:]))
