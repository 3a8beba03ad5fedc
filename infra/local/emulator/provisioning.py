"""What ministack's CloudFormation drops from a template without a word: HTTP API routes, and time to live."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from infra.local.emulator import http_api

After = Callable[[str, dict[str, Any]], None]


def _time_to_live(table: str, properties: dict[str, Any]) -> None:
    wanted = properties.get("TimeToLiveSpecification")
    if wanted:
        specification = {"Enabled": wanted.get("Enabled", True), "AttributeName": wanted["AttributeName"]}
        dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": specification})


def _finish(resource_type: str, after: After) -> None:
    """Call ``after(physical id, properties)`` whenever a resource of this type is created or updated."""
    handlers = provisioners._RESOURCE_HANDLERS[resource_type]
    create_upstream = handlers["create"]
    update_upstream = handlers.get("update")

    def create(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        created = create_upstream(logical_id, properties, stack)
        after(created[0], properties)
        return created

    handlers["create"] = create
    if update_upstream is None:
        return
    # Upstream looks at the signature to decide what to pass; functools.wraps keeps it visible.
    takes_logical_id = "logical_id" in inspect.signature(update_upstream).parameters

    @functools.wraps(update_upstream)
    def update(physical_id: str, old: Any, new: dict[str, Any], stack: str, logical_id: str | None = None) -> Any:
        named = {"logical_id": logical_id} if takes_logical_id else {}
        updated = update_upstream(physical_id, old, new, stack, **named)
        after(updated[0], new)
        return updated

    handlers["update"] = update


def install() -> None:
    """Put the mends in place, before the first deployment."""
    _finish("AWS::ApiGatewayV2::Api", http_api.after_deploy)
    _finish("AWS::DynamoDB::Table", _time_to_live)
