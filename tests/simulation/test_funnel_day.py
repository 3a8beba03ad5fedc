"""A day of 1,000 visitors: the funnel says what the script did, by channel and step, and the score is a recount."""

from __future__ import annotations

import boto3
import pytest

from shared.domain.surveys import Survey
from shared.storage.surveys import SurveyRepository
from tests.simulation.aws.queues import Weather
from tests.simulation.shop import SECRET, SURVEY, shop
from tests.simulation.visitors import Day

PAGES = {"widget": 450, "link": 150, "kiosk": 250}
INVITED = {"email": 90, "sms": 60}
UNSETTLED = Weather(duplicate=0.1, disorder=True)


@pytest.mark.slow
def test_the_funnel_of_a_thousand_visitors_is_what_they_did() -> None:
    with shop(seed=22, weather=UNSETTLED) as story:
        story.aws.witness = lambda _: None  # a recount after every commit is what the storms are for
        survey = {**SURVEY, "funnel": True, "alert_to": [], "thank_customers": False}
        SurveyRepository(boto3.client("dynamodb"), "SurveysTable").publish(Survey.model_validate(survey))
        day = Day(story, seed=22)
        day.open(PAGES, INVITED)
        (touchpoint,) = story.stack.http("GET", "/v1/funnel", key=SECRET).json["touchpoints"]
        metrics = story.stack.http("GET", "/v1/metrics", key=SECRET).json
        told = {
            (each["channel"], step): number
            for each in touchpoint["channels"]
            for step, number in each.items()
            if step not in ("channel", "response_rate") and number
        }
        assert (touchpoint["touchpoint"], touchpoint["surveys"]) == ("delivery", ["delivery"])
        assert told == dict(day.steps)
        assert {step for _, step in told} == {"invited", "delivered", "shown", "started", "dismissed", "answered"}
        assert {channel for channel, _ in told} == {*PAGES, *INVITED}
        asked = {**dict.fromkeys(PAGES, "shown"), **dict.fromkeys(INVITED, "invited")}
        rates = {each["channel"]: each["response_rate"] for each in touchpoint["channels"]}
        assert rates == {
            channel: 100 * day.steps[channel, "answered"] / day.steps[channel, step] for channel, step in asked.items()
        }
        promoters, detractors = (sum(map(which, day.ratings)) for which in ((9).__le__, (6).__ge__))
        assert metrics["response_count"] == len(day.ratings)
        assert metrics["score"] == 100 * (promoters - detractors) / len(day.ratings)
        assert [*story.stack.refused_calls(), *story.stack.uncaught] == []
