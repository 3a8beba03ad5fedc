"""Conditions of a change (RFC 9110, 13.1): publish only over what the caller has read."""

from __future__ import annotations


def matches(if_match: str | None, tag: str | None) -> bool:
    """Whether what stands is among what `If-Match` names (RFC 9110, 13.1.1); `*` is anything that is there.

    Args:
        if_match: The header; None if the caller has no condition.
        tag: The strong entity tag of what stands; None if nothing does.
    """
    if if_match is None:
        return True
    return tag is not None and bool({tag, "*"} & {named.strip() for named in if_match.split(",")})
