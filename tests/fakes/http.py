"""Requests as API Gateway hands them to a function: an HTTP API's payload format 2.0."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any


def http_event(
    route: str,
    *,
    method: str | None = None,
    path: str | None = None,
    path_parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    query: str = "",
    body: object = None,
    as_base64: bool = False,
) -> dict[str, Any]:
    """An event.

    Args:
        route: The route key, `POST /v1/survey_responses`.
        method: The method, if the route is for any.
        path: The path, if the route has parameters.
        path_parameters: What stands in their place.
        headers: The request's headers; a content type for JSON is added if there is a body and none is given.
        query: The query as it stands in the URL.
        body: Bytes and text as they are; anything else as JSON.
        as_base64: Whether the gateway took the body for binary.
    """
    text = body if isinstance(body, str | bytes) else "" if body is None else json.dumps(body)
    if as_base64:
        text = base64.b64encode(text.encode() if isinstance(text, str) else text)
    given = dict(headers or {})
    if body is not None and "content-type" not in {name.lower() for name in given}:
        given["content-type"] = "application/json"
    return {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path or route.partition(" ")[2],
        "rawQueryString": query,
        "headers": given,
        "pathParameters": dict(path_parameters or {}),
        "requestContext": {
            "domainName": "api.example.com",
            "http": {"method": method or route.partition(" ")[0], "sourceIp": "203.0.113.7"},
        },
        "body": text.decode() if isinstance(text, bytes) else text,
        "isBase64Encoded": as_base64,
    }


def body_of(answer: Mapping[str, Any]) -> Any:
    """The JSON body of an answer."""
    return json.loads(answer["body"])
