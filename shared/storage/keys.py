"""Every primary key, and nothing else. Each function has its line in docs/access-patterns.md.

Tables have a string partition key `pk` and a string sort key `sk`. `#` separates the parts of a key, so no part may
contain it; the domain's patterns for ids see to that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    # Types only: the public door makes keys too, and starts without the models of messages.
    from shared.domain.messages import Category, Channel
    from shared.domain.people import Claim


class Key(TypedDict):
    """The primary key of an item, as boto3's client wants it."""

    pk: Mapping[str, str]
    sk: Mapping[str, str]


def _key(pk: str, sk: str) -> Key:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


# Surveys table

SURVEY_LISTING = "SURVEYS"
"""The partition that lists every survey."""
DRAFTS = "DRAFTS"
"""The partition of every draft."""
BRAND_LISTING = "BRANDS"
"""The partition that lists every brand."""
API_KEY_LISTING = "KEYS"
"""The partition that lists every key to our API."""


VERSION_PREFIX = "VERSION#"
"""How the sort keys of the versions of a survey or brand begin."""


def survey_partition(survey_id: str) -> str:
    """Everything of a survey but its answers."""
    return f"SURVEY#{survey_id}"


def survey_version_key(survey_id: str, version: int) -> Key:
    """One immutable version of a survey."""
    return _key(survey_partition(survey_id), f"{VERSION_PREFIX}{version:06d}")


def current_survey_key(survey_id: str) -> Key:
    """What the public path needs of a survey, in one item: its current version and its publishable keys."""
    return _key(survey_partition(survey_id), "CURRENT")


def survey_listing_key(survey_id: str) -> Key:
    """The same survey in the list of all surveys."""
    return _key(SURVEY_LISTING, survey_id)


def draft_key(survey_id: str) -> Key:
    """What staff have written of a survey's next version; the survey may have no version yet."""
    return _key(DRAFTS, survey_id)


def brand_version_key(brand_id: str, version: int) -> Key:
    """One immutable version of a brand."""
    return _key(f"BRAND#{brand_id}", f"{VERSION_PREFIX}{version:06d}")


def current_brand_key(brand_id: str) -> Key:
    """The current version of a brand, in one item."""
    return _key(f"BRAND#{brand_id}", "CURRENT")


def brand_listing_key(brand_id: str) -> Key:
    """The same brand in the list of all brands."""
    return _key(BRAND_LISTING, brand_id)


def api_key_key(key_hash: str) -> Key:
    """A key to our API, found by its hash."""
    return _key(f"KEY#{key_hash}", "KEY")


def api_key_listing_key(name: str, key_hash: str) -> Key:
    """The same key in the list of all keys, found by its name."""
    return _key(API_KEY_LISTING, f"{name}#{key_hash}")


def live_api_keys_key(name: str) -> Key:
    """Which keys of a name are live; a write to it has "at most two" as its condition."""
    return _key(f"NAME#{name}", "LIVE")


# Responses table


def response_key(response_id: str) -> Key:
    """A response, or the tombstone of an erased one."""
    return _key(f"RESPONSE#{response_id}", "RESPONSE")


AUDIT = "AUDIT#"
"""How the sort key of an entry of the audit trail begins."""


def audit_key(response_id: str, revision: int) -> Key:
    """What a revision of a response changed of its score."""
    return _key(f"RESPONSE#{response_id}", f"{AUDIT}{revision:016d}")


def score_partition(survey_id: str, breakdown: str = "") -> str:
    """All score documents of a survey (breakdown empty), or of one of its breakdowns."""
    return f"SCORE#{survey_id}#{breakdown}"


def score_key(survey_id: str, breakdown: str, day: date, value: str, lane: int) -> Key:
    """One lane of a score document; sorted by day first, so that a range of days is one Query."""
    return _key(score_partition(survey_id, breakdown), f"{day.isoformat()}#{value}#{lane}")


def claimed_partition(claim: Claim) -> str:
    """The responses whose unverified sender claimed an identifier."""
    return f"CLAIMED#{claim.kind.value}#{_hashed(claim.value)}"


