"""Signed links: who holds one may answer for one person, and needs no key.

A token carries ids only, never an address. It is signed with HMAC-SHA-256 by itsdangerous, under a salt per purpose so
that a token for one purpose is worth nothing for another, and it names its own expiry. Keys rotate: one signs, all
verify. What does not end (to refuse, and to choose) is also verified with keys that are retired.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from itsdangerous import BadData, URLSafeSerializer
from pydantic import BaseModel, ValidationError

from shared.clock import Clock
from shared.domain.links import (
    PreferencesLink,
    ServedPage,
    SurveyLink,
    TrackingLink,
    Unsubscribe,
)
from shared.errors import ExpiredLinkError, ForbiddenError, UnauthorizedError

__all__ = [
    "LinkSigner",
    "Links",
    "PreferencesLinks",
    "Purpose",
    "SurveyLink",
    "TrackingLinks",
    "UnsubscribeLinks",
    "signed",
    "tracking_address",
    "tracking_path",
    "verified",
]

M = TypeVar("M", bound=BaseModel)


class Purpose(StrEnum):
    """What a token is good for; the salt of its signature."""

    SURVEY_LINK = "survey-link"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    PAGE_PROOF = "page-proof"
    STAFF_SESSION = "staff-session"
    PREVIEW = "preview"
    TRACKING = "tracking"


def _serializer(keys: Sequence[str], purpose: Purpose) -> URLSafeSerializer:
    """Signs with the last of these keys and verifies with all, for one purpose."""
    return URLSafeSerializer(
        list(keys),
        salt=f"hearback.{purpose.value}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )


def signed(keys: Sequence[str], purpose: Purpose, content: BaseModel) -> str:
    """The token for a content, without what goes without saying; safe in a URL and in a cookie."""
    token = _serializer(keys, purpose).dumps(content.model_dump(mode="json", exclude_defaults=True))
    return token if isinstance(token, str) else token.decode("ascii")


def verified(keys: Sequence[str], purpose: Purpose, model: type[M], token: str) -> M | None:
    """The content of a token, which says itself when it ends; None if it was changed, or is for something else."""
    try:
        return model.model_validate(_serializer(keys, purpose).loads(token))
    except (BadData, ValidationError, UnicodeEncodeError):
        return None


def _opened(keys: Sequence[str], purpose: Purpose, model: type[M], token: str) -> M:
    """The content of a link's token, which says itself when it ends.

    Raises:
        UnauthorizedError: it was changed, or is for something else.
    """
    content = verified(keys, purpose, model, token)
    if content is None:
        raise UnauthorizedError("This link is not valid.")
    return content


class LinkSigner:
    """Signs and verifies tokens.

    Args:
        keys: The keys that verify; the last one signs.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a link signer needs at least one key")
        self._keys = list(keys)

    def sign(self, link: SurveyLink) -> str:
        """The token for a link; safe in a URL."""
        return signed(self._keys, Purpose.SURVEY_LINK, link)

    def verify(self, token: str, now: datetime) -> SurveyLink:
        """The link of a token.

        Raises:
            ExpiredLinkError: its time is over.
            UnauthorizedError: it was changed, or is for something else.
        """
        link = _opened(self._keys, Purpose.SURVEY_LINK, SurveyLink, token)
        if datetime.fromtimestamp(link.expires_at, UTC) <= now:
            raise ExpiredLinkError("This link has expired.")
        return link


def code_of(key: str, name: str) -> str:
    """A code of 66 bits for what has this name; nobody without the key can guess it. It is safe in a URL."""
    mac = hmac.digest(key.encode(), f"hearback.short-link\x1f{name}".encode(), "sha256")
    return base64.urlsafe_b64encode(mac)[:11].decode("ascii")


