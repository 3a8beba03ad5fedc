"""The OpenAPI document: `python -m infra.openapi` writes docs/openapi.json, and with `--check` finds it stale.

It is made of what runs: the `OPERATIONS` of every function and the models that they read and answer with.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.http import Operation, Security

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "openapi.json"

SCHEMES: dict[Security, dict[str, dict[str, str]]] = {
    Security.PUBLISHABLE_KEY: {
        "publishableKey": {"type": "http", "scheme": "bearer", "description": "A key that pages may hold (`pk_…`)."},
        "publishableKeyInQuery": {"type": "apiKey", "in": "query", "name": "key", "description": "The same key."},
    },
    Security.SECRET_KEY: {
        "secretKey": {"type": "http", "scheme": "basic", "description": "A secret key (`sk_…`) as user name."},
        "secretKeyAsBearer": {"type": "http", "scheme": "bearer", "description": "The same key."},
    },
    Security.SIGNED_LINK: {
        "signedLink": {"type": "apiKey", "in": "query", "name": "t", "description": "The token of a signed link."},
    },
    Security.SESSION: {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-hearback-session",
            "description": "A session that a secret key opened; `hearback-session` on a developer's own machine.",
        },
    },
    Security.SIGNATURE: {
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": (
                "An HMAC-SHA256 of the raw body by Standard Webhooks, with `webhook-id` and `webhook-timestamp`; other "
                "providers sign in headers and forms of their own, see docs/tracking.md."
            ),
        },
    },
    Security.PUBLIC: {},
}

REFUSALS = {
    303: "It is done; where to go on is in `location`.",
    304: "The browser has it already.",
    400: "The body can not be read: not UTF-8, not JSON, nested too deep, a key twice.",
    401: "No credential, or none that is live.",
    403: "The credential is good, but not for this.",
    404: "There is nothing under this id.",
    409: "Something else is stored under this id.",
    410: "Its time is over.",
    412: "It is no longer what `If-Match` says; read it again.",
    413: "The body is larger than 16 KB; of a webhook, than 256 KB.",
    415: "Another media type or charset than those taken.",
    422: "A field is missing or wrong; `errors` says which.",
    429: "Too many requests.",
    503: "It may not have been kept: send the same again, later.",
}
"""What a status means here; the standard library's phrases change with its version."""

