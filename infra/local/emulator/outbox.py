"""Every e-mail and SMS that was "sent": kept, shown on the mail page, and still there after a restart."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

#: The name of its state file.
STORE = "hearback_outbox"
#: What a laptop needs to remember.
MOST = 10_000

Message = dict[str, Any]


class Outbox:
    """Sent messages, oldest first.

    Args:
        now: tells when one was sent.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._messages: deque[Message] = deque(maxlen=MOST)

    def add(
        self,
        *,
        message_id: str,
        channel: str,
        to: list[str],
        sender: str,
        text: str,
        subject: str = "",
        html: str = "",
        headers: dict[str, str] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        """Remember a message.

        Args:
            message_id: the provider's id.
            channel: ``email`` or ``sms``.
            to: addresses or one phone number.
            sender: the From address, or the origination identity.
            text: the text part.
            subject: of an e-mail.
            html: the HTML part.
            headers: an e-mail's own headers, such as List-Unsubscribe.
            tags: e-mail tags or SMS context, which receipts echo.
        """
        self._messages.append(
            {
                "id": message_id,
                "channel": channel,
                "to": to,
                "from": sender,
                "subject": subject,
                "text": text,
                "html": html,
                "at": self._now().isoformat(timespec="milliseconds"),
                "headers": headers or {},
                "tags": tags or {},
            }
        )

    def answer(self, message_id: str, text: str) -> Message | None:
        """Remember what was answered to an SMS; return that SMS, None if there is none of this id."""
        found = next((each for each in self._messages if each["id"] == message_id and each["channel"] == "sms"), None)
        if found is not None:
            found.setdefault("answers", []).append(text)
        return found

    def messages(self) -> list[Message]:
        """Return all messages, newest last."""
        return list(self._messages)

    def state(self) -> dict[str, list[Message]]:
        """Return what is saved."""
        return {"messages": self.messages()}

    def restore(self, state: dict[str, list[Message]] | None) -> None:
        """Take over what an earlier run saved."""
        self._messages.extend((state or {}).get("messages", []))
