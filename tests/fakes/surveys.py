"""Surveys and keys in memory; held to the same contract as the real repositories."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from shared.domain.api_keys import ApiKey, KeyKind
from shared.domain.published import ListedSurvey, PublishedSurvey, Standing
from shared.domain.surveys import Survey
from shared.errors import ConflictError, NotFoundError, PreconditionFailedError, TemporaryError


class InMemorySurveys:
    """Stands in for `SurveyRepository` and `ApiKeyRepository`, which share a table."""

    def __init__(self, *surveys: Survey) -> None:
        self.versions: dict[str, list[Survey]] = {}
        self.archived: set[str] = set()
        self.hot: dict[str, datetime] = {}
        self.keys: dict[str, ApiKey] = {}
        self.reads = 0
        self.away = False
        for survey in surveys:
            self.publish(survey)

    def current(self, survey_id: str) -> PublishedSurvey | None:
        self._read()
        if survey_id not in self.versions:
            return None
        opening = (key for key in self.keys.values() if key.kind is KeyKind.PUBLISHABLE and key.is_live)
        keys = sorted((key for key in opening if key.survey_id == survey_id), key=lambda key: key.key_hash)
        archived = survey_id in self.archived
        return PublishedSurvey(self.versions[survey_id][-1], tuple(keys), archived, self.hot.get(survey_id))

    def version(self, survey_id: str, version: int) -> Survey | None:
        self._read()
        return next((each for each in self.versions.get(survey_id, []) if each.version == version), None)

    def publish(self, survey: Survey, is_agreed: Callable[[Standing | None], bool] = lambda _: True) -> Survey:
        known = self.versions.get(survey.survey_id, [])
        closed = survey.survey_id in self.archived
        if known and not closed and known[-1] == survey.model_copy(update={"version": known[-1].version}):
            return known[-1]
        if not is_agreed(Standing(len(known), closed) if known else None):
            raise PreconditionFailedError("it is not what it was")
        for old in known:
            for place, question in enumerate(survey.questions):
                same = old.question(question.id)
                if same is not None and same.scale is not question.scale:
                    path = f"questions.{place}.scale"
                    raise ConflictError("a question's scale never changes", {path: [f"must stay {same.scale.value}"]})
        self.archived.discard(survey.survey_id)
        self.versions[survey.survey_id] = [*known, survey.model_copy(update={"version": len(known) + 1})]
        return self.versions[survey.survey_id][-1]

    def archive(self, survey_id: str) -> None:
        if survey_id not in self.versions:
            raise NotFoundError("no such survey")
        self.archived.add(survey_id)

    def mark_hot(self, survey_id: str, until: datetime, sooner: timedelta) -> bool:
        self._read()
        known = self.hot.get(survey_id)
        if survey_id not in self.versions or (known is not None and known > until - sooner):
            return False
        self.hot[survey_id] = until
        return True

    def list_surveys(self) -> Sequence[ListedSurvey]:
        listed = [ListedSurvey.of(versions[-1]) for _, versions in sorted(self.versions.items())]
        return [each.model_copy(update={"archived": each.survey_id in self.archived}) for each in listed]

    def find(self, key_hash: str) -> ApiKey | None:
        self._read()
        return self.keys.get(key_hash)

    def add(self, key: ApiKey) -> None:
        live = [each for each in self.keys.values() if each.name == key.name and each.is_live]
        if key.key_hash in self.keys or len(live) >= 2:
            raise ConflictError("known, or two are live")
        if key.survey_id is not None and key.survey_id not in self.versions:
            raise NotFoundError("no such survey")
        self.keys[key.key_hash] = key

    def list(self) -> Sequence[ApiKey]:
        return sorted(self.keys.values(), key=lambda key: (key.name, key.created_at))

    def revoke(self, name: str, key_hash_prefix: str, at: datetime) -> ApiKey:
        found = [key for key in self.list() if key.name == name and key.key_hash.startswith(key_hash_prefix)]
        if not found:
            raise NotFoundError("no such key")
        if len(found) > 1:
            raise ConflictError("several such keys")
        if found[0].is_live:
            self.keys[found[0].key_hash] = found[0].model_copy(update={"revoked_at": at})
        return self.keys[found[0].key_hash]

    def _read(self) -> None:
        self.reads += 1
        if self.away:
            raise TemporaryError("the store did not answer")
