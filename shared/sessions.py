"""The signed sessions of staff pages.

A session is a token like a survey link's, for a purpose of its own: neither is worth anything in the other's place.
Nothing is stored; a session ends by its time, or with the key that opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from shared.clock import Clock
from shared.domain.sessions import StaffSession
from shared.errors import UnauthorizedError
from shared.tokens import Purpose, signed, verified


class Sessions:
    """Signs and verifies the sessions of staff pages, with the keys that sign links.

    Args:
        keys: Gives the keys that verify, the one that signs last.
        clock: Tells whether a session has ended.
    """

    def __init__(self, keys: Callable[[], Sequence[str]], clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, session: StaffSession) -> str:
        """The token of a session; safe in a cookie.

        Raises:
            TemporaryError: the keys can not be read now.
        """
        return signed(self._keys(), Purpose.STAFF_SESSION, session)

    def verify(self, token: str) -> StaffSession:
        """The session of a token.

        Raises:
            UnauthorizedError: it has ended, was changed, or is for something else.
            TemporaryError: the keys can not be read now.
        """
        session = verified(self._keys(), Purpose.STAFF_SESSION, StaffSession, token)
        if session is None:
            raise UnauthorizedError("This is no session of ours.")
        if datetime.fromtimestamp(session.expires_at, UTC) <= self._clock.now():
            raise UnauthorizedError("This session has ended.")
        return session
