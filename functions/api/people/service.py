"""Knows people, and has them asked; whether they are is decided by what sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from pydantic import ValidationError

from functions.api.asking import Asking
from functions.api.named import named_survey, published
from functions.api.needs import AnswerLists, Erasures, People, PeopleLists, SurveyRequests, Surveys
from functions.api.paging import instant, paging
from functions.api.people.bodies import ErasureTold, PersonPosted, PersonTold, PostPerson
from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.asking import ListedPerson, SurveyRequest
from shared.domain.base import IDENTIFIER
from shared.domain.messages import Channel
from shared.domain.people import Claim, Recipient
from shared.errors import InvalidRequestError, NotFoundError

IDENTIFIERS = {"email": "email", "phone_number": "phone", "external_id": "external_id"}
"""What a path or a query may name a person by, beside their id, and what a recipient calls it."""


class PeoplePage(NamedTuple):
    """A page of people, and where the list goes on."""

    people: list[PersonTold]
    next: str | None


class KnownPeople:
    """The people of secret keys.

    Args:
        surveys: Published surveys, cached.
        people: Known people.
        lists: The list of them.
        requests: Requests that wait to be sent.
        asking: Has people asked.
        answers: What each of them answered.
        erasures: Where a person is erased.
        clock: When a request was made.
    """

    def __init__(
        self,
        *,
        surveys: Surveys,
        people: People,
        lists: PeopleLists,
        requests: SurveyRequests,
        answers: AnswerLists,
        erasures: Erasures,
        asking: Asking,
        clock: Clock,
    ) -> None:
        self._surveys = surveys
        self._people = people
        self._lists = lists
        self._requests = requests
        self._answers = answers
        self._erasures = erasures
        self._clock = clock
        self._asking = asking

    def post(self, given: PostPerson, caller: ApiKey, idempotency_key: str | None) -> PersonPosted:
        """Know a person from now on, and keep the wish to ask them unless they are not to be.

        Nothing is stored before all of it is known to be right.

        Raises:
            InvalidRequestError: a field is wrong.
            NotFoundError: there is no such survey, or it is closed.
            ConflictError: another request was made with this Idempotency-Key.
            TemporaryError: it may not have been kept.
        """
        now = self._clock.now()
        last_sent_at = _past(given.last_sent_at, now)
        survey_id = self._open_survey(given, caller) if given.send else None
        channel = self._channel(given) if given.send else None
        person = self._people.resolve(given.recipient, now)
        properties = given.properties or {}
        self._requests.tell(person.person_id, properties, last_sent_at)
        request: SurveyRequest | None = None
        if survey_id is not None and channel is not None:
            request = self._asking.ask(
                SurveyRequest(
                    request_id=self._asking.request_id(caller, idempotency_key),
                    person_id=person.person_id,
                    survey_id=survey_id,
                    channel=channel,
                    scheduled_at=now + timedelta(seconds=given.delay),
                    requested_at=now,
                    properties=properties,
                    locale=given.language,
                )
            )
        return PersonPosted.of(person, properties, request)

    def list_people(self, query: Mapping[str, str]) -> PeoplePage:
        """Who is known, in the order in which they became so, or the one who has an address.

        Args:
            query: `per_page`, `since`, `until`, `after`, `email` and `phone_number`; each may be left out.

        Raises:
            InvalidRequestError: one of them is wrong.
        """
        asked = paging(query)
        since, until = instant(query, "since"), instant(query, "until")
        named = [name for name in ("email", "phone_number") if name in query]
        if len(named) > 1:
            raise InvalidRequestError("Ask for one address.", {"phone_number": ["can not be asked for beside email"]})
        if named:
            person = self._people.find(_claim(named[0], query[named[0]]))
            found = self._lists.one(person.person_id) if person else None
            return PeoplePage([self._told(found)] if found else [], None)
        page = self._lists.people(since, until, limit=asked.per_page, after=query.get("after"))
        return PeoplePage([self._told(each) for each in page.items], page.next)

    def delete_pending(self, reference: str) -> int:
        """Forget the wish to ask a person; how many times they would have been asked.

        Raises:
            NotFoundError: nobody is known by this.
            TemporaryError: some of it may not have been forgotten.
        """
        return self._requests.delete_pending(self.person_id(reference))

    def delete(self, reference: str) -> str:
        """Have a person erased: from now on nothing that was said of them is stored, and what is, goes; their id.

        By id it may be asked again, whatever is left of the person.

        Raises:
            NotFoundError: nobody is known by this.
            TemporaryError: it may not have begun; the same again is right.
        """
        is_id = IDENTIFIER.fullmatch(reference) and reference.partition(":")[0] not in IDENTIFIERS
        person_id = reference if is_id else self.person_id(reference)
        self._erasures.begin(person_id, self._clock.now())
        return person_id

    def erasure(self, person_id: str) -> ErasureTold:
        """What became of a person's erasure.

        Raises:
            NotFoundError: nobody asked for it.
        """
        erasure = self._erasures.get(person_id) if IDENTIFIER.fullmatch(person_id) else None
        if erasure is None:
            raise NotFoundError("Nobody asked to erase this person.")
        return ErasureTold.of(erasure)

    def person_id(self, reference: str) -> str:
        """Who a path names: by id, as `email:…`, `phone_number:…` or `external_id:…`, or by a bare e-mail address.

        Raises:
            NotFoundError: nobody is known by this.
        """
        name, _, value = reference.partition(":")
        if name not in IDENTIFIERS:
            name, value = ("email", reference) if "@" in reference else ("", reference)
        if name:
            try:
                person = self._people.find(_claim(name, value))
            except InvalidRequestError:
                person = None
        else:
            person = self._people.get(value) if IDENTIFIER.fullmatch(value) else None
        if person is None:
            raise NotFoundError("There is no such person.")
        return person.person_id

    def _told(self, listed: ListedPerson) -> PersonTold:
        """One Query for what they are still to be asked, and one for their latest answer."""
        person_id = listed.person.person_id
        latest = self._answers.of_person(person_id, limit=1, newest_first=True).responses
        return PersonTold.of(listed, self._requests.of_person(person_id), latest[0].answered_at if latest else None)

    def _open_survey(self, given: PostPerson, caller: ApiKey) -> str:
        found = published(self._surveys, named_survey(given.survey, caller))
        if found.archived:
            raise NotFoundError("This survey is closed; publish it again to open it.")
        return found.survey.survey_id

    def _channel(self, given: PostPerson) -> Channel:
        """The way a question takes, if the person can be reached by it."""
        known = next(filter(None, map(self._people.find, given.recipient.claims)), None)
        addresses = {
            Channel.EMAIL: given.email or (known and known.email),
            Channel.SMS: given.phone_number or (known and known.phone),
        }
        reachable = [channel for channel, address in addresses.items() if address]
        if given.channel is None and reachable:
            return reachable[0]
        if given.channel is None or given.channel not in reachable:
            raise InvalidRequestError(
                "This person can not be reached that way.", {"channel": ["needs an address of its kind"]}
            )
        return given.channel


def _claim(name: str, value: str) -> Claim:
    """The identifier that a query or a path names.

    Raises:
        InvalidRequestError: it can be none.
    """
    try:
        return Recipient.model_validate({IDENTIFIERS[name]: value}).claims[0]
    except ValidationError:
        raise InvalidRequestError(f"{name} is none.", {name: [f"is no {name.replace('_', ' ')}"]}) from None


def _past(last_sent_at: int | None, now: datetime) -> datetime | None:
    if last_sent_at is None:
        return None
    if last_sent_at > now.timestamp():
        raise InvalidRequestError(
            "last_sent_at lies in the future.", {"last_sent_at": ["must be Unix seconds, and not lie in the future"]}
        )
    return datetime.fromtimestamp(last_sent_at, UTC)
