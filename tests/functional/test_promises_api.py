"""The promise ledger by the API: rates with intervals, and beside a survey's score; checked by counting again."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest

from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.people import Recipient
from shared.domain.promises import Window, ledger_changes
from shared.storage.deliveries import DeliveryRepository
from tests.fakes.http import body_of
from tests.functional.http_stack import HttpStack, http_stack

SECRET = {"authorization": "Bearer sk_own"}
TODAY = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
MONDAY = (TODAY - timedelta(days=TODAY.weekday() + 7)).replace(hour=9)
"""Of the week before, so that every window of it is over."""


@pytest.fixture(scope="module")
def warm_stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture
def stack(warm_stack: HttpStack) -> HttpStack:
    warm_stack.empty()
    return warm_stack


def call(stack: HttpStack, path: str, status: int = 200) -> Any:
    path, _, query = path.partition("?")
    answer = stack.call("GET", path, query=dict(parse_qsl(query)), headers=SECRET)
    assert answer["statusCode"] == status, answer["body"]
    return body_of(answer)


def parcel(stack: HttpStack, name: str, ends: str, *, day: int = 0, carrier: str = "dhl", region: str = "") -> None:
    """A parcel whose promise of two hours ends as it is said to: kept, early, late by 30 minutes, broken, or open."""
    deliveries = DeliveryRepository(stack.dynamodb, "deliveries")
    start = MONDAY + timedelta(days=day)
    registration = DeliveryRegistration(
        carrier=carrier,
        recipient=Recipient(email="ada@example.com"),
        promise=Window(start=start, end=start + timedelta(hours=2)),
        region=region or None,
        registered_at=start - timedelta(days=2),
    )
    known = Delivery(delivery_id=name).with_registration(registration, "per_1")
    assert deliveries.save(known, 0)
    if ends != "open":
        minutes = {"kept": 60, "early": -30, "late": 150, "broken": 60}[ends]
        at = start + timedelta(minutes=minutes)
        status = DeliveryStatus.RETURNED if ends == "broken" else DeliveryStatus.DELIVERED
        event = DeliveryEvent(event_id="end", status=status, occurred_at=at, learned_at=at)
        after = known.with_event(event).judged(at)
        assert deliveries.save(after, known.version, ledger_changes(known.counted, after.counted))


def answer(stack: HttpStack, number: int, rating: int, about: str | None) -> None:
    body: dict[str, Any] = {
        "response_id": str(UUID(int=number + (4 << 76) + (8 << 60))),
        "survey": "delivery",
        "score": rating,
        "created_at": int(MONDAY.timestamp()) + number,
    }
    if about is not None:
        body["subject"] = {"type": "delivery", "id": about}
    given = stack.call("POST", "/v1/survey_responses", headers=SECRET, body=body)
    assert given["statusCode"] == 201, given["body"]


def test_a_rate_is_what_was_kept_of_all_that_was_judged_with_its_interval(stack: HttpStack) -> None:
    ends = ["kept"] * 14 + ["late"] * 4 + ["early"] + ["broken"] + ["open"] * 3
    for n, end in enumerate(ends):
        parcel(stack, f"order-{n}", end)
    told = call(stack, "/v1/promises")
    counts = {name: told[name] for name in ("promises", "kept", "early", "late", "broken")}
    assert counts == {"promises": 20, "kept": 14, "early": 1, "late": 4, "broken": 1}
    assert (told["kept_percent"], told["late_minutes"]) == (70.0, 30.0)
    # Agresti and Coull: z^2/2 added to either side.
    z2 = 1.959964**2
    answers, share = 20 + z2, (14 + z2 / 2) / (20 + z2)
    half = 1.959964 * sqrt(share * (1 - share) / answers)
    assert told["interval"] == pytest.approx([100 * (share - half), 100 * (share + half)], abs=0.01)


def test_without_promises_there_is_no_rate_and_not_zero(stack: HttpStack) -> None:
    told = call(stack, "/v1/promises?by=carrier")
    assert (told["promises"], told["kept_percent"], told["interval"], told["rows"]) == (0, None, None, [])


def test_carriers_regions_and_weeks_are_counted_apart(stack: HttpStack) -> None:
    draw = random.Random(5)
    expected: Counter[tuple[str, str, str]] = Counter()
    for n in range(60):
        carrier, region, day = draw.choice(["dhl", "dpd"]), draw.choice(["", "DE-BE"]), draw.choice([0, -7, -14])
        end = draw.choice(["kept", "late"])
        parcel(stack, f"order-{n}", end, day=day, carrier=carrier, region=region)
        year, week, _ = (MONDAY + timedelta(days=day)).isocalendar()
        for value in (carrier, region, f"{year}-W{week:02d}"):
            expected[value, end, ""] += 1
    for by in ("carrier", "region", "week"):
        for row in call(stack, f"/v1/promises?by={by}")["rows"]:
            assert (row["kept"], row["late"]) == (
                expected[row["value"], "kept", ""],
                expected[row["value"], "late", ""],
            )
    whole = call(stack, "/v1/promises")
    parts = [call(stack, f"/v1/promises?carrier={carrier}") for carrier in ("dhl", "dpd")]
    assert whole["kept"] == sum(part["kept"] for part in parts)


def test_a_kept_promise_is_compared_with_a_broken_one_by_what_customers_say(stack: HttpStack) -> None:
    ratings = {"kept": [10, 10, 9, 9, 10, 9, 8, 10, 9, 10], "late": [3, 2, 6, 7, 0], "broken": [0, 1], "open": [5]}
    number = 0
    for end, given in ratings.items():
        for rating in given:
            parcel(stack, f"order-{number}", end)
            answer(stack, number, rating, f"order-{number}")
            number += 1
    answer(stack, number, 0, None)  # about no parcel
    answer(stack, number + 1, 0, "a-parcel-nobody-knows")
    told = call(stack, "/v1/promises?survey=delivery")["score"]

    def nps(values: list[int]) -> float:
        return 100 * (sum(v >= 9 for v in values) - sum(v <= 6 for v in values)) / len(values)

    missed = ratings["late"] + ratings["broken"]
    assert told["kept"]["score"] == pytest.approx(nps(ratings["kept"]))
    assert told["not_kept"]["score"] == pytest.approx(nps(missed))
    assert told["late"]["response_count"] == 5
    assert (told["early"]["score"], told["without_promise"]["response_count"]) == (None, 1)
    assert told["difference"]["difference"] == pytest.approx(nps(ratings["kept"]) - nps(missed))
    assert told["difference"]["differs"] is True
    low, high = told["kept"]["interval"]
    assert low < told["kept"]["score"] <= high


def test_the_worst_of_several_promises_is_what_a_customer_remembers(stack: HttpStack) -> None:
    deliveries = DeliveryRepository(stack.dynamodb, "deliveries")
    parcel(stack, "order-1", "open")
    known = deliveries.get("order-1")
    assert known is not None and known.registration is not None
    later = Window(start=MONDAY + timedelta(hours=4), end=MONDAY + timedelta(hours=6))
    again = known.registration.model_copy(update={"promise": later, "registered_at": MONDAY})
    at = MONDAY + timedelta(hours=5)
    event = DeliveryEvent(event_id="end", status=DeliveryStatus.DELIVERED, occurred_at=at, learned_at=at)
    after = known.with_registration(again, "per_1").with_event(event).judged(at)
    assert deliveries.save(after, known.version, ledger_changes(known.counted, after.counted))
    answer(stack, 1, 4, "order-1")
    told = call(stack, "/v1/promises?survey=delivery")
    assert (told["kept"], told["late"], told["score"]["late"]["response_count"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=yesterday", "since"),
        ("until=2026-13-01", "until"),
        ("since=2026-06-01&until=2026-05-01", "since"),
        ("since=2024-01-01&until=2026-01-01", "since"),
        ("by=driver", "by"),
        ("carier=dhl", "carier"),
    ],
)
def test_a_query_that_can_not_be_meant_is_refused_by_its_name(stack: HttpStack, query: str, field: str) -> None:
    refused = call(stack, f"/v1/promises?{query}", 422)
    assert list(refused["errors"]) == [field]


def test_an_unknown_survey_is_not_found(stack: HttpStack) -> None:
    call(stack, "/v1/promises?survey=none", 404)


# A parcel, as it is told.


def test_a_parcel_tells_its_promises_its_corrections_and_what_contradicts(stack: HttpStack) -> None:
    parcel(stack, "order-1", "kept")
    deliveries = DeliveryRepository(stack.dynamodb, "deliveries")
    known = deliveries.get("order-1")
    assert known is not None
    at = MONDAY + timedelta(hours=5)
    scan = DeliveryEvent(event_id="scan", status=DeliveryStatus.IN_TRANSIT, occurred_at=at, learned_at=at)
    contradicted = known.with_event(scan)
    assert deliveries.save(contradicted, known.version)
    told = call(stack, "/v1/deliveries/order-1")
    assert (told["status"], told["contradicted"]) == ("delivered", True)
    assert [(event["event_id"], event["contradicts"]) for event in told["events"]] == [("end", False), ("scan", True)]
    assert [promise["outcome"] for promise in told["promises"]] == ["kept"]
    listed = call(stack, "/v1/deliveries?contradicted=true")
    assert [each["delivery_id"] for each in listed["deliveries"]] == ["order-1"]

    right = DeliveryEvent(
        event_id="right", status=DeliveryStatus.IN_TRANSIT, occurred_at=at, learned_at=at, corrects="end"
    )
    corrected = contradicted.with_event(right).judged(at)
    assert deliveries.save(corrected, contradicted.version, ledger_changes(contradicted.counted, corrected.counted))
    told = call(stack, "/v1/deliveries/order-1")
    assert (told["status"], told["contradicted"]) == ("in_transit", False)
    assert [event["corrected"] for event in told["events"]] == [True, False, False]
    assert [(promise["outcome"], promise["superseded"]) for promise in told["promises"]] == [(None, ["kept"])]
    assert call(stack, "/v1/deliveries?contradicted=true")["deliveries"] == []
    assert json.dumps(told).count("ada@") == 0


def test_there_is_no_list_of_all_parcels(stack: HttpStack) -> None:
    refused = call(stack, "/v1/deliveries", 422)
    assert list(refused["errors"]) == ["contradicted"]
