"""Signed links: worth something only as they were made, for what they were made, and until they end."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from itsdangerous import URLSafeSerializer

from shared.errors import ExpiredLinkError, UnauthorizedError
from shared.tokens import Links, LinkSigner, SurveyLink
from tests.fakes.clock import NOON, FrozenClock

LINK = SurveyLink(
    survey_id="delivery",
    response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
    person_id="per_1",
    subject_type="delivery",
    subject_id="order-1",
    expires_at=int((NOON + timedelta(days=30)).timestamp()),
)


def test_a_link_comes_back_as_it_was_signed() -> None:
    assert LinkSigner(["key"]).verify(LinkSigner(["key"]).sign(LINK), NOON) == LINK


def test_a_link_ends_on_the_second() -> None:
    token = LinkSigner(["key"]).sign(LINK)
    end = NOON + timedelta(days=30)
    LinkSigner(["key"]).verify(token, end - timedelta(seconds=1))
    with pytest.raises(ExpiredLinkError):
        LinkSigner(["key"]).verify(token, end)


def test_every_character_of_a_token_counts() -> None:
    signer = LinkSigner(["key"])
    token = signer.sign(LINK)
    for position in range(len(token)):
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        try:
            # The last character of base64 carries bits that nobody reads; then the link is the same, not another.
            assert signer.verify(changed, NOON) == LINK
            assert position == len(token) - 1
        except UnauthorizedError:
            pass


@pytest.mark.parametrize("token", ["", ".", "a.b", "ä", "x" * 5000, "\ud800"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        LinkSigner(["key"]).verify(token, NOON)


def test_a_token_for_another_purpose_is_worth_nothing_here() -> None:
    other = URLSafeSerializer(
        ["key"],
        salt="hearback.another-purpose",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
    token = other.dumps(LINK.model_dump())
    with pytest.raises(UnauthorizedError):
        LinkSigner(["key"]).verify(str(token), NOON)


def test_a_token_names_no_address_and_is_safe_in_a_url() -> None:
    token = LinkSigner(["key"]).sign(LINK)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


def test_after_a_rotation_old_links_still_open_and_new_ones_need_the_new_key() -> None:
    before, after = LinkSigner(["old"]), LinkSigner(["old", "new"])
    assert after.verify(before.sign(LINK), NOON) == LINK
    with pytest.raises(UnauthorizedError):
        before.verify(after.sign(LINK), NOON)
    with pytest.raises(UnauthorizedError):
        LinkSigner(["new"]).verify(before.sign(LINK), NOON)


def test_without_a_key_nothing_can_be_signed() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        LinkSigner([])


def test_links_use_the_keys_and_the_time_of_the_moment() -> None:
    keys, clock = ["old"], FrozenClock()
    links = Links(lambda: keys, clock)
    token = links.sign(LINK)
    assert links.verify(token) == LINK
    keys[:] = ["new"]
    with pytest.raises(UnauthorizedError):
        links.verify(token)
    keys[:] = ["old", "new"]
    clock.advance(timedelta(days=31))
    with pytest.raises(ExpiredLinkError):
        links.verify(token)
