"""Every word of the tracking providers, against a table written by hand from their documents: none is guessed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.domain.tracking import aftership, easypost, shippo
from shared.domain.tracking.trackers import Meaning

Row = tuple[str, str | None, str, str | None, bool]
"""The provider's status and detail; our status and reason; whether we know the words."""

AFTERSHIP: list[Row] = [
    ("Pending", None, "unknown", None, True),
    *[("Pending", f"Pending_00{n}", "unknown", None, True) for n in (1, 2, 3, 4, 5, 6)],
    ("InfoReceived", None, "info_received", None, True),
    ("InfoReceived", "InfoReceived_001", "info_received", None, True),
    ("InTransit", None, "in_transit", None, True),
    *[("InTransit", f"InTransit_{n:03d}", "in_transit", None, True) for n in range(1, 11)],
    ("OutForDelivery", None, "out_for_delivery", None, True),
    ("OutForDelivery", "OutForDelivery_001", "out_for_delivery", None, True),
    ("OutForDelivery", "OutForDelivery_003", "appointment_set", None, True),
    ("OutForDelivery", "OutForDelivery_004", "appointment_set", None, True),
    ("AttemptFail", None, "attempt_failed", None, True),
    ("AttemptFail", "AttemptFail_001", "attempt_failed", None, True),
    ("AttemptFail", "AttemptFail_002", "attempt_failed", "not_home", True),
    ("AttemptFail", "AttemptFail_003", "attempt_failed", "business_closed", True),
    ("Delivered", None, "delivered", None, True),
    *[("Delivered", f"Delivered_00{n}", "delivered", None, True) for n in (1, 2, 3, 4, 5)],
    ("AvailableForPickup", None, "available_for_pickup", None, True),
    ("AvailableForPickup", "AvailableForPickup_001", "available_for_pickup", None, True),
    ("Exception", None, "exception", "other", True),
    ("Exception", "Exception_001", "exception", "other", True),
    ("Exception", "Exception_002", "exception", "address", True),
    ("Exception", "Exception_003", "exception", "refused", True),
    ("Exception", "Exception_004", "exception", "customs", True),
    ("Exception", "Exception_005", "exception", "delayed", True),
    ("Exception", "Exception_006", "exception", "payment_due", True),
    ("Exception", "Exception_007", "exception", "address", True),
    ("Exception", "Exception_008", "exception", "other", True),
    ("Exception", "Exception_009", "exception", "carrier", True),
    ("Exception", "Exception_010", "returning", None, True),
    ("Exception", "Exception_011", "returned", None, True),
    ("Exception", "Exception_012", "exception", "damaged", True),
    ("Exception", "Exception_013", "exception", "lost", True),
    ("Exception", "Exception_016", "exception", "carrier", True),
    ("Exception", "Exception_017", "exception", "weather", True),
    ("Exception", "Exception_018", "exception", "documents", True),
    ("Expired", None, "expired", None, True),
    ("Expired", "Expired_001", "expired", None, True),
    # New words: the tag stands, for AfterShip gives it; where even the tag leaves it open, nothing is said.
    ("Exception", "Exception_014", "exception", "other", False),
    ("InTransit", "InTransit_099", "in_transit", None, False),
    ("Delivered", "Exception_011", "delivered", None, False),
    ("OutForDelivery", "OutForDelivery_002", "unknown", None, False),
    ("Teleported", None, "unknown", None, False),
    ("delivered", "Delivered_001", "unknown", None, False),
    ("", None, "unknown", None, False),
]

PLAIN_DETAILS = [
    "arrived_at_destination",
    "arrived_at_facility",
    "arrived_at_pickup_location",
    "cancelled",
    "departed_facility",
    "departed_origin_facility",
    "failure",
    "in_transit",
    "label_created",
    "out_for_delivery",
    "received_at_destination_facility",
    "received_at_origin_facility",
    "status_update",
    "transferred_to_destination_carrier",
    "unknown",
]
REASONED_DETAILS = {
    "address_correction": "address",
    "awaiting_information": "documents",
    "damaged": "damaged",
    "delayed": "delayed",
    "held": "held",
    "lost": "lost",
    "missorted": "carrier",
    "refused": "refused",
    "transit_exception": "carrier",
    "weather_delay": "weather",
}
TELLING_DETAILS = {"delivery_exception": "attempt_failed", "expired": "expired", "return": "returning"}
EASYPOST_STATUSES = {
    "unknown": "unknown",
    "error": "unknown",
    "pre_transit": "info_received",
    "in_transit": "in_transit",
    "out_for_delivery": "out_for_delivery",
    "delivered": "delivered",
    "available_for_pickup": "available_for_pickup",
    "return_to_sender": "returning",
    "cancelled": "cancelled",
}
EASYPOST: list[Row] = [
    *[(status, None, ours, None, True) for status, ours in EASYPOST_STATUSES.items()],
    ("failure", None, "exception", "other", True),
    *[
        (status, detail, ours, None, True)
        for status, ours in EASYPOST_STATUSES.items()
        for detail in PLAIN_DETAILS
    ],
    *[("failure", detail, "exception", "other", True) for detail in PLAIN_DETAILS],
    *[
        (status, detail, ours, reason, True)
        for status, ours in {**EASYPOST_STATUSES, "failure": "exception"}.items()
        for detail, reason in REASONED_DETAILS.items()
    ],
    *[
        (status, detail, ours, None, True)
        for status in ("failure", "in_transit", "unknown", "error")
        for detail, ours in TELLING_DETAILS.items()
    ],
    ("delivered", "return", "delivered", None, True),
    ("delivered", "delivery_exception", "delivered", None, True),
    ("out_for_delivery", "expired", "out_for_delivery", None, True),
    ("in_transit", "beamed_up", "in_transit", None, False),
    ("failure", "beamed_up", "exception", "other", False),
    ("teleported", None, "unknown", None, False),
    ("teleported", "damaged", "unknown", None, False),
    ("DELIVERED", None, "unknown", None, False),
]  # fmt: skip

