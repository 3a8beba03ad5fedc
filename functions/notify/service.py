"""Sends a message at most once.

    claim ─ decide and render ─ fence ─ one call ─ settle

Only a message that passed the fence is given to a provider, and the fence lets each pass once. A worker that dies
before it leaves a message that another may claim; one that dies after it leaves a message that nobody tries again:
its receipt settles it, or it stays visibly ambiguous. Only of categories that ops think worse lost than doubled does an
ambiguous message go once more, after so long without a receipt that there will hardly be one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from functions.notify.deferring import Deferring
from shared.clock import Clock, Ids
from shared.domain.asking import INVITATION_EXPIRES_AFTER, REQUEST_IS_KEPT_WITHIN
from shared.domain.messages import (
    Category,
    Channel,
    EmailRequest,
    MessageKind,
    MessageState,
    Notification,
    Reason,
    SmsRequest,
    message_id,
)
from shared.domain.preferences import PROVIDER
from shared.domain.queued import Queued, SendNotification
from shared.domain.sending import (
    Accepted,
    AlertBudget,
    Attempt,
    Draft,
    Fence,
    Message,
    NoAnswer,
    PutOff,
    RefusedForGood,
    RefusedForNow,
    Silence,
)
from shared.errors import TemporaryError

LEASE = timedelta(seconds=30)
"""A worker's time for one message: longer than the function's time-out, shorter than the queue's visibility."""
SHORTEST_REST = timedelta(seconds=5)
"""A message with less time left is too late: an SMS can not be told to live shorter."""
RENDERINGS = 3
"""How often a message is rendered anew in one go because its facts changed meanwhile."""
RESEND_AFTER = timedelta(minutes=15)
"""How long a receipt is waited for before a message goes once more: SES and carriers tell within seconds that they took
it. Counted from the attempt."""
CLOCKS_DIFFER_BY = timedelta(seconds=10)
"""A schedule that fires a moment early, by the clock of who gets it, would find the message not due, and be used up."""
DIGEST_AFTER = timedelta(minutes=1)
"""After the end of its hour: by then no worker counts an alert in that hour any more."""
DIGEST_EXPIRES_AFTER = timedelta(hours=48)
REMINDER_IS_SOON = timedelta(minutes=1)
"""When a reminder is sent that was due before it could be scheduled: no schedule lies in the past."""

SILENT_BECAUSE = {
    Fence.ERASED: Reason.NO_LONGER_EXISTS,
    Fence.BOUNCED: Reason.BOUNCED,
    Fence.COMPLAINED: Reason.COMPLAINED,
    Fence.CANCELLED: Reason.CANCELLED,
    Fence.ANSWERED: Reason.ALREADY_ANSWERED,
    Fence.RECENTLY_ASKED: Reason.RECENTLY_ASKED,
    Fence.TOO_MANY: Reason.TOO_MANY,
}
"""What it means for a message that the fence did not let it pass."""
NO_SMS_BECAUSE = {Fence.SPEND_LIMIT: Reason.SPEND_LIMIT, Fence.PREFIX_LIMIT: Reason.PREFIX_LIMIT}
"""What it means for an SMS; the message may go by e-mail."""


class Messages(Protocol):
    """What is kept of messages."""

    def get(self, message_id: str) -> Message | None:
        """A message, None if it was not claimed yet."""
        ...

    def claim(self, notification: Notification, token: str, now: datetime, lease_until: datetime) -> Message:
        """Take a message to work on; it is ours if it comes back `claimed` with our token."""
        ...

    def fence(
        self, draft: Draft, token: str, now: datetime, lease_until: datetime, budget: AlertBudget | None = None
    ) -> Fence:
        """Let a claimed message be attempted, if all that the draft rests on still holds."""
        ...

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
        """Write down how an attempt ended."""
        ...

    def release(self, message_id: str, token: str) -> bool:
        """Make a message new again that the provider refused for now."""
        ...

    def again(self, message: Message) -> bool:
        """Make an ambiguous message new once more, and never again; False if it is ambiguous no longer."""
        ...

    def defer(self, message_id: str, token: str, until: datetime, because: Reason) -> bool:
        """Make a claimed message new again, to be sent later."""
        ...

    def close(self, message_id: str, token: str, state: MessageState, reason: Reason, now: datetime) -> bool:
        """End a claimed message that is not to be sent."""
        ...

    def close_capped(self, message_id: str, token: str, budget: AlertBudget, now: datetime) -> bool:
        """End an alert that is over its budget, and count it for the digest."""
        ...


class OptOuts(Protocol):
    """What recipients refuse."""

    def refuse(self, channel: Channel, address: str, category: Category | None, at: datetime, by: str) -> None:
        """Have an address sent no more messages of a category, None for any by this channel."""
        ...


