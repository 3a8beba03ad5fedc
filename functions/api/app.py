"""Trigger: everything under `/v1/` that no other function answers, each path also with `.json` at its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.api.bootstrap import settings
from functions.api.brands.operations import OPERATIONS as BRANDS
from functions.api.calling import counters, logger
from functions.api.deliveries.operations import OPERATIONS as DELIVERIES
from functions.api.funnel.operations import OPERATIONS as FUNNEL
from functions.api.invitations.operations import OPERATIONS as INVITATIONS
from functions.api.messages.operations import OPERATIONS as MESSAGES
from functions.api.metrics.operations import OPERATIONS as METRICS
from functions.api.people.operations import OPERATIONS as PEOPLE
from functions.api.preferences.operations import OPERATIONS as PREFERENCES
from functions.api.promises.operations import OPERATIONS as PROMISES
from functions.api.survey_responses.operations import OPERATIONS as SURVEY_RESPONSES
from functions.api.surveys.operations import OPERATIONS as SURVEYS
from functions.api.timeline.operations import OPERATIONS as TIMELINE
from functions.api.unsubscribes.operations import OPERATIONS as UNSUBSCRIBES
from shared.errors import RequestError, TemporaryError
from shared.http import Request, serve
from shared.observability import MetricUnit

NOT_OFFERED = {
    "/v1/autopilot": "Autopilot is the one part of Delighted's API that is not continued here; ask by POST /v1/people."
}
OPERATIONS = (
    *METRICS,
    *FUNNEL,
    *SURVEY_RESPONSES,
    *PEOPLE,
    *PREFERENCES,
    *INVITATIONS,
    *TIMELINE,
    *UNSUBSCRIBES,
    *DELIVERIES,
    *PROMISES,
    *MESSAGES,
    *SURVEYS,
    *BRANDS,
)
ELSEWHERE = {
    "/v1/deliveries": ("POST",),
    "/v1/deliveries/{delivery_id}/events": ("POST",),
    "/v1/deliveries/{delivery_id}/position": ("POST",),
    "/v1/routes/{route_id}": ("PUT",),
    "/v1/surveys/{survey_id}/responses": ("OPTIONS", "POST"),
    "/v1/surveys/{survey_id}/views": ("OPTIONS", "POST"),
    "/v1/surveys/{survey_id}/widget": ("GET", "OPTIONS"),
    "/v1/webhooks/{provider}": ("POST",),
}
"""What other functions answer under `/v1/`; with any other method such a path comes here, to be refused."""


def refused(request: Request, error: RequestError | TemporaryError) -> Mapping[str, str]:
    """Count and log a refusal."""
    counters.add_metric("RequestsRefused", MetricUnit.Count, 1)
    if isinstance(error, TemporaryError):
        logger.warning("request not answered", extra={"fault": str(error)})
    else:
        logger.info("request refused", extra={"refusal": type(error).__name__})
    return {}


@counters.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    return serve(event, OPERATIONS, refused, settings().public_base_url, NOT_OFFERED, ELSEWHERE)
