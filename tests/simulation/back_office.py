"""A server that works with the secret key: it creates answers that were given elsewhere, and reads them at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.simulation.answers import Answer, stored_answers

if TYPE_CHECKING:
    from tests.simulation.shop import Shop

SECRET = "sk_simulated"
OK, NOT_FOUND, CONFLICT = 200, 404, 409
MAX_EDITS = 10


def named(number: int) -> str:
    """The id of a response that the server names by a number."""
    return f"00000000-0000-4000-9000-{number:012d}"


class BackOffice:
    """The shop's server.

    Attributes:
        named: how often each answer was created under a name of the sender's, and the ids it was given.
    """

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._wrong: list[str] = []
        self._seen: set[str] = set()
        self.named: dict[str, set[str]] = {}

    def create(
        self, rating: int, *, number: int | None = None, key: str | None = None, city: str = "Berlin", email: str = ""
    ) -> None:
        """Create an answer, and read it.

        Args:
            rating: What was answered.
            number: Names the response; left out, the API makes an id.
            key: An Idempotency-Key.
            city: A breakdown's value.
            email: Whose answer it is.
        """
        shop = self._shop
        body: dict[str, Any] = {"score": rating, "person_properties": {"city": city}}
        body |= {"response_id": named(number)} if number is not None else {}
        body |= {"person": {"email": email}} if email else {}

        def answer(response_id: str) -> Answer:
            return Answer(response_id, 1, "delivery", "recommend", rating, shop.today(), {"city": city})

        name = body.get("response_id", "")

        def unanswered() -> None:
            if key is None and not name:
                shop.unsure.append(answer(""))

        headers = {"Idempotency-Key": key} if key is not None else None
        reply = shop.send(
            "POST", "/v1/survey_responses", body, SECRET, headers, unanswered=unanswered, gives_up=shop.gives_up
        )
        if reply is None:
            shop.unsure.append(answer(name))
            return
        response_id = str(reply.json["id"])
        self.named.setdefault(key or response_id, set()).add(response_id)
        shop.accepted.append(answer(response_id))
        run = shop.aws.calls_of("api", shop.aws.runs_of("api"))
        if all(entry.outcome == "ok" for entry in run):
            self._seen.add(response_id)
        self.read(response_id)

    def edit(self, number: int, rating: int) -> None:
        """Change the rating of an answer that was created under a number, once, unless it is not there yet."""
        shop = self._shop
        path = f"/v1/survey_responses/{named(number)}"
        for _ in range(MAX_EDITS):
            reply = shop.send("PUT", path, {"score": rating}, SECRET, gives_up=shop.gives_up)
            if reply is None or reply.status != CONFLICT:
                break
        sent = [*shop.accepted, *shop.unsure]
        before = next((answer for answer in sent if answer.response_id == named(number)), None)
        if before is None or (reply is not None and reply.status == NOT_FOUND):
            return
        after = replace(before, revision=2, rating=rating)
        (shop.unsure if reply is None else shop.accepted).append(after)
        if reply is not None and (reply.status, reply.json["revision"], reply.json["score"]) != (OK, 2, rating):
            self._wrong.append(f"the edit of {after} was answered {reply.status}: {reply.body}")

    def erase(self, number: int) -> None:
        """Erase an answer that was created under a number; it never comes back."""
        shop = self._shop
        self._seen.discard(named(number))
        reply = shop.send("DELETE", f"/v1/survey_responses/{named(number)}", None, SECRET)
        assert reply is not None
        assert reply.status == OK, reply
        shop.erased.add(named(number))

    def read(self, response_id: str) -> None:
        """Read an answer; what was seen or recorded once is there from then on, as it is stored."""
        shop = self._shop
        reply = shop.send("GET", f"/v1/survey_responses/{response_id}", None, SECRET)
        assert reply is not None
        stored = stored_answers(shop.aws).get(response_id)
        if reply.status == OK:
            self._seen.add(response_id)
            told = (reply.json["revision"], reply.json["score"])
            if stored is None or told != (stored.revision, stored.rating):
                self._wrong.append(f"response {response_id} was told as {told}, and is {stored}")
        elif response_id in self._seen:
            self._wrong.append(f"response {response_id} was recorded, and can not be read: {reply.status}")

    def faults(self) -> list[str]:
        """What was misread, what one name made two of, and whether the metrics tell what is stored."""
        shop = self._shop
        twice = [f"{name} became {len(ids)} responses" for name, ids in self.named.items() if len(ids) > 1]
        reply = shop.send("GET", "/v1/metrics", None, SECRET)
        assert reply is not None
        metrics = reply.json
        counted = [answer.rating for answer in stored_answers(shop.aws).values() if not answer.test]
        told = metrics["response_count"], metrics["promoter_count"], metrics["detractor_count"]
        true = len(counted), sum(rating >= 9 for rating in counted), sum(rating <= 6 for rating in counted)
        return [*self._wrong, *twice, *([] if told == true else [f"the metrics tell {told} instead of {true}"])]
