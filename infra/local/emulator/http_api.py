"""HTTP APIs as AWS serves them: routes from the template, refusals in AWS's words, bodies unharmed.

ministack's CloudFormation ignores the OpenAPI ``Body`` that SAM makes of an ``AWS::Serverless::HttpApi``: without
:func:`import_body` every path would answer 404.
"""

from __future__ import annotations

import json
import re
from contextvars import ContextVar
from typing import Any

from ministack.services import apigateway, lambda_svc

FUNCTION_IN_INTEGRATION = re.compile(r"functions/(arn:[^/]+)/invocations")


def import_body(api_id: str, body: dict[str, Any]) -> None:
    """Create an API's routes and integrations from SAM's OpenAPI document, replacing those it has.

    Hearback checks its keys in its functions, so authorizers (``securitySchemes``) are not imported.
    """
    apigateway._routes[api_id] = {}
    apigateway._integrations[api_id] = {}
    for path, operations in (body.get("paths") or {}).items():
        for verb, operation in operations.items():
            integration = operation.get("x-amazon-apigateway-integration") if isinstance(operation, dict) else None
            if integration:
                _create_route(api_id, verb, path, integration)
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        apigateway._apis[api_id]["corsConfiguration"] = cors


def _create_route(api_id: str, verb: str, path: str, integration: dict[str, Any]) -> None:
    uri = str(integration.get("uri", ""))
    function = FUNCTION_IN_INTEGRATION.search(uri)
    created = apigateway._create_integration(
        api_id,
        {
            "integrationType": str(integration.get("type", "AWS_PROXY")).upper(),
            "integrationUri": function.group(1) if function else uri,
            "payloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
            "timeoutInMillis": integration.get("timeoutInMillis", 30_000),
        },
    )
    method = "ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper()
    key = "$default" if path.strip("/") == "$default" else f"{method} {path}"
    target = f"integrations/{json.loads(created[2])['integrationId']}"
    apigateway._create_route(api_id, {"routeKey": key, "target": target})


def after_deploy(api_id: str, properties: dict[str, Any]) -> None:
    """Finish what ministack's CloudFormation leaves undone on an ``AWS::ApiGatewayV2::Api``."""
    if properties.get("Body"):
        import_body(api_id, properties["Body"])
    cors = apigateway._apis[api_id].get("corsConfiguration")
    if cors:  # CloudFormation's spelling is AllowOrigins, the data plane reads allowOrigins.
        apigateway._apis[api_id]["corsConfiguration"] = {key[0].lower() + key[1:]: value for key, value in cors.items()}


# ministack decodes a text body with errors="replace", so that a function would store a stranger's broken bytes as
# question marks. A body that is not UTF-8 is handed over as base64 instead: whole, and for the function to refuse.
_body: ContextVar[bytes] = ContextVar("_body", default=b"")
_invoke_upstream = apigateway._invoke_lambda_proxy
_is_text_upstream = apigateway._v2_request_body_is_text
_shape_upstream = lambda_svc.lambda_execute_result_to_api_proxy_response
_execute_upstream = apigateway._handle_execute_in_scope


async def _invoke(  # noqa: PLR0917 - upstream calls it so
    integration: Any,
    api_id: str,
    stage: str,
    path: str,
    method: str,
    headers: Any,
    body: bytes,
    *rest: Any,
    **named: Any,
) -> Any:
    _body.set(body or b"")
    return await _invoke_upstream(integration, api_id, stage, path, method, headers, body, *rest, **named)


def _is_text(content_type: str | None) -> bool:
    if not _is_text_upstream(content_type):
        return False
    try:
        _body.get().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _shape(result: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """Answer a failed or throttled invocation as an HTTP API does, without the function's inner words."""
    if result.get("throttle"):
        return _message(503, "Service Unavailable"), None
    if result.get("error"):
        return _message(500, "Internal Server Error"), None
    response, error = _shape_upstream(result)
    return response, error


def _message(status: int, text: str) -> dict[str, Any]:
    body = json.dumps({"message": text})
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": body}


async def _execute(  # noqa: PLR0917 - upstream calls it so
    api_id: str,
    stage: str,
    path: str,
    method: str,
    headers: dict[str, str],
    body: bytes,
    query: Any,
    account: str,
    region: str,
    raw_query: str | None = None,
) -> Any:
    """Send OPTIONS to the API's own routes when it configures no CORS, as AWS does; upstream always refuses it."""
    configures_cors = bool((apigateway._apis.get(api_id) or {}).get("corsConfiguration"))
    if method != "OPTIONS" or configures_cors:
        return await _execute_upstream(api_id, stage, path, method, headers, body, query, account, region, raw_query)
    path_in = "/" + path.lstrip("/")
    route = apigateway._match_route(api_id, method, path_in)
    if not route:
        return apigateway._http_api_not_found()
    key = route["routeKey"]
    return await apigateway._invoke_lambda_proxy(
        apigateway._integrations[api_id][route["target"].removeprefix("integrations/")],
        api_id,
        stage,
        path,
        method,
        {name.lower(): value for name, value in headers.items()},
        body,
        query,
        key,
        apigateway._extract_path_params(key.partition(" ")[2], path_in) or None,
        owner_account_id=account,
        owner_region=region,
        raw_query_string=raw_query,
    )


def install() -> None:
    """Put the mends in place, before the first request."""
    apigateway._invoke_lambda_proxy = _invoke
    apigateway._v2_request_body_is_text = _is_text
    lambda_svc.lambda_execute_result_to_api_proxy_response = _shape
    apigateway._handle_execute_in_scope = _execute
