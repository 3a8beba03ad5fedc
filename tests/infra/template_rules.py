"""What must hold in our templates and no linter checks. Each rule yields one sentence per place that breaks it.

The rules read the template as SAM expands it (`cloudformation.translate`), so that what SAM adds is judged too; those
in `SOURCE_RULES` read what we wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.infra.cloudformation import Template, as_list, of_type, properties, statements, target

Rule = Callable[[Template], Iterator[str]]

QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Lambda::Function"
TRIGGER = "AWS::Lambda::EventSourceMapping"
ALARM = "AWS::CloudWatch::Alarm"

STATEFUL = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SecretsManager::Secret")
"""Resources that hold what cannot be made again."""

NAME_PROPERTIES = {
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::EventBus": "Name",
    "AWS::IAM::Role": "RoleName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SES::ConfigurationSet": "Name",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::Scheduler::ScheduleGroup": "Name",
    "AWS::SecretsManager::Secret": "Name",
}
"""Where a type takes a name of our choice, which would keep a second stack out of the account."""

ACTIONS_WITHOUT_RESOURCE = {
    "ses:GetAccount": "it is about the account as a whole",
    "xray:PutTelemetryRecords": "X-Ray's write actions know no resource",
    "xray:PutTraceSegments": "X-Ray's write actions know no resource",
}
"""Actions that AWS accepts on no other resource than `*`, and why (Service Authorization Reference)."""

# SQS's defaults, in seconds (CloudFormation reference of AWS::SQS::Queue).
DEFAULT_VISIBILITY = 30
DEFAULT_RETENTION = 345_600
DEFAULT_TIMEOUT = 3
OLDEST_MESSAGE_ALARM = 900
LATER_ALARMS = {"NotificationsQueue": 1_800, "ErasuresQueue": 1_800}
"""An alert lies in its queue on purpose for its grace, and an erasure between its sweeps, at most 15 minutes each; only
what comes after that is late."""
HTTP_API_LIMIT = 30


def _dead_letter_queue(queue: Mapping[str, Any]) -> str | None:
    policy = properties(queue).get("RedrivePolicy")
    return target(policy.get("deadLetterTargetArn")) if policy else None


def _source_queues(template: Template) -> dict[str, dict[str, Any]]:
    """The queues that are not another's dead-letter queue."""
    queues = of_type(template, QUEUE)
    dead_letter = {_dead_letter_queue(queue) for queue in queues.values()}
    return {name: queue for name, queue in queues.items() if name not in dead_letter}


def _triggers(template: Template) -> Iterator[tuple[str, dict[str, Any], str, str]]:
    """Each queue trigger: its id and properties, its queue, its function."""
    for name, trigger in of_type(template, TRIGGER).items():
        mine = properties(trigger)
        queue, function = target(mine.get("EventSourceArn")), target(mine.get("FunctionName"))
        if queue in of_type(template, QUEUE) and function in of_type(template, FUNCTION):
            yield name, mine, str(queue), str(function)


def _alarms_on(template: Template, queue: str, metric: str) -> list[dict[str, Any]]:
    return [
        properties(alarm)
        for alarm in of_type(template, ALARM).values()
        if properties(alarm).get("MetricName") == metric
        and any(target(dimension.get("Value")) == queue for dimension in properties(alarm).get("Dimensions", []))
    ]


def each_queue_has_a_dead_letter_queue(template: Template) -> Iterator[str]:
    """A poison message leaves the queue, and stays longer where it goes than it could have stayed before."""
    queues = of_type(template, QUEUE)
    for name, queue in _source_queues(template).items():
        mine = properties(queue)
        dead_letter = _dead_letter_queue(queue)
        if dead_letter not in queues:
            yield f"{name}: has no dead-letter queue in this template"
            continue
        # AWS's advice for Lambda triggers (Lambda developer guide, "Using Lambda with Amazon SQS").
        if mine["RedrivePolicy"].get("maxReceiveCount", 0) < 5:
            yield f"{name}: maxReceiveCount is below 5, so that a throttle alone could fill the dead-letter queue"
        kept = mine.get("MessageRetentionPeriod", DEFAULT_RETENTION)
        # A message keeps its first enqueue time when it moves, so the dead-letter queue must keep longer.
        if properties(queues[dead_letter]).get("MessageRetentionPeriod", DEFAULT_RETENTION) <= kept:
            yield f"{dead_letter}: keeps messages no longer than {name}"


