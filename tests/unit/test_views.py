"""What a page tells of a survey that it showed: taken like an answer, counted only where it is wished, of nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.survey_ingest import app
from functions.survey_ingest.bodies import ReportView
from functions.survey_ingest.service import Opened, SurveyIngest
from functions.survey_ingest.views import Views
from shared.domain.api_keys import ApiKey, KeyKind, key_hash
from shared.domain.links import LinkChannel, SurveyLink
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Brand, Question, Scale, Survey
from tests.fakes.clock import FrozenClock
from tests.fakes.http import body_of, http_event
from tests.fakes.queues import RecordingQueue

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
NEXT_DAY_IN_BERLIN = "2026-11-23"
OURS = "https://hear.example.com"
VIEW_ID = "0190f3c2-7c1e-7d2b-9d3a-5b1f8a2c4e6d"
SURVEY = Survey(
    survey_id="shop",
    name="Shop",
    touchpoint="checkout",
    brand=Brand(name="Shop"),
    time_zone="Europe/Berlin",
    questions=(Question(id="recommend", scale=Scale.NPS, text={"en": "Would you recommend us?"}),),
    funnel=True,
)
LINK = SurveyLink(
    survey_id="shop",
    response_id="0190f3c2-0000-7000-8000-00000000000a",
    person_id="per_secret",
    subject_type="delivery",
    subject_id="parcel-1",
    expires_at=2**31,
    channel=LinkChannel.SMS,
)


class Door:
    """The function with everything around it in memory."""

    def __init__(self) -> None:
        self.survey = SURVEY
        self.answers, self.told = RecordingQueue(), RecordingQueue()
        self.service = SurveyIngest(self, lambda: self, self.answers, FrozenClock(NOW))
        self.views = Views(self.told, FrozenClock(NOW))

    def current(self, survey_id: str) -> PublishedSurvey:
        key = ApiKey(
            key_hash=key_hash("pk_shop"),
            kind=KeyKind.PUBLISHABLE,
            name="shop",
            created_at=NOW,
            survey_id="shop",
            origins=("https://shop.example",),
        )
        return PublishedSurvey(survey=self.survey, keys=(key,))

    def verify(self, token: str) -> SurveyLink:
        return LINK

    def check_press(self, nonce: str, response_id: str, pressed_after_ms: int) -> None:
        raise AssertionError("a view proves no press")

    def post(self, query: str = "key=pk_shop", origin: str = "https://shop.example", **said: Any) -> dict[str, Any]:
        body = {"view_id": VIEW_ID, "channel": "widget", "shown": True, **said}
        headers = {"content-type": "text/plain;charset=UTF-8", "origin": origin}
        if origin == OURS:
            headers["sec-fetch-site"] = "same-origin"
        route = "POST /v1/surveys/{survey_id}/views"
        event = http_event(route, path_parameters={"survey_id": "shop"}, body=body, query=query, headers=headers)
        return app.lambda_handler(event, None)

    def steps(self) -> list[dict[str, Any]]:
        """What the funnel is told of each view."""
        told = [sent.message.model_dump(mode="json") for sent in self.told.sent]
        return [each for message in told for each in message["told"]]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    door = Door()
    monkeypatch.setattr(app, "service", lambda: door.service)
    monkeypatch.setattr(app, "views", lambda: door.views)
    return door


@pytest.fixture(autouse=True)
def _no_answer_comes_of_it(door: Door) -> Iterator[None]:
    yield
    assert door.answers.sent == []


def test_a_view_is_told_to_the_funnel_by_one_message_with_its_steps_on_the_surveys_day(door: Door) -> None:
    answer = door.post(started=True, dismissed=True)
    assert (answer["statusCode"], body_of(answer)) == (202, {"counted": True})
    (told,) = door.steps()
    assert told["channel"] == "widget"
    assert told["steps"] == dict.fromkeys(("shown", "started", "dismissed"), NEXT_DAY_IN_BERLIN)
    assert [sent.group for sent in door.told.sent] == ["shop"]


def test_a_view_has_one_name_whatever_is_told_of_it_and_each_view_its_own(door: Door) -> None:
    door.post()
    door.post(started=True)
    door.post(view_id=VIEW_ID.upper())
    door.post(view_id=VIEW_ID.replace("0190", "0191"))
    first, second, third, other = (told["id"] for told in door.steps())
    assert first == second == third != other


@pytest.mark.parametrize("channel", ["widget", "link", "kiosk"])
def test_a_page_says_by_which_way_it_asks(door: Door, channel: str) -> None:
    door.post(channel=channel)
    assert [told["channel"] for told in door.steps()] == [channel]


def test_a_signed_link_says_itself_on_which_way_it_came(door: Door) -> None:
    door.post("t=token", channel="link")
    assert [told["channel"] for told in door.steps()] == ["sms"]


def test_of_who_saw_it_nothing_goes_on(door: Door) -> None:
    door.post("t=token", subject={"type": "order", "id": "order-1042"})
    (sent,) = door.told.sent
    text = sent.message.model_dump_json()
    assert not [
        word for word in (VIEW_ID, VIEW_ID.replace("-", ""), "per_secret", "parcel-1", "order-1042") if word in text
    ]


@pytest.mark.parametrize("why", ["no funnel", "test", "preview"])
def test_what_is_not_to_be_counted_is_not_even_queued(door: Door, why: str) -> None:
    if why == "no funnel":
        door.survey = SURVEY.model_copy(update={"funnel": False})
    if why == "preview":
        view = ReportView(view_id=VIEW_ID, channel="widget")
        assert door.views.take(Opened(SURVEY, None, is_preview=True), view) is False
    else:
        assert body_of(door.post(test=why == "test")) == {"counted": False}
    assert door.told.sent == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"view_id": "x"}, "view_id"),
        ({"channel": "email"}, "channel"),
        ({"channel": "api"}, "channel"),
        ({"shown": False}, "shown"),
        ({"started": 1}, "started"),
        ({"person": {"email": "ada@example.org"}}, "person"),
    ],
)
def test_what_is_no_view_is_refused_with_its_path(door: Door, said: dict[str, Any], field: str) -> None:
    answer = door.post(**said)
    assert (answer["statusCode"], [*body_of(answer)["errors"]]) == (422, [field])
    assert door.told.sent == []


def test_a_queue_that_does_not_take_it_says_so(door: Door) -> None:
    door.told.fails = True
    assert door.post()["statusCode"] == 503


def test_a_page_of_ours_may_tell_of_a_view_and_a_foreign_one_may_not(door: Door) -> None:
    assert door.post(origin=OURS)["statusCode"] == 202
    assert door.post(origin="https://evil.example")["statusCode"] == 403
    assert len(door.told.sent) == 1
