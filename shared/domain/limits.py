"""How fast answers may come: a token bucket for each sender, and one for each survey that is in a burst.

They are kept in the memory of one process, so that to refuse costs no call to AWS: as many processes as are warm let
through as many times the rate. What caps them all together is the throttle of the route in template.yaml.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from shared.errors import TooManyRequestsError

MAX_BUCKETS = 10_000
"""Senders that a process remembers, some 2 MB; the one that was quiet for longest is forgotten, as if it had paused."""
HOT_RETRY_SECONDS = 60
"""When a sender that has used up most of its own tokens may ask a hot survey again."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MICROSECONDS_PER_SECOND = 1_000_000
_TOKEN = 60 * _MICROSECONDS_PER_SECOND
"""What one token weighs, in microseconds times tokens per minute: in this unit all is whole numbers."""


class Rate(NamedTuple):
    """How many answers in a minute on average, and how many at once after a pause."""

    per_minute: int
    at_once: int


class Taken(NamedTuple):
    """What came of asking a bucket for a token.

    Args:
        wait: Whole seconds until there is one; 0 if it was given.
        is_nearly_empty: Whether less than a quarter of the bucket is left.
    """

    wait: int
    is_nearly_empty: bool


class Buckets:
    """Token buckets of one rate, by key.

    Of a bucket only the moment is kept at which it is full again: a full one is as good as none.

    Args:
        rate: How fast each fills, and how much it holds.
        at_most: How many are remembered.
    """

    def __init__(self, rate: Rate, at_most: int = MAX_BUCKETS) -> None:
        self._per_minute = rate.per_minute
        self._full = rate.at_once * _TOKEN
        self._at_most = at_most
        self._full_at: OrderedDict[Hashable, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: Hashable, now: datetime) -> Taken:
        """Take a token from a bucket, if it has one. A clock that was set back makes nobody wait longer."""
        at, missing = self._missing(key, now)
        too_many = missing + _TOKEN - self._full
        if too_many <= 0:
            missing += _TOKEN
        self._full_at[key] = at + missing
        self._full_at.move_to_end(key)
        if len(self._full_at) > self._at_most:
            self._full_at.popitem(last=False)
        wait = -(-too_many // (self._per_minute * _MICROSECONDS_PER_SECOND))
        return Taken(max(wait, 0), 4 * (self._full - missing) < self._full)

    def pause(self, key: Hashable, now: datetime) -> timedelta:
        """How long until a bucket has a token, to the microsecond; none is taken."""
        _, missing = self._missing(key, now)
        return max(-(-(missing + _TOKEN - self._full) // self._per_minute), 0) * _MICROSECOND

    def _missing(self, key: Hashable, now: datetime) -> tuple[int, int]:
        """This moment, and what a bucket lacks of being full."""
        at = (now - _EPOCH) // _MICROSECOND * self._per_minute
        return at, min(max(self._full_at.get(key, at) - at, 0), self._full)


class DoorLimits:
    """What the public door lets through in this process.

    Args:
        by_address: For all that comes from one address to one survey, by key; like the others, None is no limit.
        by_link: For one signed link. Its address does not count: a whole office may have one.
        while_hot: For all that comes to one hot survey by key.
        salt: Random bytes of this process. Addresses and links are remembered only as hashes that it goes into, so
            that they mean nothing outside of it.
    """

    def __init__(
        self,
        *,
        by_address: Rate | None = None,
        by_link: Rate | None = None,
        while_hot: Rate | None = None,
        salt: bytes = b"",
    ) -> None:
        self._addresses = Buckets(by_address) if by_address else None
        # Apart from the addresses: tokens can be guessed without end, and must not push those out.
        self._links = Buckets(by_link) if by_link else None
        self._hot = Buckets(while_hot) if while_hot else None
        self._salt = salt

    def admit_link(self, token: str, now: datetime) -> None:
        """Let through who comes by a signed link, good or not.

        Raises:
            TooManyRequestsError: it came too often.
        """
        if self._links is None:
            return
        taken = self._links.take(self._hashed(token), now)
        if taken.wait:
            raise TooManyRequestsError("This link was used too often within a minute.", taken.wait)

    def admit_address(self, survey_id: str, address: str, now: datetime) -> bool:
        """Let through who comes by a key, good or not.

        Args:
            survey_id: The survey, whether there is one or not.
            address: Where the request comes from.
            now: This moment.

        Returns:
            Whether so much came from there that it is suspicious.

        Raises:
            TooManyRequestsError: too much came from there.
        """
        if self._addresses is None:
            return False
        taken = self._addresses.take((self._hashed(network_of(address)), survey_id), now)
        if taken.wait:
            raise TooManyRequestsError("Too many answers to this survey came from this address.", taken.wait)
        return taken.is_nearly_empty

    def admit_to_hot(self, survey_id: str, now: datetime, *, is_suspicious: bool) -> None:
        """Let through who comes by a key to a survey that is in a burst: first those who send little.

        Raises:
            TooManyRequestsError: it is not their turn; what they sent is right again later.
        """
        if self._hot is None:
            return
        wait = HOT_RETRY_SECONDS if is_suspicious else self._hot.take(survey_id, now).wait
        if wait:
            raise TooManyRequestsError("Very many answers come to this survey now; this one may come later.", wait)

    def _hashed(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._salt, digest_size=16).digest()


def network_of(address: str) -> str:
    """The part of an address that one subscriber holds: all of IPv4, the first 64 bits of IPv6 (RFC 6177).

    What is no address is the same as every other that is none.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{int(parsed) >> 64:016x}::/64"
