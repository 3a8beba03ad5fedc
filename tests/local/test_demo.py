"""`make demo` on the running stack: the year comes out as published, and a second run changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest

from infra.demo.__main__ import main
from infra.demo.client import Client
from infra.demo.easypost import read
from infra.demo.parcels import CUSTOMERS, HISTORIES, Replay
from infra.demo.replay_year import send
from infra.demo.year import answers, published
from shared.domain.messages import MessageKind
from tests.local.stack import Deployed

pytestmark = [pytest.mark.local, pytest.mark.slow]
KINDS = (MessageKind.DELIVERY_ON_ITS_WAY, MessageKind.DELIVERY_DELIVERED, MessageKind.SURVEY_INVITATION)


def told(client: Client, delivery_id: str) -> list[list[Any]]:
    pages = (client.get(f"messages?delivery={delivery_id}&kind={kind}") for kind in KINDS)
    return [[(message["state"], message["reason"]) for message in page or ()] for page in pages]


@pytest.mark.parametrize(
    ("name", "customer", "status", "became"),
    [
        ("delivered", 0, "delivered", [[("sent", None)], [("sent", None)], [("sent", None)]]),
        ("clock_runs_backwards", 2, "delivered", [[], [("expired", "too_late")], [("sent", None)]]),
        ("damaged_and_sent_back", 0, "returning", [[], [], []]),
    ],
)
def test_a_carriers_history_tells_the_customer_what_was_true(
    stack: Deployed, name: str, customer: int, status: str, became: list[list[Any]]
) -> None:
    client = Client(stack.facts["api"], stack.facts["secret_key"])
    replay = Replay(client, datetime.now(UTC).replace(microsecond=0), "delivery", stack.facts["mail_api"])
    by_mail = CUSTOMERS[customer]._replace(phone=None)  # an SMS would wait for the morning if this ran at night
    parcel = replay.replay(read(HISTORIES / f"{name}.json"), by_mail)
    assert parcel.status == status
    assert told(client, parcel.delivery_id) == became


@pytest.mark.slow
def test_the_year_comes_out_as_published_and_what_is_sent_again_changes_nothing(
    stack: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", str(stack.place.stack_file)]) == 0
    assert "Year       3326" in capsys.readouterr().out
    client = Client(stack.facts["api"], stack.facts["secret_key"])
    year = "metrics?survey=relationship-2020&since=2020-01-01&until=2020-12-31"
    scored = client.get(year)
    for answer in islice(answers(published()), 100):
        send(client, answer)
    assert client.get(year) == scored
    assert (scored["response_count"], scored["nps"]) == (3326, 50)


def test_without_a_running_hearback_it_says_how_to_start_one(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", str(tmp_path / "stack.json")]) == 1
    assert "make up" in capsys.readouterr().out


def test_a_refusal_is_told_in_the_apis_own_words(stack: Deployed, tmp_path: Any, capsys: Any) -> None:
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({**stack.facts, "secret_key": "sk_guess"}))
    assert main(["--stack", str(file)]) == 1
    assert "secret key" in capsys.readouterr().out
