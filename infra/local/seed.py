"""The first data of a laptop: two surveys, a brand, keys to them, a delivery, and fifty answers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from infra.local.errors import LocalError
from infra.local.places import ROOT, Place
from infra.ops import brands, erasure, keys, links, surveys, webhooks
from infra.stack import Stack
from shared.domain.api_keys import KeyKind
from shared.domain.tracking.providers import Provider
from shared.storage.api_keys import ApiKeyRepository

SURVEYS = ROOT / "infra" / "demo" / "surveys"
BRAND = ROOT / "infra" / "demo" / "brands" / "default.yaml"

#: How many of the fifty answers give each rating: a shop that most people like, and NPS 40.
RATINGS = {10: 17, 9: 11, 8: 8, 7: 6, 6: 2, 5: 2, 3: 2, 1: 1, 0: 1}
COMMENTS = {
    10: "Found it, paid, done. Wonderful.",
    9: "The gift wrapping is lovely.",
    7: "Good, but I had to look for the shipping costs.",
    5: "The address form did not take my house number.",
    0: "My voucher was refused twice.",
}
#: Seeded answers are older than what still causes alerts and thanks, and young enough for the 30 days of a score.
FIRST_DAY, LAST_DAY = 25, 3

Call = Callable[[str, Mapping[str, object]], None]


def load(stack: Stack, place: Place) -> dict[str, Any]:
    """Load the first data, once; a later run finds it in the saved state.

    Args:
        stack: the deployed stack.
        place: its home, where the keys are kept: they are shown only once.

    Returns:
        Keys and ids, for the stack file.

    Raises:
        LocalError: the API did not take it.
    """
    erasure.make_key(stack.client("ssm"), stack.output("ErasureKeyParameter"))
    remembered = place.state / "seed" / "facts.json"
    facts = _read(remembered) or _prepare(stack)
    facts.setdefault("webhook_secrets", {}).update(_webhook_secrets(stack))
    if not facts["loaded"]:
        _write(remembered, facts)  # The keys, should the rest fail: ids and times below are the same the next time.
        call = _caller(place, facts["secret_key"])
        _deliver(call, datetime.fromisoformat(facts["begun_at"]))
        _answer(call, datetime.fromisoformat(facts["begun_at"]))
        facts["loaded"] = True
        _write(remembered, facts)
    return {name: value for name, value in facts.items() if name not in ("loaded", "begun_at")}


def _prepare(stack: Stack) -> dict[str, Any]:
    for name in ("checkout", "delivery"):
        surveys.publish_survey(stack, surveys.read_definition(SURVEYS / f"{name}.yaml"))
    brands.publish_brand(stack, BRAND)
    links.rotate(stack.client("ssm"), stack.output("LinkKeysParameter"), datetime.now(UTC))
    repository = ApiKeyRepository(stack.client("dynamodb"), stack.output("SurveysTableName"))
    now = datetime.now(UTC)
    # Pages opened from disk have the origin "null"; the demo key lets them and this machine in, on any port.
    origins = ("http://127.0.0.1:*", "http://localhost:*", "null")
    return {
        "survey_id": "checkout",
        "delivery_survey_id": "delivery",
        "delivery_id": "order-1001",
        "publishable_key": keys.create(
            repository, KeyKind.PUBLISHABLE, "demo-shop", now, survey_id="checkout", origins=origins
        ),
        "secret_key": keys.create(repository, KeyKind.SECRET, "demo-server", now, survey_id="checkout"),
        "begun_at": now.isoformat(timespec="seconds"),
        "loaded": False,
    }


def _webhook_secrets(stack: Stack) -> dict[str, str]:
    """A secret of each provider, so that what they send can be tried here; those that are there stay."""
    ssm, parameter = stack.client("ssm"), stack.output("WebhookSecretsParameter")
    for provider in Provider:
        if provider in webhooks.CHOSEN_BY_US and provider not in webhooks.known(ssm, parameter):
            webhooks.rotate(ssm, parameter, provider)
        elif provider not in webhooks.known(ssm, parameter):
            webhooks.add(ssm, parameter, provider, token_urlsafe(32))
    return {provider.value: known[0] for provider, known in webhooks.known(ssm, parameter).items() if known}


def _deliver(call: Call, now: datetime) -> None:
    promise = {"start": (now + timedelta(hours=2)).isoformat(), "end": (now + timedelta(hours=4)).isoformat()}
    call(
        "deliveries",
        {
            "delivery_id": "order-1001",
            "carrier": "dhl",
            "tracking_number": "00340434161094042557",
            "recipient": {
                "email": "ada@customer.example",
                "phone": "+4915112345678",
                "name": "Ada Byron",
                "locale": "en",
            },
            "promise": promise,
            "time_zone": "Europe/Berlin",
            "survey_id": "delivery",
        },
    )
    for status, hours in (("info_received", 30), ("in_transit", 20), ("out_for_delivery", 0)):
        at = (now - timedelta(hours=hours)).isoformat()
        call(
            "deliveries/order-1001/events",
            {"event_id": f"seed-{status}", "status": status, "occurred_at": at},
        )  # fmt: skip


def _answer(call: Call, now: datetime) -> None:
    ratings = [rating for rating, count in RATINGS.items() for _ in range(count)]
    for number, rating in enumerate(ratings):
        # Spread evenly over the days; 7 shares no divisor with 50, so that each day has a mixture of ratings.
        share = (number * 7 % len(ratings)) / len(ratings)
        at = now - timedelta(days=FIRST_DAY - share * (FIRST_DAY - LAST_DAY))
        answer: dict[str, object] = {
            "survey": "checkout",
            "response_id": str(uuid5(NAMESPACE_URL, f"https://hearback.example/seed/{number}")),
            "score": rating,
            "created_at": int(at.timestamp()),
            "person_properties": {"device": "mobile" if number % 2 else "desktop"},
        }
        if rating in COMMENTS and number % 3 == 0:
            answer["comment"] = COMMENTS[rating]
        call("survey_responses", answer)


def _caller(place: Place, secret_key: str) -> Call:
    """Return a function that posts to the API as a shop's server does."""

    def call(path: str, body: Mapping[str, object]) -> None:
        headers = {"Authorization": f"Bearer {secret_key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{place.base}/v1/{path}", json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise LocalError(
                f"The first data was refused: POST /v1/{path} was answered {error.code}: {said}; "
                "see .local/log/emulator.log."
            ) from error

    return call


def _read(file: Path) -> dict[str, Any] | None:
    try:
        facts: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return facts


def _write(file: Path, facts: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".tmp")
    aside.write_text(json.dumps(facts), encoding="utf-8")
    aside.replace(file)
