"""From the source tree to what Lambda is given, as `sam build` makes it, in a fraction of a second and without SAM.

SAM's ``ParentPackages`` puts ``functions/notify/app.py`` into the zip under that very path, so that code has the same
import names everywhere. The layer holds ``shared`` in the same way, and the third-party packages beside it.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.local.environments import STAMP, packages
from infra.local.places import CACHE

#: Zips of the same content are the same bytes, so that their hash can be their name.
FIXED_DATE = (1980, 1, 1, 0, 0, 0)
REQUIREMENTS = "requirements.txt"
LEFT_OUT = ("__pycache__", ".DS_Store", REQUIREMENTS, "requirements.in")


class CloudFormationLoader(yaml.SafeLoader):
    """Reads YAML with CloudFormation's short forms (``!Ref x``) as their long ones (``{"Ref": "x"}``)."""


def _long_form(loader: CloudFormationLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has three kinds of nodes
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


CloudFormationLoader.add_multi_constructor("!", _long_form)


def read_template(file: Path) -> dict[str, Any]:
    """Read a template, with CloudFormation's functions in their long form."""
    template: dict[str, Any] = yaml.load(file.read_text(encoding="utf-8"), CloudFormationLoader)  # noqa: S506
    return template


@dataclass(frozen=True)
class Artefact:
    """One zip, and the setting of the template that is to name it."""

    resource: str
    setting: str
    content: bytes

    @property
    def key(self) -> str:
        """Its name in the bucket: a hash of what is in it."""
        return hashlib.sha256(self.content).hexdigest() + ".zip"


def artefacts(template: dict[str, Any], root: Path) -> Iterator[Artefact]:
    """Package every function and layer of a template.

    Args:
        template: as :func:`read_template` returns it.
        root: the folder that its paths begin at.
    """
    made: dict[tuple[str, str], bytes] = {}
    for name, resource in template["Resources"].items():
        kind = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}.get(
            resource["Type"]
        )
        if kind is None:
            continue
        parents = resource.get("Metadata", {}).get("BuildProperties", {}).get("ParentPackages", "")
        inside = "python/" if kind == "ContentUri" else ""
        source = root / resource["Properties"][kind]
        prefix = inside + "".join(f"{parent}/" for parent in parents.split(".") if parent)
        if (str(source), prefix) not in made:
            made[str(source), prefix] = _zipped(source, prefix, inside)
        yield Artefact(name, kind, made[str(source), prefix])


def _zipped(source: Path, prefix: str, inside: str) -> bytes:
    requirements = source / REQUIREMENTS
    buffer = io.BytesIO(_zipped_packages(source.name, requirements, inside) if requirements.exists() else b"")
    with zipfile.ZipFile(buffer, "a") as archive:
        _add(archive, source, prefix)
    return buffer.getvalue()


def _zipped_packages(name: str, requirements: Path, prefix: str) -> bytes:
    """Zip third-party packages, or take the zip of last time: they change seldom."""
    folder = packages(CACHE / "packages" / name, requirements)
    zipped = folder.with_suffix(".zip")
    if not zipped.exists() or zipped.stat().st_mtime < (folder / STAMP).stat().st_mtime:
        aside = folder.with_suffix(f".{os.getpid()}.tmp")
        with zipfile.ZipFile(aside, "w") as archive:
            _add(archive, folder, prefix)
        aside.replace(zipped)
    return zipped.read_bytes()


def _add(archive: zipfile.ZipFile, folder: Path, prefix: str) -> None:
    for directory, subdirectories, files in os.walk(folder):
        subdirectories[:] = sorted(name for name in subdirectories if name not in LEFT_OUT)
        for name in sorted(files):
            if name in LEFT_OUT or name.endswith((".pyc", ".sha256")):
                continue
            path = Path(directory) / name
            entry = zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix(), FIXED_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            # Lambda reads as another user; executables keep their bit.
            entry.external_attr = (0o755 if os.access(path, os.X_OK) else 0o644) << 16
            archive.writestr(entry, path.read_bytes())