class Requests(Protocol):
    """Wishes to ask a person."""

    def get(self, person_id: str, request_id: str) -> object | None:
        """A request that was neither followed nor taken back."""
        ...

    def followed(self, person_id: str, request_id: str) -> None:
        """Forget a request, for it is known what became of it."""
        ...


class Planner(Protocol):
    """Decides whether a message is still right, and at a decent hour, and renders it."""

    def plan(self, notification: Notification, now: datetime) -> Draft | Silence | PutOff:
        """The message from what is true now; or until when it is put off, or why there is to be none."""
        ...

    def by_email(self, notification: Notification, now: datetime, because: Reason) -> Draft | Silence | PutOff:
        """The message by e-mail instead of the SMS that it can not be for a reason."""
        ...


class Email(Protocol):
    """Sends e-mail."""

    def send(self, request: EmailRequest, now: datetime) -> Attempt:
        """One e-mail by one call."""
        ...


class Sms(Protocol):
    """Sends SMS."""

    def send(self, request: SmsRequest, now: datetime) -> Attempt:
        """One SMS by one call."""
        ...


class Pace(Protocol):
    """How fast this process may send."""

    def take(self, channel: Channel) -> None:
        """Wait for its turn; TemporaryError if that takes too long."""
        ...


class Schedules(Protocol):
    """What is due later."""

    def at(self, when: datetime, name: str, message: Queued) -> None:
        """Have a message come at a time, once."""
        ...


class Sending(NamedTuple):
    """What became of a message.

    Args:
        state: How far it has come; `new` if it was put off.
        reason: Why it was not sent, or not yet.
        now: Whether it became so just now.
        no_sms_because: Why it could not be an SMS, if a limit of SMS was reached.
    """

    state: MessageState
    reason: Reason | None = None
    now: bool = True
    no_sms_because: Reason | None = None


