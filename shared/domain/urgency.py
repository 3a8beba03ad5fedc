"""How long a provider goes on trying to deliver a message: what arrives after its time is worse than nothing.

An SMS is told its own time. SES knows none per e-mail, only one per configuration set (`MaxDeliverySeconds`, 300 to
50,400 seconds: SES API reference, DeliveryOptions), so there is a set for each of a few urgencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Urgency(StrEnum):
    """How soon an e-mail has to be with its recipient."""

    URGENT = "urgent"  # "in 30 minutes"
    TODAY = "today"  # "your parcel comes this afternoon"
    STANDARD = "standard"


MAIL_IS_TRIED_FOR: Mapping[Urgency, timedelta] = {
    Urgency.URGENT: timedelta(minutes=15),
    Urgency.TODAY: timedelta(hours=3),
    Urgency.STANDARD: timedelta(hours=14),
}
"""For how long SES tries. Fifteen minutes are enough for a server that turns strangers away at first (greylisting,
RFC 6647, section 5.1: some minutes), which the shortest that SES knows, five, are not; the last is its longest."""
SMS_LIVES_AT_LEAST = timedelta(seconds=5)
SMS_LIVES_AT_MOST = timedelta(seconds=259_200)
"""The bounds of TimeToLive (End User Messaging API reference, SendTextMessage). Left out it is the longest, 72 hours,
and "in 30 minutes" arrives three days later."""


def urgency_of(left: timedelta) -> Urgency:
    """The urgency of an e-mail that is true for so long: SES is not to try for longer, if it can be told so.

    Args:
        left: From now until it is no longer worth telling. With less than the shortest time, the shortest is taken.
    """
    fitting = [urgency for urgency, tried_for in MAIL_IS_TRIED_FOR.items() if tried_for <= left]
    return max(fitting, key=MAIL_IS_TRIED_FOR.__getitem__, default=Urgency.URGENT)


def sms_lives_for(left: timedelta) -> int:
    """The seconds until a carrier gives up an SMS that is true for so long."""
    return int(max(SMS_LIVES_AT_LEAST, min(left, SMS_LIVES_AT_MOST)).total_seconds())
