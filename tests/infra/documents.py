"""The project's Markdown, as the tests on it need it: headings, links, commands, promises."""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.infra.cloudformation import ROOT

_LINK = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)(?:\s+\"[^\"]*\")?\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_TEST = re.compile(r"(?P<file>tests/[\w/]+\.(?:py|js))::(?P<name>\w+)")


def documents() -> list[Path]:
    """Every Markdown file that a reader of the repository finds."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "infra").rglob("*.md"))]


def anchors(text: str) -> set[str]:
    """The anchors that a forge makes of the headings: small letters, no punctuation, spaces as hyphens."""
    headings = re.findall(r"^#{1,6}\s+(.+?)\s*#*$", _FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


def dead_links(path: Path, text: str) -> list[str]:
    """Links to a file or a heading that is not there; links to other sites are left alone."""
    dead = []
    for found in _LINK.finditer(_FENCE.sub("", text)):
        target = found["target"]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name).resolve() if name else path
        if not linked.exists() or (
            anchor and linked.suffix == ".md" and anchor not in anchors(text if linked == path else linked.read_text())
        ):
            dead.append(target)
    return dead


def commands(text: str, program: str) -> Iterator[list[str]]:
    """The command lines of a program that stand in code: between backquotes, or on a line of a fenced block."""
    for code in [
        *_CODE.findall(_FENCE.sub("", text)),
        *(line for f in _FENCE.findall(text) for line in f.splitlines()),
    ]:
        words = re.sub(r"^\$ ", "", code.strip()).split()
        if len(words) > 1 and words[0].removeprefix(".venv/bin/") == program:
            yield words[1:]


def unknown_command(parser: argparse.ArgumentParser, words: Iterable[str]) -> str | None:
    """The first word of a command line that the parser does not know as a command or an option."""
    remaining = iter(words)
    for word in remaining:
        if word in {"#", "|", ">", "&&", "\\"}:
            return None
        if word.startswith("--"):
            name, _, value = word.partition("=")
            option = parser._option_string_actions.get(name)
            if option is None:
                return word
            if option.nargs != 0 and not value:
                next(remaining, None)
            continue
        choices = next((a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)
        if choices is not None:
            if word in choices:
                parser = choices[word]
            elif word.strip("…"):
                return word
    return None


def rows(text: str, column: str) -> list[list[str]]:
    """The rows of every table whose header has this column."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if column in [cell.lower() for cell in cells]:
            inside = True
        elif inside and not set("".join(cells)) <= set("-: "):
            found.append(cells)
    return found


def missing_tests(text: str) -> tuple[int, list[str]]:
    """How many tests a text names as `tests/…/test_x.py::test_y`, and those that do not exist."""
    named = [(found["file"], found["name"]) for found in _TEST.finditer(text)]
    return len(named), [f"{file}::{name}" for file, name in named if name not in _tests_of(ROOT / file)]


@cache
def _tests_of(path: Path) -> frozenset[str]:
    if not path.exists():
        return frozenset()
    return frozenset(node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef))


def unnamed(names: Iterable[str], text: str) -> list[str]:
    """The names that a text never says as a word of their own."""
    return sorted(name for name in names if not re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))
