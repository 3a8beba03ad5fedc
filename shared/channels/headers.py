"""Headers that every e-mail of ours has, whichever way it goes."""

from __future__ import annotations

from collections.abc import Mapping


def one_click(unsubscribe: str) -> Mapping[str, str]:
    """What has mail programs show a button that unsubscribes by one POST (RFC 8058).

    Args:
        unsubscribe: Where they post.
    """
    return {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
