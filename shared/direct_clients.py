"""The few AWS calls of the public door, made without a client: signed by botocore, sent by botocore, and no more.

Making a botocore client reads the service's whole model, which takes longer than all else that the door does before it
can answer. Its three calls need none of that: their services speak plain JSON, so a call is a signed POST of its
parameters. Whatever is not the plain case is left to botocore's own client, which is made only then: any answer but
success, any failure of the network, and an environment with anything special about credentials, region or endpoints
(docs/adr/0008-lean-clients.md).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 4
ATTEMPTS_AFTER_FAILURE = 2
"""How often botocore's client tries a call that failed here: three attempts in all, as with every other client."""

_COMMERCIAL_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+")
"""Regions of the partition `aws` (botocore's partitions.json)."""
_SPECIAL = (
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
)
"""Settings of botocore that change where or how it sends."""


class _Service(NamedTuple):
    target: str
    json_version: str
    headers: Mapping[str, str] = {}


_SERVICES = {
    "dynamodb": _Service("DynamoDB_20120810", "1.0"),
    # SQS has an older protocol; the header asks for the error codes of that, as botocore does.
    "sqs": _Service("AmazonSQS", "1.0", {"x-amzn-query-mode": "true"}),
    "ssm": _Service("AmazonSSM", "1.1"),
}


class _Credentials(NamedTuple):
    """What the signer reads of credentials."""

    access_key: str
    secret_key: str
    token: str | None


def direct_client(service: str) -> Any:
    """A client for the calls of `DirectClient`; botocore's own if the environment is not the plain one of Lambda.

    Args:
        service: `dynamodb`, `sqs` or `ssm`.
    """
    environment = os.environ
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION", "")
    plain = (
        "AWS_ACCESS_KEY_ID" in environment
        and "AWS_SECRET_ACCESS_KEY" in environment
        and _COMMERCIAL_REGION.fullmatch(region)
        and not any(name in environment for name in _SPECIAL)
    )
    return DirectClient(service, region) if plain else _botocore_client(service)


class DirectClient:
    """One service's calls, with the names, parameters and answers that botocore's client gives them.

    An answer is the JSON of the service: what botocore would decode further (bytes, times) is not among what we read.
    """

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._how = _SERVICES[service]
        configured = os.environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or os.environ.get("AWS_ENDPOINT_URL")
        self._url = f"{(configured or f'https://{service}.{region}.amazonaws.com').rstrip('/')}/"
        self._http = _http_session(frozenset(get_environ_proxies(self._url).items()))
        self._botocore: Any = None

    def get_item(self, **parameters: Any) -> Mapping[str, Any]:
        """DynamoDB's GetItem."""
        return self._call("GetItem", "get_item", parameters)

    def send_message(self, **parameters: Any) -> Mapping[str, Any]:
        """SendMessage of SQS."""
        return self._call("SendMessage", "send_message", parameters)

    def get_parameter(self, **parameters: Any) -> Mapping[str, Any]:
        """GetParameter of Systems Manager."""
        return self._call("GetParameter", "get_parameter", parameters)

    def _call(self, operation: str, method: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            response = self._send(operation, parameters)
            if response.status_code == 200:
                answer: dict[str, Any] = json.loads(response.content)
                return answer
        except (BotoCoreError, ValueError):
            # It may have happened all the same, as with every repeated call; those who call know that.
            pass
        if self._botocore is None:
            self._botocore = _botocore_client(self._service, ATTEMPTS_AFTER_FAILURE)
        answered: Mapping[str, Any] = getattr(self._botocore, method)(**parameters)
        return answered

    def _send(self, operation: str, parameters: Mapping[str, Any]) -> AWSResponse:
        headers = {
            "Content-Type": f"application/x-amz-json-{self._how.json_version}",
            "X-Amz-Target": f"{self._how.target}.{operation}",
            **self._how.headers,
        }
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace:
            headers["X-Amzn-Trace-Id"] = quote(trace, safe="-=;:+&[]{}\"',")
        request = AWSRequest("POST", self._url, headers, json.dumps(parameters).encode())
        SigV4Auth(_credentials(), self._service, self._region).add_auth(request)
        return self._http.send(request.prepare())


@cache
def _http_session(proxies: frozenset[tuple[str, str]]) -> URLLib3Session:
    """The connections of this process; those who go the same way share them."""
    # The stubs of botocore know fewer types for these two than botocore.
    trusted: Any = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True
    timeout: Any = (CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS)
    return URLLib3Session(verify=trusted, proxies=dict(proxies), timeout=timeout)


def _credentials() -> Any:
    """Those of the function's role. Lambda puts them there once for as long as the process lives."""
    token = os.environ.get("AWS_SESSION_TOKEN")
    return _Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], token)


def _botocore_client(service: str, attempts: int = 3) -> Any:
    from shared.clients import client  # noqa: PLC0415  what it imports is what we do without

    return client(service, attempts)
