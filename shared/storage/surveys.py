"""Surveys: each version for ever, and in one item the current one with the keys that open it.

That one item is all the public path reads. It also remembers the scale of every question the survey ever asked, so
that no version can change one: the answers given on the old scale would become unreadable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError

from shared.domain.api_keys import ApiKey
from shared.domain.base import iso
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.surveys import Survey
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, TemporaryError
from shared.storage.keys import (
    SURVEY_LISTING,
    VERSION_PREFIX,
    current_survey_key,
    survey_listing_key,
    survey_partition,
    survey_version_key,
)
from shared.storage.table import (
    cancellation_codes,
    condition_held,
    error_code,
    every_item,
    from_item,
    to_item,
    to_value,
    translated,
)


class SurveysTable(Protocol):
    """The calls we make to DynamoDB."""

    def get_item(self, **kwargs: Any) -> Mapping[str, Any]:
        """GetItem."""
        ...

    def query(self, **kwargs: Any) -> Mapping[str, Any]:
        """Query."""
        ...

    def update_item(self, **kwargs: Any) -> Any:
        """UpdateItem."""
        ...

    def transact_write_items(self, **kwargs: Any) -> Any:
        """TransactWriteItems."""
        ...


class SurveyRepository:
    """The definitions in the surveys table.

    Args:
        dynamodb: A DynamoDB client.
        table_name: The table's name.
    """

    def __init__(self, dynamodb: SurveysTable, table_name: str) -> None:
        self._dynamodb = dynamodb
        self._table_name = table_name

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version with its live publishable keys; None if there is no such survey.

        Raises:
            TemporaryError: the store did not answer.
        """
        item = self._read(current_survey_key(survey_id))
        if item is None:
            return None
        keys = tuple(ApiKey.model_validate_json(key) for _, key in sorted(item["keys"].items()))
        survey = Survey.model_validate_json(item["content"])
        hot_until = datetime.fromisoformat(item["hot_until"]) if "hot_until" in item else None
        return PublishedSurvey(survey, keys, archived=item.get("archived", False), hot_until=hot_until)

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version of a survey; None if there is none.

        Raises:
            TemporaryError: the store did not answer.
        """
        item = self._read(survey_version_key(survey_id, version))
        return None if item is None else Survey.model_validate_json(item["content"])

    def versions(self, survey_id: str) -> tuple[Survey, ...]:
        """Every version of a survey, the first one first; empty if there is no such survey.

        Raises:
            TemporaryError: the store did not answer.
        """
        found = self._listed(
            "pk = :pk AND begins_with(sk, :version)", {":pk": survey_partition(survey_id), ":version": VERSION_PREFIX}
        )
        return tuple(Survey.model_validate_json(item["content"]) for item in found)

    def publish(self, survey: Survey, is_agreed: Callable[[Standing | None], bool] = lambda _: True) -> Survey:
        """Make this the current version, with the next version number; the current content again is no new version.

        An archived survey is opened again, always with a new version.

        Args:
            survey: The definition; its version's number does not matter.
            is_agreed: The publisher's condition: whether this may replace what stands, None if nothing does. It is not
                asked of what has the same content, so a repetition of what has succeeded succeeds.

        Returns:
            The survey with its number.

        Raises:
            PreconditionFailedError: the condition does not hold.
            ConflictError: a question would change its scale.
            TemporaryError: the store did not answer, or somebody else published at the same moment.
        """
        stored = self._read(current_survey_key(survey.survey_id))
        scales = {question.id: question.scale.value for question in survey.questions}
        standing = None
        if stored is not None:
            current = Survey.model_validate_json(stored["content"])
            standing = Standing(current.version, bool(stored.get("archived")))
            if survey.model_copy(update={"version": current.version}) == current and not standing.archived:
                return current
        if not is_agreed(standing):
            raise PreconditionFailedError("The survey is no longer what If-Match says; read it again.")
        if stored is not None:
            _refuse_changed_scales(survey, stored["scales"])
            scales = {**stored["scales"], **scales}
        published = survey.model_copy(update={"version": standing.version + 1 if standing else 1})
        self._write(published, scales, standing)
        return published

    def archive(self, survey_id: str) -> None:
        """Close a survey: it is asked no more, and keeps its answers and scores. Closed again, it stays closed.

        Raises:
            NotFoundError: there is no such survey.
            TemporaryError: the store did not answer.
        """
        close = {
            "TableName": self._table_name,
            "UpdateExpression": "SET archived = :true",
            "ConditionExpression": "attribute_exists(pk)",
            "ExpressionAttributeValues": to_item({":true": True}),
        }
        keys = (current_survey_key(survey_id), survey_listing_key(survey_id))
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=[{"Update": {**close, "Key": key}} for key in keys])
            except ClientError as error:
                if "ConditionalCheckFailed" in cancellation_codes(error):
                    raise NotFoundError("There is no such survey.") from error
                raise

    def mark_hot(self, survey_id: str, until: datetime, sooner: timedelta) -> bool:
        """Have a survey's public keys slowed; of all that a process may write of a survey, this is the least.

        Args:
            survey_id: The survey.
            until: Until when.
            sooner: A mark that ends not even so much sooner is good enough, and stays.

        Returns:
            Whether it was marked now; not if it is marked for about as long already, or there is no such survey.

        Raises:
            TemporaryError: the store did not answer.
        """
        return condition_held(
            self._dynamodb.update_item,
            TableName=self._table_name,
            Key=current_survey_key(survey_id),
            UpdateExpression="SET hot_until = :until",
            ConditionExpression="attribute_exists(pk) "
            "AND (attribute_not_exists(hot_until) OR hot_until <= :ends_sooner)",
            ExpressionAttributeValues=to_item({":until": iso(until), ":ends_sooner": iso(until - sooner)}),
        )

    def list_surveys(self) -> Sequence[ListedSurvey]:
        """Every survey there is, archived ones too, by id.

        Raises:
            TemporaryError: the store did not answer.
        """
        found = []
        for item in self._listed("pk = :pk", {":pk": SURVEY_LISTING}):
            listed = ListedSurvey.model_validate_json(item["content"])
            found.append(listed.model_copy(update={"archived": item.get("archived", False)}))
        return found

    def _listed(self, condition: str, values: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The items of a Query, in the order of their keys."""
        items = every_item(
            self._dynamodb,
            TableName=self._table_name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_item(values),
            ConsistentRead=True,
        )
        return map(from_item, items)

    def _write(self, survey: Survey, scales: Mapping[str, str], over: Standing | None) -> None:
        """Write a version over what was read; TemporaryError if something else stands there by now."""
        content = survey.model_dump_json()
        version = {
            "TableName": self._table_name,
            "Item": {**survey_version_key(survey.survey_id, survey.version), **to_item({"content": content})},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
        current = {
            "TableName": self._table_name,
            "Key": current_survey_key(survey.survey_id),
            "UpdateExpression": "SET version = :new, content = :content, scales = :scales, "
            "#keys = if_not_exists(#keys, :none) REMOVE archived",
            "ConditionExpression": "attribute_not_exists(pk)" if over is None else _unchanged(over),
            "ExpressionAttributeNames": {"#keys": "keys"},
            "ExpressionAttributeValues": {
                ":new": to_value(survey.version),
                ":content": to_value(content),
                ":scales": to_value(scales),
                ":none": to_value({}),
                **({} if over is None else {":old": to_value(over.version)}),
            },
        }
        listing = ListedSurvey.of(survey).model_dump_json(exclude={"archived"})
        listed = {
            "TableName": self._table_name,
            "Item": {**survey_listing_key(survey.survey_id), **to_item({"content": listing})},
        }
        actions = [{"Put": version}, {"Update": current}, {"Put": listed}]
        with translated():
            try:
                self._dynamodb.transact_write_items(TransactItems=actions)
            except ClientError as error:
                if error_code(error) != "TransactionCanceledException":
                    raise
                raise TemporaryError(f"{survey.survey_id} was published by somebody else just now") from error

    def _read(self, key: Mapping[str, Any]) -> dict[str, Any] | None:
        with translated():
            answer = self._dynamodb.get_item(TableName=self._table_name, Key=key, ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None


def _unchanged(standing: Standing) -> str:
    """The condition that a survey still is what it was when it was read; its version is `:old`."""
    return f"version = :old AND attribute_{'exists' if standing.archived else 'not_exists'}(archived)"


def _refuse_changed_scales(survey: Survey, known: Mapping[str, str]) -> None:
    for place, question in enumerate(survey.questions):
        if known.get(question.id, question.scale.value) != question.scale.value:
            raise ConflictError(
                f"Question {question.id!r} is answered on the scale {known[question.id]}, for ever; "
                f"to ask on the scale {question.scale.value}, give the question another id.",
                {f"questions.{place}.scale": [f"must stay {known[question.id]}"]},
            )
