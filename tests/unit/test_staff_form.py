"""The form of a survey: all that a definition has, whatever was typed, and complaints where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from functions.staff.fields import LISTS, SURVEY, Kind
from functions.staff.form import Typed, blank, changed, differences, fields_shown, of, placed, read
from functions.staff.view import Box, Group, form_of
from functions.staff.words import WORDS, speech
from shared.domain.surveys import SurveyDefinition
from shared.errors import InvalidRequestError
from shared.http import parsed

DEFINITION = SurveyDefinition.model_validate(
    {
        "name": "After delivery",
        "touchpoint": "delivery",
        "journey_position": 3,
        "brand": {"name": "Fern & <Kettle>", "colour": "#123456"},
        "time_zone": "Europe/Berlin",
        "default_locale": "de",
        "questions": [
            {"id": "recommend", "scale": "nps", "text": {"de": "Empfehlen Sie uns?", "en": "Would you recommend us?"}},
            {"id": "stars", "scale": "csat", "look": "stars", "text": {"de": "Wie war es?"}, "bands": ["negative"]},
            {
                "id": "place",
                "scale": "choice",
                "text": {"de": "Wo?"},
                "options": [
                    {"value": 7, "text": {"de": "Tür"}},
                    {"value": 2, "text": {"de": "Laden", "fr": "Magasin"}},
                ],
            },
        ],
        "thanks": {"de": 'Danke "sehr"'},
        "breakdowns": [{"name": "city", "values": ["Berlin", "Sankt Peter-Ording"]}],
        "alert_to": ["owner@shop.example", "second@shop.example"],
        "alert_locale": "de",
        "thank_customers": False,
        "recontact_days": 0,
        "sample_percent": 50,
        "remind_after_days": 7,
        "funnel": True,
        "kiosk": {"cool_down_seconds": 9, "exit_pin": "0042"},
    }
)
"""Every field has something else than its default."""


def boxes(typed: Typed) -> Iterator[Box]:
    shown = form_of(typed, speech("en"))

    def inside(group: Group) -> Iterator[Box]:
        yield from group.boxes
        for entry in group.entries:
            yield from inside(entry)

    for group in (shown.identity, shown.questions, *shown.settings, shown.breakdowns):
        yield from inside(group)


def sent(typed: Typed) -> dict[str, str]:
    """What a browser sends of a form, untouched."""
    fields = {"locales": ", ".join(typed.locales)}
    for box in boxes(typed):
        if box.kind == "ticks":
            fields |= {f"{box.name}.{value}": "on" for value, _, chosen in box.choices if chosen}
        elif box.kind == "tick":
            fields |= {box.name: "on"} if box.value else {}
        elif box.kind == "choice":
            fields[box.name] = next(value for value, _, chosen in box.choices if chosen)
        else:
            fields[box.name] = box.value.replace("\n", "\r\n")
    return fields


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Every field of a definition, by its path without the numbers of entries."""
    for name, field in model.model_fields.items():
        here = f"{path}.{name}" if path else name
        inner = list(_models(field.annotation))
        if inner:
            for each in inner:
                yield from leaves(each, here)
        else:
            yield here


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _models(argument)


def test_every_field_of_a_definition_stands_in_the_form_and_no_other() -> None:
    """One that does not would be lost by the next save: give it a line in functions/staff/fields.py."""
    shown = [field.path for field in SURVEY]
    shown += [f"{path}.{field.path}" for path, fields in LISTS.items() for field in fields]
    assert sorted(shown) == sorted(leaves(SurveyDefinition))


def test_the_example_says_something_of_every_field() -> None:
    same = [
        name
        for name, field in SurveyDefinition.model_fields.items()
        if getattr(DEFINITION, name) == field.get_default(call_default_factory=True)
    ]
    assert same == []


def test_a_definition_comes_back_through_the_form_as_it_was() -> None:
    assert parsed(SurveyDefinition, read(sent(of(DEFINITION))).data) == DEFINITION


def test_what_can_not_be_right_comes_back_as_it_was_typed() -> None:
    wrong = {
        "name": "x" * 300,
        "journey_position": "third",
        "alert_to": "nobody\r\n\r\n  me@here",
        "questions.0.id": "Not An Id!",
        "questions.0.text.de": "",
        "questions.0.options.0.value": "-",
        "kiosk.exit_pin": "<b>",
    }
    typed = read(sent(of(DEFINITION)) | wrong)
    again = sent(typed)
    expected = {**wrong, "alert_to": "nobody\r\nme@here"}
    assert {name: again[name] for name in wrong} == expected


