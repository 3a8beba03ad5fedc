"""The resources that sending an e-mail and making a schedule need a permission for, as on AWS.

Upstream asks for permission to send on every resource, and to make a schedule in the default group whatever the group,
which no policy of least privilege gives.
"""

from __future__ import annotations

import json
from email.utils import parseaddr
from typing import Any

from ministack.core import iam_actions
from ministack.services import ses, ses_v2

_resource_upstream = iam_actions._ses_v2_resource_arn
_any_resource_upstream = iam_actions.extract_resource_arn


def _resource(method: str, path: str, body: bytes, region: str, account: str) -> str:
    if method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
        address = parseaddr(json.loads(body or b"{}").get("FromEmailAddress", ""))[1]
        known = address in ses._identities or address in ses_v2._identities
        return f"arn:aws:ses:{region}:{account}:identity/{address if known else address.rpartition('@')[2]}"
    resource: str = _resource_upstream(method, path, body, region, account)
    return resource


def _any_resource(service: str, method: str, path: str, *rest: Any) -> str:
    if service == "scheduler" and method == "POST" and path.startswith("/schedules/"):
        _, body, _, region, account = rest
        group = json.loads(body or b"{}").get("GroupName", "default")
        return f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{path.rpartition('/')[2]}"
    resource: str = _any_resource_upstream(service, method, path, *rest)
    return resource


def install() -> None:
    """Put the mends in place, before the first request."""
    iam_actions._ses_v2_resource_arn = _resource
    iam_actions.extract_resource_arn = _any_resource
