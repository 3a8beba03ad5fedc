"""The live page of a parcel, as its customer follows the van: with and without a script, on a phone and at a desk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from functions.delivery_status.routing import Routing
from functions.tracking import app as tracking_app
from functions.tracking import render
from functions.tracking.service import Tracking
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryReason, DeliveryRegistration, DeliveryStatus
from shared.domain.links import TrackingLink
from shared.domain.people import Recipient
from shared.domain.promises import Window
from shared.domain.queued import PositionReported, RouteReported
from shared.domain.routes import Place, PlannedStop, ReplanReason
from shared.errors import TemporaryError
from shared.tokens import TrackingLinks
from tests.browser.site import Site
from tests.fakes.clock import NOON, FrozenClock
from tests.fakes.routes import InMemoryRoutes

HOME = Place(latitude=52.52, longitude=13.4)
MINE = "order-1001"
EVERY = 25_000
"""Milliseconds between two looks."""


class VanSite(Site):
    """The site with the live page, and a van that a test drives."""

    def __init__(self) -> None:
        super().__init__()
        self._apps += [tracking_app]
        self.begin_again()

    def begin_again(self) -> None:
        """A parcel that was loaded this morning, and nothing known of its van."""
        self.clock = FrozenClock()
        self.parcels: dict[str, Delivery] = {}
        self.routes = InMemoryRoutes(self.parcels)
        self.routing = Routing(self.routes, estimates=self, clock=self.clock)
        self.revision = 0
        self.is_away = False
        registration = DeliveryRegistration(
            carrier="own",
            recipient=Recipient(email="ada@example.com", name="Ada Lovelace"),
            promise=Window(start=NOON, end=NOON + timedelta(hours=2)),
            time_zone="Europe/Berlin",
            registered_at=NOON - timedelta(days=2),
        )
        self.parcels[MINE] = Delivery(delivery_id=MINE, registration=registration, person_id="per_1", version=1)
        self.happens("info_received", hours=-40)
        self.happens("in_transit", hours=-26)
        self.happens("out_for_delivery", hours=-4)

    def __enter__(self) -> VanSite:
        super().__enter__()
        self._patch.setattr(tracking_app, "service", lambda: Tracking(self.tracking, self, self.clock))
        return self

    @property
    def tracking(self) -> TrackingLinks:
        return TrackingLinks(lambda: ("a key of the test",), self.clock)

    def read(self, delivery_id: str) -> Any:
        if self.is_away:
            raise TemporaryError("the store is away")
        return self.routes.read(delivery_id)

    def estimate(self, delivery_id: str, estimated_at: Any, learned_at: Any) -> None:
        self.parcels[delivery_id] = self.parcels[delivery_id].with_estimate(estimated_at, learned_at)

    def happens(
        self, status: str, delivery_id: str = MINE, hours: float = 0, reason: DeliveryReason | None = None
    ) -> None:
        at = self.clock.now() + timedelta(hours=hours)
        event = DeliveryEvent(
            event_id=f"event-{at.timestamp()}",
            status=DeliveryStatus(status),
            reason=reason,
            occurred_at=at,
            learned_at=at,
        )
        known = self.parcels.get(delivery_id, Delivery(delivery_id=delivery_id))
        self.parcels[delivery_id] = known.with_event(event)
        self.routing.follow(self.parcels[delivery_id])

    def plan(self, ahead: int, because: ReplanReason | None = None) -> None:
        """A plan by which so many are in front."""
        self.revision += 1
        ids = [*(f"stop-{self.revision}-{number}" for number in range(ahead)), MINE, "after"]
        stops = tuple(PlannedStop(delivery_id=id_, place=HOME if id_ == MINE else None) for id_ in ids)
        self.routing.plan(
            RouteReported(
                route_id="van-7",
                stops=stops,
                revision=self.revision,
                planned_at=self.clock.now(),
                replanned_because=because,
            )
        )

    def ping(self, kilometres: float = 5, expected: int | None = None) -> None:
        """The van is seen so far north of the door."""
        now = self.clock.now()
        self.routing.see(
            PositionReported(
                delivery_id=MINE,
                place=Place(latitude=HOME.latitude + kilometres / 111.195, longitude=HOME.longitude),
                at=now,
                learned_at=now,
                estimated_at=now + timedelta(minutes=expected) if expected else None,
            )
        )

    def done(self, *stops: int) -> None:
        """Customers in front got theirs."""
        for stop in stops:
            self.happens("delivered", f"stop-{self.revision}-{stop}")

    def address(self, lives: timedelta = timedelta(days=1)) -> str:
        expires_at = int((self.clock.now() + lives).timestamp())
        return f"{self.api}/track/{self.tracking.sign(TrackingLink(delivery_id=MINE, expires_at=expires_at))}"

    def looks(self) -> int:
        """How often the page's script has looked."""
        return sum(line.endswith("/now") for line in self.requests)


