"""An HTTP API as its functions see it: routes matched and requests put into events (payload format 2.0)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


def path_parameters(template: str, path: str) -> dict[str, str] | None:
    """The parameters of a path, decoded as the gateway does it; None if it is another route's."""
    wanted, found = template.split("/"), path.split("/")
    if len(wanted) != len(found):
        return None
    pairs = list(zip(wanted, found, strict=True))
    if any(part != actual for part, actual in pairs if not part.startswith("{")):
        return None
    return {part.strip("{}"): unquote(actual) for part, actual in pairs if part.startswith("{")}


def gateway_event(
    method: str,
    route: str,
    *,
    path: str,
    query: str,
    parameters: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes = b"",
) -> dict[str, Any]:
    """What an HTTP API hands to a function (payload format 2.0)."""
    return {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {name.lower(): value for name, value in headers.items()},
        "pathParameters": dict(parameters),
        "requestContext": {
            "domainName": "api.example.com",
            "http": {"method": method, "path": path, "sourceIp": "203.0.113.7", "protocol": "HTTP/1.1"},
        },
        "body": base64.b64encode(body).decode() if body else "",
        "isBase64Encoded": bool(body),
    }
