"""The first data of a laptop: two surveys, keys to them, a delivery, and fifty answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from shared.storage.api_keys import ApiKeyRepository

from infra.local.places import Place
from infra.ops import keys, links, surveys
from infra.stack import Stack
from shared.domain.api_keys import KeyKind

OWNER = "owner@hearback.example"

CHECKOUT = {
    "survey_id": "checkout",
    "name": "After checkout",
    "touchpoint": "checkout",
    "brand": {"name": "Paper & Ink", "colour": "#1f4b99"},
    "time_zone": "Europe/Berlin",
    "questions": [
        {
            "id": "recommend",
            "scale": "nps",
            "text": {
                "en": "How likely are you to recommend us to a friend?",
                "de": "Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",
            },
        },
        {
            "id": "why",
            "scale": "text",
            "text": {"en": "What is the main reason?", "de": "Was ist der wichtigste Grund?"},
        },
    ],
    "thanks": {"en": "Thank you!", "de": "Vielen Dank!"},
    "breakdowns": [{"name": "device", "values": ["desktop", "mobile"]}],
    "alert_to": [OWNER],
}
DELIVERY = {
    "survey_id": "delivery",
    "name": "After delivery",
    "touchpoint": "delivery",
    "brand": {"name": "Paper & Ink", "colour": "#1f4b99"},
    "time_zone": "Europe/Berlin",
    "questions": [
        {
            "id": "satisfied",
            "scale": "csat",
            "text": {
                "en": "How satisfied are you with this delivery?",
                "de": "Wie zufrieden sind Sie mit dieser Lieferung?",
            },
        },
    ],
    "thanks": {"en": "Thank you!", "de": "Vielen Dank!"},
    "alert_to": [OWNER],
}


def load(stack: Stack, place: Place) -> dict[str, Any]:
    """Load the first data, once; a later run finds it in the saved state.

    Args:
        stack: the deployed stack.
        place: its home, where the keys are kept: they are shown only once.

    Returns:
        Keys and ids, for the stack file.
    """
    remembered = place.state / "seed" / "facts.json"
    if remembered.exists():
        facts: dict[str, Any] = json.loads(remembered.read_text(encoding="utf-8"))
        return facts
    for definition in (CHECKOUT, DELIVERY):
        surveys.publish_survey(stack, definition)
    links.rotate(stack.client("ssm"), stack.output("LinkKeysParameter"))
    facts = {"survey_id": "checkout", "delivery_survey_id": "delivery", **_keys(stack)}
    remembered.parent.mkdir(parents=True, exist_ok=True)
    remembered.write_text(json.dumps(facts), encoding="utf-8")
    return facts


def _keys(stack: Stack) -> dict[str, str]:
    repository = ApiKeyRepository(stack.client("dynamodb"), stack.output("SurveysTableName"))
    now = datetime.now(UTC)
    # Pages opened from disk have the origin "null"; the demo key lets them and this machine in, on any port.
    origins = ("http://127.0.0.1:*", "http://localhost:*", "null")
    return {
        "publishable_key": keys.create(
            repository, KeyKind.PUBLISHABLE, "demo-shop", now, survey_id="checkout", origins=origins
        ),
        "secret_key": keys.create(repository, KeyKind.SECRET, "demo-server", now, survey_id="checkout"),
    }
