"""Short links of SMS: from the code to the page it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from shared.domain.asking import ShortLink
from shared.storage.short_links import short_link_put
from shared.tokens import tracking_path
from tests.functional.http_stack import HttpStack, http_stack

CODE = "Ab3-_xYz019"


@pytest.fixture(scope="module")
def stack() -> Iterator[HttpStack]:
    with http_stack() as stack:
        yield stack


@pytest.fixture(scope="module")
def page(stack: HttpStack) -> str:
    """The page that the one short link leads to."""
    path, now = f"/s/delivery?t={stack.link()}", datetime.now(UTC)
    link = ShortLink(code=CODE, path=path, person_id="per_1", expires_at=now + timedelta(days=30))
    stack.dynamodb.put_item(**short_link_put("messages", link, now))
    return path


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_short_link_leads_to_its_page_and_writes_nothing(stack: HttpStack, page: str, method: str) -> None:
    before = stack.everything_kept()
    answer = stack.call(method, f"/i/{CODE}")
    assert (answer["statusCode"], answer["headers"]["location"]) == (302, page)
    assert answer["headers"]["cache-control"] == "no-store"
    assert stack.everything_kept() == before


@pytest.mark.usefixtures("page")
@pytest.mark.parametrize("code", ["Ab3-_xYz018", "short", f"{CODE}0", "MESSAGE#x", "\x00"])
def test_a_short_link_that_leads_nowhere_is_answered_kindly(stack: HttpStack, code: str) -> None:
    answer = stack.call("GET", f"/i/{quote(code)}")
    assert answer["statusCode"] == 404
    assert "text/html" in answer["headers"]["content-type"]


def test_a_short_link_leads_to_the_live_page_of_a_parcel(stack: HttpStack) -> None:
    path, now = tracking_path(stack.tracking("parcel-2")), datetime.now(UTC)
    link = ShortLink(code="Ab3-_xYz020", path=path, person_id="per_1", expires_at=now + timedelta(days=60))
    stack.dynamodb.put_item(**short_link_put("messages", link, now))
    assert stack.call("GET", "/i/Ab3-_xYz020")["headers"]["location"] == path
    assert stack.call("GET", path)["statusCode"] == 404  # the page itself answers: there is no such parcel
