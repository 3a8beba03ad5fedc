"""The resource that sending an e-mail needs a permission for: the identity it is sent from, as on AWS.

Upstream asks for permission on every resource, which no policy of least privilege gives.
"""

from __future__ import annotations

import json
from email.utils import parseaddr

from ministack.core import iam_actions
from ministack.services import ses, ses_v2

_resource_upstream = iam_actions._ses_v2_resource_arn


def _resource(method: str, path: str, body: bytes, region: str, account: str) -> str:
    if method == "POST" and path.rstrip("/").endswith("/outbound-emails"):
        address = parseaddr(json.loads(body or b"{}").get("FromEmailAddress", ""))[1]
        known = address in ses._identities or address in ses_v2._identities
        return f"arn:aws:ses:{region}:{account}:identity/{address if known else address.rpartition('@')[2]}"
    resource: str = _resource_upstream(method, path, body, region, account)
    return resource


def install() -> None:
    """Put the mend in place, before the first request."""
    iam_actions._ses_v2_resource_arn = _resource
