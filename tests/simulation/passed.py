"""What must be true of the funnel, judged from what was sent and what is stored; nothing here is the product's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from tests.simulation.answers import items_of
from tests.simulation.aws import Call, InMemoryAws

Steps: TypeAlias = Counter[tuple[str, str, str, str]]
"""How often each step was taken, by survey, day, channel and step."""
ZONE = ZoneInfo("Europe/Berlin")
COUNTED = ("invited", "delivered", "shown", "started", "dismissed", "answered")


@dataclass(frozen=True)
class View:
    """One report of a view, as a page sent it."""

    view_id: str
    survey_id: str
    channel: str
    day: str
    started: bool = False
    dismissed: bool = False
    test: bool = False


def counted_steps(aws: InMemoryAws) -> Steps:
    """What the documents say."""
    found: Steps = Counter()
    for item in items_of(aws, "FunnelTable", "FUNNEL"):
        survey_id = item["pk"]["S"].partition("#")[2]
        day, _, channel = item["sk"]["S"].partition("#")
        for step in COUNTED:
            if step in item:
                found[survey_id, day, channel, step] += int(item[step]["N"])
    return found


def steps_of_views(views: Iterable[View]) -> Steps:
    """What these reports come to: a step of one view is one step, however often it is told."""
    told = {
        (view.view_id, step): (view.survey_id, view.day, view.channel, step)
        for view in views
        for step, is_so in (("shown", True), ("started", view.started), ("dismissed", view.dismissed))
        if is_so and not view.test
    }
    return Counter(told.values())


def steps_of_answers(aws: InMemoryAws) -> Steps:
    """Each stored answer that is no test and no import."""
    found: Steps = Counter()
    for item in items_of(aws, "ResponsesTable", "RESPONSE"):
        if item["sk"]["S"] != "RESPONSE" or "content" not in item:
            continue
        said = json.loads(item["content"]["S"])
        if not said.get("test") and said["source"] != "import":
            day = item["answered"]["S"].partition("#")[0]
            found[item["survey_id"]["S"], day, said["source"], "answered"] += 1
    return found


def steps_of_invitations(aws: InMemoryAws) -> Steps:
    """Each invitation that is sent, and each that is known to have arrived."""
    found: Steps = Counter()
    for item in items_of(aws, "MessagesTable", "MESSAGE"):
        wish = json.loads(item["content"]["S"])
        if wish["kind"] != "survey_invitation" or item["state"]["S"] != "sent" or "request" not in item:
            continue
        channel = json.loads(item["request"]["S"])["channel"]
        found[wish["survey_id"], _day(item["attempted_at"]["S"]), channel, "invited"] += 1
        if "delivered_at" in item:
            found[wish["survey_id"], _day(item["delivered_at"]["S"]), channel, "delivered"] += 1
    return found


def _day(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(ZONE).date().isoformat()


def funnel_amiss(
    aws: InMemoryAws, views: Iterable[View], unsure: Iterable[View] = (), *, gone: int = 0, whole: bool = True
) -> list[str]:
    """How the funnel differs from what happened; empty if it does not.

    Args:
        aws: The account.
        views: Every report of a view that was accepted.
        unsure: Reports of which the sender heard nothing: each may be counted.
        gone: How many answers and invitations were erased; what was counted of them stays so.
        whole: Whether everything must be counted by now, or only nothing too much.
    """
    views = list(views)
    least = steps_of_views(views) + steps_of_answers(aws) + steps_of_invitations(aws)
    most = steps_of_views([*views, *unsure]) + steps_of_answers(aws) + steps_of_invitations(aws)
    there = counted_steps(aws)
    return [
        f"funnel {key}: counts {there[key]}, and {least[key]} to {most[key]} happened"
        for key in sorted({*there, *least, *most})
        if not (least[key] if whole else 0) <= there[key] <= most[key] + (gone if key[3] in _OF_PEOPLE else 0)
    ]


_OF_PEOPLE: Collection[str] = ("answered", "invited", "delivered")


def changes_funnel(call: Call) -> bool:
    """Whether a call writes to the funnel's table."""
    return any(
        part["TableName"] == "FunnelTable"
        for action in call.params.get("TransactItems", ())
        for part in action.values()
    )


def marks_amiss(aws: InMemoryAws) -> Iterator[str]:
    """After every commit the marks have as many steps as the documents count."""
    marked = Counter(step for item in items_of(aws, "FunnelTable", "MARK") for step in item["steps"]["SS"])
    counted: Counter[str] = Counter()
    for (_, _, _, step), number in counted_steps(aws).items():
        counted[step] += number
    if marked != counted:
        yield f"the funnel counts {dict(counted)}, and {dict(marked)} is marked"