class Notify:
    """The service.

    Args:
        messages: What is kept of messages.
        opt_outs: What recipients refuse.
        requests: Wishes to ask a person.
        planner: Decides and renders.
        email: Sends e-mail.
        sms: Sends SMS.
        pace: How fast this process may send.
        schedules: What is due later.
        clock: Tells the time.
        ids: Makes the tokens of workers.
        alerts_per_hour: Alerts each owner of a survey gets in an hour of UTC.
        resend: Categories whose messages go once more when they stay ambiguous; all others are held.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        opt_outs: OptOuts,
        requests: Requests,
        planner: Planner,
        email: Email,
        sms: Sms,
        pace: Pace,
        schedules: Schedules,
        clock: Clock,
        ids: Ids,
        alerts_per_hour: int,
        resend: Collection[Category] = (),
    ) -> None:
        self._messages = messages
        self._opt_outs = opt_outs
        self._requests = requests
        self._planner = planner
        self._email = email
        self._sms = sms
        self._pace = pace
        self._schedules = schedules
        self._deferring = Deferring(messages, schedules)
        self._clock = clock
        self._ids = ids
        self._alerts_per_hour = alerts_per_hour
        self._resend = frozenset(resend)

    def send(self, notification: Notification) -> Sending:
        """Send a message, unless that was done or decided against already; then do what follows from it.

        Raises:
            TemporaryError: another worker has it, a provider refused it for now, or something did not answer.
        """
        if self._was_taken_back(notification):
            return Sending(MessageState.SUPPRESSED, Reason.CANCELLED, now=False)
        sending = self._send(notification)
        if sending.state in {MessageState.SENT, MessageState.AMBIGUOUS}:
            self._have_reminded(notification)
        is_settled = sending.state is not MessageState.NEW
        if is_settled and notification.request_id is not None and notification.person_id is not None:
            self._requests.followed(notification.person_id, notification.request_id)
        return sending

    def _was_taken_back(self, notification: Notification) -> bool:
        """Whether it follows a request that is no more, and of which nothing is to be kept either."""
        if notification.request_id is None or notification.person_id is None:
            return False
        if self._requests.get(notification.person_id, notification.request_id) is not None:
            return False
        if self._messages.get(notification.message_id) is not None:
            return False
        if self._clock.now() - notification.requested_at < REQUEST_IS_KEPT_WITHIN:
            raise TemporaryError("the request is not kept yet")
        return True

    def _have_reminded(self, notification: Notification) -> None:
        """Schedule the reminder of an invitation; repeated, it is the same one, and its one message is sent once."""
        if notification.kind is not MessageKind.SURVEY_INVITATION:
            return
        invitation = self._messages.get(notification.message_id)
        if invitation is not None and invitation.remind_at is not None:
            reminder = reminder_of(invitation.notification, invitation.remind_at)
            due = max(invitation.remind_at, self._clock.now() + REMINDER_IS_SOON)
            self._schedules.at(due, reminder.message_id, SendNotification(notification=reminder))

    def _send(self, notification: Notification) -> Sending:
        token = self._ids.new()
        now = self._clock.now()
        message = self._messages.claim(notification, token, now, now + LEASE)
        if self._is_to_go_again(message, now) and self._messages.again(message):
            message = self._messages.claim(notification, token, now, now + LEASE)
        if message.state.is_final:
            return Sending(message.state, message.reason, now=False)
        if message.token != token:
            return self._held_by_another(message, now)
        for _ in range(RENDERINGS):
            sending = self._try(message, token)
            if sending is not None:
                return sending
        raise TemporaryError("what the message tells of keeps changing")

    def _held_by_another(self, message: Message, now: datetime) -> Sending:
        """An attempt whose worker's time is up ends as ambiguous; everything else is waited for."""
        out_of_time = message.lease_until is None or message.lease_until <= now
        if message.state is not MessageState.ATTEMPTING or not out_of_time:
            raise TemporaryError("another worker has the message")
        return self._ambiguous(message, message.token or "")

    def _is_to_go_again(self, message: Message, now: datetime) -> bool:
        """Whether nobody will say any more what became of the one attempt, and it had better be made again."""
        waited = message.attempted_at is not None and message.attempted_at + RESEND_AFTER <= now
        return message.state is MessageState.AMBIGUOUS and waited and self._may_be_resent(message)

    def _may_be_resent(self, message: Message) -> bool:
        return message.notification.kind.category in self._resend and not message.resent

    def _ambiguous(self, message: Message, token: str) -> Sending:
        """Write down that nobody knows how the attempt ended; if it may go again, it is scheduled first."""
        notification, now = message.notification, self._clock.now()
        if self._may_be_resent(message):
            due = now + RESEND_AFTER + CLOCKS_DIFFER_BY
            name = f"{notification.message_id}_again"
            self._schedules.at(due, name, SendNotification(notification=notification))
        settled = self._messages.settle(notification.message_id, token, MessageState.AMBIGUOUS, now)
        return Sending(MessageState.AMBIGUOUS, now=settled)

    def _try(self, message: Message, token: str) -> Sending | None:
        """Decide, render and send; None if the facts changed between rendering and fence."""
        notification = message.notification
        if notification.expires_at - self._clock.now() < SHORTEST_REST:
            return self._closed(message, token, MessageState.EXPIRED, Reason.TOO_LATE)
        return self._leave(message, token, self._planner.plan(notification, self._clock.now()))

    def _leave(self, message: Message, token: str, draft: Draft | Silence | PutOff) -> Sending | None:
        """Do what was decided, if the fence lets it; None as above."""
        notification = message.notification
        if isinstance(draft, PutOff):
            state = self._deferring.put_off(notification, token, draft, self._clock.now())
            return Sending(state, draft.reason)
        if isinstance(draft, Silence):
            return self._closed(message, token, MessageState.SUPPRESSED, draft.reason)
        if message.resent and message.request is not None and message.request.channel is not draft.request.channel:
            # What goes once more goes the same way, or not at all.
            return self._closed(message, token, MessageState.SUPPRESSED, Reason.NO_ADDRESS)
        self._pace.take(draft.request.channel)
        now = self._clock.now()
        if notification.expires_at - now < SHORTEST_REST:
            return self._closed(message, token, MessageState.EXPIRED, Reason.TOO_LATE)
        draft = draft.after(message)
        budget = self._budget(message, draft, now)
        match self._fence(draft, token, now, budget):
            case Fence.PASSED:
                return self._attempted(message, draft, token)
            case Fence.UNSUBSCRIBED:
                return self._refused(message, draft, token)
            case Fence.CHANGED:
                return None
            case Fence.OVER_BUDGET if budget is not None:
                return self._capped(notification, token, budget, now)
            case fence if fence in SILENT_BECAUSE:
                return self._closed(message, token, MessageState.SUPPRESSED, SILENT_BECAUSE[fence])
            case fence if fence in NO_SMS_BECAUSE:
                because = NO_SMS_BECAUSE[fence]
                sending = self._leave(message, token, self._planner.by_email(notification, now, because))
                return sending._replace(no_sms_because=because) if sending else None
            case _:
                raise TemporaryError("another worker took the message over")

    def _refused(self, message: Message, draft: Draft, token: str) -> Sending | None:
        """By e-mail, if that may be instead of SMS and the recipient has it; if it is refused too, the fence says so.

        What goes once more, because nobody knows whether it came, goes the same way or not at all.
        """
        if message.resent or not may_be_email_instead(draft):
            return self._closed(message, token, MessageState.SUPPRESSED, Reason.UNSUBSCRIBED)
        email = self._planner.by_email(message.notification, self._clock.now(), Reason.UNSUBSCRIBED)
        return self._leave(message, token, email)

    def _fence(self, draft: Draft, token: str, now: datetime, budget: AlertBudget | None) -> Fence:
        """The fence; should nobody know whether it was passed, the message is made new, for it was not sent yet."""
        try:
            return self._messages.fence(draft, token, now, now + LEASE, budget)
        except TemporaryError:
            self._messages.release(draft.request.message_id, token)
            raise

    def _budget(self, message: Message, draft: Draft, now: datetime) -> AlertBudget | None:
        """The budget to take the message from; none if it was taken from one at an earlier attempt."""
        owner = message.notification.owner
        if draft.alerts_of is None or owner is None or message.budgeted_hour is not None:
            return None
        return AlertBudget(
            survey_id=draft.alerts_of,
            owner=owner,
            hour_start=now.replace(minute=0, second=0, microsecond=0),
            limit=self._alerts_per_hour,
        )

    def _attempted(self, message: Message, draft: Draft, token: str) -> Sending:
        """The one call, and how it ended."""
        request, now = draft.request, self._clock.now()
        attempt = self._email.send(request, now) if isinstance(request, EmailRequest) else self._sms.send(request, now)
        now = self._clock.now()
        match attempt:
            case Accepted(provider_id):
                self._messages.settle(request.message_id, token, MessageState.SENT, now, provider_id=provider_id)
                return Sending(MessageState.SENT)
            case RefusedForGood(Reason.UNSUBSCRIBED):
                # The provider keeps a STOP that never came to us. Decided anew, the message finds it at the fence.
                self._messages.release(request.message_id, token)
                self._opt_outs.refuse(request.channel, request.to, None, now, PROVIDER)
                raise TemporaryError("the recipient said STOP to the provider")
            case RefusedForGood(reason):
                state = _unless_resent(message, MessageState.FAILED)
                self._messages.settle(request.message_id, token, state, now, reason=reason)
                return Sending(state, reason)
            case RefusedForNow(code):
                self._messages.release(request.message_id, token)
                raise TemporaryError(f"the provider refused the message for now: {code}")
            case NoAnswer():
                return self._ambiguous(message, token)

    def _closed(self, message: Message, token: str, state: MessageState, reason: Reason) -> Sending:
        state = _unless_resent(message, state)
        if not self._messages.close(message.notification.message_id, token, state, reason, self._clock.now()):
            raise TemporaryError("another worker took the message over")
        return Sending(state, reason)

    def _capped(self, notification: Notification, token: str, budget: AlertBudget, now: datetime) -> Sending:
        """The digest is scheduled first: a schedule without a capped alert does nothing, the reverse loses one."""
        digest = digest_of(budget)
        due = budget.hour_end + DIGEST_AFTER
        self._schedules.at(due, digest.message_id, SendNotification(notification=digest))
        if not self._messages.close_capped(notification.message_id, token, budget, now):
            raise TemporaryError("another worker took the message over")
        return Sending(MessageState.SUPPRESSED, Reason.CAPPED)