def each_queue_is_watched(template: Template) -> Iterator[str]:
    """Somebody hears of old messages in a queue, and of any message in its dead-letter queue."""
    for name, queue in _source_queues(template).items():
        ages = _alarms_on(template, name, "ApproximateAgeOfOldestMessage")
        latest = LATER_ALARMS.get(name, OLDEST_MESSAGE_ALARM)
        if not any(alarm.get("Threshold", latest + 1) <= latest for alarm in ages):
            yield f"{name}: no alarm when its oldest message is {latest} s old"
        dead_letter = _dead_letter_queue(queue)
        if dead_letter and not _alarms_on(template, dead_letter, "ApproximateNumberOfMessagesVisible"):
            yield f"{dead_letter}: no alarm on its depth"


def each_alarm_tells_somebody(template: Template) -> Iterator[str]:
    """An alarm without an action is a decoration."""
    for name, alarm in of_type(template, ALARM).items():
        if not properties(alarm).get("AlarmActions"):
            yield f"{name}: has no AlarmActions"


def a_message_stays_invisible_while_it_is_worked_on(template: Template) -> Iterator[str]:
    """Visibility >= 6 x timeout + batching window (Lambda developer guide, "Using Lambda with Amazon SQS")."""
    for _, trigger, queue, function in _triggers(template):
        visible_after = properties(template["Resources"][queue]).get("VisibilityTimeout", DEFAULT_VISIBILITY)
        timeout = properties(template["Resources"][function]).get("Timeout", DEFAULT_TIMEOUT)
        needed = 6 * timeout + trigger.get("MaximumBatchingWindowInSeconds", 0)
        if visible_after < needed:
            yield f"{queue}: visibility timeout {visible_after} s, {function} needs {needed} s"


def each_trigger_answers_partially_and_is_bounded(template: Template) -> Iterator[str]:
    """One bad message does not bring back its batch; a flood does not take the account's concurrency."""
    for name, trigger, _, _ in _triggers(template):
        if "ReportBatchItemFailures" not in trigger.get("FunctionResponseTypes", []):
            yield f"{name}: no ReportBatchItemFailures"
        if not 2 <= trigger.get("ScalingConfig", {}).get("MaximumConcurrency", 0) <= 1000:
            yield f"{name}: no MaximumConcurrency between 2 and 1000"
        # AWS refuses a batch above 10 without a window (Lambda API reference, CreateEventSourceMapping).
        if trigger.get("BatchSize", 10) > 10 and trigger.get("MaximumBatchingWindowInSeconds", 0) < 1:
            yield f"{name}: a batch above 10 needs a batching window of at least 1 s"


def each_queue_trigger_reads_a_queue_of_this_template(template: Template) -> Iterator[str]:
    """A trigger whose queue is misspelt would otherwise pass every rule above unseen."""
    known = {name for name, *_ in _triggers(template)}
    for name in of_type(template, TRIGGER):
        if name not in known:
            yield f"{name}: its queue or function is not in this template"


def a_function_answers_before_the_gateway_gives_up(template: Template) -> Iterator[str]:
    """HTTP APIs end a request after 30 s, whatever the function's timeout says."""
    for name, permission in of_type(template, "AWS::Lambda::Permission").items():
        if properties(permission).get("Principal") != "apigateway.amazonaws.com":
            continue
        function = target(properties(permission).get("FunctionName"))
        if function and properties(template["Resources"][function]).get("Timeout", DEFAULT_TIMEOUT) >= HTTP_API_LIMIT:
            yield f"{function}: its timeout is not below the gateway's {HTTP_API_LIMIT} s ({name})"


def logs_are_kept_for_a_chosen_time(template: Template) -> Iterator[str]:
    """A function without a log group of ours logs for ever, and its logs outlive an erasure."""
    groups = of_type(template, "AWS::Logs::LogGroup")
    for name, function in of_type(template, FUNCTION).items():
        if target(properties(function).get("LoggingConfig", {}).get("LogGroup")) not in groups:
            yield f"{name}: logs to no log group of this template"
    for name, group in groups.items():
        if "RetentionInDays" not in properties(group):
            yield f"{name}: has no RetentionInDays"


def what_holds_state_is_kept(template: Template) -> Iterator[str]:
    """Deleting or replacing the stack's resource keeps the data, always or under a condition."""
    for kind in STATEFUL:
        for name, resource in of_type(template, kind).items():
            for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
                if not _may_be(resource.get(attribute), {"Retain", "RetainExceptOnCreate"}):
                    yield f"{name}: {attribute} does not retain it"


