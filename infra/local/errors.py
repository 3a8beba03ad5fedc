"""What can go wrong on a laptop."""

from __future__ import annotations


class LocalError(Exception):
    """Hearback cannot run here; the message is one sentence that says why and what to do."""
