"""Example data for every kind of message, in one place: for previews, for the check at publish, and for tests.

Once with all that may be known, and once with as little as possible, where each text has to do without.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from shared.domain.brands import Brand
from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryReason, DeliveryRegistration, DeliveryStatus
from shared.domain.messages import Channel, MessageKind
from shared.domain.people import Person, Recipient
from shared.domain.promises import Window
from shared.domain.responses import Rating, Response, Source, Subject
from shared.domain.surveys import Brand as SurveyBrand
from shared.domain.surveys import Question, Scale, Survey
from shared.texts.rendering import DeliveryLinks, InvitationLinks, Rendering, Texts, supported_locale

EXAMPLE_NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EXAMPLE_BASE_URL = "https://hear.example.com"
_COMMENT = "The box was open & the lamp <broken>.\nSee https://example.com/photo or mail me: ada@example.org."
_CODE = "Ab3-_xYz019"
_SIGNED = "eyJzIjoiY2hlY2tvdXQiLCJyIjoiMDE5MGYzYzIifQ.anBNcQ.m1n4xP0Zk3Jt7sVQ2wYh8uLr5cE"
"""As long as a token of an e-mail's link may be."""
_PERSON = Person(person_id="per_1", email="ada@example.org", phone="+4915112345678", name="Ada Lovelace")
_NAMELESS = Person(person_id="per_1", email="ada@example.org")


class _Scene(NamedTuple):
    """Where the parcel of an example is.

    Args:
        status: Where it is.
        promise: Of which day: from how long after now until how long after now.
        expected_in: When it is expected.
        reason: Why it is there.
    """

    status: DeliveryStatus
    promise: tuple[timedelta, timedelta]
    expected_in: timedelta | None = None
    reason: DeliveryReason | None = None


_TODAY = (timedelta(hours=1), timedelta(hours=3))
_TOMORROW = (timedelta(hours=25), timedelta(hours=27))
_IN_DAYS = (timedelta(days=4), timedelta(days=4, hours=2))
_OVER = (timedelta(hours=-4), timedelta(hours=-1, minutes=-25))
_SCENES = {
    MessageKind.DELIVERY_SCHEDULED: _Scene(DeliveryStatus.APPOINTMENT_SET, _IN_DAYS, timedelta(days=4, hours=1)),
    MessageKind.DELIVERY_DAY_BEFORE: _Scene(DeliveryStatus.IN_TRANSIT, _TOMORROW, timedelta(hours=26)),
    MessageKind.DELIVERY_ON_ITS_WAY: _Scene(DeliveryStatus.OUT_FOR_DELIVERY, _TODAY, timedelta(hours=2)),
    MessageKind.DELIVERY_SOON: _Scene(DeliveryStatus.OUT_FOR_DELIVERY, _TODAY, timedelta(minutes=43)),
    MessageKind.DELIVERY_ARRIVING: _Scene(DeliveryStatus.ARRIVING, _TODAY, timedelta(minutes=4)),
    MessageKind.DELIVERY_DELIVERED: _Scene(DeliveryStatus.DELIVERED, _TODAY),
    MessageKind.DELIVERY_ATTEMPT_FAILED: _Scene(
        DeliveryStatus.ATTEMPT_FAILED, _TODAY, timedelta(hours=22), DeliveryReason.NOT_HOME
    ),
    MessageKind.DELIVERY_EXCEPTION: _Scene(
        DeliveryStatus.EXCEPTION, _TODAY, timedelta(hours=22), DeliveryReason.WEATHER
    ),
    MessageKind.DELIVERY_DELAYED: _Scene(
        DeliveryStatus.OUT_FOR_DELIVERY, _TODAY, timedelta(hours=5), DeliveryReason.CARRIER
    ),
    MessageKind.DELIVERY_APOLOGY: _Scene(DeliveryStatus.DELIVERED, _OVER),
}


