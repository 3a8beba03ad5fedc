"""What the API reads and answers; on Delighted's nouns with Delighted's field names, and ours beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from shared.domain.base import Frozen, Identifier, Instant, Line, ResponseId
from shared.domain.deliveries import Delivery, DeliveryReason, DeliveryStatus, Window
from shared.domain.messages import Channel, MessageKind, MessageState, Reason
from shared.domain.people import EmailAddress, PhoneNumber, Recipient
from shared.domain.responses import Comment, Response, Subject
from shared.domain.sending import Message
from shared.domain.submissions import GivenAnswer, GivenRating, Properties
from shared.domain.surveys import Locale, QuestionId, Scale, Survey, SurveyDefinition, SurveyId


class PersonGiven(BaseModel):
    """A person by what identifies them; who is not known yet is from now on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: EmailAddress | None = None
    phone_number: PhoneNumber | None = None
    external_id: Identifier | None = None
    name: Line | None = None
    locale: Locale | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if self.email is None and self.phone_number is None and self.external_id is None:
            raise ValueError("needs an email, a phone_number or an external_id")
        return self

    @property
    def recipient(self) -> Recipient:
        """The same in our words."""
        return Recipient(
            email=self.email,
            phone=self.phone_number,
            external_id=self.external_id,
            name=self.name,
            locale=self.locale,
        )


def _shape(value: Any) -> str | None:
    if isinstance(value, str):
        return "[id]"
    return "[object]" if isinstance(value, dict | PersonGiven) else None


PersonRef = Annotated[
    Annotated[Identifier, Tag("[id]")] | Annotated[PersonGiven, Tag("[object]")],
    Discriminator(
        _shape,
        custom_error_type="person_reference",
        custom_error_message="must be a person's id, or an object with an email, a phone_number or an external_id",
    ),
]
"""Who answered: a `person_id`, or what identifies them."""


class CreateSurveyResponse(BaseModel):
    """An answer that was given elsewhere.

    Args:
        survey: Which survey; left out, the one the key was made for.
        response_id: A UUID for this answer; left out, made from the Idempotency-Key header, or at random.
        score: The answer to the survey's first question with a scale.
        answers: Answers by question id.
        comment: What the respondent wrote.
        person: Who answered.
        person_properties: What else is known; scores are counted by those that the survey declares as breakdowns.
        subject: What the answer is about.
        created_at: When it was given, in Unix seconds; left out, now.
        test: A preview: kept, never counted.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "survey": "delivery",
                    "score": 9,
                    "comment": "The courier was early and kind.",
                    "person": {"email": "ada@example.com", "name": "Ada"},
                    "person_properties": {"device": "phone"},
                    "created_at": 1782820800,
                }
            ]
        },
    )

    survey: SurveyId | None = None
    response_id: ResponseId | None = None
    score: GivenRating | None = None
    answers: Annotated[Mapping[str, GivenAnswer], Field(max_length=20)] = Field(default_factory=dict)
    comment: Comment | None = None
    person: PersonRef | None = None
    person_properties: Properties | None = None
    subject: Subject | None = None
    created_at: Annotated[int, Field(ge=0)] | None = None
    test: bool = False


def _unix(instant: datetime) -> int:
    return int(instant.timestamp())


class SurveyResponse(Frozen):
    """A stored answer, shaped as Delighted's; below `tags` stand our own fields."""

    id: ResponseId
    person: str | None
    survey_type: Scale
    score: int | None
    comment: str | None
    permalink: None = None
    created_at: int
    updated_at: int
    person_properties: Mapping[str, str] | None
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    survey: SurveyId
    revision: int
    answers: Mapping[QuestionId, int | str]
    subject: Subject | None
    day: date
    test: bool

    @classmethod
    def of(cls, response: Response, survey: Survey | None) -> Self:
        """A response as it is told.

        Args:
            response: As it is stored.
            survey: Its survey, which says which rating is the `score`; without it, that is the first rating there is.
        """
        first = survey.first_scale_question if survey else None
        main = response.ratings.get(first.id) if first else next(iter(response.ratings.values()), None)
        scale = first.scale if first else main.scale if main else Scale.TEXT
        return cls(
            id=response.response_id,
            person=response.person_id,
            survey_type=scale,
            score=main.value if main else None,
            comment=response.comment,
            created_at=_unix(response.answered_at),
            updated_at=_unix(response.accepted_at),
            person_properties=response.properties or None,
            survey=response.survey_id,
            revision=response.revision,
            answers={**{name: rating.value for name, rating in response.ratings.items()}, **response.texts},
            subject=response.subject,
            day=response.day,
            test=response.test,
        )


