"""Who may tell us of parcels by webhook."""

from __future__ import annotations

from enum import StrEnum


class Provider(StrEnum):
    """A sender of webhooks; its name stands in the address, `/v1/webhooks/{provider}`.

    `hearback` is our own plain webhook, for carriers and fleets that have none.
    """

    AFTERSHIP = "aftership"
    EASYPOST = "easypost"
    HEARBACK = "hearback"
    SHIPPO = "shippo"


TRACKING = frozenset({Provider.AFTERSHIP, Provider.EASYPOST, Provider.SHIPPO})
"""Those that know a parcel by the carrier's number, and have words of their own."""
