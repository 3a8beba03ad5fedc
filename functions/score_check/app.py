"""Trigger: a schedule, once a day. Its metrics are there even when all is well, so that silence is noticed too."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from functions.score_check.bootstrap import service
from shared.domain.recount import Checked, Verdict
from shared.observability import NAMESPACE, Logger, Metrics, MetricUnit

RESERVE = timedelta(seconds=60)
"""What a run leaves of its time-out: the last look at a day may still have to end."""

logger = Logger(service="score_check")
metrics = Metrics(namespace=NAMESPACE, service="score_check")


@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Judge what is due; how many days were judged, and how many documents were wrong."""
    days, wrong = 0, 0
    for checked in service().run(timedelta(milliseconds=context.get_remaining_time_in_millis()) - RESERVE):
        days += 1
        wrong += len(checked.differences)
        _tell(checked)
    # Only a run that came to its end says how it was; an alarm misses the others.
    metrics.add_metric("ScoreDriftFound", MetricUnit.Count, wrong)
    metrics.add_metric("ScoreDaysChecked", MetricUnit.Count, days)
    logger.info("scores checked", extra={"days": days, "wrong_documents": wrong})
    return {"days": days, "wrong_documents": wrong}


def _tell(checked: Checked) -> None:
    about = {"survey_id": checked.documents.survey_id, "day": checked.documents.day.isoformat()}
    if checked.verdict is Verdict.UNSETTLED:
        metrics.add_metric("ScoreDaysUnsettled", MetricUnit.Count, 1)
        logger.warning("scores of a day could not be judged", extra=about)
    if checked.verdict is Verdict.DRIFTED:
        wrong = [{"breakdown": each.key.breakdown, "missing": each.missing._asdict()} for each in checked.differences]
        logger.error("scores of a day are not what was answered", extra={**about, "differences": wrong[:20]})
