"""AWS clients with time-outs that fit a Lambda function and a stated number of attempts."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.config import Config

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 4


def client(service: str, attempts: int = 3) -> Any:
    """A client of an AWS service.

    Args:
        service: The service's name as boto3 knows it.
        attempts: How often one call is tried in all. Whatever sends to people gets 1: by default a lost answer has
            botocore send one e-mail three to five times, by its version.
    """
    return boto3.client(
        service,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": attempts, "mode": "standard"},
        ),
    )