class Links:
    """Signs and verifies with whatever keys there are at that moment, so that a rotation needs no cold start.

    Args:
        keys: Gives the keys that verify, the one that signs last.
        clock: Tells whether a link has expired.
    """

    def __init__(self, keys: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, link: SurveyLink) -> str:
        """The token for a link; safe in a URL.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return LinkSigner(self._keys()).sign(link)

    def code(self, name: str) -> str:
        """A short code for what has this name; the same each time, until keys rotate.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return code_of(self._keys()[-1], name)

    def verify(self, token: str) -> SurveyLink:
        """The link of a token.

        Raises:
            ExpiredLinkError: its time is over.
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the keys can not be read now.
        """
        return LinkSigner(self._keys()).verify(token, self._clock.now())

    def page_nonce(self, response_id: str) -> str:
        """What a page gives back with the answer, to prove that it was open when somebody pressed.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        issued_at = int(self._clock.now().timestamp() * 1000)
        return signed(self._keys(), Purpose.PAGE_PROOF, ServedPage(response_id=response_id, issued_at=issued_at))

    def check_press(self, nonce: str, response_id: str, pressed_after_ms: int) -> None:
        """Let an answer through that somebody pressed on a page of ours.

        Raises:
            ForbiddenError: the page was made for another response, by somebody else, too short or too long ago.
            TemporaryError: the keys can not be read now.
        """
        page = verified(self._keys(), Purpose.PAGE_PROOF, ServedPage, nonce)
        if page is None or not page.proves(response_id, pressed_after_ms, self._clock.now()):
            raise ForbiddenError("proof is not that of a press on a page opened in the past 24 hours.")


class UnsubscribeLinks:
    """Signs and verifies the links by which people refuse one category of messages. They have no end.

    Args:
        keys: Gives every key that verifies, those that are retired first, the one that signs last.
    """

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._keys = keys

    def sign(self, unsubscribe: Unsubscribe) -> str:
        """The token; safe in a URL.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return signed(self._keys(), Purpose.UNSUBSCRIBE, unsubscribe)

    def verify(self, token: str) -> Unsubscribe:
        """Who refuses what, and on which channel.

        Raises:
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the keys can not be read now.
        """
        return _opened(self._keys(), Purpose.UNSUBSCRIBE, Unsubscribe, token)


class PreferencesLinks:
    """Signs and verifies the links to the page where people choose what they are sent. They have no end either.

    Args:
        keys: Gives every key that verifies, those that are retired first, the one that signs last.
    """

    def __init__(self, keys: Callable[[], Sequence[str]]) -> None:
        self._keys = keys

    def sign(self, link: PreferencesLink) -> str:
        """The token; safe in a URL.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return signed(self._keys(), Purpose.PREFERENCES, link)

    def verify(self, token: str) -> PreferencesLink:
        """Whose choice it is.

        Raises:
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the keys can not be read now.
        """
        return _opened(self._keys(), Purpose.PREFERENCES, PreferencesLink, token)


class TrackingLinks:
    """Signs and verifies the links to the live page of a parcel. A retired key opens none: they end by themselves.

    Args:
        keys: Gives the keys that verify, the one that signs last.
        clock: Tells whether a link has expired.
    """

    def __init__(self, keys: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, link: TrackingLink) -> str:
        """The token; safe in a URL.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return signed(self._keys(), Purpose.TRACKING, link)

    def verify(self, token: str) -> TrackingLink:
        """Which parcel a token shows.

        Raises:
            ExpiredLinkError: its time is over.
            UnauthorizedError: it was changed, or is for something else.
            TemporaryError: the keys can not be read now.
        """
        link = _opened(self._keys(), Purpose.TRACKING, TrackingLink, token)
        if datetime.fromtimestamp(link.expires_at, UTC) <= self._clock.now():
            raise ExpiredLinkError("This link has expired.")
        return link


def tracking_path(token: str) -> str:
    """Where the live page of a parcel is, on our own pages; a short link may lead there."""
    return f"/track/{token}"


def tracking_address(public_base_url: str, token: str) -> str:
    """The whole address of it, as it stands in an e-mail."""
    return f"{public_base_url}{tracking_path(token)}"
