"""Deploy the template to the embedded AWS through CloudFormation, as `sam deploy` does, but in about a second."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local import packaging
from infra.local.errors import LocalError
from infra.local.places import ROOT
from infra.stack import LOCAL_REGION

STACK_NAME = "hearback"
ARTEFACTS_BUCKET = "hearback-local-artefacts"
#: A stack's tag: what it was made from, so that a deployment of the same is none.
SOURCE_TAG = "hearback:source"
POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 120
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

Parameters = Mapping[str, str]


def session() -> boto3.Session:
    """Credentials that only make boto3 sign: the emulator takes any."""
    return boto3.Session("local", "local", region_name=LOCAL_REGION)


def client(service: str, endpoint: str) -> Any:
    """A client of a service of the embedded AWS."""
    patient = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 2})
    return session().client(service, endpoint_url=endpoint, config=patient)


def parameters(base: str) -> dict[str, str]:
    """The template's parameters on a laptop: shortest waits, and the pages at the emulator's own address.

    With `HEARBACK_SMTP_URL` in the environment e-mail goes to that server instead of the emulator's mail page.
    """
    return {
        "Stage": "local",
        "PublicBaseUrl": base,
        "SenderEmail": "hello@hearback.example",
        "SmsOriginationIdentity": "HEARBACK",
        "SmsPerSecond": "100",
        "SmtpUrl": os.environ.get("HEARBACK_SMTP_URL", ""),
        "AlertGraceSeconds": "5",
    }


def deploy(
    endpoint: str, values: Parameters, *, stack_name: str = STACK_NAME, template_file: Path = ROOT / "template.yaml"
) -> dict[str, str]:
    """Create or update the stack, and wait for it.

    Args:
        endpoint: where the embedded AWS is.
        values: the template's parameters.
        stack_name: of the stack.
        template_file: the SAM template; paths in it begin at its folder.

    Returns:
        The stack's outputs.

    Raises:
        LocalError: a resource could not be made; the message names it and says why.
    """
    template = packaging.read_template(template_file)
    artefacts = list(packaging.artefacts(template, template_file.parent))
    source = _source(template, artefacts, values)
    cloudformation = client("cloudformation", endpoint)
    existing = _describe(cloudformation, stack_name)
    if existing and existing["StackStatus"] == "ROLLBACK_COMPLETE":  # A first deployment that failed is not updatable.
        cloudformation.delete_stack(StackName=stack_name)
        existing = None
    if existing and _is_made_from(existing, source):
        return _outputs(existing)
    _verify_sender(endpoint, values)
    url = _upload(endpoint, template, artefacts, source)
    _apply(cloudformation, stack_name, template, url, values, source, update=existing is not None)
    described = _wait(cloudformation, stack_name)
    return _outputs(described)


def _source(template: Mapping[str, Any], artefacts: list[packaging.Artefact], values: Parameters) -> str:
    """Hash everything that a deployment depends on."""
    parts = [template, {artefact.resource: artefact.key for artefact in artefacts}, dict(values)]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _is_made_from(stack: Mapping[str, Any], source: str) -> bool:
    finished = stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    return finished and any(tag["Key"] == SOURCE_TAG and tag["Value"] == source for tag in stack.get("Tags", ()))


def _verify_sender(endpoint: str, values: Parameters) -> None:
    """Let SES know the sender: on AWS an identity is set up once per domain, outside of the template."""
    sender = values.get("SenderEmail")
    if not sender:
        return
    try:
        client("sesv2", endpoint).create_email_identity(EmailIdentity=sender)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise


def _upload(endpoint: str, template: dict[str, Any], artefacts: list[packaging.Artefact], source: str) -> str:
    """Put the artefacts and the template that names them into a bucket; returns the template's address.

    A request itself may carry 51 200 bytes of template, which ours has outgrown; a bucket's may have a megabyte.
    """
    s3 = client("s3", endpoint)
    try:
        s3.create_bucket(
            Bucket=ARTEFACTS_BUCKET, CreateBucketConfiguration={"LocationConstraint": LOCAL_REGION}
        )  # fmt: skip
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise
    for artefact in artefacts:
        s3.put_object(Bucket=ARTEFACTS_BUCKET, Key=artefact.key, Body=artefact.content)
        template["Resources"][artefact.resource]["Properties"][artefact.setting] = (
            f"s3://{ARTEFACTS_BUCKET}/{artefact.key}"
        )
    key = f"{source}.template.json"
    s3.put_object(Bucket=ARTEFACTS_BUCKET, Key=key, Body=json.dumps(template, default=str).encode())
    return f"{endpoint}/{ARTEFACTS_BUCKET}/{key}"


def _apply(
    cloudformation: Any,
    name: str,
    template: Mapping[str, Any],
    url: str,
    values: Parameters,
    source: str,
    *,
    update: bool,
) -> None:
    known = template.get("Parameters", {})
    request = {
        "StackName": name,
        "TemplateURL": url,
        "Capabilities": CAPABILITIES,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items() if key in known],
        "Tags": [{"Key": SOURCE_TAG, "Value": source}],
    }
    try:
        (cloudformation.update_stack if update else cloudformation.create_stack)(**request)
    except ClientError as error:
        message = error.response["Error"]["Message"]
        if "No updates are to be performed" not in message:
            raise LocalError(f"The template was refused: {message}") from error


def _wait(cloudformation: Any, name: str) -> Mapping[str, Any]:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        stack = _describe(cloudformation, name)
        if stack is None:
            raise LocalError(f"The stack {name} vanished while it was deployed; run again.")
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            if stack["StackStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                return stack
            raise LocalError(_why(cloudformation, name, stack))
        time.sleep(POLL_SECONDS)
    raise LocalError(f"The deployment of {name} did not end in {TIMEOUT_SECONDS} s; see .local/log/emulator.log.")


def _why(cloudformation: Any, name: str, stack: Mapping[str, Any]) -> str:
    """Say which resources failed, oldest first; the first is the cause."""
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
    reasons = "; ".join(
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for event in failed
    )
    return f"The deployment ended as {stack['StackStatus']}: {reasons or stack.get('StackStatusReason', 'no reason')}"


def _describe(cloudformation: Any, name: str) -> Mapping[str, Any] | None:
    try:
        stacks: list[Mapping[str, Any]] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    live = [stack for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"]
    return live[0] if live else None


def _outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}


def outputs(endpoint: str, stack_name: str = STACK_NAME) -> dict[str, str]:
    """The outputs of a deployed stack.

    Raises:
        LocalError: there is none of that name.
    """
    stack = _describe(client("cloudformation", endpoint), stack_name)
    if stack is None:
        raise LocalError(f"There is no stack {stack_name} at {endpoint}.")
    return _outputs(stack)
