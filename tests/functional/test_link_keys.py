"""The keys that sign survey links are read from the parameter store seldom, and outlive its outages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from infra.ops.links import RETIRED_KEPT, rotate
from shared.domain.links import PreferencesLink, Unsubscribe
from shared.domain.messages import Channel
from shared.errors import ExpiredLinkError, TemporaryError, UnauthorizedError
from shared.storage.link_keys import KEPT_FOR, RETIRED_FOR, LinkKeys
from shared.tokens import Links, PreferencesLinks, SurveyLink, UnsubscribeLinks

PARAMETER = "/hearback/test/link-keys"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
LINK = SurveyLink(
    survey_id="delivery",
    response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
    person_id="per_1",
    subject_type="delivery",
    subject_id="D-1",
    expires_at=int((NOON + timedelta(days=30)).timestamp()),
)


class SettableClock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def put(ssm: Any, value: str) -> None:
    ssm.put_parameter(Name=PARAMETER, Value=value, Type="SecureString", Overwrite=True)


def test_keys_are_decrypted_and_the_last_but_one_signs(ssm: Any, clock: SettableClock) -> None:
    put(ssm, '["old", "signs", "next"]')
    keys = LinkKeys(ssm, PARAMETER, clock).current()
    assert set(keys) == {"old", "signs", "next"}
    assert keys[-1] == "signs"


def test_rotating_keeps_four_keys_and_the_first_time_makes_two(ssm: Any, clock: SettableClock) -> None:
    assert [len(rotate(ssm, PARAMETER, NOON).keys) for _ in range(4)] == [2, 3, 4, 4]
    assert len(set(LinkKeys(ssm, PARAMETER, clock).current())) == 4


def test_keys_that_were_a_bare_list_are_read_and_rotated_as_before(ssm: Any, clock: SettableClock) -> None:
    put(ssm, '["signs", "next"]')
    assert rotate(ssm, PARAMETER, NOON).keys[:2] == ("signs", "next")
    assert LinkKeys(ssm, PARAMETER, clock).current()[-1] == "next"


ASKED_NO_MORE = Unsubscribe(person_id="per_1", channel=Channel.EMAIL)
CHOOSES = PreferencesLink(person_id="per_1")


def test_who_wants_to_be_asked_no_more_is_heard_for_two_years_after_the_key_retired(
    ssm: Any, clock: SettableClock
) -> None:
    rotate(ssm, PARAMETER, NOON)
    keys = LinkKeys(ssm, PARAMETER, clock)
    token, survey_link = UnsubscribeLinks(keys.ever).sign(ASKED_NO_MORE), Links(keys.current, clock).sign(LINK)
    to_choose = PreferencesLinks(keys.ever).sign(CHOOSES)
    signed_with = keys.current()[-1]
    while signed_with in LinkKeys(ssm, PARAMETER, clock).current():
        rotate(ssm, PARAMETER, NOON)
    clock.time = NOON + RETIRED_FOR - timedelta(seconds=1)
    assert UnsubscribeLinks(LinkKeys(ssm, PARAMETER, clock).ever).verify(token) == ASKED_NO_MORE
    assert PreferencesLinks(LinkKeys(ssm, PARAMETER, clock).ever).verify(to_choose) == CHOOSES
    with pytest.raises(UnauthorizedError):
        Links(LinkKeys(ssm, PARAMETER, clock).current, clock).verify(survey_link)
    clock.time = NOON + RETIRED_FOR
    with pytest.raises(UnauthorizedError):
        UnsubscribeLinks(LinkKeys(ssm, PARAMETER, clock).ever).verify(token)
    with pytest.raises(UnauthorizedError):
        PreferencesLinks(LinkKeys(ssm, PARAMETER, clock).ever).verify(to_choose)


def test_retired_keys_are_forgotten_after_two_years_and_never_more_than_a_parameter_takes(ssm: Any) -> None:
    for _ in range(60):
        ring = rotate(ssm, PARAMETER, NOON)
    assert len(ring.retired) == RETIRED_KEPT
    assert len(ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]["Value"]) <= 4096
    assert len(rotate(ssm, PARAMETER, NOON + RETIRED_FOR).retired) == 1


def test_a_link_signed_right_after_a_rotation_opens_where_the_keys_were_read_before_it(
    ssm: Any, clock: SettableClock
) -> None:
    rotate(ssm, PARAMETER, NOON)
    door = Links(LinkKeys(ssm, PARAMETER, clock).current, clock)
    door.sign(LINK)
    rotate(ssm, PARAMETER, NOON)
    fresh = Links(LinkKeys(ssm, PARAMETER, clock).current, clock)
    assert door.verify(fresh.sign(LINK)) == LINK


def test_a_rotation_is_seen_after_five_minutes_and_not_before(ssm: Any, clock: SettableClock) -> None:
    put(ssm, '["first"]')
    keys = LinkKeys(ssm, PARAMETER, clock)
    keys.current()
    put(ssm, '["first", "second"]')
    clock.time += KEPT_FOR - timedelta(seconds=1)
    assert keys.current() == ("first",)
    clock.time += timedelta(seconds=1)
    assert set(keys.current()) == {"first", "second"}


def test_in_an_outage_the_keys_read_last_stay_in_use(
    ssm: Any, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ssm, '["first"]')
    keys = LinkKeys(ssm, PARAMETER, clock)
    keys.current()
    clock.time += KEPT_FOR

    def away(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="https://ssm")

    monkeypatch.setattr(ssm, "get_parameter", away)
    assert keys.current() == ("first",)
    with pytest.raises(TemporaryError):
        LinkKeys(ssm, PARAMETER, clock).current()


def test_without_the_parameter_the_error_names_the_command_that_makes_it(ssm: Any, clock: SettableClock) -> None:
    with pytest.raises(TemporaryError, match="ops links rotate"):
        LinkKeys(ssm, PARAMETER, clock).current()


@pytest.mark.parametrize("value", ["[]", "[1]", '[""]', '"a key"', "{}", "no json"])
def test_a_parameter_that_holds_no_list_of_keys_is_not_used(ssm: Any, clock: SettableClock, value: str) -> None:
    put(ssm, value)
    with pytest.raises(TemporaryError, match="ops links rotate"):
        LinkKeys(ssm, PARAMETER, clock).current()


def test_a_link_outlives_a_rotation_and_not_its_own_time(ssm: Any, clock: SettableClock) -> None:
    put(ssm, '["first"]')
    links = Links(LinkKeys(ssm, PARAMETER, clock).current, clock)
    token = links.sign(LINK)
    put(ssm, '["first", "second"]')
    clock.time += KEPT_FOR
    assert links.verify(token) == LINK
    clock.time = NOON + timedelta(days=30)
    with pytest.raises(ExpiredLinkError):
        links.verify(token)


def test_a_link_signed_with_a_key_that_is_gone_is_not_valid(ssm: Any, clock: SettableClock) -> None:
    put(ssm, json.dumps(["other"]))
    foreign = Links(lambda: ("gone",), clock).sign(LINK)
    with pytest.raises(UnauthorizedError):
        Links(LinkKeys(ssm, PARAMETER, clock).current, clock).verify(foreign)
