"""An in-memory AWS behind real boto3 clients: no socket, no real time, nothing random that a seed does not decide."""

from tests.simulation.aws.clock import VirtualClock
from tests.simulation.aws.cloud import InMemoryAws
from tests.simulation.aws.wire import Call, ServiceError

__all__ = ["Call", "InMemoryAws", "ServiceError", "VirtualClock"]
