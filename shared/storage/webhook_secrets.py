"""The secrets with which webhooks are signed, kept in one encrypted parameter; `ops webhooks` writes it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import Field, StringConstraints, TypeAdapter

from shared.clock import Clock
from shared.domain.tracking.providers import Provider
from shared.errors import TemporaryError

KEPT_FOR = timedelta(minutes=1)
"""How long a warm function uses the secrets it has read."""
LIVE = 2
"""Secrets of one provider that are good at once, the newest first, so that one can replace the other."""

Secret = Annotated[str, StringConstraints(min_length=8, max_length=256)]
SECRETS: TypeAdapter[Mapping[Provider, tuple[Secret, ...]]] = TypeAdapter(
    Mapping[Provider, Annotated[tuple[Secret, ...], Field(max_length=LIVE)]]
)
"""What the parameter holds, as JSON."""


class WebhookSecrets:
    """Reads the secrets, at most once in a minute.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name.
        clock: Tells when to read again.
    """

    def __init__(self, ssm: Any, parameter: str, clock: Clock) -> None:
        self._ssm = ssm
        self._parameter = parameter
        self._clock = clock
        self._known: Mapping[Provider, tuple[str, ...]] | None = None
        self._read_at: datetime | None = None

    def of(self, provider: Provider) -> tuple[str, ...]:
        """The secrets of a provider; none if there are none, for then nothing is signed. In an outage, the last known.

        Raises:
            TemporaryError: the store is away and nothing was read yet, or the parameter is spoiled.
        """
        now = self._clock.now()
        if self._known is None or self._read_at is None or now - self._read_at >= KEPT_FOR:
            self._known = self._read()
            self._read_at = now
        return self._known.get(provider, ())

    def _read(self) -> Mapping[Provider, tuple[str, ...]]:
        try:
            answer = self._ssm.get_parameter(Name=self._parameter, WithDecryption=True)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ParameterNotFound":
                return {}
            if self._known is not None:
                return self._known
            raise TemporaryError(f"The webhook secrets in {self._parameter} could not be read: {error}") from error
        try:
            return SECRETS.validate_json(answer["Parameter"]["Value"])
        except ValueError:
            raise TemporaryError(f"{self._parameter} holds no webhook secrets; see `ops webhooks`") from None