@pytest.fixture(scope="module")
def one_site() -> Iterator[VanSite]:
    with VanSite() as site:
        yield site


@pytest.fixture
def site(one_site: VanSite) -> VanSite:
    one_site.clear()
    one_site.begin_again()
    return one_site


@pytest.fixture
def followed(page: Page, site: VanSite) -> Page:
    """A page whose time a test tells, with three customers in front."""
    site.plan(3)
    site.ping()
    page.clock.install()
    page.goto(site.address())
    return page


def said(page: Page) -> Any:
    return expect(page.get_by_role("status"))


def faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [f"{each['id']}: {node['html']}" for each in found.response["violations"] for node in each["nodes"]]


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden});"
        " document.dispatchEvent(new Event('visibilitychange')) }",
        hidden,
    )


def test_the_page_refreshes_itself_and_is_never_loaded_again(followed: Page, site: VanSite) -> None:
    said(followed).to_have_text("3 customers are in front of you.")
    followed.evaluate("window.same = true")
    expect(followed.locator("circle.dot")).to_have_count(3)
    site.done(0, 1)
    followed.clock.run_for(EVERY)
    said(followed).to_have_text("One customer is in front of you.")
    expect(followed.locator("circle.dot")).to_have_count(1)
    site.done(2)
    site.clock.advance(timedelta(minutes=1))
    site.ping(0.5, expected=12)
    followed.clock.run_for(EVERY)
    said(followed).to_have_text("You are next.The van is less than 1 km away.")
    expect(followed.get_by_text("Expected")).to_be_visible()
    site.happens("delivered")
    followed.clock.run_for(EVERY)
    said(followed).to_have_text("Delivered today at 13:01.")
    expect(followed.get_by_role("heading", level=1)).to_have_text("Your parcel has been delivered")
    expect(followed).to_have_title("Your parcel has been delivered")
    expect(followed.locator("svg")).to_have_count(0)
    assert followed.evaluate("window.same")


def test_once_it_has_arrived_nobody_looks_any_more(followed: Page, site: VanSite) -> None:
    site.happens("delivered")
    followed.clock.run_for(EVERY)
    said(followed).to_have_text("Delivered today at 13:00.")
    looks = site.looks()
    followed.clock.run_for(20 * EVERY)
    hide(followed, hidden=False)
    followed.wait_for_timeout(200)
    assert site.looks() == looks == 1


def test_a_page_that_nobody_sees_rests_and_looks_when_it_is_seen(followed: Page, site: VanSite) -> None:
    hide(followed, hidden=True)
    site.done(0)
    followed.clock.run_for(20 * EVERY)
    followed.wait_for_timeout(300)
    assert site.looks() == 0
    hide(followed, hidden=False)
    said(followed).to_have_text("2 customers are in front of you.")
    assert site.looks() == 1


def test_it_waits_longer_and_longer_while_nothing_answers_and_keeps_what_it_knows(
    followed: Page, site: VanSite
) -> None:
    site.is_away = True
    for looks, wait in ((1, 1), (2, 2), (3, 4)):
        followed.clock.run_for(EVERY * wait - 1000)
        followed.wait_for_timeout(300)  # a look that came too early would be on its way
        assert site.looks() == looks - 1
        with followed.expect_response("**/now"):
            followed.clock.run_for(1000)
        assert site.looks() == looks
    said(followed).to_have_text("3 customers are in front of you.")
    site.is_away = False
    site.done(0)
    followed.clock.run_for(EVERY * 8)
    said(followed).to_have_text("2 customers are in front of you.")