def may_be_email_instead(draft: Draft) -> bool:
    """Whether what is refused by SMS may come by e-mail.

    Only news of a delivery, which people wait for: who refuses a question by one way is not asked by another. And never
    the other way round, for SMS is the louder of the two.
    """
    return draft.request.channel is Channel.SMS and draft.category is not None and draft.category.is_stage


def _unless_resent(message: Message, state: MessageState) -> MessageState:
    """How a message ends that is not sent: of its first attempt nobody knows, if it was to go once more."""
    return MessageState.AMBIGUOUS if message.resent else state


def digest_of(budget: AlertBudget) -> Notification:
    """The one message that tells an owner of the alerts beyond the budget of an hour."""
    return Notification(
        message_id=message_id(MessageKind.ALERT_DIGEST, budget.survey_id, budget.hour, budget.owner),
        kind=MessageKind.ALERT_DIGEST,
        owner=budget.owner,
        survey_id=budget.survey_id,
        requested_at=budget.hour_start,
        expires_at=budget.hour_end + DIGEST_EXPIRES_AFTER,
    )


def reminder_of(invitation: Notification, remind_at: datetime) -> Notification:
    """The one message that reminds of an invitation."""
    return Notification(
        message_id=message_id(MessageKind.SURVEY_REMINDER, invitation.message_id),
        kind=MessageKind.SURVEY_REMINDER,
        person_id=invitation.person_id,
        survey_id=invitation.survey_id,
        delivery_id=invitation.delivery_id,
        reminds_of=invitation.message_id,
        requested_at=remind_at,
        expires_at=remind_at + INVITATION_EXPIRES_AFTER,
    )
