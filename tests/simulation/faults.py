"""Faults: which call goes wrong, and how, decided by a plan that replays identically from its seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

from tests.simulation.aws import Call, InMemoryAws, ServiceError
from tests.simulation.aws.cloud import Effect
from tests.simulation.aws.transactions import cancelled

TIMEOUT_SECONDS = 3.0


class Crash(BaseException):
    """The worker is gone (out of memory, killed, timed out): no `except Exception` hides it."""


class Fault(StrEnum):
    """What can happen to one call."""

    LOST_REQUEST = "lost_request"
    LOST_ANSWER = "lost_answer"
    CONNECTION_CLOSED = "connection_closed"
    SERVER_ERROR = "server_error"
    SERVER_ERROR_AFTER = "server_error_after"
    THROTTLE = "throttle"
    CONFLICT = "conflict"
    CRASH_BEFORE = "crash_before"
    CRASH_AFTER = "crash_after"


CRASHES = (Fault.CRASH_BEFORE, Fault.CRASH_AFTER)
EVERY_FAULT = tuple(Fault)
_THROTTLES = {
    "dynamodb": ("ThrottlingException", 400),
    "sqs": ("RequestThrottled", 403),
    "sesv2": ("TooManyRequestsException", 429),
}
_CONFLICTING = frozenset(f"dynamodb.{name}" for name in ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"))


def can_strike(fault: Fault, call: Call) -> bool:
    """Whether a fault can happen to a call: only who writes an item can be in conflict with a transaction."""
    return fault is not Fault.CONFLICT or call.name in _CONFLICTING


class Plan(Protocol):
    """Decides for each call which fault strikes it, if any."""

    def choose(self, call: Call) -> Fault | None:
        """The fault of this call."""
        ...


@dataclass(frozen=True)
class NoFaults:
    """Everything goes well."""

    def choose(self, call: Call) -> Fault | None:
        """Never a fault."""
        return None


@dataclass(frozen=True)
class Nth:
    """One fault, at the `index`-th call of the `run`-th run of a function (all counted from 1)."""

    function: str
    run: int
    index: int
    fault: Fault

    def choose(self, call: Call) -> Fault | None:
        """The fault, at that one call."""
        return self.fault if (call.function, call.run, call.index) == (self.function, self.run, self.index) else None


@dataclass(frozen=True)
class Never:
    """Calls that never work: those of which `which` says so."""

    which: Callable[[Call], bool]
    fault: Fault = Fault.LOST_REQUEST

    def choose(self, call: Call) -> Fault | None:
        """The fault, at each of these calls."""
        return self.fault if self.which(call) else None


@dataclass(frozen=True)
class Burst:
    """The same fault for `length` calls in a row, from the call numbered `start`: longer than the SDK retries."""

    start: int
    length: int
    fault: Fault
    functions: frozenset[str] | None = None

    def choose(self, call: Call) -> Fault | None:
        """The fault, while the burst lasts."""
        chosen = self.functions is None or call.function in self.functions
        return self.fault if chosen and self.start <= call.number < self.start + self.length else None


@dataclass
class Outage:
    """A service of the functions is away for a time, however often they come back to it: longer than SQS keeps trying.

    Attributes:
        aws: Whose clock tells when it is over.
        functions: Who can not reach it.
        start: The number of the call from which on it is away.
        seconds: How long.
        fault: How it shows.
        began: When it began, in Unix seconds; None before.
    """

    aws: InMemoryAws
    functions: frozenset[str]
    start: int
    seconds: float
    fault: Fault
    service: str = "dynamodb"
    began: float | None = None

    def choose(self, call: Call) -> Fault | None:
        """The fault, as long as it lasts."""
        if call.number < self.start or call.function not in self.functions or call.service != self.service:
            return None
        now = self.aws.clock.seconds()
        self.began = now if self.began is None else self.began
        return self.fault if now < self.began + self.seconds else None


@dataclass
class Seeded:
    """Each call of the functions (not what the scenario itself calls) is struck with a probability.

    `budget` bounds the number of faults, so that every run comes to rest; a fault that can not happen to the call takes
    nothing of it.
    """

    seed: int
    probability: float
    kinds: Sequence[Fault] = EVERY_FAULT
    budget: int = 1_000_000
    services: frozenset[str] | None = None
    _rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._rng = random.Random(f"faults-{self.seed}")

    def choose(self, call: Call) -> Fault | None:
        """A seeded choice."""
        if call.function == "outside" or (self.services is not None and call.service not in self.services):
            return None
        if self.budget <= 0 or self._rng.random() >= self.probability:
            return None
        fault = self._rng.choice(self.kinds)
        if not can_strike(fault, call):
            return None
        self.budget -= 1
        return fault


@dataclass(frozen=True)
class FirstOf:
    """Several plans; the first that has a fault decides."""

    plans: tuple[Plan, ...]

    def choose(self, call: Call) -> Fault | None:
        """The first plan's fault."""
        return next((fault for plan in self.plans if (fault := plan.choose(call)) is not None), None)


