"""What tests of messages wish for, and whom they tell it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from shared.domain.deliveries import Delivery, DeliveryEvent, DeliveryRegistration, DeliveryStatus
from shared.domain.messages import EmailContent, EmailRequest, MessageKind, Notification, message_id
from shared.domain.people import Person, Recipient
from shared.domain.promises import Window
from shared.domain.responses import Rating, Response, Source, Subject
from shared.domain.sending import Draft, RenderedFrom, SubjectType
from shared.domain.surveys import Brand, Question, Scale, Survey
from tests.fakes.clock import NOON

OWNER = "owner@example.com"
RESPONSE_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
PERSON = Person(person_id="per_1", email="ada@example.org", phone="+4915112345678", name="Ada Lovelace", locale="en")
SURVEY = Survey(
    survey_id="checkout",
    name="After the purchase",
    touchpoint="checkout",
    brand=Brand(name="Hearback Demo Shop", colour="#0b6e4f"),
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
    alert_to=(OWNER,),
)


def response(rating: int = 3, revision: int = 1, comment: str | None = None, **changes: Any) -> Response:
    return Response(
        response_id=RESPONSE_ID,
        revision=revision,
        survey_id=SURVEY.survey_id,
        survey_version=1,
        ratings={"recommend": Rating(scale=Scale.NPS, value=rating)},
        comment=comment,
        source=Source.WIDGET,
        answered_at=NOON - timedelta(minutes=2),
        accepted_at=NOON - timedelta(minutes=2),
        day=date(2026, 11, 22),
        **{"subject": Subject(type="order", id="A-1042"), **changes},
    )


def wish(kind: MessageKind = MessageKind.DETRACTOR_ALERT, **changes: Any) -> Notification:
    about: dict[str, Any]
    match kind:
        case MessageKind.DETRACTOR_ALERT | MessageKind.COMMENT_ADDED:
            name = (RESPONSE_ID, OWNER)
            about = {"owner": OWNER, "survey_id": SURVEY.survey_id, "response_id": RESPONSE_ID}
        case MessageKind.THANK_YOU:
            name = (RESPONSE_ID, PERSON.person_id)
            about = {"person_id": PERSON.person_id, "survey_id": SURVEY.survey_id, "response_id": RESPONSE_ID}
        case _:
            name = ("parcel-1", "")
            about = {"person_id": PERSON.person_id, "survey_id": SURVEY.survey_id, "delivery_id": "parcel-1"}
    return Notification(
        **{
            "message_id": message_id(kind, *name),
            "kind": kind,
            "requested_at": NOON - timedelta(minutes=2),
            "expires_at": NOON + timedelta(hours=2),
            **about,
            **changes,
        }
    )


def draft(notification: Notification | None = None, **changes: Any) -> Draft:
    notification = notification or wish()
    request = EmailRequest(
        message_id=notification.message_id,
        to=notification.owner or PERSON.email or "",
        from_name="Shop",
        content=EmailContent(subject="s", text="t", html="h"),
    )
    about = RenderedFrom(SubjectType.RESPONSE, RESPONSE_ID, 1)
    return Draft(**{"request": request, "about": about, **changes})


def delivery(status: DeliveryStatus = DeliveryStatus.OUT_FOR_DELIVERY, version: int = 2, **changes: Any) -> Delivery:
    registration = DeliveryRegistration(
        **{
            "carrier": "dhl",
            "tracking_number": "00340434161094015902",
            "recipient": Recipient(email=PERSON.email, phone=PERSON.phone),
            "promise": Window(start=NOON + timedelta(hours=1), end=NOON + timedelta(hours=3)),
            "time_zone": "Europe/Berlin",
            "survey_id": SURVEY.survey_id,
            "registered_at": NOON - timedelta(days=2),
            **changes,
        }
    )
    at = NOON - timedelta(minutes=5)
    event = DeliveryEvent(event_id="event-1", status=status, occurred_at=at, learned_at=at)
    return Delivery(
        delivery_id="parcel-1",
        registration=registration,
        person_id=PERSON.person_id,
        history=(event,),
        version=version,
    )
