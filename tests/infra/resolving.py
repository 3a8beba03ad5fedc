"""The values that CloudFormation would give to the intrinsic functions of our template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.infra.cloudformation import Template

ACCOUNT = "000000000000"
REGION = "eu-central-1"
API_ENDPOINT = "https://api.example.com"

_ARNS = {
    "AWS::Events::EventBus": "arn:aws:events:{region}:{account}:event-bus/{name}",
    "AWS::DynamoDB::Table": "arn:aws:dynamodb:{region}:{account}:table/{name}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{name}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{name}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{name}",
}
_NO_VALUE = object()


class Resolver:
    """Resolves a translated template as if each resource were named by its logical id.

    Args:
        template: The template as SAM expands it.
        parameters: Values of parameters; the others take their defaults.
    """

    def __init__(self, template: Template, parameters: Mapping[str, str]) -> None:
        self._resources = template["Resources"]
        self._conditions = template.get("Conditions", {})
        self._parameters = {
            name: _typed(declared["Type"], parameters.get(name, str(declared.get("Default", ""))))
            for name, declared in template["Parameters"].items()
        }
        self._pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NoValue": _NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::StackName": "hearback",
        }

    def __call__(self, value: Any) -> Any:
        """A value with every intrinsic function replaced by its result."""
        if isinstance(value, list):
            resolved = [self(item) for item in value]
            return [item for item in resolved if item is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: item for key, item in ((key, self(item)) for key, item in value.items()) if item is not _NO_VALUE}

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        return self._holds(self._conditions[name])

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._ref(argument)
        if name == "Fn::GetAtt":
            return self._attribute(*argument)
        if name == "Fn::If":
            condition, yes, no = argument
            return self(yes if self.condition(condition) else no)
        if name == "Fn::Join":
            separator, parts = argument
            return separator.join(str(part) for part in self(parts))
        if name == "Fn::Sub":
            text, named = (argument, {}) if isinstance(argument, str) else argument
            return re.sub(r"\$\{([^}!]+)\}", lambda found: self._substituted(found[1], named), text)
        raise NotImplementedError(f"{name} is not used in our template so far; add it here")

    def _ref(self, name: str) -> Any:
        if name in self._pseudo:
            return self._pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        if self._resources[name]["Type"] == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
        if self._resources[name]["Type"] == "AWS::SNS::Topic":
            return self._attribute(name, "Arn")
        return name

    def _attribute(self, name: str, attribute: str) -> str:
        if attribute == "Arn":
            return _ARNS[self._resources[name]["Type"]].format(region=REGION, account=ACCOUNT, name=name)
        if attribute == "ApiEndpoint":
            return API_ENDPOINT
        return name

    def _substituted(self, name: str, named: Mapping[str, Any]) -> str:
        if name in named:
            return str(self(named[name]))
        return str(self._attribute(*name.split(".", 1)) if "." in name else self._ref(name))

    def _holds(self, condition: Any) -> bool:
        ((name, argument),) = condition.items()
        if name == "Condition":
            return self.condition(argument)
        if name == "Fn::Equals":
            left, right = self(argument)
            return bool(left == right)
        if name == "Fn::Not":
            return not self._holds(argument[0])
        if name == "Fn::And":
            return all(self._holds(part) for part in argument)
        if name == "Fn::Or":
            return any(self._holds(part) for part in argument)
        raise NotImplementedError(name)


def _typed(kind: str, value: str) -> str | list[str]:
    return value.split(",") if kind == "CommaDelimitedList" else value