def test_a_language_gets_fields_before_it_has_texts() -> None:
    typed = read(sent(of(DEFINITION)) | {"locales": "en, fr;pl, xx-yy"})
    assert typed.locales == ("de", "en", "fr", "pl")
    assert "questions.0.text.pl" in set(fields_shown(typed))


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"name": " "}, "name"),
        ({"journey_position": "third"}, "journey_position"),
        ({"alert_to": "a@example.com\nnobody"}, "alert_to"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"kiosk.exit_pin": "12"}, "kiosk.exit_pin"),
        ({"questions.1.id": "Not An Id"}, "questions.1.id"),
        ({"questions.1.scale": "stars"}, "questions.1.scale"),
        ({"questions.0.text.de": ""}, "questions"),
        ({"questions.2.options.1.value": "nought"}, "questions.2.options.1.value"),
        ({"questions.2.scale": "nps"}, "questions.2"),
        ({"breakdowns.0.values": "Ber#lin"}, "breakdowns.0.values"),
        ({"breakdowns.0.name": "Not A Name"}, "breakdowns.0.name"),
    ],
)
def test_a_complaint_stands_where_it_was_typed(change: dict[str, str], at: str) -> None:
    typed = read(sent(of(DEFINITION)) | change)
    with pytest.raises(InvalidRequestError) as error:
        parsed(SurveyDefinition, typed.data)
    shown = form_of(typed, speech("en"), errors=error.value.errors)
    assert [name for name, _, _ in shown.errors] == [at]
    assert shown.own_errors == ()


def test_a_complaint_about_nothing_in_the_form_is_told_all_the_same() -> None:
    assert placed({"gone.0.away": ["is odd"]}, blank(), ()) == {"": ["gone.0.away: is odd"]}


class TestEntries:
    def test_are_added_removed_and_moved(self) -> None:
        typed, at = changed(of(DEFINITION), "up", "questions.1")
        assert at == "questions.0"
        typed, at = changed(typed, "remove", "questions.1")
        assert at == "questions"
        typed, at = changed(typed, "add", "questions")
        assert at == "questions.2"
        assert [entry.get("id") for entry in typed.data["questions"]] == ["stars", "place", None]

    def test_a_new_option_gets_a_number_that_was_not_used(self) -> None:
        typed, at = changed(of(DEFINITION), "add", "questions.2.options")
        assert at == "questions.2.options.2"
        assert [option["value"] for option in typed.data["questions"][2]["options"]] == [7, 2, 8]

    def test_leave_the_form_they_came_from_as_it_was(self) -> None:
        before = of(DEFINITION)
        changed(before, "remove", "questions.2.options.0")
        changed(before, "add", "breakdowns")
        assert before == of(DEFINITION)

    @pytest.mark.parametrize(
        ("verb", "place"),
        [
            ("remove", "questions.9"),
            ("remove", "name"),
            ("add", "questions.9.options"),
            ("add", "breakdowns.0.options"),
            ("add", "questions.0"),
            ("shuffle", "questions.0"),
            ("up", ""),
            ("up", "questions.x"),
            ("down", "questions.2"),
            ("up", "questions.0"),
        ],
    )
    def test_a_button_that_names_nothing_changes_nothing(self, verb: str, place: str) -> None:
        assert changed(of(DEFINITION), verb, place)[0] == of(DEFINITION)

    def test_no_form_grows_without_end(self) -> None:
        typed = blank()
        for _ in range(60):
            typed, _ = changed(typed, "add", "questions")
        assert len(typed.data["questions"]) == 50
        assert len(read({f"questions.{at}.id": "x" for at in range(900)}).data["questions"]) == 50


def test_two_definitions_are_told_apart_field_by_field() -> None:
    theirs = DEFINITION.model_copy(
        update={"name": "Theirs", "questions": DEFINITION.questions[:2], "recontact_days": 5}
    )
    found = {each.path: (each.mine, each.theirs) for each in differences(DEFINITION, theirs)}
    assert found["name"] == ("After delivery", "Theirs")
    assert found["recontact_days"] == ("0", "5")
    assert found["questions.2.options.1.text.fr"] == ("Magasin", "")
    assert all(path.startswith("questions.2.") for path in found.keys() - {"name", "recontact_days"})
    assert differences(DEFINITION, DEFINITION) == []


def test_both_languages_say_everything() -> None:
    silent = [name for name, words in WORDS.items() if not words.en or not words.de]
    fields = [*SURVEY, *(field for fields in LISTS.values() for field in fields)]
    silent += [field.path for field in fields if bool(field.hint.en) != bool(field.hint.de) or not field.label.de]
    assert silent == []


@pytest.mark.parametrize(
    ("header", "locale"), [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,en;q=0.5,de;q=0.4", "en"), ("fr", "en"), ("", "en")]
)
def test_it_speaks_the_language_of_its_reader(header: str, locale: str) -> None:
    assert speech(header).locale == locale


def test_a_scale_that_is_a_choice_lists_each_scale() -> None:
    (scale,) = [field for field in LISTS["questions"] if field.path == "scale"]
    assert scale.kind is Kind.CHOICE
    try:
        SurveyDefinition.model_validate({"questions": [{"id": "x", "scale": "?", "text": {"en": "?"}}]})
    except ValidationError as error:
        told = next(each for each in error.errors() if each["loc"] == ("questions", 0, "scale"))
    assert all(f"'{value}'" in told["msg"] for value, _ in scale.choices)
    assert told["msg"].count("'") == 2 * len(scale.choices)
