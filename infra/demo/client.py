"""The demo's way to our HTTP API: whatever is refused ends it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin

from infra.client import ApiClient, NoAnswer


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
        self._client = ApiClient(secret_key, connections)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """Send something; sent again, it is the same thing.

        Raises:
            DemoError: it was refused, or there was no answer for too long.
        """
        return self._call("POST", urljoin(self._api, path), body)

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """Make something what is sent.

        Raises:
            DemoError: it was refused, or there was no answer for too long.
        """
        return self._call("PUT", urljoin(self._api, path), body)

    def get(self, path: str) -> Any:
        """Read something of the API, or of another address on the same machine; None if it is not there.

        Raises:
            DemoError: it was refused, or there was no answer for too long.
        """
        return self._call("GET", urljoin(self._api, path))

    def _call(self, method: str, address: str, body: Mapping[str, object] | None = None) -> Any:
        try:
            answer = self._client.call(method, address, body)
        except NoAnswer as error:
            raise DemoError(str(error)) from None
        if answer.status == HTTPStatus.NOT_FOUND and method == "GET":
            return None
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise DemoError(f"{method} {address} was answered {answer.status}: {answer.body}")
        return answer.body
