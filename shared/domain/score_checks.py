"""How far the scheduled check of the scores has come: what one run leaves to the next."""

from __future__ import annotations

from datetime import date

from shared.domain.base import Frozen
from shared.domain.recount import Verdict

REMEMBERED = 50
"""How many wrong days are remembered; who is told of fifty will not wait for the fifty-first."""


class SurveyDay(Frozen):
    """One day of one survey."""

    survey_id: str
    day: date


class CheckProgress(Frozen):
    """What one run leaves to the next.

    Args:
        walked: The last day of the walk through the past; None if it begins.
        wrong: The days that were wrong when they were last judged, the latest found last.
    """

    walked: SurveyDay | None = None
    wrong: tuple[SurveyDay, ...] = ()

    def judged(self, day: SurveyDay, verdict: Verdict) -> CheckProgress:
        """The progress after a day was judged; one that could not be judged stays as wrong as it was."""
        if verdict is Verdict.UNSETTLED:
            return self
        others = tuple(each for each in self.wrong if each != day)
        wrong = (*others, day) if verdict is Verdict.DRIFTED else others
        return self.model_copy(update={"wrong": wrong[-REMEMBERED:]})

    def walked_to(self, day: SurveyDay | None) -> CheckProgress:
        """The progress after a day of the walk; None after its last one."""
        return self.model_copy(update={"walked": day})
