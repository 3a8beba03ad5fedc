"""The handler everyone writes, to be measured beside ours: it takes an answer, keeps it once, and counts it.

Straightforward and by the book: Powertools' validating event handler, its idempotency utility, boto3's resource.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from pydantic import BaseModel, Field

app = APIGatewayHttpResolver(enable_validation=True)
logger = Logger(service="peer")
metrics = Metrics(namespace="Peer", service="peer")
table = boto3.resource("dynamodb").Table(os.environ["SURVEYS_TABLE_NAME"])
idempotency = IdempotencyConfig(event_key_jmespath="response_id")


class SubmitResponse(BaseModel):
    """One answer."""

    response_id: str
    rating: Annotated[int, Field(ge=0, le=10)]
    comment: Annotated[str, Field(max_length=5000)] | None = None
    properties: dict[str, str] = {}


@app.post("/v1/surveys/<survey_id>/responses")
def submit(survey_id: str, body: SubmitResponse) -> Response[dict[str, str]]:
    """Take an answer."""
    survey = table.get_item(Key={"pk": survey_id, "sk": "SURVEY"}).get("Item")
    if survey is None:
        return Response(404, "application/json", {"message": "no such survey"})
    kept = keep(survey_id=survey_id, answer=body.model_dump(exclude_none=True))
    metrics.add_metric("ResponsesAccepted", MetricUnit.Count, 1)
    logger.info("response accepted", extra={"survey_id": survey_id, "response_id": body.response_id})
    return Response(202, "application/json", kept)


@idempotent_function(  # type: ignore[untyped-decorator]
    data_keyword_argument="answer",
    persistence_store=DynamoDBPersistenceLayer(os.environ["SURVEYS_TABLE_NAME"]),
    config=idempotency,
)
def keep(survey_id: str, answer: dict[str, Any]) -> dict[str, str]:
    """Store an answer and count it."""
    now = datetime.now(UTC)
    table.put_item(Item={"pk": survey_id, "sk": answer["response_id"], "answered_at": now.isoformat(), **answer})
    table.update_item(
        Key={"pk": survey_id, "sk": f"SCORE#{now.date()}"},
        UpdateExpression="ADD #rating :one",
        ExpressionAttributeNames={"#rating": f"rating_{answer['rating']}"},
        ExpressionAttributeValues={":one": 1},
    )
    return {"response_id": answer["response_id"]}


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one request."""
    idempotency.register_lambda_context(context)
    return app.resolve(event, context)
