"""Survey definitions: `ops surveys publish FILE`, `ops surveys show ID`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from infra.stack import Stack
from shared.domain.surveys import Survey
from shared.storage.surveys import SurveyRepository


class DefinitionError(Exception):
    """A file that is no survey definition."""


def read_definition(file: Path) -> Survey:
    """A survey definition from a JSON or YAML file.

    Raises:
        DefinitionError: the file can not be read as either.
        pydantic.ValidationError: it can, but is no survey.
    """
    try:
        text = file.read_text(encoding="utf-8")
        data = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise DefinitionError(f"{file} can not be read: {error}") from None
    if not isinstance(data, dict):
        raise DefinitionError(f"{file} holds no survey definition.")
    return Survey.model_validate(data)


def repository(stack: Stack) -> SurveyRepository:
    """The surveys of a stack."""
    return SurveyRepository(stack.client("dynamodb"), stack.output("SurveysTableName"))


def publish_survey(stack: Stack, definition: Survey | Mapping[str, Any]) -> Survey:
    """Publish a definition as the survey's next version; the same content again is the same version.

    Returns:
        The survey with its version number.
    """
    survey = definition if isinstance(definition, Survey) else Survey.model_validate(definition)
    return repository(stack).publish(survey)
