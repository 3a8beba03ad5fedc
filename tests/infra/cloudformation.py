"""CloudFormation templates as Python data: read with their short tags, and as SAM expands them."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"

Template = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML whose tags are CloudFormation's short forms (`!Ref`, `!GetAtt`, ...)."""


def _long_form(loader: yaml.Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in {"Ref", "Condition"} else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _long_form)
# A date-like value (`Version: 2012-10-17`) is a text in CloudFormation.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: str(node.value))


def parse(text: str) -> Template:
    """A template with every short tag in its long form."""
    template: Template = yaml.load(text, Loader=_Loader)  # noqa: S506  (a SafeLoader with our tags)
    return template


def translate(template: Template) -> Template:
    """The plain CloudFormation that AWS makes of a SAM template.

    SAM wants uploaded code, so local paths become a bucket's address. Managed policies get the name AWS gives them.

    Raises:
        samtranslator.sdk InvalidDocumentException: SAM refuses the template.
    """
    uploaded = copy.deepcopy(template)
    for resource in uploaded["Resources"].values():
        for path in ("CodeUri", "ContentUri"):
            if path in resource.get("Properties", {}):
                resource["Properties"][path] = f"s3://bucket/{path}"
    # SAM asks for the region it expands for; any will do.
    with patch.dict(os.environ, AWS_DEFAULT_REGION="eu-central-1"):
        expanded: Template = transform(uploaded, {}, _ManagedPolicies())
    return expanded


class _ManagedPolicies(ManagedPolicyLoader):
    """Stands in for the call to IAM with which SAM learns the addresses of AWS's policies."""

    def __init__(self) -> None:
        pass

    def load(self) -> dict[str, str]:
        names = ("AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "service-role/AWSLambdaBasicExecutionRole")
        return {name.rpartition("/")[2]: f"arn:aws:iam::aws:policy/{name}" for name in names}


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type by logical id."""
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def properties(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's properties, empty if it has none."""
    found: dict[str, Any] = resource.get("Properties", {})
    return found


def target(value: object) -> str | None:
    """The logical id that a `Ref` or `GetAtt` points at."""
    if isinstance(value, Mapping):
        if "Ref" in value:
            return str(value["Ref"])
        if "Fn::GetAtt" in value:
            attribute = value["Fn::GetAtt"]
            return str(attribute[0] if isinstance(attribute, list) else attribute.split(".")[0])
    return None


def as_list(value: object) -> list[Any]:
    """CloudFormation takes one thing or a list of them in many places."""
    return value if isinstance(value, list) else [value]


def statements(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each statement of the policies written into a role, a policy or a resource policy."""
    mine = properties(resource)
    for policy in [*mine.get("Policies", []), mine]:
        document = policy.get("PolicyDocument")
        if document:
            yield from as_list(document["Statement"])


RESOURCE_LINE = re.compile(r"^  (?P<name>[A-Za-z0-9]+):\s*(#.*)?$")


def lines_before_resources(text: str) -> Iterator[tuple[str, str]]:
    """Each resource's logical id with the nearest line above it that is not blank."""
    lines = text.splitlines()
    start = lines.index("Resources:")
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line and not line.startswith((" ", "#")):
            return
        if found := RESOURCE_LINE.match(line):
            above = next(previous for previous in reversed(lines[:number]) if previous.strip())
            yield found["name"], above.strip()
