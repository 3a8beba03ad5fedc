"""The widget's script as it is served: compressed if the browser takes that, and named by its content."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "static" / "widget.min.js"


class Script(NamedTuple):
    """One way to send the script."""

    body: bytes
    etag: str
    headers: Mapping[str, str]

    def status(self, if_none_match: str) -> HTTPStatus:
        """Whether a browser that has these versions already needs the body (RFC 9110, 13.1.2)."""
        known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return HTTPStatus.NOT_MODIFIED if known & {self.etag, "*"} else HTTPStatus.OK


def script(accept_encoding: str) -> Script:
    """The script for a browser that takes these encodings; an HTTP API compresses nothing by itself."""
    refused = re.search(r"\bgzip\s*;\s*q=0(\.0*)?\s*(,|$)", accept_encoding)
    return _script(compressed="gzip" in accept_encoding and not refused)


@cache
def _script(compressed: bool) -> Script:
    source = FILE.read_bytes()
    # mtime=0: the same bytes in every process, so that one name fits them all.
    body = gzip.compress(source, 9, mtime=0) if compressed else source
    etag = f'"{hashlib.sha256(source).hexdigest()[:20]}{"-gzip" if compressed else ""}"'
    headers = {
        "content-type": "text/javascript; charset=utf-8",
        "etag": etag,
        # A mended script reaches every page within minutes, and no page ever waits for the check.
        "cache-control": "public, max-age=300, stale-while-revalidate=86400",
        "vary": "accept-encoding",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
    }
    return Script(body, etag, {**headers, "content-encoding": "gzip"} if compressed else headers)
