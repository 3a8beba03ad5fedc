"""The lock files are what `make lock` makes of the wishes: complete, exact, hashed, and one version for all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.infra.cloudformation import ROOT

REQUIREMENTS = ROOT / "requirements"
LAYER = ROOT / "shared" / "requirements.in"
WISHES = [LAYER, *sorted(REQUIREMENTS.glob("*.in"))]
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^]]*\])?==(?P<version>[^ ;\\]+)", re.MULTILINE)


def wished(path: Path) -> list[Requirement]:
    """What a file asks for, with what it includes by `-r`."""
    found: list[Requirement] = []
    for line in path.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += wished((path.parent / text.removeprefix("-r ").strip()).resolve())
        elif text:
            found.append(Requirement(text))
    return found


def locked(path: Path) -> dict[str, set[str]]:
    """The versions a lock file holds by package; more than one if they differ by Python version."""
    versions: dict[str, set[str]] = {}
    for found in PINNED.finditer(path.read_text()):
        versions.setdefault(canonicalize_name(found["name"]), set()).add(found["version"])
    return versions


@pytest.mark.parametrize("wishes", WISHES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_fulfils_its_wishes(wishes: Path) -> None:
    versions = locked(wishes.with_suffix(".txt"))
    unfulfilled = [
        str(wish)
        for wish in wished(wishes)
        if not (found := versions.get(canonicalize_name(wish.name)))
        or not all(wish.specifier.contains(version) for version in found)
    ]
    assert unfulfilled == [], "run make lock"


@pytest.mark.parametrize("wishes", WISHES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_lock_pins_every_package_by_hash_and_names_no_host(wishes: Path) -> None:
    text = wishes.with_suffix(".txt").read_text()
    entries = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if not entry.startswith("#")]
    assert [entry for entry in entries if not PINNED.match(entry) or "--hash=sha256:" not in entry] == []
    assert "://" not in text


@pytest.mark.parametrize("name", ["run", "dev", "emulator"])
def test_what_runs_here_is_what_runs_in_the_layer(name: str) -> None:
    layer, here = locked(LAYER.with_suffix(".txt")), locked(REQUIREMENTS / f"{name}.txt")
    common = {package: versions for package, versions in layer.items() if package in here}
    assert common == {package: here[package] for package in common}
    assert "pydantic" in common, "run make lock"


def test_make_run_installs_a_part_of_what_make_setup_installs() -> None:
    assert locked(REQUIREMENTS / "run.txt").items() <= locked(REQUIREMENTS / "dev.txt").items()


def test_the_layer_leaves_boto3_to_the_runtime() -> None:
    assert {"boto3", "botocore", "aws-xray-sdk"}.isdisjoint(locked(LAYER.with_suffix(".txt")))
