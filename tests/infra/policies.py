"""Would AWS let a function make this call? No emulator here asks, so a forgotten grant would show only after a deploy.

The answers follow the Service Authorization Reference: a transaction needs the right to each of its parts, sending to a
queue in a batch is `sqs:SendMessage`, making a schedule needs to pass its role.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.infra.cloudformation import Template, as_list, of_type, properties, statements, target
from tests.infra.resolving import ACCOUNT, REGION, Resolver

_PARTS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}
_QUEUE_ACTIONS = {
    "ChangeMessageVisibility": "sqs:ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "SendMessage": "sqs:SendMessage",
    "SendMessageBatch": "sqs:SendMessage",
}


class Need(NamedTuple):
    """One right that a call needs."""

    action: str
    resource: str


class Grant(NamedTuple):
    """One right that a role gives; both may hold wildcards."""

    action: str
    resource: str

    def covers(self, need: Need) -> bool:
        """Whether this is the right that is needed; actions do not care for capitals."""
        return fnmatch.fnmatchcase(need.action.lower(), self.action.lower()) and fnmatch.fnmatchcase(
            need.resource, self.resource
        )


def grants(template: Template, resolver: Resolver, function: str) -> list[Grant]:
    """What the role of a function allows, from the policies written in the template.

    Args:
        template: The template as SAM expands it.
        resolver: Resolves the template.
        function: The function's logical id.
    """
    role = target(properties(of_type(template, "AWS::Lambda::Function")[function])["Role"])
    return [
        Grant(action, resource)
        for statement in statements(template["Resources"][role])
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
        for resource in as_list(resolver(statement["Resource"]))
    ]


def needs(service: str, operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    """The rights that one API call needs.

    Args:
        service: botocore's hyphenised service id.
        operation: The API operation.
        params: The request's members.

    Raises:
        NotImplementedError: a call that our functions did not make so far.
    """
    if service == "dynamodb":
        yield from _table_needs(operation, params)
    elif service == "sqs" and operation in _QUEUE_ACTIONS:
        queue = params["QueueUrl"].rpartition("/")[2]
        yield Need(_QUEUE_ACTIONS[operation], _arn("sqs", queue))
    elif service == "ssm" and operation == "GetParameter":
        yield Need("ssm:GetParameter", _arn("ssm", f"parameter/{params['Name'].lstrip('/')}"))
    elif service == "sesv2" and operation == "SendEmail":
        sender = params["FromEmailAddress"].rpartition("<")[2].rstrip(">")
        yield Need("ses:SendEmail", _arn("ses", f"identity/{sender}"))
        if "ConfigurationSetName" in params:
            yield Need("ses:SendEmail", _arn("ses", f"configuration-set/{params['ConfigurationSetName']}"))
    elif service == "sesv2" and operation == "GetAccount":
        yield Need("ses:GetAccount", "*")
    elif service == "pinpoint-sms-voice-v2" and operation == "SendTextMessage":
        yield Need("sms-voice:SendTextMessage", _arn("sms-voice", f"phone-number/{params['OriginationIdentity']}"))
    elif service == "eventbridge" and operation == "PutEvents":
        for entry in params["Entries"]:
            yield Need("events:PutEvents", _arn("events", f"event-bus/{entry['EventBusName']}"))
    elif service == "scheduler" and operation in {"CreateSchedule", "DeleteSchedule", "GetSchedule"}:
        # A REST request carries the name in its path.
        group, name = params.get("GroupName", "default"), params.get("Name") or params["_path"][-1]
        yield Need(f"scheduler:{operation}", _arn("scheduler", f"schedule/{group}/{name}"))
        if operation == "CreateSchedule":
            yield Need("iam:PassRole", params["Target"]["RoleArn"])
    else:
        raise NotImplementedError(f"say here what {service}.{operation} needs")


def _table_needs(operation: str, params: Mapping[str, Any]) -> Iterator[Need]:
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for item in params["TransactItems"]:
            ((kind, part),) = item.items()
            yield Need(_PARTS[kind], _arn("dynamodb", f"table/{part['TableName']}"))
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in params["RequestItems"]:
            yield Need(f"dynamodb:{operation}", _arn("dynamodb", f"table/{table}"))
    else:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(f"dynamodb:{operation}", _arn("dynamodb", f"table/{params['TableName']}{index}"))


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
