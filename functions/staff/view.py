"""The form as its template shows it: boxes in groups, each with what was typed and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from functions.staff.fields import BREAKDOWN, IDENTITY, OPTION, QUESTION, SETTINGS, Field, Kind, Section
from functions.staff.form import Data, Typed, placed
from functions.staff.words import Speech

GROUPS = ("questions", "breakdowns")


class Box(NamedTuple):
    """One field to fill in.

    Args:
        name: Its name and id: its path in the definition.
        kind: The lower-case name of its kind.
        label: What it is called.
        hint: What one should know to fill it in.
        value: What stands in it.
        choices: What there is to choose from: value, name, whether it is chosen.
        errors: What is wrong with it.
        lang: The language of what is typed, if it has one.
    """

    name: str
    kind: str
    label: str
    hint: str
    value: str
    choices: tuple[tuple[str, str, bool], ...]
    errors: tuple[str, ...]
    lang: str


class Group(NamedTuple):
    """Boxes that belong together.

    Args:
        path: The section's name, or the path of an entry of a list.
        title: What it is called.
        boxes: Its fields.
        errors: What is wrong with it as a whole.
        entries: The entries of the list it has, if it has one.
        has_list: Whether it has a list, empty or not.
    """

    path: str
    title: str
    boxes: tuple[Box, ...]
    errors: tuple[str, ...] = ()
    entries: tuple[Group, ...] = ()
    has_list: bool = False


class Form(NamedTuple):
    """The whole form.

    Args:
        survey_id: The survey; empty while it has none.
        identity: What the survey is.
        questions: Its questions, each with its options.
        settings: The sections after the questions.
        breakdowns: What its scores are counted by.
        locales: The languages its texts are written in, as they are typed.
        errors: Every complaint with the field to go to, in the order of the form.
        own_errors: Complaints about the form as a whole.
        survey_id_errors: Complaints about the id of a new survey.
    """

    survey_id: str
    identity: Group
    questions: Group
    settings: tuple[Group, ...]
    breakdowns: Group
    locales: str
    errors: tuple[tuple[str, str, str], ...]
    own_errors: tuple[str, ...]
    survey_id_errors: tuple[str, ...]


def form_of(
    typed: Typed, speech: Speech, survey_id: str = "", errors: Mapping[str, Sequence[str]] | None = None
) -> Form:
    """The form of what was typed.

    Args:
        typed: What stands in it.
        speech: The language of the staff page.
        survey_id: The survey.
        errors: What is wrong, by path in the definition.
    """
    entries = [f"{outer}.{at}" for outer in GROUPS for at in range(len(typed.data.get(outer, ())))]
    faults = placed(errors or {}, typed, (*GROUPS, *entries))
    build = Builder(typed.locales, speech, faults)
    identity = build.section(IDENTITY, typed.data)
    questions = build.questions(typed.data.get("questions", ()))
    settings = tuple(build.section(section, typed.data) for section in SETTINGS)
    breakdowns = build.breakdowns(typed.data.get("breakdowns", ()))
    order = [name for group in (identity, questions, *settings, breakdowns) for name in in_order(group)]
    listed = [("survey_id", speech("id")), *order]
    summary = tuple((name, label, message) for name, label in listed for message in faults.get(name, ()))
    return Form(
        survey_id=survey_id,
        identity=identity,
        questions=questions,
        settings=settings,
        breakdowns=breakdowns,
        locales=", ".join(typed.locales),
        errors=summary,
        own_errors=tuple(faults.get("", ())),
        survey_id_errors=tuple(faults.get("survey_id", ())),
    )


def in_order(group: Group) -> Iterator[tuple[str, str]]:
    """The groups and boxes of a group with what they are called, as they stand on the page."""
    yield group.path, group.title
    for box in group.boxes:
        yield box.name, box.label
    for entry in group.entries:
        yield from ((name, f"{entry.title}: {label}") for name, label in in_order(entry))


class Builder:
    """Makes groups and boxes of fields and what was typed into them.

    Args:
        locales: The languages that texts have fields for.
        speech: The language of the staff page.
        faults: What is wrong, by the field or group that shows it.
    """

    def __init__(self, locales: tuple[str, ...], speech: Speech, faults: Mapping[str, Sequence[str]]) -> None:
        self._locales = locales
        self._speech = speech
        self._faults = faults

    def section(self, section: Section, data: Data) -> Group:
        """Fields that are in no list."""
        return Group(section.name, self._speech.of(section.title), self.boxes(section.fields, data, ""))

    def questions(self, entries: Sequence[Data]) -> Group:
        """A survey's questions."""
        found = []
        for at, entry in enumerate(entries):
            path = f"questions.{at}"
            options = tuple(
                self.entry(f"{path}.options.{inner}", f"{self._speech('option')} {inner + 1}", OPTION, option)
                for inner, option in enumerate(entry.get("options", ()))
            )
            group = self.entry(path, f"{self._speech('question')} {at + 1}", QUESTION, entry)
            found.append(group._replace(entries=options, has_list=entry.get("scale") == "choice" or bool(options)))
        return self._list("questions", tuple(found))

    def breakdowns(self, entries: Sequence[Data]) -> Group:
        """A survey's breakdowns."""
        found = tuple(
            self.entry(f"breakdowns.{at}", f"{self._speech('breakdown')} {at + 1}", BREAKDOWN, entry)
            for at, entry in enumerate(entries)
        )
        return self._list("breakdowns", found)

    def _list(self, path: str, entries: tuple[Group, ...]) -> Group:
        return Group(path, self._speech(path), (), tuple(self._faults.get(path, ())), entries, has_list=True)

    def entry(self, path: str, title: str, fields: tuple[Field, ...], data: Data) -> Group:
        """An entry of a list."""
        return Group(path, title, self.boxes(fields, data, f"{path}."), tuple(self._faults.get(path, ())))

    def boxes(self, fields: tuple[Field, ...], data: Data, prefix: str) -> tuple[Box, ...]:
        """The boxes of some fields."""
        return tuple(box for field in fields for box in self._box(field, _value_at(data, field.path), prefix))

    def _box(self, field: Field, value: Any, prefix: str) -> Iterator[Box]:
        name, label, hint = prefix + field.path, self._speech.of(field.label), self._speech.of(field.hint)
        if field.kind is Kind.TEXTS:
            texts = value if isinstance(value, Mapping) else {}
            for locale in self._locales:
                yield self._made(f"{name}.{locale}", "line", f"{label} ({locale})", hint, texts.get(locale, ""), locale)
            return
        chosen = value or () if field.kind is Kind.TICKS else (value or "",)
        choices = tuple((each, self._speech.of(words), each in chosen) for each, words in field.choices)
        shown = "\n".join(map(str, value or ())) if field.kind is Kind.LINES else "" if value is None else value
        yield self._made(name, field.kind.name.lower(), label, hint, shown)._replace(choices=choices)

    def _made(self, name: str, kind: str, label: str, hint: str, value: Any, lang: str = "") -> Box:
        shown = ("on" if value else "") if kind == "tick" else str(value)
        return Box(name, kind, label, hint, shown, (), tuple(self._faults.get(name, ())), lang)


def _value_at(data: Any, path: str) -> Any:
    for step in path.split("."):
        data = data.get(step) if isinstance(data, Mapping) else None
    return data
