"""How fast one process sends: its share of what the providers let the account send in a second.

SES says what it takes (`GetAccount`, MaxSendRate); of SMS no call tells, so ops say it. As many processes as may run at
once share it. A turn is waited for before the fence: whoever is too fast has attempted nothing yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from shared.domain.limits import Buckets, Rate
from shared.domain.messages import Channel
from shared.errors import TemporaryError

PROCESSES = 5
"""How many run at once: MaximumConcurrency of notify's trigger in template.yaml, held to it by a test."""
LONGEST_WAIT = timedelta(seconds=1)
"""How long a turn is waited for in a run; five messages of a batch, and five calls, still end within its time-out."""
QUOTA_IS_KEPT_FOR = timedelta(hours=1)
QUOTA_IS_MISSED_FOR = timedelta(minutes=1)
CAUTIOUS_PER_SECOND = 1.0
"""Taken while SES does not say: the rate of an account in the sandbox, the lowest there is (SES developer guide)."""


class QuotaClient(Protocol):
    """The call we make to SES to learn how fast it takes mail."""

    def get_account(self) -> Mapping[str, Any]:
        """GetAccount."""
        ...


class PacingClock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Let time pass."""
        ...


def share_of(per_second: float, processes: int = PROCESSES) -> Rate:
    """What one process may send of so many messages per second.

    After a pause that is a whole second's worth at once: mostly there is one process and little to send, and what the
    provider then finds too much it refuses before it takes it. SES allows short bursts (SES developer guide, "Managing
    your sending limits").
    """
    return Rate(per_minute=max(int(60 * per_second / processes), 1), at_once=max(int(per_second), 1))


class Pace:
    """The pace of one process.

    Args:
        ses: A client of SES v2; None if e-mail goes another way, which nobody limits.
        sms_per_second: How many SMS the number or sender id takes in a second.
        clock: The time.
    """

    def __init__(self, ses: QuotaClient | None, sms_per_second: float, clock: PacingClock) -> None:
        self._ses = ses
        self._clock = clock
        self._sms = Buckets(share_of(sms_per_second))
        self._email = Buckets(share_of(CAUTIOUS_PER_SECOND))
        self._email_rate = share_of(CAUTIOUS_PER_SECOND)
        self._known_until: datetime | None = None

    def take(self, channel: Channel) -> None:
        """Wait until it is this process's turn to send by this channel.

        Raises:
            TemporaryError: that takes too long; the message may come again.
        """
        buckets = self._sms if channel is Channel.SMS else self._mail()
        if buckets is None:
            return
        pause = buckets.pause(channel, self._clock.now())
        if pause > LONGEST_WAIT:
            raise TemporaryError(f"the account may not send by {channel} any faster")
        if pause:
            self._clock.sleep(pause)
        buckets.take(channel, self._clock.now())

    def _mail(self) -> Buckets | None:
        """The bucket of e-mail, at the rate that SES said last."""
        if self._ses is None:
            return None
        now = self._clock.now()
        if self._known_until is None or self._known_until <= now:
            per_second = self._asked(self._ses)
            kept_for = QUOTA_IS_KEPT_FOR if per_second else QUOTA_IS_MISSED_FOR
            self._known_until = now + kept_for
            rate = share_of(per_second) if per_second else self._email_rate
            if rate != self._email_rate:
                self._email, self._email_rate = Buckets(rate), rate
        return self._email

    def _asked(self, ses: QuotaClient) -> float | None:
        """E-mails per second that SES takes; None if it does not say."""
        try:
            return max(float(ses.get_account()["SendQuota"]["MaxSendRate"]), 0) or None
        except (ClientError, BotoCoreError, KeyError):
            return None
