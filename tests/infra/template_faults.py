"""Faults to plant in a template, one per thing that a rule must notice.

Each changes the template it is given (a copy) at the first place that fits, and names what the finding must say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.infra.cloudformation import Template, of_type, properties, statements, target
from tests.infra.template_rules import ALARM, FUNCTION, TRIGGER


class Fault(NamedTuple):
    """What is done to the template, and a part of the sentence that must be found."""

    plant: Callable[[Template], None]
    said: str


def _trigger(template: Template) -> dict[str, Any]:
    return properties(next(iter(of_type(template, TRIGGER).values())))


def _queue(template: Template) -> dict[str, Any]:
    return properties(template["Resources"][target(_trigger(template)["EventSourceArn"])])


def _dead_letter_name(template: Template) -> str:
    return str(target(_queue(template)["RedrivePolicy"]["deadLetterTargetArn"]))


def _table(template: Template) -> dict[str, Any]:
    return next(iter(of_type(template, "AWS::DynamoDB::Table").values()))


def _statement(template: Template) -> dict[str, Any]:
    roles = of_type(template, "AWS::IAM::Role").values()
    return next(statement for role in roles for statement in statements(role))


def _drop_alarms(metric: str) -> Callable[[Template], None]:
    def plant(template: Template) -> None:
        for name, alarm in of_type(template, ALARM).items():
            if properties(alarm).get("MetricName") == metric:
                del template["Resources"][name]

    return plant


def _slow_alarms(template: Template) -> None:
    for alarm in of_type(template, ALARM).values():
        if properties(alarm).get("MetricName") == "ApproximateAgeOfOldestMessage":
            properties(alarm)["Threshold"] = 86_400


def _drop_dead_letter_queue(template: Template) -> None:
    del template["Resources"][_dead_letter_name(template)]


def _slow_function_behind_the_gateway(template: Template) -> None:
    for permission in of_type(template, "AWS::Lambda::Permission").values():
        function = target(properties(permission)["FunctionName"])
        if properties(permission)["Principal"] == "apigateway.amazonaws.com" and function:
            properties(template["Resources"][function])["Timeout"] = 30


def _topic_for_all_the_world(template: Template) -> None:
    template["Resources"]["PlantedPolicy"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [],
            "PolicyDocument": {
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
                ]
            },
        },
    }


FAULTS: dict[str, Fault] = {
    "no dead-letter queue": Fault(lambda t: _queue(t).pop("RedrivePolicy"), "has no dead-letter queue"),
    "a dead-letter queue that is not there": Fault(_drop_dead_letter_queue, "has no dead-letter queue"),
    "too few receives": Fault(lambda t: _queue(t)["RedrivePolicy"].update(maxReceiveCount=1), "maxReceiveCount"),
    "a dead-letter queue that forgets first": Fault(
        lambda t: properties(t["Resources"][_dead_letter_name(t)]).update(MessageRetentionPeriod=60),
        "keeps messages no longer than",
    ),
    "no alarm on a dead-letter queue": Fault(_drop_alarms("ApproximateNumberOfMessagesVisible"), "alarm on its depth"),
    "no alarm on age": Fault(_drop_alarms("ApproximateAgeOfOldestMessage"), "no alarm when its oldest"),
    "an alarm on age that comes after a day": Fault(_slow_alarms, "no alarm when its oldest"),
    "an alarm that tells nobody": Fault(
        lambda t: properties(next(iter(of_type(t, ALARM).values()))).pop("AlarmActions"), "has no AlarmActions"
    ),
    "visibility shorter than the work": Fault(lambda t: _queue(t).update(VisibilityTimeout=5), "visibility timeout 5"),
    "default visibility": Fault(lambda t: _queue(t).pop("VisibilityTimeout"), "visibility timeout 30"),
    "a window that visibility forgot": Fault(
        lambda t: _trigger(t).update(MaximumBatchingWindowInSeconds=300), "visibility timeout"
    ),
    "no partial batch response": Fault(
        lambda t: _trigger(t).update(FunctionResponseTypes=[]), "no ReportBatchItemFailures"
    ),
    "unbounded concurrency": Fault(lambda t: _trigger(t).pop("ScalingConfig"), "no MaximumConcurrency"),
    "concurrency that AWS refuses": Fault(
        lambda t: _trigger(t)["ScalingConfig"].update(MaximumConcurrency=1), "no MaximumConcurrency"
    ),
    "a large batch without a window": Fault(
        lambda t: _trigger(t).update(BatchSize=84, MaximumBatchingWindowInSeconds=0), "needs a batching window"
    ),
    "a trigger on a misspelt queue": Fault(
        lambda t: _trigger(t).update(EventSourceArn={"Fn::GetAtt": ["Misspelt", "Arn"]}), "is not in this template"
    ),
    "a function slower than the gateway": Fault(_slow_function_behind_the_gateway, "not below the gateway's"),
    "a function that logs for ever": Fault(
        lambda t: properties(next(iter(of_type(t, FUNCTION).values()))).pop("LoggingConfig"), "logs to no log group"
    ),
    "a log group that keeps for ever": Fault(
        lambda t: properties(next(iter(of_type(t, "AWS::Logs::LogGroup").values()))).pop("RetentionInDays"),
        "has no RetentionInDays",
    ),
    "a table that goes with the stack": Fault(
        lambda t: _table(t).update(DeletionPolicy="Delete"), "DeletionPolicy does not retain"
    ),
    "a table that is lost when replaced": Fault(
        lambda t: _table(t).pop("UpdateReplacePolicy"), "UpdateReplacePolicy does not retain"
    ),
    "no point-in-time recovery": Fault(
        lambda t: properties(_table(t)).pop("PointInTimeRecoverySpecification"), "no point-in-time recovery"
    ),
    "no deletion protection": Fault(
        lambda t: properties(_table(t)).update(DeletionProtectionEnabled=False), "no deletion protection"
    ),
    "a wildcard action": Fault(lambda t: _statement(t).update(Action=["dynamodb:*"]), "wildcard action dynamodb:*"),
    "a scan": Fault(lambda t: _statement(t).update(Action="dynamodb:Scan"), "reads a whole table"),
    "every resource": Fault(lambda t: _statement(t).update(Resource="*"), "on every resource"),
    "all but what is named": Fault(lambda t: _statement(t).update(NotAction="iam:*"), "grants all but"),
    "a queue open to any topic": Fault(_topic_for_all_the_world, "without a condition"),
    "a physical name": Fault(lambda t: _queue(t).update(QueueName="responses"), "QueueName is fixed"),
}


def _function(source: Template) -> dict[str, Any]:
    return next(iter(of_type(source, "AWS::Serverless::Function").values()))


SOURCE_FAULTS: dict[str, Fault] = {
    "a handler of another function": Fault(
        lambda t: properties(_function(t)).update(Handler="functions.elsewhere.app.lambda_handler"),
        "is not the folder of functions.elsewhere",
    ),
    "the whole tree as code": Fault(lambda t: properties(_function(t)).update(CodeUri="./"), "is not the folder of"),
    "the default of SAM's parent packages": Fault(lambda t: _function(t).pop("Metadata"), "ParentPackages is not"),
    "the layer's contents without its name": Fault(
        lambda t: next(iter(of_type(t, "AWS::Serverless::LayerVersion").values()))["Metadata"].pop("BuildProperties"),
        "ParentPackages is not shared",
    ),
    "a handler outside app.py": Fault(
        lambda t: properties(_function(t)).update(Handler="app.lambda_handler"), "Handler is not functions.<name>.app"
    ),
}