class DeliveryEventTold(Frozen):
    """One thing that happened to a parcel."""

    event_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    occurred_at: Instant
    learned_at: Instant
    raw_status: str | None


class DeliveryTold(Frozen):
    """A parcel as we know it: no name and no address, only the `person_id`."""

    delivery_id: str
    status: DeliveryStatus
    reason: DeliveryReason | None
    person: str | None
    carrier: str | None
    tracking_number: str | None
    promise: Window | None
    time_zone: str | None
    survey: SurveyId | None
    events: tuple[DeliveryEventTold, ...]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """A delivery as it is told; its events in the order in which they happened."""
        registration, current = delivery.registration, delivery.current
        return cls(
            delivery_id=delivery.delivery_id,
            status=delivery.status,
            reason=current.reason if current else None,
            person=delivery.person_id,
            carrier=registration.carrier if registration else None,
            tracking_number=registration.tracking_number if registration else None,
            promise=registration.promise if registration else None,
            time_zone=registration.time_zone if registration else None,
            survey=registration.survey_id if registration else None,
            events=tuple(
                DeliveryEventTold(**event.model_dump())
                for event in sorted(delivery.history, key=lambda event: event.occurred_at)
            ),
        )


class MessageTold(Frozen):
    """A message and what became of it: no address and no content."""

    message_id: str
    kind: MessageKind
    state: MessageState
    reason: Reason | None
    channel: Channel | None
    person: str | None
    survey: SurveyId | None
    response: str | None
    delivery: str | None
    requested_at: Instant
    expires_at: Instant
    delivered_at: Instant | None
    bounced_at: Instant | None
    complained_at: Instant | None

    @classmethod
    def of(cls, message: Message) -> Self:
        """A message as it is told."""
        wish = message.notification
        return cls(
            message_id=wish.message_id,
            kind=wish.kind,
            state=message.state,
            reason=message.reason,
            channel=message.request.channel if message.request else None,
            person=wish.person_id,
            survey=wish.survey_id,
            response=wish.response_id,
            delivery=wish.delivery_id,
            requested_at=wish.requested_at,
            expires_at=wish.expires_at,
            delivered_at=message.delivered_at,
            bounced_at=message.bounced_at,
            complained_at=message.complained_at,
        )


class PutSurvey(SurveyDefinition):
    """A survey's definition. The id stands in the path, and the version's number is ours to give."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "After delivery",
                    "touchpoint": "delivery",
                    "journey_position": 3,
                    "brand": {"name": "Example Shop", "colour": "#1f4b99"},
                    "time_zone": "Europe/Berlin",
                    "questions": [
                        {"id": "recommend", "scale": "nps", "text": {"en": "Would you recommend us?"}},
                        {"id": "hoped", "scale": "expectation", "text": {"en": "Was it as you had hoped?"}},
                        {
                            "id": "place",
                            "scale": "choice",
                            "text": {"en": "Where did you get it?"},
                            "options": [
                                {"value": 1, "text": {"en": "At my door"}},
                                {"value": 2, "text": {"en": "At a pickup point"}},
                            ],
                        },
                    ],
                    "breakdowns": [{"name": "city", "values": ["Berlin", "Hamburg"]}],
                    "alert_to": ["owner@shop.example"],
                }
            ]
        }
    )


class SurveyTold(Survey):
    """A survey's current version; archived, it takes no answers, and its scores can still be read."""

    archived: bool

    @classmethod
    def of(cls, survey: Survey, *, archived: bool) -> Self:
        """A survey as it is told."""
        return cls(archived=archived, **dict(survey))
