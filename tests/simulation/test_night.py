"""Parcels that arrive at night on the deployed stack: each SMS leaves once, in the morning, whatever strikes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.simulation.faults import Seeded
from tests.simulation.oracles import StoredMessage, messages
from tests.simulation.shop import SECRET, Shop, shop
from tests.simulation.storm import WEATHER

LATE = datetime(2026, 3, 2, 21, 30, tzinfo=UTC)
"""22:30 in Berlin; the usual quiet hours of news of a parcel end at six, which is at five by UTC."""
MORNING = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
PARCELS = ("first", "second", "third")


def arrive_at_night(story: Shop) -> None:
    story.aws.clock.advance_to(LATE.timestamp())
    for number, parcel in enumerate(PARCELS):
        story.register(parcel, phone=f"+49151{number}2345678")
        story.report(parcel, "delivered")
    story.wait(timedelta(hours=2).total_seconds())


def told_of(story: Shop) -> list[StoredMessage]:
    return [message for message in messages(story.aws) if message.kind == "delivery_delivered"]


def test_what_arrives_at_night_is_told_by_sms_in_the_morning_and_once() -> None:
    with shop() as story:
        story.aws.scheduler.double_firing = 1.0
        arrive_at_night(story)
        assert story.aws.sms.accepted == []
        for message in told_of(story):
            told = story.stack.http("GET", f"/v1/messages/{message.message_id}", key=SECRET).json
            assert (told["state"], told["deferred_because"]) == ("new", "quiet_hours")
            assert datetime.fromisoformat(told["deferred_until"]) == MORNING
        story.come_to_rest()
        assert Counter(sent.to[0] for sent in story.aws.sms.accepted) == {f"+49151{n}2345678": 1 for n in range(3)}
        assert all(sent.at >= MORNING.timestamp() for sent in story.aws.sms.accepted)
        assert {message.state for message in told_of(story)} == {"sent"}
        assert story.faults() == []


@pytest.mark.parametrize("seed", range(4))
def test_a_night_of_faults_loses_none_and_tells_none_twice(seed: int) -> None:
    with shop(seed, Seeded(seed, 0.06), WEATHER) as story:
        story.aws.scheduler.double_firing = 0.5
        arrive_at_night(story)
        assert story.aws.sms.accepted == []
        story.come_to_rest()
        sent = Counter(sent.tags["message_id"] for sent in story.aws.sms.accepted)
        assert len(told_of(story)) == len(PARCELS)
        assert all(message.state in {"sent", "ambiguous"} for message in told_of(story))
        assert all(sent[message.message_id] == 1 for message in told_of(story) if message.state == "sent")
        assert set(sent.values()) <= {1}
        assert story.faults() == []


def test_the_parameters_of_the_stack_limit_what_sms_cost_and_the_rest_goes_by_email() -> None:
    with shop(parameters={"SmsSpendLimitPerDay": "1.00", "SmsPricesUsd": "DE=0.20,AT=0.01"}) as story:
        for number in range(6):
            story.register(f"parcel-{number}", phone=f"+49151{number}2345678")
            story.report(f"parcel-{number}", "delivered")
        story.come_to_rest()
        spent = sum(float(sent.request["MaxPrice"]) for sent in story.aws.sms.accepted)
        assert 0.79 < spent <= 1.0
        told = told_of(story)
        assert [message.state for message in told] == 6 * ["sent"]
        by_email = {sent.tags["message_id"] for sent in story.aws.ses.accepted}
        assert sum(message.message_id in by_email for message in told) == 6 - len(story.aws.sms.accepted)
        assert story.faults() == []
