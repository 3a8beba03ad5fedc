"""Tells what became of a message."""

from __future__ import annotations

from functions.api.messages.bodies import MessageTold
from functions.api.needs import Messages
from shared.domain.base import IDENTIFIER
from shared.errors import NotFoundError


class MessageReading:
    """Messages, for who asks by id.

    Args:
        messages: What was sent.
    """

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def message(self, message_id: str) -> MessageTold:
        """A message.

        Raises:
            NotFoundError: nobody wished for it (yet).
        """
        message = self._messages.get(message_id) if IDENTIFIER.fullmatch(message_id) else None
        if message is None:
            raise NotFoundError("There is no such message.")
        return MessageTold.of(message)
