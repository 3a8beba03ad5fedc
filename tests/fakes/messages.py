"""Messages in memory; held to the same contract as the real repositories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.domain.messages import Category, Channel, MessageState, Notification, Reason
from shared.domain.preferences import Refusal, Refused
from shared.domain.sending import AlertBudget, Draft, Fence, Message, Receipt, ReceiptKind, SubjectType


class InMemoryMessages:
    """Stands in for `MessageRepository` and `ReceiptRepository`, which share a table.

    Args:
        version_of: The stored version of a response or a delivery; None if there is none.
    """

    def __init__(self, version_of: Callable[[SubjectType, str], int | None] = lambda subject, name: 1) -> None:
        self.version_of = version_of
        self.stored: dict[str, Message] = {}
        self.suppressed: dict[tuple[Channel, str], Reason] = {}
        self.opted_out: dict[tuple[Channel, str, Category | None], tuple[datetime, datetime, str]] = {}
        self.erased_people: set[str] = set()
        self.asked: dict[str, tuple[datetime, str]] = {}
        self.taken_back: set[str] = set()
        self.short_links: dict[str, str] = {}
        self.taken: dict[tuple[str, str, str], int] = {}
        self.not_sent: dict[tuple[str, str, str], int] = {}
        self.sent_on_day: dict[tuple[str, str], set[str]] = {}
        self.sms_spent: dict[str, int] = {}
        self.sms_alike: dict[tuple[str, str], int] = {}

    def get(self, message_id: str) -> Message | None:
        return self.stored.get(message_id)

    def claim(self, notification: Notification, token: str, now: datetime, lease_until: datetime) -> Message:
        new = Message(notification=notification, state=MessageState.NEW)
        known = self.stored.get(notification.message_id, new)
        out_of_time = known.lease_until is not None and known.lease_until <= now
        if known.state is MessageState.NEW or (known.state is MessageState.CLAIMED and out_of_time):
            return self._change(known, state=MessageState.CLAIMED, token=token, lease_until=lease_until)
        return known

    def fence(
        self, draft: Draft, token: str, now: datetime, lease_until: datetime, budget: AlertBudget | None = None
    ) -> Fence:
        request = draft.request
        known = self.stored.get(request.message_id)
        if known is None or known.state is not MessageState.CLAIMED or known.token != token:
            return Fence.TAKEN
        if draft.person_id in self.erased_people:
            return Fence.ERASED
        suppressed = self.suppressed.get((request.channel, request.to.lower()))
        if suppressed is not None:
            return Fence.COMPLAINED if suppressed is Reason.COMPLAINED else Fence.BOUNCED
        if draft.category is not None and self._refuses(request.channel, request.to, draft.category):
            return Fence.UNSUBSCRIBED
        if draft.about is not None and self.version_of(draft.about.type, draft.about.id) != draft.about.version:
            return Fence.CHANGED
        unwelcome = self._unwelcome(draft, now)
        if unwelcome is not None:
            return unwelcome
        if budget is not None:
            if self.taken.get(_counter(budget), 0) >= budget.limit:
                return Fence.OVER_BUDGET
            self.taken[_counter(budget)] = self.taken.get(_counter(budget), 0) + 1
            known = known.model_copy(update={"budgeted_hour": budget.hour})
        beyond = self._beyond(draft)
        if beyond is not None:
            return beyond
        self._take(draft)
        self._change(
            known,
            state=MessageState.ATTEMPTING,
            lease_until=lease_until,
            request=request,
            said=draft.said,
            attempted_at=now,
            properties=draft.properties,
            subject=draft.subject,
            remind_at=draft.remind_at,
            sms_taken=draft.sms.to_keep if draft.sms else known.sms_taken,
        )
        if draft.ask is not None:
            self.asked[draft.ask.person_id] = (now, draft.ask.by)
        if draft.short_link is not None:
            self.short_links[draft.short_link.code] = draft.short_link.path
        return Fence.PASSED

    def _beyond(self, draft: Draft) -> Fence | None:
        cap, sms, name = draft.cap, draft.sms, draft.request.message_id
        if cap is not None:
            sent = self.sent_on_day.get((cap.person_id, cap.day), set())
            if name not in sent and len(sent) >= cap.limit:
                return Fence.TOO_MANY
        if sms is None:
            return None
        if sms.to_spend and self.sms_spent.get(sms.day, 0) + sms.to_spend > sms.spend_limit:
            return Fence.SPEND_LIMIT
        full = self.sms_alike.get((sms.prefix, sms.hour), 0) >= sms.prefix_limit
        return Fence.PREFIX_LIMIT if full and not sms.is_counted else None

    def _take(self, draft: Draft) -> None:
        if draft.cap is not None:
            day = (draft.cap.person_id, draft.cap.day)
            self.sent_on_day.setdefault(day, set()).add(draft.request.message_id)
        if draft.sms is not None:
            alike = (draft.sms.prefix, draft.sms.hour)
            self.sms_spent[draft.sms.day] = self.sms_spent.get(draft.sms.day, 0) + draft.sms.to_spend
            self.sms_alike[alike] = self.sms_alike.get(alike, 0) + (not draft.sms.is_counted)

    def _unwelcome(self, draft: Draft, now: datetime) -> Fence | None:
        if draft.request_id in self.taken_back:
            return Fence.CANCELLED
        if draft.unanswered is not None and self.version_of(SubjectType.RESPONSE, draft.unanswered) is not None:
            return Fence.ANSWERED
        if draft.ask is None or not draft.ask.window:
            return None
        at, by = self.asked.get(draft.ask.person_id, (None, ""))
        too_soon = at is not None and at > now - draft.ask.window
        return Fence.RECENTLY_ASKED if too_soon and by not in {draft.ask.by, draft.ask.reminds_of} else None

    def settle(
        self,
        message_id: str,
        token: str,
        state: MessageState,
        now: datetime,
        *,
        reason: Reason | None = None,
        provider_id: str | None = None,
    ) -> bool:
        known = self.stored.get(message_id)
        unsettled = {MessageState.ATTEMPTING} | ({MessageState.AMBIGUOUS} - {state})
        if known is None or known.token != token or known.state not in unsettled:
            return False
        self._change(known, state=state, reason=reason, provider_id=provider_id)
        return True

    def release(self, message_id: str, token: str) -> bool:
        known = self.stored.get(message_id)
        if known is None or known.token != token or known.state is not MessageState.ATTEMPTING:
            return False
        self._change(known, state=MessageState.NEW, token=None, lease_until=None)
        return True

    def again(self, message: Message) -> bool:
        known = self.stored.get(message.notification.message_id)
        if known is None or known.state is not MessageState.AMBIGUOUS or known.resent or known.request is None:
            return False
        if known.attempted_at != message.attempted_at:
            return False
        self._change(known, state=MessageState.NEW, resent=True, token=None, lease_until=None, sms_taken=None)
        return True

    def defer(self, message_id: str, token: str, until: datetime, because: Reason) -> bool:
        known = self.stored.get(message_id)
        if known is None or known.token != token or known.state is not MessageState.CLAIMED:
            return False
        new = {"state": MessageState.NEW, "token": None, "lease_until": None}
        self._change(known, **new, deferred_until=until, deferred_because=because)
        return True

    def close(self, message_id: str, token: str, state: MessageState, reason: Reason, now: datetime) -> bool:
        known = self.stored.get(message_id)
        if known is None or known.token != token or known.state is not MessageState.CLAIMED:
            return False
        self._change(known, state=state, reason=reason)
        return True

    def close_capped(self, message_id: str, token: str, budget: AlertBudget, now: datetime) -> bool:
        closed = self.close(message_id, token, MessageState.SUPPRESSED, Reason.CAPPED, now)
        if closed:
            self.not_sent[_counter(budget)] = self.not_sent.get(_counter(budget), 0) + 1
        return closed

    def capped(self, budget: AlertBudget) -> int:
        return self.not_sent.get(_counter(budget), 0)

    def suppress(self, channel: Channel, address: str, reason: Reason, at: datetime) -> bool:
        known = self.suppressed.get((channel, address.lower()))
        if known is not None and (reason is not Reason.COMPLAINED or known is Reason.COMPLAINED):
            return False
        self.suppressed[channel, address.lower()] = reason
        return True

    def refuse(self, channel: Channel, address: str, category: Category | None, at: datetime, by: str) -> None:
        since, last, who = self.opted_out.get((channel, address.lower(), category), (at, at, by))
        self.opted_out[channel, address.lower(), category] = (since, max(last, at), who)

    def allow(self, channel: Channel, address: str, category: Category | None, at: datetime) -> bool:
        _, last, _ = self.opted_out.get((channel, address.lower(), category), (at, at, ""))
        if last <= at:
            self.opted_out.pop((channel, address.lower(), category), None)
        return last <= at

    def of(self, channel: Channel, address: str) -> dict[Refused, Refusal]:
        return {
            Refused(channel, category): Refusal(since=since, by=by)
            for (at_channel, whose, category), (since, _, by) in self.opted_out.items()
            if (at_channel, whose) == (channel, address.lower())
        }

    def _refuses(self, channel: Channel, address: str, category: Category) -> bool:
        return any((channel, address.lower(), mark) in self.opted_out for mark in (category, None))

    def _change(self, message: Message, **changes: Any) -> Message:
        changed = message.model_copy(update=changes)
        self.stored[message.notification.message_id] = changed
        return changed


class InMemoryReceipts:
    """Stands in for `ReceiptRepository`, over the same messages."""

    def __init__(self, messages: InMemoryMessages) -> None:
        self._messages = messages
        self.get = messages.get
        self.suppress = messages.suppress

    def settle(self, receipt: Receipt) -> bool:
        known = self._messages.get(receipt.message_id)
        undecided = {MessageState.NEW, MessageState.CLAIMED, MessageState.ATTEMPTING, MessageState.AMBIGUOUS}
        decided: dict[str, Any] = {"state": MessageState.SENT, "provider_id": receipt.provider_id, "reason": None}
        if receipt.kind is ReceiptKind.REJECTED:
            undecided.add(MessageState.SENT)
            decided |= {"state": MessageState.FAILED, "reason": Reason.REJECTED}
        if known is None or known.state not in undecided:
            return False
        self._messages.stored[receipt.message_id] = known.model_copy(update=decided)
        return True

    def mark(self, receipt: Receipt) -> None:
        known = self._messages.get(receipt.message_id)
        name = {
            ReceiptKind.DELIVERED: "delivered_at",
            ReceiptKind.BOUNCED: "bounced_at",
            ReceiptKind.BOUNCED_FOR_GOOD: "bounced_at",
            ReceiptKind.COMPLAINED: "complained_at",
        }.get(receipt.kind)
        if known is not None and name is not None and getattr(known, name) is None:
            self._messages.stored[receipt.message_id] = known.model_copy(update={name: receipt.at})


class InMemoryBounces:
    """Stands in for `AddressLists`."""

    def __init__(self) -> None:
        self.entered: dict[tuple[str, str], datetime] = {}

    def bounced(self, person_id: str, email: str, at: datetime) -> None:
        self.entered.setdefault((person_id, email), at)


def _counter(budget: AlertBudget) -> tuple[str, str, str]:
    return (budget.survey_id, budget.hour, budget.owner.lower())
