"""Survey definitions: `ops surveys publish FILE`, `ops surveys show ID`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.ops.definitions import read_file
from infra.stack import Stack
from shared.domain.surveys import Survey
from shared.storage.surveys import SurveyRepository


def read_definition(file: Path) -> Survey:
    """A survey definition from a JSON or YAML file.

    Raises:
        DefinitionError: the file can not be read as either.
        pydantic.ValidationError: it can, but is no survey.
    """
    return Survey.model_validate(read_file(file, "survey"))


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
