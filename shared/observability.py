"""One log line and one metric per decision: ids only, never an address, a name or a comment."""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

NAMESPACE = "Hearback"

__all__ = ["NAMESPACE", "Logger", "MetricUnit", "Metrics"]
