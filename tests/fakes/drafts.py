"""Drafts in memory; held to the same contract as the real repository."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.drafts import Draft, ListedDraft
from shared.errors import ConflictError


class InMemoryDrafts:
    """Stands in for `DraftRepository`."""

    def __init__(self) -> None:
        self.kept: dict[str, Draft] = {}

    def get(self, survey_id: str) -> Draft | None:
        return self.kept.get(survey_id)

    def save(self, draft: Draft, over: int) -> None:
        stored = self.kept.get(draft.survey_id)
        if stored != draft and (stored.revision if stored else 0) != over:
            raise ConflictError("somebody was quicker")
        self.kept[draft.survey_id] = draft

    def discard(self, survey_id: str, revision: int) -> None:
        stored = self.kept.get(survey_id)
        if stored is not None and stored.revision != revision:
            raise ConflictError("somebody was quicker")
        self.kept.pop(survey_id, None)

    def list_drafts(self) -> Sequence[ListedDraft]:
        return [
            ListedDraft(survey_id=name, name=draft.definition.name, saved_by=draft.saved_by, saved_at=draft.saved_at)
            for name, draft in sorted(self.kept.items())
        ]
