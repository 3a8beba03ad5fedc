"""Takes the word of a page that it showed a survey. Of who saw it nothing is kept: no person, no address, no subject.

Most requests are answers, so this is imported when the first view comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from functions.survey_ingest.bodies import ReportView
from shared.clock import Clock
from shared.domain.steps import AskedBy, StepsTold, view_told

if TYPE_CHECKING:
    from functions.survey_ingest.service import Opened


class FunnelQueue(Protocol):
    """The funnel queue."""

    def send(self, message: StepsTold, group: str) -> None:
        """Keep a message; TemporaryError if it is not certain that it was kept."""
        ...


class Views:
    """Takes views.

    Args:
        queue: The funnel queue.
        clock: On which day a view was.
    """

    def __init__(self, queue: FunnelQueue, clock: Clock) -> None:
        self._queue = queue
        self._clock = clock

    def take(self, opened: Opened, view: ReportView) -> bool:
        """Keep a view, to be counted once; whether it will be.

        A signed link says itself on which way it came; what a page says of that is taken only with a key.

        Raises:
            TemporaryError: it may not have been kept.
        """
        survey, link = opened.survey, opened.link
        if not survey.funnel or view.test or opened.is_preview:
            return False
        told = view_told(
            survey.survey_id,
            view.view_id,
            AskedBy(link.channel.value if link is not None else view.channel),
            survey.local_day(self._clock.now()),
            started=view.started,
            dismissed=view.dismissed,
        )
        self._queue.send(StepsTold(survey_id=survey.survey_id, told=(told,)), group=survey.survey_id)
        return True
