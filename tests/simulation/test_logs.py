"""What the functions say of a long day: ids, and nobody."""

from __future__ import annotations

import logging

import pytest

from tests.simulation.shop import PUBLISHABLE, SECRET, shop
from tests.simulation.test_least_privilege import a_long_day

NOBODY = ("@example.org", "@shop.example", "Ada", "+49151", "Still wet")
"""Whoever and whatever is named in that day: customers, the owner, a name, numbers, a comment."""


def test_the_logs_of_a_long_day_name_nobody_and_repeat_no_comment(caplog: pytest.LogCaptureFixture) -> None:
    with shop() as opened, caplog.at_level(logging.INFO):
        logging.disable(logging.NOTSET)
        a_long_day(opened)
        refused = {"email": "ada@example.org", "phone": "+49151 and so on", "name": "Ada"}
        for path, body in (
            ("/v1/deliveries", {"delivery_id": "parcel-4", "carrier": "dhl", "recipient": refused}),
            ("/v1/survey_responses", {"score": 9, "person": refused, "comment": "Still wet"}),
            ("/v1/surveys/delivery/responses", {"rating": 9, "person": refused, "comment": "Still wet"}),
        ):
            key = PUBLISHABLE if "surveys" in path else SECRET
            assert opened.stack.http("POST", path, body, key=key).status == 422
    said = caplog.text + str([vars(record) for record in caplog.records])
    # Pages that are looked at say nothing.
    assert {record.name for record in caplog.records} >= set(opened.stack.functions) - {"pages", "tracking"}
    assert "parcel-1" in said
    assert [name for name in NOBODY if name in said] == []
