"""Our HTTP API as a back office uses it: patient, and safe to repeat because everything it sends has an id."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

TRY_AGAIN = (429, 500, 502, 503, 504)
"""Statuses that are worth the same request again; `Retry-After` is obeyed."""


class NoAnswer(Exception):  # noqa: N818  what happened, in a word
    """There was no answer for too long; the same again later is right."""


class ApiAnswer(NamedTuple):
    """What the API answered."""

    status: int
    body: Any


class ApiClient:
    """Talks to one Hearback, or to what stands beside it on the same machine.

    Args:
        secret_key: A secret key.
        connections: How many requests may run at once.
    """

    def __init__(self, secret_key: str, connections: int = 1) -> None:
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

    def call(self, method: str, address: str, body: Mapping[str, object] | None = None) -> ApiAnswer:
        """One request, repeated while it is worth it; what is no JSON is told as text.

        Raises:
            NoAnswer: there was none for too long.
        """
        try:
            answer = self._http.request(method, address, body=None if body is None else json.dumps(body).encode())
        except HTTPError as error:
            raise NoAnswer(f"{method} {address} got no answer: {error}") from None
        try:
            return ApiAnswer(answer.status, answer.json())
        except ValueError:
            return ApiAnswer(answer.status, answer.data.decode(errors="replace"))
