"""The secrets with which webhooks are signed: `ops webhooks rotate`, `set`, `retire` and `list`."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.domain.tracking.providers import Provider
from shared.storage.webhook_secrets import LIVE, SECRETS

CHOSEN_BY_US = frozenset({Provider.EASYPOST, Provider.HEARBACK})
"""Providers whose secret is ours to choose; the others choose it themselves, and it is set from a file."""


class SecretError(Exception):
    """A secret can not be kept; the message says what to do."""


def known(ssm: Any, parameter: str) -> Mapping[Provider, tuple[str, ...]]:
    """The secrets of each provider, the newest first; none before the first was set."""
    try:
        return SECRETS.validate_json(ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return {}


def rotate(ssm: Any, parameter: str, provider: Provider) -> str:
    """Make another secret for a provider; the one before it stays good until it is retired.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name, an output of the stack.
        provider: Whose.

    Raises:
        SecretError: the provider chooses its secret itself.
    """
    if provider not in CHOSEN_BY_US:
        raise SecretError(
            f"{provider} chooses its secret itself: put it in a file, and `ops webhooks set {provider} --secret-file`."
        )
    secret = secrets.token_urlsafe(32)
    if provider is Provider.HEARBACK:
        secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    add(ssm, parameter, provider, secret)
    return secret


def set_from(ssm: Any, parameter: str, provider: Provider, file: Path) -> None:
    """Take a secret that a provider gave out; the one before it stays good until it is retired.

    Raises:
        SecretError: the file can not be read, or holds no secret.
    """
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SecretError(f"{file} can not be read: {error}") from None
    add(ssm, parameter, provider, secret)


def add(ssm: Any, parameter: str, provider: Provider, secret: str) -> None:
    """Have a secret be the newest of a provider.

    Raises:
        SecretError: it is too short to be one, or too long to be kept.
    """
    before = known(ssm, parameter)
    others = tuple(other for other in before.get(provider, ()) if other != secret)
    try:
        after = SECRETS.validate_python({**before, provider: (secret, *others)[:LIVE]})
    except ValueError:
        raise SecretError("A secret has 8 to 256 characters, in one line of a file of its own.") from None
    _write(ssm, parameter, after)


def retire(ssm: Any, parameter: str, provider: Provider) -> int:
    """Have only the newest secret of a provider be good; how many were forgotten."""
    before = known(ssm, parameter)
    kept = before.get(provider, ())[:1]
    if kept != before.get(provider, ()):
        _write(ssm, parameter, {**before, provider: kept})
    return len(before.get(provider, ())) - len(kept)


def _write(ssm: Any, parameter: str, content: Mapping[Provider, tuple[str, ...]]) -> None:
    value = SECRETS.dump_json(content).decode()
    ssm.put_parameter(Name=parameter, Value=value, Type="SecureString", Overwrite=True)
