"""What `make build` made is what the template wants.

Skipped without a build, or when the source is newer; HEARBACK_REQUIRE_BUILD=1 makes that a failure.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from tests.infra.cloudformation import ROOT, TEMPLATE, of_type, parse, properties

BUILD = ROOT / ".aws-sam" / "build"
UNCHECKED_HASH = 0b01
"""The flags of a .pyc that is used without looking at its source (PEP 552)."""


@pytest.fixture(autouse=True)
def _a_fresh_build() -> None:
    """The build is there, and younger than every file that goes into it."""
    made = BUILD / "template.yaml"
    sources = [path for top in ("functions", "shared") for path in (ROOT / top).rglob("*.py")]
    if not made.exists() or made.stat().st_mtime < max(path.stat().st_mtime for path in [TEMPLATE, *sources]):
        give_up = pytest.fail if os.environ.get("HEARBACK_REQUIRE_BUILD") == "1" else pytest.skip
        give_up("nothing was built from this source: make build")


def built(kind: str) -> dict[str, Path]:
    return {name: BUILD / name for name in of_type(parse(TEMPLATE.read_text()), kind)}


def test_each_function_holds_its_own_package_and_nothing_else() -> None:
    source = of_type(parse(TEMPLATE.read_text()), "AWS::Serverless::Function")
    for name, folder in built("AWS::Serverless::Function").items():
        module = Path(*properties(source[name])["Handler"].split(".")[:-1]).with_suffix(".py")
        assert (folder / module).exists()
        assert {path.name for path in (folder / "functions").iterdir()} == {module.parent.name}


def test_the_layer_holds_shared_under_its_name_and_no_aws_sdk() -> None:
    (layer,) = built("AWS::Serverless::LayerVersion").values()
    packages = {path.name for path in (layer / "python").iterdir()}
    assert {"shared", "pydantic", "aws_lambda_powertools"} <= packages
    assert packages.isdisjoint({"boto3", "botocore", "functions", "tests", "infra"})


def test_compiled_files_are_used_without_a_look_at_their_source() -> None:
    """SAM zips with one fixed date, so the default kind never validates, and each cold start would compile anew."""
    compiled = list(BUILD.rglob("*.pyc"))
    flags = {struct.unpack("<I", path.read_bytes()[4:8])[0] for path in compiled}
    assert compiled and flags == {UNCHECKED_HASH}
