"""Takes a provider's word on a message, in whatever order and however often it comes."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from shared.domain.messages import Channel, EmailRequest, MessageKind, MessageState, Reason
from shared.domain.sending import Message, Receipt, ReceiptKind

_SUPPRESSED_FOR = {
    ReceiptKind.BOUNCED_FOR_GOOD: Reason.BOUNCED,
    ReceiptKind.COMPLAINED: Reason.COMPLAINED,
}


class Receipts(Protocol):
    """The messages, as receipts change them."""

    def get(self, message_id: str) -> Message | None:
        """The message, None if it is none of ours."""
        ...

    def settle(self, receipt: Receipt) -> bool:
        """Let a receipt decide a message whose attempt has no known end."""
        ...

    def mark(self, receipt: Receipt) -> None:
        """Keep when a message was delivered, bounced or complained of."""
        ...

    def suppress(self, channel: Channel, address: str, reason: Reason, at: datetime) -> bool:
        """Have nothing more sent to an address."""
        ...


class Bounces(Protocol):
    """The list of addresses that bounced."""

    def bounced(self, person_id: str, email: str, at: datetime) -> None:
        """Enter an address of a person that bounced for good."""
        ...


class Taken(NamedTuple):
    """What a receipt changed.

    Args:
        known: Whether it is about a message of ours.
        kind: What that message says.
        settled_from: The state from which it settled the message, None if there was nothing to settle.
        suppressed: Why the address is not sent to any more, None if that did not change.
    """

    known: bool
    kind: MessageKind | None = None
    settled_from: MessageState | None = None
    suppressed: Reason | None = None


class MessageReceipts:
    """The service.

    Args:
        receipts: The messages, as receipts change them.
        bounces: The list of addresses that bounced.
    """

    def __init__(self, receipts: Receipts, bounces: Bounces) -> None:
        self._receipts = receipts
        self._bounces = bounces

    def take(self, receipt: Receipt) -> Taken:
        """Take a receipt in.

        The address is suppressed first: should the rest fail, the receipt comes again, and all of it is harmless twice.

        Raises:
            TemporaryError: the store did not answer.
        """
        message = self._receipts.get(receipt.message_id)
        if message is None:
            return Taken(known=False)
        reason = _SUPPRESSED_FOR.get(receipt.kind)
        suppressed = reason if reason is not None and self._suppress(message, reason, receipt.at) else None
        if reason is Reason.BOUNCED:
            self._list(message, receipt.at)
        settled = self._receipts.settle(receipt)
        self._receipts.mark(receipt)
        kind = message.notification.kind
        return Taken(known=True, kind=kind, settled_from=message.state if settled else None, suppressed=suppressed)

    def _list(self, message: Message, at: datetime) -> None:
        """A back office asks whose e-mail bounced, to find out their new address."""
        request, person_id = message.request, message.notification.person_id
        if isinstance(request, EmailRequest) and person_id is not None:
            self._bounces.bounced(person_id, request.to, at)

    def _suppress(self, message: Message, reason: Reason, at: datetime) -> bool:
        """By the address we sent to, never the one in the event: a complaint's is a guess of the mailbox's provider."""
        request = message.request
        return request is not None and self._receipts.suppress(request.channel, request.to, reason, at)
