"""What staff may change of an answer: what was said and by whom, never when, or on which day it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from shared.domain.responses import MAX_REVISION, Rating, Response
from shared.domain.surveys import Survey
from shared.errors import ConflictError


class Edit(NamedTuple):
    """A change of an answer; what it does not name stays.

    Args:
        ratings: New ratings by question, judged by the survey.
        texts: New texts by question; an empty one takes the old one away.
        comment: The new comment; an empty one takes the old one away, None leaves it.
        properties: All properties from now on; None leaves them.
        person_id: Whose answer it is, if it was taken for somebody else's; None leaves it.
    """

    ratings: Mapping[str, Rating] = MappingProxyType({})
    texts: Mapping[str, str] = MappingProxyType({})
    comment: str | None = None
    properties: Mapping[str, str] | None = None
    person_id: str | None = None


def edited(stored: Response, edit: Edit, survey: Survey, now: datetime) -> Response:
    """The answer as it is after an edit: its next revision, or the same response if the edit changes nothing.

    It is to be submitted under the condition that the revision it was made from is still stored.

    Args:
        stored: The answer as it is stored.
        edit: The change.
        survey: The survey's current version; it says by which breakdowns new properties count.
        now: When the edit is accepted.

    Raises:
        ConflictError: the answer has the highest revision there is, so nothing can come after it.
    """
    properties = stored.properties if edit.properties is None else dict(edit.properties)
    texts = {**stored.texts, **edit.texts}
    comment = stored.comment if edit.comment is None else edit.comment
    counted_by = survey.breakdown_values(properties, verified=stored.verified)
    said = {
        "ratings": {**stored.ratings, **edit.ratings},
        "texts": {question: text for question, text in texts.items() if text.strip()},
        "comment": comment if comment and comment.strip() else None,
        "properties": properties,
        "person_id": stored.person_id if edit.person_id is None else edit.person_id,
        "breakdowns": stored.breakdowns if properties == stored.properties else counted_by,
    }
    if all(getattr(stored, name) == value for name, value in said.items()):
        return stored
    if stored.revision >= MAX_REVISION:
        raise ConflictError("This response has the highest revision there is; it can be erased, but not edited.")
    return stored.model_copy(update={**said, "revision": stored.revision + 1, "accepted_at": now})
