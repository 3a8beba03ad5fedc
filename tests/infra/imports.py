"""Who may import whom, read from the source with `ast`, so that nothing has to run."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

OURS = ("functions", "shared", "infra", "tests")
TYPES_ONLY = ("mypy_boto3_",)
"""Packages of stubs, which only a type checker sees."""

AWS = ("boto3", "botocore")
POWERTOOLS = ("aws_lambda_powertools",)
PAGES = ("jinja2", "markupsafe", "pygal", "shared.pages", "shared.texts")
RULES = ("pydantic", "phonenumbers")
"""Libraries that the domain may lean on: they know no AWS, no clock and no network."""

SHARED_MODULES: dict[str, tuple[str, ...]] = {
    "shared/clients.py": AWS,
    "shared/clock.py": (),
    "shared/direct_clients.py": (*AWS, "shared.clients"),
    "shared/errors.py": (),
    "shared/events.py": (*AWS, "shared.domain", "shared.errors"),
    "shared/funnel.py": ("shared.clock", "shared.domain"),
    "shared/http.py": (*POWERTOOLS, "pydantic", "shared.domain", "shared.errors", "shared.strict_json"),
    "shared/observability.py": POWERTOOLS,
    "shared/pages.py": ("jinja2",),
    "shared/previews.py": ("shared.clock", "shared.domain", "shared.errors", "shared.tokens"),
    "shared/queues.py": (*AWS, "pydantic", "shared.domain", "shared.errors"),
    "shared/schedules.py": (*AWS, "shared.domain", "shared.errors"),
    "shared/sessions.py": (
        "shared.clock",
        "shared.domain",
        "shared.errors",
        "shared.tokens",
    ),
    "shared/settings.py": ("pydantic",),
    "shared/strict_json.py": ("shared.errors",),
    "shared/tokens.py": ("itsdangerous", "pydantic", "shared.clock", "shared.domain", "shared.errors"),
}
"""What each module at the root of shared/ may import beside the standard library."""


IMPURE_MODULES = {"os", "random", "secrets", "socket", "subprocess", "time"}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getenv"}
"""Time, ids, randomness and environment are given to the domain and to services, never taken by them."""


class Import(NamedTuple):
    """One import: where it stands, and the full name of the module."""

    line: int
    module: str


def imports(path: str, source: str) -> Iterator[Import]:
    """Every module that a file imports, relative ones resolved; of ours, `from a import b` counts as `a.b`."""
    package = PurePosixPath(path).parent.parts
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module.split(".")[0] in OURS:
                for alias in node.names:
                    yield Import(node.lineno, f"{module}.{alias.name}")
            else:
                yield Import(node.lineno, module)


def broken_rules(path: str, source: str) -> list[str]:
    """One sentence for each import, or taking of time, that a file of functions/, shared/ or infra/ may not do."""
    return [*_forbidden_imports(path, source), *_taken_not_given(path, source)]


def _forbidden_imports(path: str, source: str) -> Iterator[str]:
    allowed = _allowed(path)
    for line, module in imports(path, source):
        top = module.split(".")[0]
        if top == "tests" or (path.startswith("shared/") and top in {"functions", "infra"}):
            yield f"{path}:{line}: imports {module}"
        elif allowed is None or top in sys.stdlib_module_names or module.startswith(TYPES_ONLY):
            continue
        elif not any(module == prefix or module.startswith(f"{prefix}.") for prefix in allowed):
            yield f"{path}:{line}: imports {module}"


def _allowed(path: str) -> tuple[str, ...] | None:
    """The packages beside the standard library that a file may import; None if all but the general rules."""
    parts = PurePosixPath(path).parts
    if parts[0] == "shared":
        if len(parts) == 2:
            return SHARED_MODULES.get(path, ())
        return {
            "domain": (*RULES, "shared.domain", "shared.errors"),
            "storage": (
                *AWS,
                "cachetools",
                "pydantic",
                "shared.clock",
                "shared.domain",
                "shared.errors",
                "shared.storage",
            ),
            "texts": ("jinja2", "markupsafe", "shared.domain", "shared.errors", "shared.texts"),
            "channels": (*AWS, "pydantic", "shared.domain", "shared.errors", "shared.channels"),
        }.get(parts[1], ())
    if parts[0] != "functions":
        return None
    mine = f"functions.{parts[1]}"
    trigger = (
        *POWERTOOLS,
        "pydantic",
        mine,
        "shared.domain",
        "shared.errors",
        "shared.http",
        "shared.observability",
        "shared.queues",
    )
    return {
        "app.py": trigger,
        "operations.py": trigger,  # a part of app.py, where one file would not hold all routes
        "calling.py": trigger,  # what those parts have in common
        "service.py": (mine, "pydantic", "shared.clock", "shared.domain", "shared.errors"),
        "bootstrap.py": (*AWS, "pydantic", mine, "shared"),
    }.get(parts[-1], (mine, *PAGES, "pydantic", "shared.clock", "shared.domain", "shared.errors"))


def _taken_not_given(path: str, source: str) -> Iterator[str]:
    """The domain and the services decide; what they decide on is handed to them."""
    parts = PurePosixPath(path).parts
    if parts[:2] != ("shared", "domain") and not (parts[0] == "functions" and parts[-1] == "service.py"):
        return
    for line, module in imports(path, source):
        if module.split(".")[0] in IMPURE_MODULES:
            yield f"{path}:{line}: takes from {module} what it should be given"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in IMPURE_CALLS:
            yield f"{path}:{node.lineno}: takes {called.id}() where it should be given it"
        if isinstance(called, ast.Attribute) and called.attr in IMPURE_CALLS and _is_library(called.value):
            yield f"{path}:{node.lineno}: takes {called.attr}() where it should be given it"


def _is_library(owner: ast.expr) -> bool:
    """Whether a call's owner is the class or module itself (`datetime.now()`), not something given (`self._clock`)."""
    name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
    return name in {"date", "datetime", "os", "uuid"}
