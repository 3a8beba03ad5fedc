"""A survey's definition as a form, and back: whatever was typed comes back, right or wrong.

The name of a field is its path in the definition (`questions.0.text.en`), so a complaint about a path is shown where
it was typed. Between form and definition stands plain data of the definition's shape, which need not be valid yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.staff.fields import BREAKDOWN, LISTS, OPTION, QUESTION, SURVEY, Field, Kind
from shared.domain.surveys import SurveyDefinition

Data = dict[str, Any]

_LOCALE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_PLACE = re.compile(r"(questions|breakdowns)(?:\.([0-9]{1,3})(?:\.(options)(?:\.([0-9]{1,3}))?)?)?")
MAX_ENTRIES = 50
"""Entries of a list that are read; the definition takes at most 20."""
NEW_ENTRIES: dict[str, Data] = {
    "questions": {"scale": "nps", "text": {}},
    "questions.options": {"text": {}},
    "breakdowns": {"values": []},
}


class Typed(NamedTuple):
    """What stands in the form.

    Args:
        data: The definition so far.
        locales: The languages that its texts have fields for.
    """

    data: Data
    locales: tuple[str, ...]


class Difference(NamedTuple):
    """A field that two definitions disagree on; empty where one of them has nothing."""

    path: str
    mine: str
    theirs: str


def blank() -> Typed:
    """The form of a survey that nobody has written yet."""
    return Typed({"brand": {}, "questions": [dict(NEW_ENTRIES["questions"])], "thank_customers": True}, ("en",))


def of(definition: SurveyDefinition) -> Typed:
    """A definition as it stands in the form."""
    fields = set(SurveyDefinition.model_fields)
    data = definition.model_dump(mode="json", include=fields)
    found: dict[str, None] = {definition.default_locale: None}
    for texts in _texts_of(data):
        found.update(dict.fromkeys(texts))
    return Typed(data, tuple(found))


def read(form: Mapping[str, str]) -> Typed:
    """What was typed into the fields of a form."""
    locales = locales_in(form)
    data = entry(SURVEY, form, "", locales)
    data["questions"] = [
        entry(QUESTION, form, place, locales)
        | {"options": [entry(OPTION, form, each, locales) for each in entries_in(form, f"{place}options.")]}
        for place in entries_in(form, "questions.")
    ]
    data["breakdowns"] = [entry(BREAKDOWN, form, place, locales) for place in entries_in(form, "breakdowns.")]
    return Typed(data, locales)


def changed(typed: Typed, verb: str, place: str) -> tuple[Typed, str]:
    """The form with an entry of a list added, removed or moved, and the path of what it is about now.

    Args:
        typed: The form; it stays as it is.
        verb: `add`, `remove`, `up` or `down`.
        place: The list (`questions.2.options`), or the entry (`questions.2`). What names no entry changes nothing.
    """
    match = _PLACE.fullmatch(place)
    if match is None:
        return typed, ""
    outer, number, inner, inner_number = match.groups()
    if f"{outer}.{inner}" not in LISTS and inner:
        return typed, ""
    data = {**typed.data, "questions": [dict(question) for question in typed.data.get("questions", [])]}
    entries: list[Data] = list(data.get(outer, []))
    data[outer] = entries
    path, kind, at = outer, outer, number
    if inner:
        if int(number) >= len(entries):
            return typed, ""
        entries[int(number)]["options"] = options = list(entries[int(number)].get("options", []))
        entries, path, kind, at = options, f"{outer}.{number}.{inner}", f"{outer}.{inner}", inner_number
    if verb == "add" and at is None and len(entries) < MAX_ENTRIES:
        entries.append(_new(kind, entries))
        return Typed(data, typed.locales), f"{path}.{len(entries) - 1}"
    if at is None or int(at) >= len(entries):
        return typed, path
    here = int(at)
    there = {"up": max(here - 1, 0), "down": min(here + 1, len(entries) - 1)}.get(verb)
    if verb == "remove":
        del entries[here]
        return Typed(data, typed.locales), path
    if there is not None:
        entries.insert(there, entries.pop(here))
        return Typed(data, typed.locales), f"{path}.{there}"
    return typed, path


def differences(mine: SurveyDefinition, theirs: SurveyDefinition) -> list[Difference]:
    """Where two definitions disagree, by path."""
    left, right = dict(leaves(of(mine).data)), dict(leaves(of(theirs).data))
    paths = dict.fromkeys((*left, *right))
    return [
        Difference(path, left.get(path, ""), right.get(path, ""))
        for path in paths
        if left.get(path, "") != right.get(path, "")
    ]


def fields_shown(typed: Typed) -> Iterator[str]:
    """The name of every field of the form, in its order."""
    yield from _names(SURVEY, "", typed.locales)
    for outer in ("questions", "breakdowns"):
        for at, entry in enumerate(typed.data.get(outer, [])):
            yield from _names(LISTS[outer], f"{outer}.{at}.", typed.locales)
            for inner, _ in enumerate(entry.get("options", [])):
                yield from _names(OPTION, f"{outer}.{at}.options.{inner}.", typed.locales)


def placed(errors: Mapping[str, Sequence[str]], typed: Typed, groups: Iterable[str]) -> dict[str, list[str]]:
    """Complaints by the field or group of the form at which they are shown.

    A complaint about a part of a field (`alert_to.1`) goes to the field, one about what has fields for each language
    (`questions.0.text`) to the first of them, and what is left to the group it lies in, or to the whole form (``""``).

    Args:
        errors: Complaints by path.
        typed: The form.
        groups: Paths of what can show a complaint without being a field.
    """
    return placed_at(errors, fields_shown(typed), (*groups, "survey_id", "locales"))


def placed_at(
    errors: Mapping[str, Sequence[str]], fields: Iterable[str], groups: Iterable[str]
) -> dict[str, list[str]]:
    """The same of any form, by the names of its fields and of what else can show a complaint."""
    names = list(dict.fromkeys(fields))
    known = {*names, *groups}
    found: dict[str, list[str]] = {}
    for path, messages in errors.items():
        steps = path.split(".")
        above = (".".join(steps[:length]) for length in range(len(steps), 0, -1))
        below = next((name for name in names if name.startswith(f"{path}.")), None)
        at = path if path in known else below or next((each for each in above if each in known), "")
        said = messages if at in {path, below} else [f"{path.removeprefix(f'{at}.')}: {each}" for each in messages]
        found.setdefault(at, []).extend(said)
    return found


def _names(fields: tuple[Field, ...], prefix: str, locales: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        name = prefix + field.path
        if field.kind is Kind.TEXTS:
            yield from (f"{name}.{locale}" for locale in locales)
        else:
            yield name


def locales_in(form: Mapping[str, str]) -> tuple[str, ...]:
    """The languages named, the main one first; what names no language is left out."""
    given = re.split(r"[\s,;]+", f"{form.get('default_locale', '')} {form.get('locales', '')}")
    return tuple(dict.fromkeys(each for each in given if _LOCALE.fullmatch(each))) or ("en",)


def entries_in(form: Mapping[str, str], prefix: str) -> list[str]:
    """The prefixes of a list's entries, in the order of their numbers, whatever the numbers are."""
    pattern = re.compile(re.escape(prefix) + r"([0-9]{1,3})\.")
    found = sorted({int(match[1]) for name in form if (match := pattern.match(name))})
    return [f"{prefix}{number}." for number in found[:MAX_ENTRIES]]


