"""What judges the product takes nothing from it: else a mistake in it would be made on both sides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PRODUCT = {"shared", "functions", "infra"}
ORACLES = ("answers", "back_office", "history", "oracles", "passed", "residue", "told")


def imported(source: str) -> Iterator[str]:
    """The top packages that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("oracle", ORACLES)
def test_an_oracle_imports_nothing_of_the_product(oracle: str) -> None:
    assert not PRODUCT & set(imported((HERE / f"{oracle}.py").read_text()))


@pytest.mark.parametrize("module", sorted(path.stem for path in (HERE / "aws").glob("*.py")))
def test_nor_does_the_aws_that_they_look_at(module: str) -> None:
    assert not PRODUCT & set(imported((HERE / "aws" / f"{module}.py").read_text()))


def test_an_import_is_seen_wherever_it_is() -> None:
    source = "import shared.errors\ndef f():\n    from functions.api import app\n    import infra.ops as ops\n"
    assert set(imported(source)) == PRODUCT
