"""Our HTTP API as a back office uses it: patient, and safe to repeat because everything it sends has an id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

TRY_AGAIN = (429, 500, 502, 503, 504)
"""Statuses that are worth the same request again; `Retry-After` is obeyed."""


class DemoError(Exception):
    """The demo can not go on; the message says why, for a person."""


class Client:
    """Talks to one Hearback.

    Args:
        api: The base address, ending in `/v1/`.
        secret_key: A secret key.
        connections: How many requests may run at once.
    """

    def __init__(self, api: str, secret_key: str, connections: int = 1) -> None:
        self._api = api
        patience = Retry(
            total=8,
            status_forcelist=TRY_AGAIN,
            allowed_methods=None,  # POST too
            backoff_factor=0.25,
            backoff_jitter=0.25,
            backoff_max=10,
        )
        self._http = urllib3.PoolManager(
            maxsize=connections,
            block=True,
            timeout=urllib3.Timeout(connect=3, read=30),
            retries=patience,
            headers={"authorization": f"Bearer {secret_key}", "content-type": "application/json"},
        )

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Send something; sent again, it is the same thing.

        Raises:
            DemoError: it was refused, or there was no answer for too long.
        """
        return self._call("POST", urljoin(self._api, path), json.dumps(body).encode())

    def get(self, path: str) -> Any:
        """Read something of the API, or of another address on the same machine; None if it is not there.

        Raises:
            DemoError: it was refused, or there was no answer for too long.
        """
        return self._call("GET", urljoin(self._api, path))

    def _call(self, method: str, address: str, body: bytes | None = None) -> Any:
        try:
            answer = self._http.request(method, address, body=body)
        except HTTPError as error:
            raise DemoError(f"{method} {address} got no answer: {error}") from None
        if answer.status == HTTPStatus.NOT_FOUND and method == "GET":
            return None
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DemoError(f"{method} {address} was answered {answer.status}: {answer.data.decode()}")
        return answer.json()
