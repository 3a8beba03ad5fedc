"""What following a van costs, counted in the in-memory AWS: calls and units of plan, position, stop and page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from shared.domain.links import TrackingLink
from shared.tokens import TrackingLinks
from tests.benchmarks.counted import SECRET, measured_stack
from tests.simulation.deployed import LINK_KEYS, DeployedStack

TABLE = "DeliveriesTable"


class Cost(NamedTuple):
    """Calls to AWS and units of the deliveries table, all of a stack that is warm."""

    calls: int
    read_units: float
    write_units: float


class VanCosts(NamedTuple):
    """What one of each costs.

    Args:
        first_plan: The plan of a morning, whose parcels no van has yet.
        plan: Another plan of the same parcels.
        position: A position, from the request of the fleet to the table.
        stop: A report that a parcel was delivered, with all that follows of it.
        page: A look at the live page.
    """

    first_plan: Cost
    plan: Cost
    position: Cost
    stop: Cost
    page: Cost


def van_costs(stops: int) -> VanCosts:
    """What a van with so many stops costs, with a place each; the last customer looks."""
    ids = [f"order-{number:06d}" for number in range(stops)]
    with measured_stack() as stack:
        for number, id_ in enumerate(ids):
            recipient = {"email": f"customer-{number}@example.com"}
            _send(stack, "POST", "/v1/deliveries", {"delivery_id": id_, "carrier": "own", "recipient": recipient})
            _send(stack, "POST", f"/v1/deliveries/{id_}/events", {"status": "out_for_delivery"})
        stack.worker.run_until_quiet()
        expires_at = int((stack.aws.clock.now() + timedelta(days=1)).timestamp())
        links = TrackingLinks(lambda: json.loads(LINK_KEYS), stack.aws.clock)
        token = links.sign(TrackingLink(delivery_id=ids[-1], expires_at=expires_at))

        def plan() -> None:
            told = [{"delivery_id": id_, "latitude": 52.517, "longitude": 13.389} for id_ in ids]
            _send(stack, "PUT", "/v1/routes/van-7", {"stops": told})

        def ping() -> None:
            _send(stack, "POST", f"/v1/deliveries/{ids[-1]}/position", {"latitude": 52.517, "longitude": 13.389})

        def look() -> None:
            assert stack.http("GET", f"/track/{token}").status == 200

        first = _cost(stack, plan)
        _cost(stack, ping)
        look()
        return VanCosts(
            first_plan=first,
            plan=_cost(stack, plan),
            position=_cost(stack, ping),
            stop=_cost(stack, lambda: _send(stack, "POST", f"/v1/deliveries/{ids[0]}/events", {"status": "delivered"})),
            page=_cost(stack, look),
        )


def _send(stack: DeployedStack, method: str, path: str, body: Mapping[str, Any]) -> None:
    stack.aws.clock.advance(1)
    reply = stack.http(method, path, dict(body), key=SECRET)
    assert reply.status == 202, reply


def _cost(stack: DeployedStack, deed: Callable[[], None]) -> Cost:
    """What a deed costs, with what the consumer of the deliveries queue does of it, and nobody behind that."""
    source = next(source for source in stack.sources if source.function == "delivery_status")
    consumed, logged = stack.aws.dynamodb.consumed, len(stack.aws.log)
    read, written = consumed[TABLE, "read"], consumed[TABLE, "write"]
    deed()
    while source.poll():
        pass
    return Cost(len(stack.aws.log) - logged, consumed[TABLE, "read"] - read, consumed[TABLE, "write"] - written)
