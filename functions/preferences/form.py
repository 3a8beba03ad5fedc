"""What the form of the preference page says: a tick is "may come", but for a whole channel it is "nothing at all"."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.messages import Category, Channel
from shared.domain.preferences import REFUSABLE, Refused
from shared.errors import InvalidRequestError

SHOWN = "shown"
"""The field that names every choice that the reader saw: a browser does not send what has no tick."""
EVERYTHING = "all"


def name_of(what: Refused) -> str:
    """The name of a choice's field."""
    return f"{what.channel.value}:{EVERYTHING if what.category is None else what.category.value}"


_BY_NAME = {
    name_of(what): what for what in (Refused(channel, each) for channel in Channel for each in (None, *REFUSABLE))
}


def wanted(fields: Mapping[str, str]) -> dict[Refused, bool]:
    """Whether each choice that was shown is refused; of what was not shown nothing is said.

    Raises:
        InvalidRequestError: it is not our form.
    """
    shown = fields.get(SHOWN, "").split()
    if not shown or not set(shown) <= _BY_NAME.keys():
        raise InvalidRequestError("This is not the form of this page.", {SHOWN: ["must name the choices of the page"]})
    return {_BY_NAME[name]: is_refused(_BY_NAME[name].category, ticked=name in fields) for name in shown}


def is_refused(category: Category | None, *, ticked: bool) -> bool:
    """What a tick, or none, says of a choice."""
    return ticked if category is None else not ticked