def entry(fields: tuple[Field, ...], form: Mapping[str, str], prefix: str, locales: tuple[str, ...]) -> Data:
    """What was typed into some fields, as data of the shape that their paths say; empty fields are left out."""
    data: Data = {}
    for field in fields:
        value = _value(field, form, prefix + field.path, locales)
        if value is not None:
            *outer, last = field.path.split(".")
            place = data
            for step in outer:
                place = place.setdefault(step, {})
            place[last] = value
    return data


def _value(field: Field, form: Mapping[str, str], name: str, locales: tuple[str, ...]) -> Any:
    typed = form.get(name, "").strip()
    match field.kind:
        case Kind.TICK:
            return name in form
        case Kind.TICKS:
            return [value for value, _ in field.choices if f"{name}.{value}" in form]
        case Kind.TEXT:
            return "\n".join(typed.splitlines()) or None
        case Kind.LINES:
            return [line for each in typed.splitlines() if (line := each.strip())]
        case Kind.TEXTS:
            return {locale: text for locale in locales if (text := form.get(f"{name}.{locale}", "").strip())}
        case Kind.NUMBER if re.fullmatch(r"-?[0-9]{1,9}", typed):
            return int(typed)
        case _:
            return typed or None


def _new(kind: str, entries: Sequence[Data]) -> Data:
    """A new entry; an option gets the next number, for a number that was used means what it meant."""
    if kind != "questions.options":
        return dict(NEW_ENTRIES[kind])
    numbers = [entry["value"] for entry in entries if isinstance(entry.get("value"), int)]
    return {"value": max(numbers, default=0) + 1, "text": {}}


def _texts_of(data: Any) -> Iterator[Mapping[str, str]]:
    """The texts by language that a definition has, wherever they stand."""
    yield data["thanks"]
    for question in data["questions"]:
        yield question["text"]
        yield from (option["text"] for option in question["options"])


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value of some data with its path, as text; a list of values is one."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(entry, Mapping) for entry in value):
        for at, entry in enumerate(value):
            yield from leaves(entry, f"{path}.{at}")
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    elif value is not None:
        yield path, str(value)
