"""What a signed session says: which secret key opened the staff pages in a browser, and until when."""

from __future__ import annotations

from datetime import timedelta

from shared.domain.base import Frozen

SESSION_LASTS = timedelta(hours=12)
"""A working day; whoever comes back tomorrow opens a new one."""


class StaffSession(Frozen):
    """The right to read the staff pages.

    Args:
        key_hash: Of the secret key that opened it; when that key is revoked, the session ends with it.
        expires_at: Until when it is good, in Unix seconds.
    """

    key_hash: str
    expires_at: int
