"""docs/openapi.json is what the routes say, and says of each who may use it."""

from __future__ import annotations

import json
from typing import Any

import openapi_spec_validator
import pytest

from infra import openapi
from shared.http import Security

DOCUMENT: dict[str, Any] = json.loads(openapi.DOCUMENT.read_text())
DECLARED = [
    (path, method, operation) for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
]


def test_the_committed_document_is_the_one_the_routes_make() -> None:
    assert openapi.DOCUMENT.read_text() == openapi.text(), "run `make openapi` and commit docs/openapi.json"


def test_a_stale_document_is_found(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "openapi.json"
    monkeypatch.setattr(openapi, "ROOT", tmp_path)
    monkeypatch.setattr(openapi, "DOCUMENT", stale)
    monkeypatch.setattr(openapi, "text", lambda: "{}\n")
    assert openapi.main(["--check"]) == 1
    assert openapi.main([]) == 0
    assert openapi.main(["--check"]) == 0
    stale.write_text("{ }\n")
    assert openapi.main(["--check"]) == 1


def test_it_is_valid_openapi() -> None:
    openapi_spec_validator.validate(DOCUMENT)


def test_every_operation_of_every_function_is_in_it() -> None:
    made = {(operation.path, operation.method.lower()) for _, operation in openapi.operations()}
    assert {(path, method) for path, method, _ in DECLARED} == made
    assert len(made) == len(list(openapi.operations()))


def test_every_operation_declares_its_security_and_public_ones_that_there_is_none() -> None:
    for _, operation in openapi.operations():
        declared = DOCUMENT["paths"][operation.path][operation.method.lower()]["security"]
        assert (declared == []) == (operation.security == (Security.PUBLIC,)), operation.route_key
        schemes = {name for requirement in declared for name in requirement}
        assert schemes <= set(DOCUMENT["components"]["securitySchemes"])


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in DECLARED]
    assert len(set(names)) == len(names)


def test_every_body_has_an_example_that_its_model_takes() -> None:
    for _, operation in openapi.operations():
        if operation.request is None:
            continue
        examples = DOCUMENT["components"]["schemas"][operation.request.__name__]["examples"]
        assert examples
        for example in examples:
            operation.request.model_validate(example)


def test_every_status_is_described() -> None:
    for path, method, operation in DECLARED:
        for status, response in operation["responses"].items():
            assert response["description"], (path, method, status)


def test_descriptions_stand_where_a_reader_looks_for_them() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert "Args:" not in schema.get("description", ""), name
    fields = DOCUMENT["components"]["schemas"]["SubmitResponse"]["properties"]
    assert [name for name, field in fields.items() if not field.get("description")] == []
