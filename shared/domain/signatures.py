"""Whether a webhook was signed by who it says it is from: an HMAC-SHA256 of the raw bytes, in each provider's form.

Secrets and signatures are compared in constant time, and without a secret nothing is signed. A scheme with a timestamp
also says when, and what is more than five minutes from now is old: somebody kept it and sends it again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from shared.domain.tracking.providers import Provider

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be from now, either way (Standard Webhooks and Shippo both say five minutes)."""

Headers = Mapping[str, str]
"""By name, in small letters."""
Scheme = Callable[[Headers, bytes, str, datetime], bool]


def is_signed(provider: Provider, headers: Headers, body: bytes, secrets: Iterable[str], now: datetime) -> bool:
    """Whether a body carries the signature of one of these secrets.

    Args:
        provider: Whose form of a signature to expect.
        headers: The request's headers, by names in small letters.
        body: The body as it came.
        secrets: Those that are good now; usually one, two while one replaces the other.
        now: By which a timestamp is old.
    """
    # Each secret is tried to the end, so that the time it takes does not tell which of them was right.
    tried = [_SCHEMES[provider](headers, body, secret, now) for secret in secrets]
    return any(tried)


def _aftership(headers: Headers, body: bytes, secret: str, _: datetime) -> bool:
    """Base64 over the body (https://www.aftership.com/docs/tracking/webhook/webhook-signature)."""
    return _equal(headers.get("aftership-hmac-sha256", ""), _base64(_hmac(secret.encode(), body)))


def _easypost(headers: Headers, body: bytes, secret: str, _: datetime) -> bool:
    """Hex over the body, the secret decomposed (NFKD), as EasyPost's own clients verify it (validate_webhook)."""
    key = unicodedata.normalize("NFKD", secret).encode()
    return _equal(headers.get("x-hmac-signature", ""), f"hmac-sha256-hex={_hmac(key, body).hex()}")


def _shippo(headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
    """`t=1700000000,v1=…` over `1700000000.` and the body (https://docs.goshippo.com/tracking/webhook-security)."""
    given = re.fullmatch(r"t=([0-9]{1,11}),\s?v1=([0-9A-Fa-f]{64})", headers.get("shippo-auth-signature", ""))
    if given is None:
        return False
    timestamp, signature = given.groups()
    expected = _hmac(secret.encode(), timestamp.encode() + b"." + body).hex()
    return _equal(signature.lower(), expected) and _is_fresh(timestamp, now)


def _standard(headers: Headers, body: bytes, secret: str, now: datetime) -> bool:
    """`v1,…` over id, timestamp and body, several side by side (https://www.standardwebhooks.com)."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    key = _standard_key(secret)
    if not message_id or not re.fullmatch(r"[0-9]{1,11}", timestamp) or not key:
        return False
    signed = b".".join((message_id.encode("utf-8", "surrogatepass"), timestamp.encode(), body))
    expected = f"v1,{_base64(_hmac(key, signed))}"
    tried = [_equal(signature, expected) for signature in headers.get("webhook-signature", "").split(" ")]
    return any(tried) and _is_fresh(timestamp, now)


def _standard_key(secret: str) -> bytes:
    """The bytes behind `whsec_` and base64; none if it is something else."""
    encoded = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        return b""


_SCHEMES: Mapping[Provider, Scheme] = {
    Provider.AFTERSHIP: _aftership,
    Provider.EASYPOST: _easypost,
    Provider.HEARBACK: _standard,
    Provider.SHIPPO: _shippo,
}


def _hmac(key: bytes, signed: bytes) -> bytes:
    return hmac.new(key, signed, hashlib.sha256).digest()


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _equal(given: str, expected: str) -> bool:
    """Compares bytes, because the library's function refuses text that is no ASCII, which anybody may send."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _is_fresh(timestamp: str, now: datetime) -> bool:
    return abs(datetime.fromtimestamp(int(timestamp), UTC) - now) <= TOLERANCE
