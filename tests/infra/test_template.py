"""The template keeps our rules, and each rule notices the fault it is there for."""

from __future__ import annotations

import copy
import importlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from shared.settings import EnvironmentSettings
from tests.infra.cloudformation import (
    ROOT,
    TEMPLATE,
    Template,
    lines_before_resources,
    of_type,
    parse,
    properties,
    translate,
)
from tests.infra.template_faults import FAULTS, SOURCE_FAULTS, Fault
from tests.infra.template_rules import RULES, SOURCE_RULES, findings

NOT_OURS = ("AWS_", "POWERTOOLS_", "PYDANTIC_", "TZ")
"""Variables that a library or the runtime reads, not our settings."""

LINT_IGNORED: dict[str, str] = {}
"""Rules of cfn-lint that are wrong for us, each with the reason."""


@cache
def _source_text() -> str:
    return TEMPLATE.read_text()


def source() -> Template:
    """A fresh copy of the template as written."""
    return parse(_source_text())


@cache
def _expanded() -> Template:
    return translate(source())


def expanded() -> Template:
    """A fresh copy of the template as SAM expands it."""
    return copy.deepcopy(_expanded())


def functions() -> dict[str, dict[str, Any]]:
    """Each function as expanded, by logical id."""
    return of_type(_expanded(), "AWS::Lambda::Function")


def stacks() -> list[Path]:
    """Every template of the project: the root, and the leaf stacks that look on."""
    return [TEMPLATE, *sorted((ROOT / "infra").glob("*.yaml"))]


@pytest.mark.parametrize("stack", stacks(), ids=lambda path: path.name)
def test_each_template_keeps_every_rule(stack: Path) -> None:
    written = parse(stack.read_text())
    assert findings(written, translate(written)) == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(fault: Fault) -> None:
    broken = expanded()
    fault.plant(broken)
    found = [finding for rule in RULES for finding in rule(broken)]
    assert any(fault.said in finding for finding in found), found


@pytest.mark.parametrize("fault", SOURCE_FAULTS.values(), ids=SOURCE_FAULTS.keys())
def test_a_planted_packing_fault_is_found(fault: Fault) -> None:
    broken = source()
    fault.plant(broken)
    found = [finding for rule in SOURCE_RULES for finding in rule(broken)]
    assert any(fault.said in finding for finding in found), found


@pytest.mark.parametrize("name", functions())
def test_each_handler_can_be_imported(name: str) -> None:
    module, _, attribute = properties(functions()[name])["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize("name", functions())
def test_a_functions_environment_is_its_settings(name: str) -> None:
    mine = properties(functions()[name])
    package = mine["Handler"].rsplit(".", 2)[0]
    settings: type[EnvironmentSettings] = importlib.import_module(f"{package}.bootstrap").Settings
    given = {key for key in mine.get("Environment", {}).get("Variables", {}) if not key.startswith(NOT_OURS)}
    assert given == {field.upper() for field in settings.model_fields}


def test_every_function_folder_is_in_the_template() -> None:
    deployed = {properties(function)["Handler"].split(".")[1] for function in functions().values()}
    assert deployed == {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}


def test_one_sentence_stands_before_each_resource() -> None:
    silent = [
        name
        for name, line in lines_before_resources(_source_text())
        if not (line.startswith("# ") and line.endswith("."))
    ]
    assert silent == []


def test_the_sentences_are_looked_for_before_every_resource() -> None:
    assert {name for name, _ in lines_before_resources(_source_text())} == set(source()["Resources"])


@pytest.mark.parametrize("stack", stacks(), ids=lambda path: path.name)
def test_the_expanded_template_passes_cfn_lint(stack: Path) -> None:
    assert lint_messages(translate(parse(stack.read_text()))) == []


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda queue: queue.update(VisibilityTimeot=60), "VisibilityTimeot"),
        (lambda queue: queue["RedrivePolicy"].update(deadLetterTargetArn={"Fn::GetAtt": ["Gone", "Arn"]}), "Gone"),
    ],
    ids=["a misspelt property", "a reference to nothing"],
)
def test_cfn_lint_is_really_asked(plant: Any, said: str) -> None:
    broken = expanded()
    queue = next(properties(q) for q in of_type(broken, "AWS::SQS::Queue").values() if "RedrivePolicy" in properties(q))
    plant(queue)
    assert any(said in message for message in lint_messages(broken))


def lint_messages(template: Template) -> list[str]:
    """What cfn-lint says of an expanded template, less what is ignored with a reason."""
    # Who only collects this file does without it: loading it is a fifth of loading all tests.
    from cfnlint.api import lint
    from cfnlint.config import ManualArgs

    # Written for the region that has everything we use.
    config = ManualArgs(regions=["eu-central-1"], ignore_checks=list(LINT_IGNORED))
    matches = lint(json.dumps(template), config=config)
    return [f"{match.rule.id} {match.message}" for match in matches]
