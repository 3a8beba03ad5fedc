"""Signed links: worth something only as they were made, for what they were made, and until they end."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from itsdangerous import URLSafeSerializer

from shared.domain.links import LinkChannel, PreferencesLink, ServedPage, TrackingLink, Unsubscribe
from shared.domain.messages import Category, Channel
from shared.errors import ExpiredLinkError, ForbiddenError, UnauthorizedError
from shared.tokens import (
    Links,
    LinkSigner,
    PreferencesLinks,
    Purpose,
    SurveyLink,
    TrackingLinks,
    UnsubscribeLinks,
    _serializer,
    signed,
    tracking_address,
)
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


class TestALinkOfAnEmail:
    def test_says_so_and_what_it_needs(self) -> None:
        rated = LINK.model_copy(update={"channel": LinkChannel.EMAIL, "rated": True})
        assert LinkSigner(["key"]).verify(LinkSigner(["key"]).sign(rated), NOON) == rated

    def test_costs_other_links_nothing(self) -> None:
        said = ("survey_id", "response_id", "person_id", "subject_type", "subject_id", "expires_at")
        before = URLSafeSerializer(
            ["key"],
            salt="hearback.survey-link",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        ).dumps({name: getattr(LINK, name) for name in said})
        assert LinkSigner(["key"]).sign(LINK) == before, "a link of before and one of now are the same"


class TestAPress:
    """On a page that was made at noon."""

    @pytest.fixture
    def clock(self) -> FrozenClock:
        return FrozenClock()

    @pytest.fixture
    def links(self, clock: FrozenClock) -> Links:
        return Links(lambda: ["key"], clock)

    @pytest.mark.parametrize(
        ("later", "pressed_after_ms"),
        [
            (timedelta(milliseconds=500), 500),
            (timedelta(seconds=40), 38_000),
            (timedelta(hours=24), 500),
        ],
    )
    def test_counts_while_the_page_is_open(
        self, links: Links, clock: FrozenClock, later: timedelta, pressed_after_ms: int
    ) -> None:
        nonce = links.page_nonce(LINK.response_id)
        clock.advance(later)
        links.check_press(nonce, LINK.response_id, pressed_after_ms)

    @pytest.mark.parametrize(
        ("later", "pressed_after_ms"),
        [
            (timedelta(milliseconds=499), 500),
            (timedelta(seconds=40), 499),
            (timedelta(hours=24, milliseconds=1), 5_000),
            (timedelta(seconds=-1), 5_000),
        ],
    )
    def test_that_is_too_early_or_too_late_does_not(
        self, links: Links, clock: FrozenClock, later: timedelta, pressed_after_ms: int
    ) -> None:
        nonce = links.page_nonce(LINK.response_id)
        clock.advance(later)
        with pytest.raises(ForbiddenError):
            links.check_press(nonce, LINK.response_id, pressed_after_ms)

    def test_is_for_one_response_and_on_a_page_of_ours(self, links: Links, clock: FrozenClock) -> None:
        nonce = links.page_nonce(LINK.response_id)
        clock.advance(timedelta(seconds=5))
        other = "0190f3c2-7c1e-7d2b-9d3a-000000000002"
        forged = signed(["another key"], Purpose.PAGE_PROOF, ServedPage(response_id=other, issued_at=0))
        for given, response_id in ((nonce, other), (forged, other), ("", other), (links.sign(LINK), LINK.response_id)):
            with pytest.raises(ForbiddenError):
                links.check_press(given, response_id, 5_000)


def test_a_link_to_be_asked_no_more_names_no_address_and_opens_no_survey() -> None:
    token = UnsubscribeLinks(lambda: ["key"]).sign(Unsubscribe(person_id="per_1", channel=Channel.EMAIL))
    assert "@" not in str(URLSafeSerializer([""], salt="").loads_unsafe(token))
    with pytest.raises(UnauthorizedError):
        LinkSigner(["key"]).verify(token, NOON)
    with pytest.raises(UnauthorizedError):
        UnsubscribeLinks(lambda: ["key"]).verify(LinkSigner(["key"]).sign(LINK))


def test_a_link_to_choose_opens_nothing_else_and_nothing_else_opens_it() -> None:
    choices, unsubscribes = PreferencesLinks(lambda: ["key"]), UnsubscribeLinks(lambda: ["key"])
    link = PreferencesLink(person_id="per_1")
    token = choices.sign(link)
    assert choices.verify(token) == link
    with pytest.raises(UnauthorizedError):
        unsubscribes.verify(token)
    other = unsubscribes.sign(Unsubscribe(person_id="per_1", channel=Channel.EMAIL, category=Category.SOON))
    same_words = signed(["key"], Purpose.UNSUBSCRIBE, link)
    for wrong in (other, same_words, token.swapcase(), token[:-1], "", LinkSigner(["key"]).sign(LINK)):
        with pytest.raises(UnauthorizedError):
            choices.verify(wrong)


def test_a_link_to_refuse_surveys_is_signed_as_it_was_before_anything_else_could_be_refused() -> None:
    before = _serializer(["key"], Purpose.UNSUBSCRIBE).dumps({"person_id": "per_1", "channel": "email"})
    links = UnsubscribeLinks(lambda: ["key"])
    assert links.verify(str(before)).category is Category.SURVEYS
    assert links.sign(Unsubscribe(person_id="per_1", channel=Channel.EMAIL)) == before


class TestTracking:
    """The link to the live page of a parcel."""

    LINK = TrackingLink.of("order-1", NOON)

    def test_is_the_same_in_every_message_and_ends_two_months_after_the_parcel_was_told(self) -> None:
        clock = FrozenClock()
        links = TrackingLinks(lambda: ["key"], clock)
        token = links.sign(self.LINK)
        clock.advance(timedelta(days=60, seconds=-1))
        assert links.sign(TrackingLink.of("order-1", NOON)) == token
        assert links.verify(token) == self.LINK
        clock.advance(timedelta(seconds=1))
        with pytest.raises(ExpiredLinkError):
            links.verify(token)

    def test_opens_nothing_else_and_nothing_else_opens_it(self) -> None:
        links = TrackingLinks(lambda: ["key"], FrozenClock())
        token = links.sign(self.LINK)
        others = [LinkSigner(["key"]).sign(LINK), signed(["key"], Purpose.PREVIEW, self.LINK), "", "a.b", token[:-2]]
        for other in [*others, signed(["retired"], Purpose.TRACKING, self.LINK)]:
            with pytest.raises(UnauthorizedError):
                links.verify(other)
        with pytest.raises(UnauthorizedError):
            LinkSigner(["key"]).verify(token, NOON)

    def test_stands_in_a_message_as_an_address_of_ours(self) -> None:
        assert tracking_address("https://hear.example.com", "a.b") == "https://hear.example.com/track/a.b"
