"""The drawing in docs/architecture.md is true: who imports whom, what is where, and what is called how."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.infra.cloudformation import ROOT
from tests.infra.imports import SHARED_MODULES, broken_rules

PRODUCT = ("functions", "shared", "infra")
VAGUE_NAMES = re.compile(r"^(utils?|helpers?|managers?|commons?|misc|process(or)?|handlers?)$")
VAGUE_FUNCTION = re.compile(r"^\s*(?:async )?def (_?(?:handle|process)_\w+)", re.MULTILINE)


def product_files() -> list[Path]:
    return [path for top in PRODUCT for path in sorted((ROOT / top).rglob("*.py"))]


def test_no_file_imports_what_it_may_not() -> None:
    broken = [
        sentence
        for path in product_files()
        for sentence in broken_rules(path.relative_to(ROOT).as_posix(), path.read_text())
    ]
    assert broken == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("functions/notify/app.py", "from functions.nps_calc.service import NpsCalc"),
        ("functions/notify/app.py", "import functions.nps_calc.service"),
        ("functions/notify/app.py", "import boto3"),
        ("functions/notify/app.py", "from shared.storage import keys"),
        ("functions/notify/app.py", "from ..nps_calc import service"),
        ("functions/notify/service.py", "import boto3"),
        ("functions/notify/service.py", "from shared.storage.messages import Messages"),
        ("functions/notify/service.py", "from shared import storage"),
        ("functions/notify/service.py", "def late():\n    from shared.channels.email import Email"),
        ("functions/notify/service.py", "from aws_lambda_powertools import Logger"),
        ("shared/texts/rendering.py", "import boto3"),
        ("functions/notify/bootstrap.py", "from tests.fakes.clock import FrozenClock"),
        ("shared/domain/scores.py", "import boto3"),
        ("shared/domain/scores.py", "from shared.storage import keys"),
        ("shared/domain/scores.py", "from shared import clock"),
        ("shared/domain/scores.py", "from aws_lambda_powertools import Metrics"),
        ("shared/domain/scores.py", "import random"),
        ("shared/storage/keys.py", "from shared.channels.email import Email"),
        ("shared/storage/keys.py", "from functions.api.app import app"),
        ("shared/errors.py", "from shared.domain.base import Frozen"),
        ("shared/new_module.py", "import pydantic"),
        ("infra/ops/cli.py", "import tests.conftest"),
        ("shared/domain/scores.py", "from datetime import datetime\ndatetime.now()"),
        ("functions/notify/service.py", "import datetime\ndatetime.datetime.now(datetime.UTC)"),
        ("functions/notify/service.py", "from uuid import uuid4\nuuid4()"),
    ],
)
def test_a_forbidden_import_is_found(path: str, source: str) -> None:
    assert broken_rules(path, source) != []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("functions/notify/app.py", "from functions.notify.bootstrap import service\nimport json"),
        ("functions/notify/app.py", "from aws_lambda_powertools.utilities.typing import LambdaContext"),
        ("functions/notify/service.py", "from shared.clock import Clock\nfrom shared.errors import TemporaryError"),
        ("functions/notify/service.py", "def f(self):\n    return self._clock.now()"),
        ("functions/notify/bootstrap.py", "import boto3\nfrom shared.storage.messages import Messages"),
        ("shared/storage/messages.py", "from mypy_boto3_dynamodb import DynamoDBClient"),
        ("shared/domain/scores.py", "from pydantic import BaseModel\nfrom shared.errors import ConflictError"),
        ("infra/ops/cli.py", "import boto3\nfrom shared.storage import keys"),
    ],
)
def test_what_is_allowed_is_not_found(path: str, source: str) -> None:
    assert broken_rules(path, source) == []


def test_each_function_is_three_files_that_are_always_called_the_same() -> None:
    folders = [path.parent for path in (ROOT / "functions").glob("*/__init__.py")]
    missing = [
        f"{folder.name}/{name}"
        for folder in folders
        for name in ("app.py", "bootstrap.py", "service.py")
        if not (folder / name).exists()
    ]
    assert folders and missing == []


def test_functions_is_a_namespace_as_in_lambda() -> None:
    """SAM makes only the folders, so an `__init__.py` here would be missing there."""
    assert not (ROOT / "functions" / "__init__.py").exists()


def test_every_rule_about_shared_is_about_a_file() -> None:
    assert [path for path in SHARED_MODULES if not (ROOT / path).exists()] == []


def test_only_the_builders_make_aws_clients() -> None:
    making = re.compile(r"boto3\.(client|resource|session|Session)\b|\.create_client\(")
    builders = {"shared/clients.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for top in ("functions", "shared")
        for path in (ROOT / top).rglob("*.py")
        if making.search(path.read_text()) and path.name != "bootstrap.py"
    }
    assert found <= builders


def test_names_say_what_a_thing_is_for() -> None:
    files = [path for path in product_files() if VAGUE_NAMES.match(path.stem) or VAGUE_NAMES.match(path.parent.name)]
    functions = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in product_files()
        for name in VAGUE_FUNCTION.findall(path.read_text())
    ]
    assert (files, functions) == ([], [])
