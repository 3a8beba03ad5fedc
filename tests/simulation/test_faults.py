"""What each fault does, seen from a real client; and that every run replays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.aws import InMemoryAws
from tests.simulation.aws.cloud import UnknownOperation
from tests.simulation.aws.queues import Weather
from tests.simulation.event_source import EventSource
from tests.simulation.faults import (
    Burst,
    Crash,
    Fault,
    FaultInjector,
    FirstOf,
    NoFaults,
    Nth,
    Pause,
    Plan,
    Seeded,
    every_crash,
)
from tests.simulation.worker import Worker

ONE_SHOT = Config(retries={"total_max_attempts": 1})
STANDARD = Config(retries={"mode": "standard", "total_max_attempts": 3})


@pytest.fixture
def cloud() -> Iterator[InMemoryAws]:
    aws = InMemoryAws(seed=7)
    aws.dynamodb.create_table("counts", hash_key="pk")
    with aws.installed():
        yield aws


def count(config: Config = ONE_SHOT) -> None:
    boto3.client("dynamodb", config=config).update_item(
        TableName="counts",
        Key={"pk": {"S": "n"}},
        UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def counted(aws: InMemoryAws) -> int:
    item = aws.dynamodb.table("counts").get({"pk": {"S": "n"}})
    return int(item["n"]["N"]) if item else 0


@pytest.mark.parametrize(
    ("fault", "error", "effects"),
    [
        (Fault.LOST_REQUEST, ConnectTimeoutError, 0),
        (Fault.LOST_ANSWER, ReadTimeoutError, 1),
        (Fault.CONNECTION_CLOSED, ConnectionClosedError, 0),
        (Fault.SERVER_ERROR, ClientError, 0),
        (Fault.SERVER_ERROR_AFTER, ClientError, 1),
        (Fault.THROTTLE, ClientError, 0),
        (Fault.CONFLICT, ClientError, 0),
        (Fault.CRASH_BEFORE, Crash, 0),
        (Fault.CRASH_AFTER, Crash, 1),
    ],
)
def test_a_fault_is_seen_by_the_client_and_has_the_effect_its_name_says(
    cloud: InMemoryAws, fault: Fault, error: type[BaseException], effects: int
) -> None:
    cloud.hook = FaultInjector(cloud, Nth("outside", 0, 1, fault))
    with pytest.raises(error):
        count()
    assert counted(cloud) == effects


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.SERVER_ERROR, Fault.THROTTLE, Fault.CONNECTION_CLOSED])
def test_a_client_that_retries_turns_a_lost_answer_into_two_effects_and_other_faults_into_one(
    cloud: InMemoryAws, fault: Fault
) -> None:
    cloud.hook = FaultInjector(cloud, Nth("outside", 0, 1, fault))
    count(STANDARD)
    assert counted(cloud) == (2 if fault is Fault.LOST_ANSWER else 1)
    assert len(cloud.log) == 2


def test_a_burst_outlasts_the_retries_of_a_client(cloud: InMemoryAws) -> None:
    cloud.hook = FaultInjector(cloud, Burst(start=1, length=7, fault=Fault.SERVER_ERROR))
    with pytest.raises(ClientError):
        count(STANDARD)
    assert len(cloud.log) == 3


def test_waiting_between_retries_moves_the_virtual_clock_only(cloud: InMemoryAws) -> None:
    before = cloud.clock.seconds()
    cloud.hook = FaultInjector(cloud, Burst(start=1, length=2, fault=Fault.LOST_REQUEST))
    count(STANDARD)
    assert cloud.clock.seconds() > before + 6


def test_a_conflict_cancels_a_transaction_with_one_action_to_blame(cloud: InMemoryAws) -> None:
    cloud.hook = FaultInjector(cloud, Nth("outside", 0, 1, Fault.CONFLICT))
    items = [{"Put": {"TableName": "counts", "Item": {"pk": {"S": str(n)}}}} for n in range(5)]
    with pytest.raises(ClientError) as refused:
        boto3.client("dynamodb", config=ONE_SHOT).transact_write_items(TransactItems=items)
    reasons: Any = refused.value.response["CancellationReasons"]
    assert sorted(reason["Code"] for reason in reasons) == ["None"] * 4 + ["TransactionConflict"]
    assert cloud.dynamodb.table("counts").items() == []


def test_a_read_is_in_conflict_with_nothing_and_takes_nothing_of_the_faults_there_are(cloud: InMemoryAws) -> None:
    seeded = Seeded(1, probability=1, kinds=(Fault.CONFLICT,), budget=1)
    cloud.hook = injector = FaultInjector(cloud, FirstOf((Burst(1, 3, Fault.CONFLICT), seeded)))
    client = boto3.client("dynamodb", config=ONE_SHOT)
    with cloud.running("reader"):
        for _ in range(6):
            client.get_item(TableName="counts", Key={"pk": {"S": "n"}})
        assert injector.injected == []
        with pytest.raises(ClientError, match="TransactionConflict"):
            client.put_item(TableName="counts", Item={"pk": {"S": "n"}})
    assert [(call.operation, fault) for call, fault in injector.injected] == [("PutItem", Fault.CONFLICT)]


def test_an_operation_that_is_not_modelled_is_never_taken_for_an_error_of_aws(cloud: InMemoryAws) -> None:
    with pytest.raises(UnknownOperation, match=r"dynamodb\.ListTables"):
        boto3.client("dynamodb").list_tables()


def test_a_stalled_worker_goes_on_after_the_world_did(cloud: InMemoryAws) -> None:
    cloud.hook = Pause("outside", 0, 1, meanwhile=count)
    count()
    assert counted(cloud) == 2
    assert [entry.outcome for entry in cloud.log] == ["ok", "ok"]


# a small system: receive, count by marker, delete


def count_once(event: Any, context: Any) -> dict[str, Any]:
    """Count each message once: a transaction of its marker and the sum."""
    client = boto3.client("dynamodb", config=STANDARD)
    for record in event["Records"]:
        try:
            client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": "counts",
                            "Item": {"pk": {"S": record["body"]}},
                            "ConditionExpression": "attribute_not_exists(pk)",
                        }
                    },
                    {
                        "Update": {
                            "TableName": "counts",
                            "Key": {"pk": {"S": "n"}},
                            "UpdateExpression": "ADD n :one",
                            "ExpressionAttributeValues": {":one": {"N": "1"}},
                        }
                    },
                ]
            )
        except client.exceptions.TransactionCanceledException as error:
            if error.response["CancellationReasons"][0]["Code"] != "ConditionalCheckFailed":
                raise
    return {}


def count_always(event: Any, context: Any) -> dict[str, Any]:
    """The planted bug: a bare ADD."""
    for _ in event["Records"]:
        count(STANDARD)
    return {}


def run(seed: int, handler: Any, plan: Plan, weather: Weather) -> InMemoryAws:
    aws = InMemoryAws(seed)
    aws.dynamodb.create_table("counts", hash_key="pk")
    dead = aws.sqs.create_queue("dead")
    queue = aws.sqs.create_queue(
        "answers", visibility=60, dead_letter_queue=dead, max_receive_count=50, weather=weather
    )
    aws.hook = FaultInjector(aws, plan)
    with aws.installed():
        for number in range(10):
            queue.send(f"answer {number}")
        Worker(aws, [EventSource(aws, "counter", queue, handler, batch_size=3)]).run_until_quiet()
    return aws


STORM = Weather(duplicate=0.2, resurrect=0.1, disorder=True)


@pytest.mark.parametrize("seed", range(10))
def test_an_idempotent_worker_counts_each_message_once_in_a_storm(seed: int) -> None:
    aws = run(seed, count_once, Seeded(seed, probability=0.2), STORM)
    assert counted(aws) == 10


def test_the_storm_finds_a_worker_that_counts_twice() -> None:
    totals = [counted(run(seed, count_always, Seeded(seed, probability=0.2), STORM)) for seed in range(10)]
    assert sum(total > 10 for total in totals) >= 5, totals


def test_dying_at_every_call_finds_it_too() -> None:
    calm = run(0, count_once, NoFaults(), Weather())
    plans = every_crash(entry.call for entry in calm.log)
    assert len(plans) == 2 * 10
    assert all(counted(run(0, count_once, plan, Weather())) == 10 for plan in plans)
    assert any(counted(run(0, count_always, plan, Weather())) != 10 for plan in plans)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_seed_gives_the_same_run(seed: int) -> None:
    first, second = (run(seed, count_once, Seeded(seed, probability=0.3), STORM) for _ in range(2))
    assert [entry.line() for entry in first.log] == [entry.line() for entry in second.log]
    assert first.fingerprint() != run(seed + 1, count_once, Seeded(seed + 1, probability=0.3), STORM).fingerprint()


def test_a_client_that_was_lent_comes_back_as_new(aws: InMemoryAws) -> None:
    """The SDK keeps a retry quota for each client, and an outage empties it; handlers stay on a client too."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 3})
    table = {"TableName": "things", "Key": {"pk": {"S": "a"}, "sk": {"S": "1"}}}
    heard: list[str] = []

    def calls_of_an_outage(times: int) -> list[int]:
        with aws.installed(), aws.clients() as lent:
            client = lent.create_client("dynamodb", config)
            client.meta.events.register("before-call", lambda **_: heard.append("called"))
            aws.hook = FaultInjector(aws, Burst(0, 10**6, Fault.SERVER_ERROR))
            found = []
            for _ in range(times):
                began = len(aws.log)
                with pytest.raises(ClientError):
                    client.get_item(**table)
                found.append(len(aws.log) - began)
            return found

    first, second = calls_of_an_outage(60), calls_of_an_outage(60)
    assert first == second
    assert (first[0], first[-1]) == (3, 1), "an outage empties the quota, and then the SDK tries only once"
    assert len(heard) == 120