PROBLEM = {
    "type": "object",
    "description": "A refusal (RFC 9457); `message` and `errors` are what clients of Delighted read.",
    "required": ["type", "title", "status", "detail", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "message": {"type": "string"},
        "errors": {
            "type": "object",
            "description": "What is wrong, by the path of the field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "examples": [
        {
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "rating must be a whole number from 0 to 10 on the scale nps",
            "message": "rating must be a whole number from 0 to 10 on the scale nps",
            "errors": {"rating": ["must be a whole number from 0 to 10 on the scale nps"]},
        }
    ],
}

Mode = Literal["validation", "serialization"]


def operations() -> Iterator[tuple[str, Operation]]:
    """Every operation with the name of its function, in the order of the folders."""
    for app in sorted((ROOT / "functions").glob("*/app.py")):
        module = importlib.import_module(f"functions.{app.parent.name}.app")
        for operation in getattr(module, "OPERATIONS", ()):
            yield app.parent.name, operation


def document() -> dict[str, Any]:
    """The whole document."""
    found = list(operations())
    models: dict[tuple[type[BaseModel], Mode], None] = {}
    for _, operation in found:
        if (model := operation.request or operation.own_form) is not None:
            models[model, "validation"] = None
        if operation.success[1] is not None:
            models[operation.success[1], "serialization"] = None
    references, definitions = models_json_schema(list(models), ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for function, operation in sorted(found, key=lambda pair: (pair[1].path, pair[1].method)):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(function, operation, references)
    schemas = {name: explained(schema) for name, schema in definitions.get("$defs", {}).items()}
    schemes = {name: scheme for kind in SCHEMES.values() for name, scheme in kind.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hearback",
            "version": project["version"],
            "description": (
                "Paths that take a secret key may also end in `.json`. Every refusal is `application/problem+json`. "
                "Bodies are read strictly: UTF-8, at most 16 KB and 16 levels, no key twice, no field unknown here. "
                "Webhooks may have 256 KB and fields that we do not know."
            ),
            "license": {"name": project["license"], "identifier": project["license"]},
        },
        "servers": [{"url": "{api}", "variables": {"api": {"default": "http://127.0.0.1:8484"}}}],
        "paths": paths,
        "components": {"schemas": {**schemas, "Problem": PROBLEM}, "securitySchemes": schemes},
    }


def _operation(function: str, operation: Operation, references: dict[Any, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    for place, described in (("query", operation.parameters), ("header", operation.headers)):
        parameters += [
            {"name": name, "in": place, "description": sentence, "schema": {"type": "string"}}
            for name, sentence in described.items()
        ]
    declared: dict[str, Any] = {
        "operationId": f"{function}_{operation.run.__name__.lstrip('_')}",
        "tags": [function],
        "summary": operation.summary,
        "security": [{name: []} for security in operation.security for name in SCHEMES[security]],
        "responses": {str(int(status)): _response(operation, status, references) for status in _ordered(operation)},
    }
    if parameters:
        declared["parameters"] = parameters
    if (model := operation.request or operation.own_form) is not None:
        schema = references[model, "validation"]
        if operation.own_form is not None:
            schema = {"anyOf": [schema, {"type": "object", "description": "As the provider sends it."}]}
        content = {media_type: {"schema": schema} for media_type in sorted(operation.request_types)}
        declared["requestBody"] = {"required": True, "content": content}
    return declared


def _ordered(operation: Operation) -> list[HTTPStatus]:
    return sorted(operation.statuses)


def _response(operation: Operation, status: HTTPStatus, references: dict[Any, Any]) -> dict[str, Any]:
    success, model = operation.success
    if status in (success, operation.nothing_made):
        described: dict[str, Any] = {"description": "Done."}
        if model is not None:
            described["description"] = (model.__doc__ or "Done.").partition("\n")[0]
            schema = references[model, "serialization"]
            if operation.success_is_list:
                schema = {"type": "array", "items": schema}
            described["content"] = {"application/json": {"schema": schema}}
        elif operation.media_type is not None:
            described["content"] = {operation.media_type: {"schema": {"type": "string"}}}
        return described
    described = {"description": REFUSALS[int(status)]}
    if operation.is_page:
        described["content"] = {"text/html": {"schema": {"type": "string"}}}
    elif status is not HTTPStatus.NOT_MODIFIED:
        described["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        if status is HTTPStatus.SERVICE_UNAVAILABLE:
            described["headers"] = {"retry-after": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return described


def explained(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose docstring's `Args` describe its properties, each where a reader of the document looks for it."""
    text, _, arguments = schema.get("description", "").partition("\n\nArgs:\n")
    if not arguments:
        return schema
    properties = {name: dict(declared) for name, declared in schema["properties"].items()}
    for name, sentence in re.findall(r"^ *(\w+): (.+(?:\n(?! *\w+: ).+)*)", arguments, re.MULTILINE):
        properties[name].setdefault("description", " ".join(sentence.split()))
    return {**schema, "description": " ".join(text.split()), "properties": properties}


def text() -> str:
    """The document as it stands in the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the document, or check the one that is there."""
    parser = argparse.ArgumentParser(prog="python -m infra.openapi", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file is not up to date")
    if not parser.parse_args(arguments).check:
        DOCUMENT.write_text(text(), encoding="utf-8")
        print(f"{DOCUMENT.relative_to(ROOT)} is written.")
        return 0
    if not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text():
        print(f"{DOCUMENT.relative_to(ROOT)} is not what the routes say; run `make openapi` and commit it.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
