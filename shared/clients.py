"""AWS clients that start fast, with time-outs that fit a Lambda function and a stated number of attempts.

They are botocore's own clients, from one session for all of them. What is ours is what the session reads while it makes
one: by default it walks through the 440 services of botocore's data folder, and reads 1.2 MB of old endpoint rules, for
a client that then takes its endpoint from the service's own rules (docs/adr/0008-lean-clients.md).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 4


class LeanLoader(Loader):
    """Finds botocore's data files, and reads no more of them than a client of today needs."""

    def list_available_services(self, type_name: str) -> list[str]:
        """Every name a service may have: one listing instead of one per service, for a check that it is known."""
        return [path.name for path in Path(self.BUILTIN_DATA_PATH).iterdir()]

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        """A data file and where it lies; the old endpoint rules are made from the short list of partitions."""
        if name == "endpoints":
            return endpoints(self.load_data("partitions")["partitions"]), self.BUILTIN_DATA_PATH
        data, path = super().load_data_with_path(name)
        return data, path


def endpoints(partitions: list[dict[str, Any]]) -> dict[str, Any]:
    """The old endpoint rules (`endpoints.json`) of these partitions, with nothing special for any service or region."""
    return {
        "version": 3,
        "partitions": [
            {
                "partition": partition["id"],
                "partitionName": partition["id"],
                "dnsSuffix": partition["outputs"]["dnsSuffix"],
                "regionRegex": partition["regionRegex"],
                "regions": {region: {} for region in partition["regions"]},
                "services": {},
                "defaults": {
                    "hostname": "{service}.{region}.{dnsSuffix}",
                    "protocols": ["https"],
                    "signatureVersions": ["v4"],
                },
            }
            for partition in partitions
        ],
    }


@cache
def session() -> Session:
    """The session of this process: its clients share credentials, and what was read to make them."""
    made = Session()
    made.register_component("data_loader", LeanLoader())
    return made


def client(service: str, attempts: int = 3) -> Any:
    """A client of an AWS service.

    Args:
        service: The service's name as botocore knows it.
        attempts: How often one call is tried in all. Whatever sends to people gets 1: by default a lost answer has
            botocore send one e-mail up to five times.
    """
    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"total_max_attempts": attempts, "mode": "standard"},
    )
    return session().create_client(service, config=config)
