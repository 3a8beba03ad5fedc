"""Signed sessions: worth something only as they were made, for what they were made, and until they end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.links import SurveyLink
from shared.domain.sessions import StaffSession
from shared.errors import UnauthorizedError
from shared.sessions import Sessions
from shared.tokens import LinkSigner, Purpose, signed
from tests.fakes.clock import NOON, FrozenClock

SESSION = StaffSession(key_hash="a" * 64, expires_at=int((NOON + timedelta(hours=12)).timestamp()))


def sessions(*keys: str, after: timedelta = timedelta()) -> Sessions:
    return Sessions(lambda: keys, FrozenClock(NOON + after))


def test_a_session_comes_back_as_it_was_signed() -> None:
    assert sessions("key").verify(sessions("key").sign(SESSION)) == SESSION


def test_a_session_ends_on_the_second() -> None:
    token = sessions("key").sign(SESSION)
    sessions("key", after=timedelta(hours=12, seconds=-1)).verify(token)
    with pytest.raises(UnauthorizedError):
        sessions("key", after=timedelta(hours=12)).verify(token)


def test_a_session_outlives_a_rotation_of_the_keys_and_not_their_end() -> None:
    token = sessions("old").sign(SESSION)
    assert sessions("old", "new").verify(token) == SESSION
    with pytest.raises(UnauthorizedError):
        sessions("new", "newer").verify(token)


def test_every_character_of_a_token_counts() -> None:
    token = sessions("key").sign(SESSION)
    for position in range(len(token) - 1):  # the last one carries bits that nobody reads
        changed = token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]
        with pytest.raises(UnauthorizedError):
            sessions("key").verify(changed)


def test_the_same_content_signed_for_another_purpose_is_no_session() -> None:
    with pytest.raises(UnauthorizedError):
        sessions("key").verify(signed(["key"], Purpose.SURVEY_LINK, SESSION))


def test_a_survey_link_is_no_session() -> None:
    link = SurveyLink(
        survey_id="s", response_id="r", person_id="p", subject_type="d", subject_id="1", expires_at=4_102_444_800
    )
    with pytest.raises(UnauthorizedError):
        sessions("key").verify(LinkSigner(["key"]).sign(link))


@pytest.mark.parametrize("token", ["", ".", "a.b", "ä", "x" * 5000, "\ud800"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    with pytest.raises(UnauthorizedError):
        sessions("key").verify(token)
