"""What a signed link says: who may answer which survey, about what, and until when."""

from __future__ import annotations

from shared.domain.base import Frozen


class SurveyLink(Frozen, defer_build=True):
    """The right to give one answer to one survey, as one person, about one thing.

    Args:
        survey_id: The survey it opens, and no other.
        response_id: The one response it may give, and revise.
        person_id: Who answers.
        subject_type: What the answer is about (`delivery`).
        subject_id: Which one.
        expires_at: Until when it is good, in Unix seconds.
    """

    survey_id: str
    response_id: str
    person_id: str
    subject_type: str
    subject_id: str
    expires_at: int
