"""What every test gets: no network, no real AWS account, and a Lambda context.

Only tests marked `local` or `browser` may open a socket; every other test that tries fails and says so. Credentials
and region are dummies, set before any module under test is imported, so that nothing can reach an account by accident.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import botocore.session
import hypothesis
import pytest
import pytest_socket
from _pytest.nodeid import coerce_node_id

_MAY_OPEN_SOCKETS = ("local", "browser")

for _name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[_name]
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="eu-central-1",
    AWS_REGION="eu-central-1",
    AWS_EC2_METADATA_DISABLED="true",
    # Not a file that exists: a developer's own profile must not change what a test does.
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    POWERTOOLS_SERVICE_NAME="hearback",
    POWERTOOLS_METRICS_NAMESPACE="Hearback",
)

# How long an example takes depends on what else the machine does: no test fails for that.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Each mocked AWS makes sessions of its own, and each session would read the SDK's models of its services anew.
vars(botocore.session)["create_loader"] = cache(botocore.session.create_loader)

from tests.local.stack import contract, stack  # noqa: E402  not before the environment is that of tests

__all__ = ["LambdaContext", "contract", "lambda_context", "stack"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file stay together, those of one embedded AWS too; a storm is a world of its own."""
    stacks = {
        item.path: name
        for item in items
        if item.get_closest_marker("local")
        for name in ("stack", "contract")
        if name in getattr(item, "fixturenames", ())
    }
    for item in items:
        if item.get_closest_marker("apart") is None:
            group = stacks.get(item.path) or item.nodeid.partition("::")[0]
            item.add_marker(pytest.mark.xdist_group(group))
            if hasattr(item.config, "workerinput"):
                # pytest-xdist 3.8 writes the group where pytest 9.2 no longer reads it: each test would go its own way.
                item._id = coerce_node_id(f"{item.nodeid}@{group}")


@pytest.fixture(autouse=True)
def _sockets_closed(request: pytest.FixtureRequest) -> Iterator[None]:
    if any(request.node.get_closest_marker(name) for name in _MAY_OPEN_SOCKETS):
        yield
        return
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@dataclass(frozen=True)
class LambdaContext:
    """The part of Lambda's context object that Powertools and our handlers read."""

    function_name: str = "hearback-test"
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:hearback-test"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"

    def get_remaining_time_in_millis(self) -> int:
        return 30_000


@pytest.fixture
def lambda_context() -> LambdaContext:
    """The context that a `lambda_handler` is called with."""
    return LambdaContext()