def tables_can_be_brought_back(template: Template) -> Iterator[str]:
    """Point-in-time recovery on every table, and no deletion by a slip."""
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        mine = properties(table)
        if mine.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name}: no point-in-time recovery"
        if not _may_be(mine.get("DeletionProtectionEnabled"), {True}):
            yield f"{name}: no deletion protection"


def _may_be(value: object, wanted: set[Any]) -> bool:
    """Whether a value, or one branch of its `Fn::If`, is one of those wanted."""
    if isinstance(value, Mapping):
        return any(_may_be(branch, wanted) for branch in value.get("Fn::If", [])[1:])
    return any(value is option or value == option for option in wanted if type(option) is type(value))


def policies_grant_only_what_is_named(template: Template) -> Iterator[str]:
    """No wildcard action, no table scan, no `*` for a resource that has an ARN."""
    for name, resource in template["Resources"].items():
        for statement in statements(resource):
            if statement["Effect"] != "Allow":
                continue
            actions = as_list(statement.get("Action", []))
            for action in actions:
                if "*" in action:
                    yield f"{name}: wildcard action {action}"
                if action.lower() in {"dynamodb:scan", "dynamodb:partiqlselect"}:
                    yield f"{name}: may {action}, which reads a whole table"
            if "NotAction" in statement or "NotResource" in statement:
                yield f"{name}: grants all but what it names"
            if "*" in as_list(statement.get("Resource", [])):
                for action in sorted(set(actions) - set(ACTIONS_WITHOUT_RESOURCE)):
                    yield f"{name}: {action} on every resource"


def a_service_may_act_only_for_this_account(template: Template) -> Iterator[str]:
    """A queue or topic that takes from an AWS service says from whose (the confused deputy)."""
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, resource in of_type(template, kind).items():
            for statement in statements(resource):
                principal = statement.get("Principal")
                if statement["Effect"] == "Allow" and not statement.get("Condition"):
                    yield f"{name}: {principal} may use it without a condition"


def nothing_has_a_physical_name(template: Template) -> Iterator[str]:
    """Two stacks fit into one account, and a replacement needs no second name."""
    for kind, attribute in NAME_PROPERTIES.items():
        for name, resource in of_type(template, kind).items():
            chosen = properties(resource).get(attribute)
            if chosen is not None and "${AWS::StackName}" not in str(chosen):
                yield f"{name}: {attribute} is fixed"


def code_is_packed_under_its_own_name(source: Template) -> Iterator[str]:
    """`functions.<name>.app` and `shared` are imported under these names in Lambda as everywhere else."""
    for name, resource in of_type(source, "AWS::Serverless::Function").items():
        mine = properties(resource)
        module = str(mine.get("Handler", "")).rpartition(".")[0]
        package = module.rpartition(".")[0]
        yield from _packed_as(name, resource, mine.get("CodeUri"), package)
        if not package.startswith("functions.") or not module.endswith(".app"):
            yield f"{name}: Handler is not functions.<name>.app.<function>"
    for name, resource in of_type(source, "AWS::Serverless::LayerVersion").items():
        yield from _packed_as(name, resource, properties(resource).get("ContentUri"), "shared")


def _packed_as(name: str, resource: Mapping[str, Any], path: object, package: str) -> Iterator[str]:
    build = resource.get("Metadata", {}).get("BuildProperties", {})
    if str(path).strip("/").replace("/", ".") != package:
        yield f"{name}: its code path {path} is not the folder of {package}"
    if build.get("ParentPackageMode") != "explicit" or build.get("ParentPackages") != package:
        yield f"{name}: ParentPackages is not {package} (explicit)"


RULES: tuple[Rule, ...] = (
    a_function_answers_before_the_gateway_gives_up,
    a_message_stays_invisible_while_it_is_worked_on,
    a_service_may_act_only_for_this_account,
    each_alarm_tells_somebody,
    each_queue_has_a_dead_letter_queue,
    each_queue_is_watched,
    each_queue_trigger_reads_a_queue_of_this_template,
    each_trigger_answers_partially_and_is_bounded,
    logs_are_kept_for_a_chosen_time,
    nothing_has_a_physical_name,
    policies_grant_only_what_is_named,
    tables_can_be_brought_back,
    what_holds_state_is_kept,
)

SOURCE_RULES: tuple[Rule, ...] = (code_is_packed_under_its_own_name,)


def findings(source: Template, expanded: Template) -> list[str]:
    """Everything that is wrong with a template, given as written and as expanded."""
    return [
        *(found for rule in RULES for found in rule(expanded)),
        *(found for rule in SOURCE_RULES for found in rule(source)),
    ]