def claimed_partition_of(claim_partition: str) -> str:
    """The same of an identifier of which only its claim's partition key is left."""
    return f"CLAIMED#{claim_partition.partition('#')[2]}"


def claimed_key(claim: Claim, response_id: str) -> Key:
    """The pointer from an identifier to a response whose sender claimed it."""
    return _key(claimed_partition(claim), f"RESPONSE#{response_id}")


def score_check_key() -> Key:
    """How far the scheduled check of the scores has come."""
    return _key("SCORE_CHECK", "PROGRESS")


# Messages table


MESSAGE = "MESSAGE#"
"""How the partition keys of messages begin."""


def message_key(message_id: str) -> Key:
    """A message."""
    return _key(f"{MESSAGE}{message_id}", "MESSAGE")


def listed_month(at: datetime) -> str:
    """The part of the list of messages in which one stands that was wished for then: `2026-11`, a month of UTC.

    A month, so that the whole time that messages are kept is fourteen Queries; a part takes 1,000 writes a second.
    """
    return f"{at.astimezone(UTC):%Y-%m}"


def suppression_key(channel: Channel, address: str) -> Key:
    """The mark that an address must not be sent to; by hash, so that it may outlive the person."""
    return _key(f"SUPPRESSION#{channel.value}#{_hashed(address.lower())}", "SUPPRESSION")


EVERYTHING = "ALL"
"""The sort key of the mark that refuses a whole channel."""


def opt_out_key(channel: Channel, address: str, category: Category | None) -> Key:
    """The mark that whoever has this address refuses a category on this channel, None for all; it outlives the person.

    Surveys are `SURVEYS`, as they were when nothing else could be refused.
    """
    refused = EVERYTHING if category is None else category.value.upper()
    return _key(f"OPT_OUT#{channel.value}#{_hashed(address.lower())}", refused)


SHORT_LINK = "SHORT_LINK#"
"""How the partition keys of short links begin; a function may be allowed to read these and no others."""


def short_link_key(code: str) -> Key:
    """Where a short link leads."""
    return _key(f"{SHORT_LINK}{code}", "LINK")


def alert_budget_key(survey_id: str, hour: str) -> Key:
    """How many alerts a survey's owners had in an hour of UTC (`2026-11-22T16`)."""
    return _key(f"ALERTS#{survey_id}", hour)


def sms_spend_key(day: str) -> Key:
    """What the SMS of a day of UTC (`2026-11-22`) may have cost."""
    return _key(f"SMS_SPEND#{day}", "SPEND")


def sms_prefix_key(prefix: str, hour: str) -> Key:
    """How many SMS of an hour of UTC went to numbers that begin so; by hash, so that no number stands in a key."""
    return _key(f"SMS_PREFIX#{_hashed(prefix)}", hour)


# Deliveries table


def delivery_key(delivery_id: str) -> Key:
    """A delivery with its whole history."""
    return _key(f"DELIVERY#{delivery_id}", "DELIVERY")


PROMISES = "PROMISES"
"""The partition of the ledger of promises."""


def promises_key(week: str, carrier: str, region: str, lane: int) -> Key:
    """One lane of what became of the promises of a week, a carrier and a region; a range of weeks is one Query."""
    return _key(PROMISES, f"{week}#{carrier}#{region}#{lane}")


ROUTE = "ROUTE#"
"""How the partition keys of routes begin; a function may be allowed to write these and no others."""


def aboard_key(delivery_id: str) -> Key:
    """Which van has a delivery: the route whose plan named it last."""
    return _key(f"DELIVERY#{delivery_id}", "ROUTE")


def route_key(route_id: str) -> Key:
    """A van's stops in their order, and which of them are done."""
    return _key(f"{ROUTE}{route_id}", "ROUTE")


def van_key(route_id: str) -> Key:
    """Where the van of a route was seen last; apart from its stops, for it is written far more often."""
    return _key(f"{ROUTE}{route_id}", "VAN")


def delivery_names_key(delivery_id: str) -> Key:
    """The names under which a delivery can be found, so that none is forgotten when they change or it is erased."""
    return _key(f"DELIVERY#{delivery_id}", "NAMES")