class FaultInjector:
    """The hook that carries a plan out on an `InMemoryAws`."""

    def __init__(self, aws: InMemoryAws, plan: Plan) -> None:
        """Install with `aws.hook = FaultInjector(aws, plan)`."""
        self._aws = aws
        self._plan = plan
        self._rng = random.Random(f"conflicts-{aws.seed}")
        self.injected: list[tuple[Call, Fault]] = []

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        """Answer the call, or strike it."""
        fault = self._plan.choose(call)
        if fault is None or not can_strike(fault, call):
            return effect()
        self.injected.append((call, fault))
        url = f"https://{call.service}.simulation"
        match fault:
            case Fault.CRASH_BEFORE:
                raise Crash(f"before {call}")
            case Fault.CRASH_AFTER:
                _do(effect)
                raise Crash(f"after {call}")
            case Fault.LOST_REQUEST:
                self._aws.clock.advance(TIMEOUT_SECONDS)
                raise ConnectTimeoutError(endpoint_url=url)
            case Fault.LOST_ANSWER:
                _do(effect)
                self._aws.clock.advance(TIMEOUT_SECONDS)
                raise ReadTimeoutError(endpoint_url=url)
            case Fault.CONNECTION_CLOSED:
                raise ConnectionClosedError(endpoint_url=url)
            case Fault.SERVER_ERROR | Fault.SERVER_ERROR_AFTER:
                if fault is Fault.SERVER_ERROR_AFTER:
                    _do(effect)
                raise ServiceError("InternalServerError", "Internal server error", status=500)
            case Fault.THROTTLE:
                code, status = _THROTTLES.get(call.service, ("ThrottlingException", 400))
                raise ServiceError(code, "Rate exceeded", status=status)
            case Fault.CONFLICT:
                raise self._conflict(call)

    def _conflict(self, call: Call) -> ServiceError:
        if call.operation == "TransactWriteItems":
            reasons: list[dict[str, Any]] = [{"Code": "None"} for _ in call.params["TransactItems"]]
            reasons[self._rng.randrange(len(reasons))] = {
                "Code": "TransactionConflict",
                "Message": "Transaction is ongoing for the item",
            }
            return cancelled(reasons)
        return ServiceError("TransactionConflictException", "Transaction is ongoing for the item")


def _do(effect: Effect) -> None:
    """Let the effect happen; whether it was refused, nobody will hear."""
    try:
        effect()
    except ServiceError:
        return


@dataclass
class Pause:
    """A worker that stalls at one call while the world goes on (a zombie), then continues as if nothing had been.

    `meanwhile` runs before the effect of that call; the call itself then goes through.
    """

    function: str
    run: int
    index: int
    meanwhile: Callable[[], None]
    inner: Callable[[Call, Effect], dict[str, Any]] | None = None
    done: bool = False

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        """Stall at the one call, pass every other on."""
        if not self.done and (call.function, call.run, call.index) == (self.function, self.run, self.index):
            self.done = True
            self.meanwhile()
        return self.inner(call, effect) if self.inner else effect()


@dataclass
class Stalls:
    """Workers that stall now and then, as `Pause` does at one place; never one inside another.

    Not at a call to a provider: between the fence and the provider the world may move on unseen, a window that no
    sender can close.
    """

    seed: int
    probability: float
    meanwhile: Callable[[Call], None]
    inner: Callable[[Call, Effect], dict[str, Any]]
    stalled: list[Call] = field(default_factory=list)
    _rng: random.Random = field(init=False)
    _busy: bool = False

    def __post_init__(self) -> None:
        self._rng = random.Random(f"stalls-{self.seed}")

    def __call__(self, call: Call, effect: Effect) -> dict[str, Any]:
        """Stall if the seed says so, then go on."""
        at_provider = call.service in ("sesv2", "pinpoint-sms-voice-v2")
        if call.run and not self._busy and not at_provider and self._rng.random() < self.probability:
            self._busy = True
            self.stalled.append(call)
            self.meanwhile(call)
            self._busy = False
        return self.inner(call, effect)


def every_crash(calls: Iterable[Call]) -> list[Nth]:
    """One plan for dying before, and one for dying after, each of these calls."""
    return [Nth(call.function, call.run, call.index, fault) for call in calls for fault in CRASHES]
