"""Pages as HTML, made on the server: rendered strictly, and allowed to do only what their policy names."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined


class Page(NamedTuple):
    """A page ready to be answered with."""

    status: HTTPStatus
    html: str
    headers: Mapping[str, str]


def page_templates(folder: Path) -> Environment:
    """The templates of a folder: what is put in stays text, and what is missing is a fault."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_headers(style: str, *, referrer: str, **directives: str) -> dict[str, str]:
    """Headers of a page that is for one reader: nothing foreign, no frame, no cache, no search.

    Args:
        style: The one style sheet, which stands in the page and is allowed by its hash.
        referrer: Its Referrer-Policy.
        directives: What else its Content-Security-Policy says, `-` written as `_`.
    """
    policy = {
        "default-src": "'none'",
        "style-src": hashes([style]),
        "img-src": "data:",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
        **{name.replace("_", "-"): sources for name, sources in directives.items()},
    }
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(f"{directive} {sources}" for directive, sources in policy.items()),
        "cache-control": "no-store",
        "referrer-policy": referrer,
        "x-robots-tag": "noindex",
    }


def hashes(texts: Iterable[str]) -> str:
    """What a Content-Security-Policy calls these scripts or styles; none are `'none'`."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii") for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
