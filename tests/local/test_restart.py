"""What the emulator knows survives its end, and a crash costs at most two seconds."""

from __future__ import annotations

import json
import os
import signal
import time
import uuid
from dataclasses import replace

import pytest

from infra.local import server
from infra.local.errors import LocalError
from tests.local.stack import Deployed, deploy_contract, eventually, free_place

pytestmark = pytest.mark.local

SAFE_AFTER_SECONDS = 2.0


@pytest.fixture
def place(tmp_path):
    return free_place(tmp_path)


def put(deployed: Deployed, number: int) -> None:
    item = {"pk": {"S": "kept"}, "sk": {"S": f"{number:04}"}}
    deployed.client("dynamodb").put_item(TableName=deployed.outputs["TableName"], Item=item)


def numbers(deployed: Deployed) -> list[int]:
    found = deployed.client("dynamodb").query(
        TableName=deployed.outputs["TableName"],
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": "kept"}},
    )
    return [int(item["sk"]["S"]) for item in found["Items"]]


def waiting(deployed: Deployed) -> list[str]:
    url = deployed.outputs["InboxUrl"]
    got = deployed.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [message["Body"] for message in got.get("Messages", [])]


def send_sms(deployed: Deployed) -> str:
    sent = deployed.client("pinpoint-sms-voice-v2").send_text_message(
        DestinationPhoneNumber="+4915112345678", MessageBody="kept"
    )
    return sent["MessageId"]


def test_a_restart_keeps_everything_even_on_another_port(place):
    with server.emulator(place):
        before = deploy_contract(place)
        put(before, 1)
        before.client("sqs").send_message(QueueUrl=before.outputs["InboxUrl"], MessageBody="kept")
        sms = send_sms(before)
        eventually(lambda: waiting(before))  # Taken, not deleted: in work when the end comes.
    moved = replace(free_place(place.home))
    with server.emulator(moved):
        after = Deployed(moved, before.outputs)
        assert numbers(after) == [1]
        assert "kept" in waiting(after)
        assert [message["id"] for message in after.messages()] == [sms]
        assert after.request("GET", "/v1/echo").status == 200
        work = json.dumps({"id": "after"})
        after.client("sqs").send_message(QueueUrl=after.outputs["QueueUrl"], MessageBody=work)
        eventually(lambda: "after" in json.dumps(seen(after)))
        assert deploy_contract(moved).outputs == before.outputs


def seen(deployed: Deployed) -> list[str]:
    items = deployed.client("dynamodb").scan(TableName=deployed.outputs["TableName"])["Items"]
    return [item["pk"]["S"] for item in items]


def test_a_kill_loses_nothing_that_is_two_seconds_old(place):
    process = server.start(place)
    try:
        before = deploy_contract(place)
        sms = send_sms(before)
        stamps = []
        for number in range(40):
            put(before, number)
            stamps.append(time.monotonic())
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        process.wait()
    finally:
        server.stop(process)
    with server.emulator(place):
        after = Deployed(place, before.outputs)
        safe = [number for number, stamp in enumerate(stamps) if stamp < killed - SAFE_AFTER_SECONDS]
        assert len(safe) > 10
        assert set(safe) <= set(numbers(after))
        assert [message["id"] for message in after.messages()] == [sms]
        assert after.request("GET", "/v1/echo").status == 200


def test_messages_in_work_at_a_kill_are_worked_on_again(place):
    process = server.start(place)
    try:
        before = deploy_contract(place)
        mark = uuid.uuid4().hex
        work = json.dumps({"id": mark, "do": "sleep"})
        before.client("sqs").send_message(QueueUrl=before.outputs["QueueUrl"], MessageBody=work)
        time.sleep(SAFE_AFTER_SECONDS)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        server.stop(process)
    with server.emulator(place):
        after = Deployed(place, before.outputs)
        eventually(lambda: f"seen#{mark}" in seen(after))


def stack_status(deployed: Deployed) -> str:
    (found,) = deployed.client("cloudformation").describe_stacks()["Stacks"]
    return found["StackStatus"]


def test_a_deployment_of_the_same_is_none_and_a_change_reaches_the_function(place):
    with server.emulator(place):
        first = deploy_contract(place)
        assert deploy_contract(place).outputs == first.outputs
        assert stack_status(first) == "CREATE_COMPLETE"
        changed = deploy_contract(place, Greeting="good evening")
        assert changed.outputs == first.outputs
        assert stack_status(changed) == "UPDATE_COMPLETE"
        assert changed.request("GET", "/v1/echo").json()["greeting"] == "good evening"


def test_a_broken_state_file_is_said_and_nothing_starts(place):
    place.state.mkdir(parents=True)
    (place.state / "dynamodb.json").write_text('{"__ministack_format__": 2, "payl', encoding="utf-8")
    with pytest.raises(LocalError, match=r"state .*dynamodb\.json is broken .* remove"):
        server.start(place)


def test_a_port_in_use_is_said_and_nothing_starts(place):
    with server.emulator(place), pytest.raises(LocalError, match=f"Port {place.port} is in use"):
        server.start(replace(place, home=place.home / "other"))


def test_the_emulator_ends_with_its_starter(place, tmp_path):
    starter = os.fork()
    if starter == 0:
        server.start(place)
        os._exit(0)
    os.waitpid(starter, 0)
    eventually(lambda: _free(place))


def _free(place) -> bool:
    try:
        server.check_port(place)
    except LocalError:
        return False
    return True