SHIPPO: list[Row] = [
    ("UNKNOWN", None, "unknown", None, True),
    ("UNKNOWN", "other", "unknown", None, True),
    ("PRE_TRANSIT", None, "info_received", None, True),
    ("PRE_TRANSIT", "information_received", "info_received", None, True),
    ("TRANSIT", None, "in_transit", None, True),
    ("TRANSIT", "information_received", "info_received", None, True),
    ("TRANSIT", "package_accepted", "in_transit", None, True),
    ("TRANSIT", "package_arrived", "in_transit", None, True),
    ("TRANSIT", "package_departed", "in_transit", None, True),
    ("TRANSIT", "package_disposed", "in_transit", None, True),
    ("TRANSIT", "package_forwarded", "in_transit", None, True),
    ("TRANSIT", "package_processed", "in_transit", None, True),
    ("TRANSIT", "package_processing", "in_transit", None, True),
    ("TRANSIT", "package_unclaimed", "in_transit", None, True),
    ("TRANSIT", "package_undeliverable", "in_transit", None, True),
    ("TRANSIT", "package_damaged", "in_transit", "damaged", True),
    ("TRANSIT", "package_lost", "in_transit", "lost", True),
    ("TRANSIT", "delivery_scheduled", "appointment_set", None, True),
    ("TRANSIT", "delivery_rescheduled", "appointment_set", None, True),
    ("TRANSIT", "out_for_delivery", "out_for_delivery", None, True),
    ("TRANSIT", "pickup_available", "available_for_pickup", None, True),
    ("TRANSIT", "delivery_attempted", "attempt_failed", None, True),
    ("TRANSIT", "notice_left", "attempt_failed", None, True),
    ("TRANSIT", "delayed", "exception", "delayed", True),
    ("TRANSIT", "address_issue", "exception", "address", True),
    ("TRANSIT", "package_held", "exception", "held", True),
    ("TRANSIT", "contact_carrier", "exception", "carrier", True),
    ("TRANSIT", "return_to_sender", "returning", None, True),
    ("DELIVERED", None, "delivered", None, True),
    ("DELIVERED", "delivered", "delivered", None, True),
    ("RETURNED", None, "returned", None, True),
    ("RETURNED", "return_to_sender", "returned", None, True),
    ("RETURNED", "package_unclaimed", "returned", None, True),
    ("FAILURE", None, "exception", "other", True),
    ("FAILURE", "package_damaged", "exception", "damaged", True),
    ("FAILURE", "package_disposed", "exception", "other", True),
    ("FAILURE", "package_lost", "exception", "lost", True),
    ("FAILURE", "package_undeliverable", "exception", "other", True),
    # Shippo has these, and the table places them nowhere; TRANSIT alone does not say where the parcel is.
    ("TRANSIT", "location_inaccessible", "unknown", None, False),
    ("TRANSIT", "reschedule_delivery", "unknown", None, False),
    ("TRANSIT", "other", "unknown", None, False),
    ("TRANSIT", "beamed_up", "unknown", None, False),
    ("TRANSIT", "package_beamed_up", "in_transit", None, False),
    ("DELIVERED", "beamed_up", "delivered", None, False),
    ("OUT_FOR_DELIVERY", None, "unknown", None, False),
    ("delivered", None, "unknown", None, False),
]

TABLES = [(aftership.meaning, AFTERSHIP), (easypost.meaning, EASYPOST), (shippo.meaning, SHIPPO)]


@pytest.mark.parametrize(
    ("meaning", "row"),
    [(meaning, row) for meaning, rows in TABLES for row in rows],
    ids=lambda value: "-".join(str(cell) for cell in value[:2]) if isinstance(value, tuple) else value.__module__,
)
def test_a_providers_word_is_ours(meaning: Callable[[str, str | None], Meaning], row: Row) -> None:
    status, detail, ours, reason, known = row
    found = meaning(status, detail)
    assert (found.status.value, found.reason and found.reason.value, found.known) == (ours, reason, known)


def test_no_word_of_ours_is_missing_here() -> None:
    """The tables above hold each word that the code knows, and each that they hold as known is known."""
    for module, rows in ((aftership, AFTERSHIP), (easypost, EASYPOST), (shippo, SHIPPO)):
        statuses = {status for status, *_ in rows}
        assert statuses >= set(getattr(module, "TAGS", None) or module.STATUSES)
        assert {detail for _, detail, *_ in rows} >= set(module.DOCUMENTED)
