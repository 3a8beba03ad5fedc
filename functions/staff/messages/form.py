"""A brand's definition as a form, and back: whatever was typed comes back, right or wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from functions.staff.fields import Field
from functions.staff.form import Data, Difference, Typed, entries_in, entry, leaves, locales_in, placed_at
from functions.staff.messages.fields import KIND_WORDS, LOOKS, QUIET, SETTINGS, TELLS, TOLD, text_fields
from functions.staff.view import Box, Builder, Group, in_order
from functions.staff.words import Speech
from shared.domain.brands import BrandDefinition

_QUIET = "quiet_hours"
_PLACE = re.compile(r"quiet_hours\.([0-9]{1,3})")
_USUAL: Data = {"enabled": True}
NEW_QUIET_HOURS: Data = {"start": "21:00", "end": "08:00"}


class BrandForm(NamedTuple):
    """The whole form.

    Args:
        looks: Name, colour, logo.
        tells: The stages.
        quiet: Its quiet hours.
        texts: The company's own words, by kind.
        locales: The languages that these are written in, as they are typed.
        errors: Every complaint with the field to go to, in the order of the form.
        own_errors: Complaints about the form as a whole.
    """

    looks: Group
    tells: Group
    quiet: tuple[Group, ...]
    texts: tuple[Group, ...]
    locales: str
    errors: tuple[tuple[str, str, str], ...]
    own_errors: tuple[str, ...]


def of(definition: BrandDefinition) -> Typed:
    """A definition as it stands in the form."""
    data = definition.model_dump(mode="json", include=set(BrandDefinition.model_fields))
    for stage in data["stages"].values():
        stage["at"] = stage["at"] and stage["at"][:5]
    for hours in data[_QUIET]:
        hours["start"], hours["end"] = hours["start"][:5], hours["end"][:5]
    # A stage that is left out is told.
    data["stages"] = {name: dict(_USUAL) for name in _stages()} | data["stages"]
    locales = [definition.default_locale, *(locale for texts in definition.texts.values() for locale in texts)]
    return Typed(data, tuple(dict.fromkeys(locales)))


def read(form: Mapping[str, str]) -> Typed:
    """What was typed into the fields of a form."""
    locales = locales_in(form)
    data = entry((*SETTINGS, *_texts(locales)), form, "", locales)
    # As in a definition: what is told as usual is left out, so that a save without a change is no new version.
    data["stages"] = {name: stage for name, stage in data["stages"].items() if stage != _USUAL}
    data[_QUIET] = [entry(QUIET, form, place, locales) for place in entries_in(form, f"{_QUIET}.")]
    return Typed(data, locales)


def changed(typed: Typed, verb: str, place: str) -> Typed:
    """The form with quiet hours added or removed; what names none changes nothing."""
    hours = list(typed.data.get(_QUIET, []))
    named = _PLACE.fullmatch(place)
    if verb == "add" and place == _QUIET:
        hours.append(dict(NEW_QUIET_HOURS))
    elif verb == "remove" and named and int(named[1]) < len(hours):
        del hours[int(named[1])]
    return Typed({**typed.data, _QUIET: hours}, typed.locales)


def differences(mine: BrandDefinition, theirs: BrandDefinition) -> list[Difference]:
    """Where two definitions disagree, by path."""
    left, right = dict(leaves(of(mine).data)), dict(leaves(of(theirs).data))
    paths = dict.fromkeys((*left, *right))
    return [
        Difference(path, left.get(path, ""), right.get(path, ""))
        for path in paths
        if left.get(path, "") != right.get(path, "")
    ]


def form_of(typed: Typed, said: Speech, errors: Mapping[str, Sequence[str]] | None = None) -> BrandForm:
    """The form of what was typed.

    Args:
        typed: What stands in it.
        said: The language of the staff page.
        errors: What is wrong, by path in the definition.
    """
    data = {**typed.data, "stages": dict.fromkeys(_stages(), _USUAL) | typed.data.get("stages", {})}
    hours = data.get(_QUIET, [])
    names = [f"{_QUIET}.{at}" for at in range(len(hours))]
    kinds = [f"texts.{kind.value}" for kind in TOLD]
    faults = placed_at(errors or {}, _fields_shown(typed), (*names, *kinds, _QUIET, "stages", "texts", "locales"))
    build = Builder(typed.locales, said, faults)
    quiet = tuple(
        build.entry(name, f"{said('quiet_hours')} {at + 1}", QUIET, each)
        for at, (name, each) in enumerate(zip(names, hours, strict=True))
    )
    texts = tuple(
        Group(
            name,
            said.of(KIND_WORDS[kind]),
            _own_words(build, text_fields(kind, typed.locales), data),
            tuple(faults.get(name, ())),
        )
        for kind, name in zip(TOLD, kinds, strict=True)
    )
    looks, tells = build.section(LOOKS, data), build.section(TELLS, data)
    order = [name for group in (looks, tells, *quiet, *texts) for name in in_order(group)]
    order += [(_QUIET, said("quiet_hours")), ("texts", said("own_words")), ("locales", said("languages"))]
    summary = tuple((name, label, message) for name, label in order for message in faults.get(name, ()))
    return BrandForm(looks, tells, quiet, texts, ", ".join(typed.locales), summary, tuple(faults.get("", ())))


def _own_words(build: Builder, fields: tuple[Field, ...], data: Data) -> tuple[Box, ...]:
    """Each box with the language of what is typed into it."""
    return tuple(
        box._replace(lang=field.path.split(".")[2])
        for field, box in zip(fields, build.boxes(fields, data, ""), strict=True)
    )


def _texts(locales: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(field for kind in TOLD for field in text_fields(kind, locales))


def _stages() -> list[str]:
    return [field.path.split(".")[1] for field in TELLS.fields if field.path.endswith(".enabled")]


def _fields_shown(typed: Typed) -> Iterator[str]:
    yield from (field.path for field in SETTINGS)
    for at, _ in enumerate(typed.data.get(_QUIET, [])):
        yield from (f"{_QUIET}.{at}.{field.path}" for field in QUIET)
    yield from (field.path for field in _texts(typed.locales))