def test_a_van_that_is_out_of_sight_leaves_the_page(followed: Page, site: VanSite) -> None:
    site.clock.advance(timedelta(minutes=11))
    followed.clock.run_for(EVERY)
    said(followed).to_contain_text("There is no current position of the van.")
    expect(followed.locator("svg")).to_have_count(0)


def test_a_link_that_ends_while_its_page_is_open_says_so(page: Page, site: VanSite) -> None:
    site.plan(3)
    site.ping()
    page.clock.install()
    page.goto(site.address(lives=timedelta(minutes=1)))
    site.clock.advance(timedelta(minutes=1))
    page.clock.run_for(EVERY)
    expect(page.get_by_role("heading", level=1)).to_have_text("This link has expired")


def test_a_replanned_route_is_said(followed: Page, site: VanSite) -> None:
    site.clock.advance(timedelta(minutes=5))
    site.plan(6, because=ReplanReason.TRAFFIC)
    followed.clock.run_for(EVERY)
    said(followed).to_contain_text("6 customers are in front of you.")
    said(followed).to_contain_text("The route was re-planned today at 13:05 because of traffic")


@pytest.fixture(params=[(320, 568), (1280, 800)], ids=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> Any:
    width, height = request.param
    return {"width": width, "height": height}


def test_without_a_script_the_page_says_the_same_and_loads_itself_anew(
    browser: Browser, site: VanSite, size: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(render, "UNSCRIPTED_EVERY", 1)
    site.plan(3)
    site.ping()
    context = browser.new_context(java_script_enabled=False, viewport=size, locale="de-DE")
    page = context.new_page()
    page.goto(site.address())
    said(page).to_have_text("3 Kunden sind noch vor Ihnen.")
    expect(page.locator("svg")).to_be_visible()
    site.done(0)
    said(page).to_have_text("2 Kunden sind noch vor Ihnen.")
    site.happens("delivered")
    said(page).to_have_text("Zugestellt heute um 13:00 Uhr.")
    pages = len(site.requests)
    page.wait_for_timeout(2500)
    assert len(site.requests) == pages
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_everybody_can_use_it_on_every_screen(
    browser: Browser, site: VanSite, size: Any, scheme: Any, locale: str
) -> None:
    context = browser.new_context(viewport=size, color_scheme=scheme, locale=locale, reduced_motion="reduce")
    page = context.new_page()
    broken: list[str] = []
    page.on("console", lambda message: broken.append(message.text))
    page.on("pageerror", lambda error: broken.append(str(error)))

    def good() -> None:
        page.goto(site.address())
        assert (faults(page), overflow(page)) == ([], 0)

    good()
    site.plan(3)
    good()  # out of sight
    site.ping(expected=40)
    good()
    site.plan(14, because=ReplanReason.BREAKDOWN)
    good()
    site.happens("exception", reason=DeliveryReason.DELAYED)
    good()
    site.clock.advance(timedelta(minutes=1))
    site.happens("delivered")
    good()
    site.parcels.clear()
    good()
    # That a page is refused is told on the console; nothing else may be.
    assert [text for text in broken if "status of 404" not in text] == []
    context.close()


def test_the_page_keeps_to_itself(page: Page, site: VanSite) -> None:
    site.plan(3)
    site.ping()
    answer = page.goto(site.address())
    assert answer is not None
    headers = answer.headers
    assert (headers["referrer-policy"], headers["x-robots-tag"], headers["cache-control"]) == (
        "no-referrer",
        "noindex",
        "no-store",
    )
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert policy["script-src"].startswith("'sha256-")
    assert page.context.cookies() == []
    assert json.loads(page.evaluate("JSON.stringify([localStorage.length, sessionStorage.length])")) == [0, 0]
