"""The funnel as the API answers it: how far people came, by touchpoint and by the way they were asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from shared.domain.base import Frozen
from shared.domain.metrics.days import Span
from shared.domain.published import ListedSurvey
from shared.domain.steps import AskedBy, Step
from shared.domain.surveys import QuestionId, SurveyId

ASKED_WITH = {
    AskedBy.EMAIL: Step.INVITED,
    AskedBy.SMS: Step.INVITED,
    AskedBy.LINK: Step.SHOWN,
    AskedBy.WIDGET: Step.SHOWN,
    AskedBy.KIOSK: Step.SHOWN,
}
"""The step that the response rate of a channel is a share of; where a server asks (api), nobody told us of one."""


class ChannelFunnel(Frozen):
    """How far people came who were asked in one way.

    Args:
        channel: The way: email, sms, link, widget, kiosk; api for answers that a server brought.
        invited: Invitations that a provider took.
        delivered: Invitations of which the provider says that they arrived.
        shown: Views of the survey, as pages tell of them; one that was killed tells of none.
        started: Views in which something was pressed.
        dismissed: Views that were closed without an answer.
        answered: Responses, each once; no tests and no imports.
        response_rate: Answered in per cent of invited (email, sms) or of shown; null where nothing tells of what
            it would be a share of. It exceeds 100 where views were not told of.
    """

    channel: AskedBy
    invited: int
    delivered: int
    shown: int
    started: int
    dismissed: int
    answered: int
    response_rate: float | None

    @property
    def asked(self) -> int | None:
        """How many the response rate is a share of; None where nobody tells."""
        counted = {Step.INVITED: self.invited, Step.SHOWN: self.shown}
        return counted[ASKED_WITH[self.channel]] if self.channel in ASKED_WITH else None


class TouchpointFunnel(Frozen):
    """How far people came at one place of the customer journey.

    Args:
        touchpoint: The place.
        surveys: The surveys that are asked there.
        channels: The ways of which anything was counted.
    """

    touchpoint: QuestionId
    surveys: tuple[SurveyId, ...]
    channels: tuple[ChannelFunnel, ...]


class Funnel(Frozen):
    """How far people came, in the order of the journey.

    Args:
        since: The first day; each survey counts its own local days.
        until: The last day.
        touchpoints: The places; without a survey in question, those where anything was counted.
    """

    since: date
    until: date
    touchpoints: tuple[TouchpointFunnel, ...]


class Passed(NamedTuple):
    """What was counted of one survey, by the way people were asked."""

    survey: ListedSurvey
    channels: Mapping[AskedBy, Mapping[Step, int]]


def summed(days: Iterable[tuple[AskedBy, Mapping[Step, int]]]) -> dict[AskedBy, dict[Step, int]]:
    """The steps of several days together."""
    total: dict[AskedBy, dict[Step, int]] = {}
    for channel, steps in days:
        known = total.setdefault(channel, {})
        for step, number in steps.items():
            known[step] = known.get(step, 0) + number
    return total


def funnel(days: Span, passed: Iterable[Passed]) -> Funnel:
    """The surveys' numbers by touchpoint: those with a place in the journey first, the others by name."""
    places: dict[str, list[Passed]] = {}
    for each in sorted(passed, key=lambda each: each.survey.survey_id):
        places.setdefault(each.survey.touchpoint, []).append(each)
    return Funnel(
        since=days.since,
        until=days.until,
        touchpoints=tuple(
            TouchpointFunnel(
                touchpoint=touchpoint,
                surveys=tuple(each.survey.survey_id for each in together),
                channels=_channels(together),
            )
            for touchpoint, together in sorted(places.items(), key=lambda place: (_position(place[1]), place[0]))
        ),
    )


def _position(together: Iterable[Passed]) -> float:
    positions = (each.survey.journey_position for each in together)
    return min((position for position in positions if position is not None), default=float("inf"))


def _channels(together: Iterable[Passed]) -> tuple[ChannelFunnel, ...]:
    total = summed(item for each in together for item in each.channels.items())
    return tuple(_channel(channel, total[channel]) for channel in AskedBy if channel in total)


def _channel(channel: AskedBy, steps: Mapping[Step, int]) -> ChannelFunnel:
    asked = steps.get(ASKED_WITH[channel], 0) if channel in ASKED_WITH else 0
    answered = steps.get(Step.ANSWERED, 0)
    return ChannelFunnel(
        channel=channel,
        invited=steps.get(Step.INVITED, 0),
        delivered=steps.get(Step.DELIVERED, 0),
        shown=steps.get(Step.SHOWN, 0),
        started=steps.get(Step.STARTED, 0),
        dismissed=steps.get(Step.DISMISSED, 0),
        answered=answered,
        response_rate=100 * answered / asked if asked else None,
    )
