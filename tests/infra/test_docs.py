"""The documents say what is there: everything that has a name is named, and everything named exists."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from infra.openapi import document
from infra.ops.cli import parser
from shared.domain.messages import MessageKind, MessageState, Reason
from shared.domain.queued import Queued
from tests.infra.cloudformation import ROOT, TEMPLATE, Template, of_type, parse, properties
from tests.infra.documents import (
    commands,
    dead_links,
    documents,
    missing_tests,
    rows,
    unknown_command,
    unnamed,
)

DOCS = ROOT / "docs"


def template() -> Template:
    return parse(TEMPLATE.read_text())


def all_docs() -> str:
    """Everything in docs/ as one text."""
    return "\n".join(path.read_text() for path in sorted(DOCS.rglob("*.md")))


def environment_variables() -> Iterator[str]:
    settings = template()
    yield from settings["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    for function in of_type(settings, "AWS::Serverless::Function").values():
        yield from properties(function).get("Environment", {}).get("Variables", {})


def metrics() -> Iterator[str]:
    """Each metric that our code adds: the name in a call of `add_metric`, or those of the table it is taken from."""
    for top in ("functions", "shared"):
        for path in sorted((ROOT / top).rglob("*.py")):
            module = ast.parse(path.read_text())
            tables = {
                target.id: statement.value
                for statement in module.body
                if isinstance(statement, ast.Assign)
                for target in statement.targets
                if isinstance(target, ast.Name)
            }
            for node in ast.walk(module):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_metric":
                    name = node.args[0]
                    if isinstance(name, ast.Constant):
                        yield str(name.value)
                    else:
                        assert isinstance(name, ast.Subscript) and isinstance(name.value, ast.Name), path
                        table = tables[name.value.id]
                        assert isinstance(table, ast.Dict), path
                        yield from (str(value.value) for value in table.values if isinstance(value, ast.Constant))


def key_functions() -> Iterator[str]:
    for node in ast.parse((ROOT / "shared/storage/keys.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name


def test_every_environment_variable_is_documented() -> None:
    assert unnamed(environment_variables(), all_docs()) == []


def test_every_parameter_of_the_template_is_documented() -> None:
    assert unnamed(template()["Parameters"], all_docs()) == []


def test_every_queue_and_table_is_documented() -> None:
    named = [*of_type(template(), "AWS::SQS::Queue"), *of_type(template(), "AWS::DynamoDB::Table")]
    assert unnamed(named, all_docs()) == []


def test_every_kind_of_message_is_documented() -> None:
    kinds = [kind.value for kind in MessageKind]
    assert unnamed([*kinds, *(queued.__name__ for queued in Queued.__subclasses__())], all_docs()) == []


def test_every_metric_is_documented() -> None:
    found = list(metrics())
    assert found
    assert unnamed(found, all_docs()) == []


def test_every_metric_in_the_reference_is_counted() -> None:
    cells = [row[0] for row in rows((DOCS / "reference.md").read_text(), "metric")]
    listed = {name.strip(" `") for cell in cells for name in cell.split(",")}
    assert listed
    assert listed - set(metrics()) == set()


def test_every_state_and_reason_of_a_message_is_in_the_runbook() -> None:
    ends = [state.value for state in MessageState if state.is_final]
    assert unnamed([*ends, *(reason.value for reason in Reason)], (DOCS / "runbook.md").read_text()) == []


def test_every_key_has_its_line_in_access_patterns() -> None:
    assert unnamed(key_functions(), (DOCS / "access-patterns.md").read_text()) == []


def test_every_alarm_is_in_the_runbook() -> None:
    assert unnamed(of_type(template(), "AWS::CloudWatch::Alarm"), (DOCS / "runbook.md").read_text()) == []


def test_every_alarm_points_at_a_section_of_the_runbook() -> None:
    headings = re.findall(r"^#+ (.+)$", (DOCS / "runbook.md").read_text(), re.MULTILINE)
    for name, alarm in of_type(template(), "AWS::CloudWatch::Alarm").items():
        said = re.search(r'docs/runbook\.md, "([^"]+)"', properties(alarm)["AlarmDescription"])
        assert said and said[1] in headings, name


def test_every_alarm_watches_a_metric_that_is_counted() -> None:
    ours = [
        properties(alarm)["MetricName"]
        for alarm in of_type(template(), "AWS::CloudWatch::Alarm").values()
        if properties(alarm)["Namespace"] == "Hearback"
    ]
    assert set(ours) <= set(metrics())


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text()) == []


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_in_the_documents_exists(path: Path) -> None:
    text = path.read_text()
    targets = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {target for line in targets for target in line.split()}
    asked = {words[0] for words in commands(text, "make") if re.fullmatch(r"[a-z-]+", words[0])}
    assert asked <= known
    assert [found for words in commands(text, "ops") if (found := unknown_command(parser(), words))] == []


def test_the_openapi_document_is_the_generated_one() -> None:
    assert json.loads((DOCS / "openapi.json").read_text()) == document(), "run make openapi"


def test_the_openapi_document_is_one_that_tools_can_read() -> None:
    validate(document())


def test_every_operation_of_the_openapi_document_says_who_may_use_it() -> None:
    silent = [
        f"{method} {path}"
        for path, operations in document()["paths"].items()
        for method, operation in operations.items()
        if method in {"get", "put", "post", "delete", "patch", "head", "options"} and "security" not in operation
    ]
    assert silent == []


def test_every_promise_names_a_test_that_exists() -> None:
    promises = rows((DOCS / "guarantees.md").read_text(), "promise")
    assert promises
    for promise in promises:
        named, missing = missing_tests(" ".join(promise))
        assert named and not missing, promise[0]


def test_what_the_documents_say_of_tests_is_true() -> None:
    assert [missing for path in documents() for missing in missing_tests(path.read_text())[1]] == []


class TestTheseChecksCanFail:
    """Each check above, on a text that is wrong."""

    def test_a_dead_link_is_found(self) -> None:
        here = DOCS / "architecture.md"
        text = "# A title, here\n[a](gone.md) [b](#nowhere) [c](#a-title-here) [d](https://example.com) [e](adr)"
        assert dead_links(here, text) == ["gone.md", "#nowhere"]

    def test_a_name_inside_another_is_no_mention(self) -> None:
        assert unnamed(["QUEUE_URL", "notify"], "RESPONSES_QUEUE_URL and notify") == ["QUEUE_URL"]

    def test_a_test_that_is_gone_is_found(self) -> None:
        text = "`tests/infra/test_docs.py::test_gone` `tests/infra/test_docs.py::test_every_metric_is_documented`"
        assert missing_tests(text) == (2, ["tests/infra/test_docs.py::test_gone"])

    @pytest.mark.parametrize(
        ("line", "unknown"),
        [
            ("ops keys create web-shop --kind publishable", None),
            ("ops --stack hearback-dev keys list", None),
            ("ops keys destroy web-shop", "destroy"),
            ("ops keys create web-shop --sort publishable", "--sort"),
            (".venv/bin/ops juggle", "juggle"),
        ],
    )
    def test_a_command_that_does_not_exist_is_found(self, line: str, unknown: str | None) -> None:
        (words,) = commands(f"Say `{line}` now.", "ops")
        assert unknown_command(parser(), words) == unknown

    def test_only_rows_of_the_table_asked_for_are_read(self) -> None:
        text = "| Promise | test |\n|---|---|\n| a | b |\n\n| other | x |\n|---|---|\n| c | d |\n"
        assert rows(text, "promise") == [["a", "b"]]
