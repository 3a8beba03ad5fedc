"""The keys that sign survey links: `ops links rotate`."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from shared.storage.link_keys import RETIRED_FOR, KeyRing, RetiredKey

KEPT = 4
"""Keys that are kept: the next one, the one that signs, and two before it; a link lives 30 days at most."""
RETIRED_KEPT = 32
"""Keys that are kept after that, for links without an end: a parameter takes 4 KB."""


def rotate(ssm: Any, parameter: str, now: datetime) -> KeyRing:
    """Have the next key sign, and make another next one; the first call creates the parameter with both.

    A key is known everywhere before it signs, because functions read the keys every 5 minutes only: without a next
    one, a link signed by a function that has read the new key would be refused by one that has not. A key that is no
    longer kept is retired: for two years it still verifies that somebody does not want to be asked.

    Args:
        ssm: A client of Systems Manager.
        parameter: The parameter's name, an output of the stack.
        now: When keys retire.

    Returns:
        The keys from now on.
    """
    try:
        before = KeyRing.read(ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        before = KeyRing(keys=(_new_key(),))
    keys = (*before.keys, _new_key())
    still = (old for old in before.retired if now - old.retired_at < RETIRED_FOR)
    retired = (*still, *(RetiredKey(key=key, retired_at=now) for key in keys[:-KEPT]))
    ring = KeyRing(keys=keys[-KEPT:], retired=retired[-RETIRED_KEPT:])
    ssm.put_parameter(Name=parameter, Value=ring.model_dump_json(), Type="SecureString", Overwrite=True)
    return ring


def _new_key() -> str:
    return secrets.token_urlsafe(32)
