"""A deployed stack, seen from outside: its outputs, and clients that reach its account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

LOCAL_STACK_FILE = Path(".local/stack.json")
LOCAL_REGION = "eu-central-1"
QUEUES = {
    "responses": "Responses",
    "deliveries": "Deliveries",
    "notifications": "Notifications",
    "receipts": "Receipts",
    "erasures": "Erasures",
    "funnel": "Funnel",
}


class StackError(Exception):
    """The stack can not be reached; the message says what to do."""


@dataclass(frozen=True)
class Stack:
    """One deployment of the template.

    Args:
        name: The CloudFormation stack's name.
        session: Credentials and region of its account.
        endpoint: Where AWS is; None for AWS itself.
        outputs: The stack's outputs by name.
    """

    name: str
    session: boto3.Session
    endpoint: str | None
    outputs: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A client of a service in the stack's account."""
        return self.session.client(service, endpoint_url=self.endpoint, config=_PATIENT)

    def output(self, name: str) -> str:
        """One output.

        Raises:
            StackError: the stack has none of that name; it is of another version.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise StackError(f"The stack {self.name} has no output {name}; deploy this version first.") from None

    def queue_url(self, queue: str) -> str:
        """A queue by its short name, such as `responses`."""
        return self.output(f"{QUEUES[queue]}QueueUrl")

    def dead_letter_queue_url(self, queue: str) -> str:
        """The dead-letter queue of a queue."""
        return self.output(f"{QUEUES[queue]}DeadLetterQueueUrl")


_PATIENT = Config(connect_timeout=3, read_timeout=30, retries={"total_max_attempts": 5, "mode": "standard"})


def aws_stack(name: str) -> Stack:
    """A stack on AWS, with the credentials and region that the AWS command line would use.

    Raises:
        StackError: there is no such stack, or no way to ask.
    """
    return _described(name, boto3.Session(), None)


def local_stack(file: Path = LOCAL_STACK_FILE) -> Stack:
    """The stack that `make run` or `make up` started in this checkout.

    Raises:
        StackError: it does not run.
    """
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StackError(f"Nothing runs here ({file} is missing): start it with `make up`.") from None
    address = urlsplit(facts["api"])
    # The emulator takes any credentials; these are what makes boto3 sign at all.
    session = boto3.Session("local", "local", region_name=facts.get("region", LOCAL_REGION))
    return _described(facts.get("stack_name", "hearback"), session, f"{address.scheme}://{address.netloc}")


def _described(name: str, session: boto3.Session, endpoint: str | None) -> Stack:
    try:
        cloudformation = session.client("cloudformation", endpoint_url=endpoint, config=_PATIENT)
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except (ClientError, BotoCoreError, IndexError) as error:
        raise StackError(f"The stack {name} can not be read: {error}") from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}
    return Stack(name, session, endpoint, outputs)
