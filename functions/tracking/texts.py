"""What the live page says, in the languages we speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from shared.domain.deliveries import DeliveryReason, DeliveryStatus
from shared.domain.routes import Distance, ReplanReason


class Notice(NamedTuple):
    """A headline, and what is said under it."""

    title: str
    text: str


class Texts(NamedTuple):
    """Every text in one language; what stands in braces is filled in."""

    headline: Mapping[DeliveryStatus, str]
    step: Mapping[DeliveryStatus, str]
    reason: Mapping[DeliveryReason, str]
    since: str
    """The moment of the current status, where nothing else is to be said of it."""
    next: str
    one_ahead: str
    ahead: str
    many_ahead: str
    distance: Mapping[Distance, str]
    replanned: str
    because: Mapping[ReplanReason, str]
    out_of_sight: str
    expected: str
    window: str
    steps: str
    updated: str
    unscripted: str
    expired: Notice
    unknown: Notice
    invalid: Notice
    away: Notice


S, R = DeliveryStatus, DeliveryReason

TEXTS = {
    "en": Texts(
        headline={
            S.UNKNOWN: "We have not heard of your parcel yet",
            S.INFO_RECEIVED: "Your parcel is being prepared",
            S.IN_TRANSIT: "Your parcel is on its way",
            S.APPOINTMENT_SET: "Your delivery is arranged",
            S.OUT_FOR_DELIVERY: "Your parcel is in the van",
            S.ARRIVING: "Your parcel is almost there",
            S.AVAILABLE_FOR_PICKUP: "Your parcel is ready to be collected",
            S.ATTEMPT_FAILED: "Your parcel could not be handed over",
            S.DELIVERED: "Your parcel has been delivered",
            S.EXCEPTION: "Something is holding up your parcel",
            S.RETURNING: "Your parcel is going back to its sender",
            S.RETURNED: "Your parcel is back with its sender",
            S.CANCELLED: "This delivery was cancelled",
            S.EXPIRED: "We hear no more of this parcel",
        },
        step={
            S.UNKNOWN: "No news yet",
            S.INFO_RECEIVED: "Announced",
            S.IN_TRANSIT: "In transit",
            S.APPOINTMENT_SET: "Delivery arranged",
            S.OUT_FOR_DELIVERY: "Out for delivery",
            S.ARRIVING: "Almost there",
            S.AVAILABLE_FOR_PICKUP: "Ready to be collected",
            S.ATTEMPT_FAILED: "Delivery attempted",
            S.DELIVERED: "Delivered",
            S.EXCEPTION: "Held up",
            S.RETURNING: "On its way back",
            S.RETURNED: "Back with its sender",
            S.CANCELLED: "Cancelled",
            S.EXPIRED: "No more news",
        },
        reason={
            R.DELAYED: "it is delayed",
            R.WEATHER: "because of the weather",
            R.CUSTOMS: "it is with customs",
            R.PAYMENT_DUE: "a payment is due",
            R.ADDRESS: "the address is not clear",
            R.NOT_HOME: "nobody was home",
            R.BUSINESS_CLOSED: "the business was closed",
            R.REFUSED: "it was not accepted",
            R.DAMAGED: "it was damaged",
            R.LOST: "it cannot be found",
            R.DOCUMENTS: "documents are missing",
            R.HELD: "it is being held",
            R.CARRIER: "the carrier had a problem",
            R.OTHER: "for another reason",
        },
        since="{step} {moment}.",
        next="You are next.",
        one_ahead="One customer is in front of you.",
        ahead="{ahead} customers are in front of you.",
        many_ahead="More than {most} customers are in front of you.",
        distance={
            Distance.NEAR: "The van is less than 1 km away.",
            Distance.ABOUT_2_KM: "The van is about 2 km away.",
            Distance.ABOUT_5_KM: "The van is about 5 km away.",
            Distance.FAR: "The van is more than 7 km away.",
        },
        replanned="The route was re-planned {moment}{because}, so the number went up.",
        because={
            ReplanReason.TRAFFIC: " because of traffic",
            ReplanReason.WEATHER: " because of the weather",
            ReplanReason.BREAKDOWN: " because of a breakdown",
            ReplanReason.DELAY: " because of a delay",
            ReplanReason.OTHER: "",
        },
        out_of_sight=(
            "There is no current position of the van. How many customers are in front of you is shown again as soon as "
            "there is one."
        ),
        expected="Expected",
        window="Promised",
        steps="What happened so far",
        updated="As of {moment}.",
        unscripted="This page loads itself anew every half minute.",
        expired=Notice(
            "This link has expired",
            "It was good for two months. If you still wait for your parcel, please write to the shop.",
        ),
        unknown=Notice("We know nothing of this parcel", "Either it is not announced yet, or all about it was erased."),
        invalid=Notice(
            "This link is not complete",
            "Part of the address is missing or has changed. Please open the link in your message again.",
        ),
        away=Notice("One moment, please", "We can not look right now. Please try again in a minute."),
    ),
    "de": Texts(
        headline={
            S.UNKNOWN: "Von Ihrer Sendung haben wir noch nichts gehört",
            S.INFO_RECEIVED: "Ihre Sendung wird vorbereitet",
            S.IN_TRANSIT: "Ihre Sendung ist unterwegs",
            S.APPOINTMENT_SET: "Ihr Liefertermin steht fest",
            S.OUT_FOR_DELIVERY: "Ihre Sendung ist im Lieferwagen",
            S.ARRIVING: "Ihre Sendung ist gleich da",
            S.AVAILABLE_FOR_PICKUP: "Ihre Sendung liegt zur Abholung bereit",
            S.ATTEMPT_FAILED: "Ihre Sendung konnte nicht übergeben werden",
            S.DELIVERED: "Ihre Sendung ist zugestellt",
            S.EXCEPTION: "Ihre Sendung wird aufgehalten",
            S.RETURNING: "Ihre Sendung geht zurück an den Absender",
            S.RETURNED: "Ihre Sendung ist wieder beim Absender",
            S.CANCELLED: "Diese Lieferung wurde storniert",
            S.EXPIRED: "Von dieser Sendung hören wir nichts mehr",
        },
        step={
            S.UNKNOWN: "Noch nichts gehört",
            S.INFO_RECEIVED: "Angekündigt",
            S.IN_TRANSIT: "Unterwegs",
            S.APPOINTMENT_SET: "Termin vereinbart",
            S.OUT_FOR_DELIVERY: "In Zustellung",
            S.ARRIVING: "Gleich da",
            S.AVAILABLE_FOR_PICKUP: "Zur Abholung bereit",
            S.ATTEMPT_FAILED: "Zustellung versucht",
            S.DELIVERED: "Zugestellt",
            S.EXCEPTION: "Aufgehalten",
            S.RETURNING: "Auf dem Rückweg",
            S.RETURNED: "Wieder beim Absender",
            S.CANCELLED: "Storniert",
            S.EXPIRED: "Nichts mehr gehört",
        },
        reason={
            R.DELAYED: "sie verspätet sich",
            R.WEATHER: "wegen des Wetters",
            R.CUSTOMS: "sie liegt beim Zoll",
            R.PAYMENT_DUE: "eine Zahlung ist offen",
            R.ADDRESS: "die Adresse ist unklar",
            R.NOT_HOME: "niemand war zu Hause",
            R.BUSINESS_CLOSED: "das Geschäft war geschlossen",
            R.REFUSED: "sie wurde nicht angenommen",
            R.DAMAGED: "sie wurde beschädigt",
            R.LOST: "sie ist nicht auffindbar",
            R.DOCUMENTS: "Papiere fehlen",
            R.HELD: "sie wird zurückgehalten",
            R.CARRIER: "der Zusteller hatte ein Problem",
            R.OTHER: "aus einem anderen Grund",
        },
        since="{step} {moment}.",
        next="Sie sind als Nächstes dran.",
        one_ahead="Ein Kunde ist noch vor Ihnen.",
        ahead="{ahead} Kunden sind noch vor Ihnen.",
        many_ahead="Mehr als {most} Kunden sind noch vor Ihnen.",
        distance={
            Distance.NEAR: "Der Lieferwagen ist weniger als 1 km entfernt.",
            Distance.ABOUT_2_KM: "Der Lieferwagen ist etwa 2 km entfernt.",
            Distance.ABOUT_5_KM: "Der Lieferwagen ist etwa 5 km entfernt.",
            Distance.FAR: "Der Lieferwagen ist mehr als 7 km entfernt.",
        },
        replanned="Die Route wurde {moment}{because} neu geplant, deshalb sind es mehr geworden.",
        because={
            ReplanReason.TRAFFIC: " wegen des Verkehrs",
            ReplanReason.WEATHER: " wegen des Wetters",
            ReplanReason.BREAKDOWN: " wegen einer Panne",
            ReplanReason.DELAY: " wegen einer Verspätung",
            ReplanReason.OTHER: "",
        },
        out_of_sight=(
            "Es gibt keine aktuelle Position des Lieferwagens. Wie viele Kunden vor Ihnen sind, steht wieder hier, "
            "sobald es eine gibt."
        ),
        expected="Erwartet",
        window="Zugesagt",
        steps="Was bisher geschah",
        updated="Stand: {moment}.",
        unscripted="Diese Seite lädt sich alle halbe Minute neu.",
        expired=Notice(
            "Dieser Link ist abgelaufen",
            "Er galt zwei Monate. Wenn Sie noch auf Ihre Sendung warten, schreiben Sie bitte dem Shop.",
        ),
        unknown=Notice(
            "Von dieser Sendung wissen wir nichts",
            "Entweder ist sie noch nicht angekündigt, oder alles über sie wurde gelöscht.",
        ),
        invalid=Notice(
            "Dieser Link ist unvollständig",
            "Ein Teil der Adresse fehlt oder hat sich geändert. Bitte öffnen Sie den Link in Ihrer Nachricht noch "
            "einmal.",
        ),
        away=Notice(
            "Einen Moment bitte",
            "Wir können gerade nicht nachsehen. Bitte versuchen Sie es in einer Minute noch einmal.",
        ),
    ),
}