def example(
    rendering: Rendering,
    kind: MessageKind,
    locale: str,
    brand: Brand,
    *,
    channel: Channel = Channel.EMAIL,
    full: bool = True,
    base_url: str = EXAMPLE_BASE_URL,
) -> Texts:
    """A message of a kind, as a brand would send it.

    Args:
        rendering: Renders it.
        kind: Of which kind.
        locale: The recipient's.
        brand: Whose it is.
        channel: By which way: the links of SMS are short.
        full: Whether all that may be known is known, or as little as possible.
        base_url: Where our pages are.
    """
    ours, person = supported_locale(locale, brand.default_locale), _PERSON if full else _NAMELESS
    survey = _survey(brand, ours)
    unsubscribe, preferences = f"{base_url}/u/{_SIGNED}", f"{base_url}/preferences/{_SIGNED}"
    match kind:
        case MessageKind.DETRACTOR_ALERT | MessageKind.COMMENT_ADDED:
            return rendering.alert(kind, survey, _response(full=full, written=kind is MessageKind.COMMENT_ADDED))
        case MessageKind.ALERT_DIGEST:
            return rendering.digest(survey, 7 if full else 1, EXAMPLE_NOW, EXAMPLE_NOW + timedelta(hours=1))
        case MessageKind.THANK_YOU:
            return rendering.thank_you(ours, survey, person, unsubscribe, preferences)
        case MessageKind.SMS_HELP:
            return rendering.sms_help(ours, brand, "+49 30 1234567, service@example.com")
        case MessageKind.SURVEY_INVITATION | MessageKind.SURVEY_REMINDER:
            address = f"{base_url}/i/{_CODE}" if channel is Channel.SMS else f"{base_url}/r/{_SIGNED}"
            links = InvitationLinks(address, unsubscribe, preferences)
            return rendering.question(kind, ours, survey, person, links, about_delivery=full)
        case _:
            page = f"{base_url}/i/{_CODE}" if channel is Channel.SMS else f"{base_url}/track/{_SIGNED}"
            about = DeliveryLinks(page, preferences)
            return rendering.delivery(
                kind,
                locale,
                brand,
                delivery=example_delivery(kind, full=full),
                person=person,
                now=EXAMPLE_NOW,
                links=about if full else DeliveryLinks("", ""),
            )


def example_delivery(kind: MessageKind, *, full: bool = True) -> Delivery:
    """The parcel that an example of a kind is about."""
    scene = _SCENES[kind]
    start, end = scene.promise
    registration = DeliveryRegistration(
        carrier="dhl",
        recipient=Recipient(email=_PERSON.email),
        registered_at=EXAMPLE_NOW - timedelta(days=2),
        time_zone="Europe/Berlin",
    )
    if full:
        promise = Window(start=EXAMPLE_NOW + start, end=EXAMPLE_NOW + end)
        told = {"promise": promise, "tracking_number": "00340434161094015902"}
        registration = registration.model_copy(update=told)
    at = EXAMPLE_NOW - timedelta(minutes=5)
    event = DeliveryEvent(event_id="event-1", status=scene.status, occurred_at=at, learned_at=at)
    if full:
        expected = EXAMPLE_NOW + scene.expected_in if scene.expected_in else None
        event = event.model_copy(update={"reason": scene.reason, "estimated_at": expected})
    parcel = Delivery(delivery_id="parcel-1").with_registration(registration, _PERSON.person_id)
    return parcel.with_event(event)


def _survey(brand: Brand, locale: str) -> Survey:
    return Survey(
        survey_id="checkout",
        name="After the purchase",
        touchpoint="checkout",
        brand=SurveyBrand(name=brand.name, colour=brand.colour),
        time_zone="Europe/Berlin",
        questions=(
            Question(
                id="recommend",
                scale=Scale.NPS,
                text={
                    "en": "How likely are you to recommend us to a friend?",
                    "de": "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
                },
            ),
            Question(id="missing", scale=Scale.TEXT, text={"en": "What was missing?", "de": "Was hat gefehlt?"}),
        ),
        alert_to=("owner@example.com",),
        alert_locale=locale,
    )


def _response(*, full: bool, written: bool) -> Response:
    at = EXAMPLE_NOW - timedelta(minutes=2)
    return Response(
        response_id="0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d",
        revision=1,
        survey_id="checkout",
        survey_version=1,
        ratings={"recommend": Rating(scale=Scale.NPS, value=3)},
        texts={"missing": "An instruction in my language."} if full and written else {},
        comment=_COMMENT if written else None,
        source=Source.WIDGET,
        answered_at=at,
        accepted_at=at,
        day=date(2026, 11, 22),
        subject=Subject(type="order", id="A-1042") if full else None,
    )