NAMED = "DELIVERY#"
"""How the sort keys of the deliveries of a name begin."""
KEPT = "KEPT#"
"""How the sort keys begin of what was told under a name before a delivery was registered under it."""


def name_partition(kind: str, value: str) -> str:
    """The deliveries that somebody else's name means, and what was told under it; by hash, for it may be anything."""
    return f"TRACKED#{kind}#{_hashed(value)}"


def named_key(partition: str, delivery_id: str) -> Key:
    """The pointer from a name to a delivery."""
    return _key(partition, f"{NAMED}{delivery_id}")


def kept_key(partition: str, provider: str) -> Key:
    """What a provider told under a name that no delivery has yet."""
    return _key(partition, f"{KEPT}{provider}")


# People table


def person_partition(person_id: str) -> str:
    """A person with all that hangs on them, and their tombstone."""
    return f"PERSON#{person_id}"


def person_key(person_id: str) -> Key:
    """A person."""
    return _key(person_partition(person_id), "PERSON")


def survey_request_key(person_id: str, request_id: str) -> Key:
    """A request to ask a person that was not sent yet."""
    return _key(person_partition(person_id), f"REQUEST#{request_id}")


def asking_key(person_id: str) -> Key:
    """What a back office says of asking a person: when they were asked last, and what it knows of them."""
    return _key(person_partition(person_id), "ASKING")


def asked_key(person_id: str) -> Key:
    """When a person was asked last, whatever the survey and the channel; a condition of each write that asks them."""
    return _key(person_partition(person_id), "ASKED")


def daily_messages_key(person_id: str, day: str) -> Key:
    """Which messages a person was sent on one of their days (`2026-11-22`)."""
    return _key(person_partition(person_id), f"MESSAGES#{day}")


def unsubscribe_key(person_id: str, address: str) -> Key:
    """An address of a person in the list of those who do not want to be asked."""
    return _key(person_partition(person_id), f"UNSUBSCRIBE#{_hashed(address.lower())}")


def bounce_key(person_id: str, address: str) -> Key:
    """An address of a person in the list of those that bounced for good."""
    return _key(person_partition(person_id), f"BOUNCE#{_hashed(address.lower())}")


def claim_key(claim: Claim) -> Key:
    """The mark that an identifier belongs to a person; unique by being the key."""
    return claim_partition_key(f"CLAIM#{claim.kind.value}#{_hashed(claim.value)}")


def claim_partition_key(partition: str) -> Key:
    """The same of an identifier of which only the claim's partition key is left."""
    return _key(partition, "CLAIM")


def person_tombstone_key(person_id: str) -> Key:
    """The mark that a person was erased; it has no expiry."""
    return _key(person_partition(person_id), "TOMBSTONE")


def erased_identifier_key(kind: str, keyed_hash: str) -> Key:
    """The mark that an identifier's person was erased, and when; the hash needs a key, so it tells nobody whose."""
    return _key(f"ERASED#{kind}#{keyed_hash}", "ERASED")


def erasure_partition(person_id: str) -> str:
    """The receipt of a person's erasure, and while it goes on all that was found of them."""
    return f"ERASURE#{person_id}"


def erasure_key(person_id: str) -> Key:
    """The receipt of a person's erasure."""
    return _key(erasure_partition(person_id), "ERASURE")


def found_key(person_id: str, kind: str, id_: str) -> Key:
    """The note that something of a person was found and is to be erased."""
    return _key(erasure_partition(person_id), f"FOUND#{kind}#{id_}")


# Funnel table


def funnel_mark_key(thing: str) -> Key:
    """Which steps of a view, an invitation or an answer are counted; by a digest, so it tells nobody whose."""
    return _key(f"MARK#{thing}", "MARK")


def funnel_partition(survey_id: str) -> str:
    """The funnel of a survey."""
    return f"FUNNEL#{survey_id}"


def funnel_key(survey_id: str, day: date, channel: str) -> Key:
    """How far people came on a day, on one way of asking; sorted by day first, as score documents are."""
    return _key(funnel_partition(survey_id), f"{day.isoformat()}#{channel}")
