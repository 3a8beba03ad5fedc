"""Keys: what is kept of them, and which pages may use one."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from pydantic import ValidationError

from shared.domain.api_keys import ApiKey, KeyKind, key_hash, origin_allowed, require_secret
from shared.errors import ForbiddenError, UnauthorizedError
from tests.fakes.clock import NOON


def key(**changes: Any) -> ApiKey:
    about: dict[str, Any] = {"key_hash": key_hash("sk_1"), "kind": KeyKind.SECRET, "name": "server", "created_at": NOON}
    return ApiKey(**{**about, **changes})


def test_only_the_sha_256_of_a_key_is_kept() -> None:
    assert key_hash("sk_1") == hashlib.sha256(b"sk_1").hexdigest()
    assert "sk_1" not in key().model_dump_json()


@pytest.mark.parametrize(
    ("origin", "allowed", "may"),
    [
        ("https://shop.example", ("https://shop.example",), True),
        ("https://shop.example", ("https://www.shop.example", "https://shop.example"), True),
        ("https://shop.example.evil", ("https://shop.example",), False),
        ("https://evilshop.example", ("https://shop.example",), False),
        ("http://shop.example", ("https://shop.example",), False),
        ("https://shop.example:8443", ("https://shop.example",), False),
        ("http://localhost:5173", ("http://localhost:*",), True),
        ("http://localhost.evil:5173", ("http://localhost:*",), False),
        ("https://localhost:5173", ("http://localhost:*",), False),
        ("null", ("null",), True),
        ("null", ("https://shop.example",), False),
        ("https://shop.example", (), False),
        (None, ("https://shop.example",), True),
        (None, (), True),
    ],
)
def test_a_page_may_use_a_key_only_from_an_origin_on_its_list(
    origin: str | None, allowed: tuple[str, ...], may: bool
) -> None:
    assert origin_allowed(origin, allowed) is may


@pytest.mark.parametrize("origin", ["https://shop.example", "http://localhost:*", "https://a.b:8443", "null"])
def test_an_origin_is_what_browsers_send(origin: str) -> None:
    assert key(origins=(origin,)).origins == (origin,)


@pytest.mark.parametrize("origin", ["*", "https://*", "https://shop.example/", "shop.example", "https://Shop.example"])
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        key(origins=(origin,))


@pytest.mark.parametrize("name", ["", "Web Shop", "a#b", "-a", "x" * 41])
def test_a_name_fits_into_a_key_of_the_store(name: str) -> None:
    with pytest.raises(ValidationError):
        key(name=name)


def test_only_a_live_secret_key_is_a_secret_key() -> None:
    assert require_secret(key()) == key()
    for refused in (None, key(revoked_at=NOON)):
        with pytest.raises(UnauthorizedError):
            require_secret(refused)
    with pytest.raises(ForbiddenError):
        require_secret(key(kind=KeyKind.PUBLISHABLE, survey_id="shop"))
