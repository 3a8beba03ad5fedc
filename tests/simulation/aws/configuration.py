"""SSM parameters and Secrets Manager secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.simulation.aws.wire import ServiceError

Request: TypeAlias = Mapping[str, Any]


class Ssm:
    """Parameter Store."""

    def __init__(self) -> None:
        self.parameters: dict[str, tuple[str, str, int]] = {}
        self.operations: dict[str, Callable[[Request], dict[str, Any]]] = {
            "GetParameter": self._get_parameter,
            "GetParameters": self._get_parameters,
            "PutParameter": self._put_parameter,
        }

    def put(self, name: str, value: str, kind: str = "SecureString") -> None:
        """Set a parameter, as a template or ops would."""
        version = self.parameters[name][2] + 1 if name in self.parameters else 1
        self.parameters[name] = (value, kind, version)

    def _described(self, name: str, decrypted: bool) -> dict[str, Any]:
        value, kind, version = self.parameters[name]
        hidden = kind == "SecureString" and not decrypted
        return {"Name": name, "Type": kind, "Value": "(encrypted)" if hidden else value, "Version": version}

    def _get_parameter(self, request: Request) -> dict[str, Any]:
        name = request["Name"]
        if name not in self.parameters:
            raise ServiceError("ParameterNotFound", f"Parameter {name} not found.")
        return {"Parameter": self._described(name, request.get("WithDecryption", False))}

    def _get_parameters(self, request: Request) -> dict[str, Any]:
        names = request["Names"]
        if len(names) > 10:
            raise ServiceError("ValidationException", "Member must have length less than or equal to 10")
        decrypted = request.get("WithDecryption", False)
        return {
            "Parameters": [self._described(name, decrypted) for name in names if name in self.parameters],
            "InvalidParameters": [name for name in names if name not in self.parameters],
        }

    def _put_parameter(self, request: Request) -> dict[str, Any]:
        name = request["Name"]
        if name in self.parameters and not request.get("Overwrite", False):
            raise ServiceError("ParameterAlreadyExists", "The parameter already exists.")
        if not request["Value"]:
            raise ServiceError("ValidationException", "Member must have length greater than or equal to 1")
        self.put(name, request["Value"], request.get("Type", "String"))
        return {"Version": self.parameters[name][2], "Tier": "Standard"}


class SecretsManager:
    """Secrets by name."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.operations: dict[str, Callable[[Request], dict[str, Any]]] = {"GetSecretValue": self._get_secret_value}

    def _get_secret_value(self, request: Request) -> dict[str, Any]:
        name = request["SecretId"]
        if name not in self.secrets:
            raise ServiceError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
        return {"Name": name, "SecretString": self.secrets[name], "VersionStages": ["AWSCURRENT"]}
