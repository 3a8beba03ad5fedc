"""What a warm function remembers of surveys and keys, so that a request costs no read.

For a minute at most, which is how late a function may notice a new version or a revoked key; one version of a survey
never changes, and is kept while there is room. That there is no such survey or key is remembered for five seconds, in a
cache of its own: guessed ids can not push out the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import inf
from typing import Generic, Protocol, TypeVar

from cachetools import TTLCache

from shared.clock import Clock
from shared.domain.api_keys import ApiKey
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import Survey

KNOWN_SECONDS = 60
UNKNOWN_SECONDS = 5
MAX_KNOWN = 1_000
MAX_UNKNOWN = 10_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Surveys(Protocol):
    """Reads a survey."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The current version with its keys; None if there is none."""
        ...

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version; None if there is none."""
        ...


class ApiKeys(Protocol):
    """Finds a key."""

    def find(self, key_hash: str) -> ApiKey | None:
        """The key of this hash; None if there is none."""
        ...


class Remembered(Generic[K, V]):
    """The answers of one question by its only argument. An outage is not an answer, and is not remembered."""

    def __init__(self, ask: Callable[[K], V | None], clock: Clock, known_seconds: float = KNOWN_SECONDS) -> None:
        def seconds() -> float:
            return clock.now().timestamp()

        self._ask = ask
        self._known: TTLCache[K, V] = TTLCache(MAX_KNOWN, known_seconds, timer=seconds)
        self._unknown: TTLCache[K, bool] = TTLCache(MAX_UNKNOWN, UNKNOWN_SECONDS, timer=seconds)

    def get(self, argument: K) -> V | None:
        """The answer, asked for or remembered."""
        known = self._known.get(argument)
        if known is not None or argument in self._unknown:
            return known
        answer = self._ask(argument)
        if answer is None:
            self._unknown[argument] = True
        else:
            self._known[argument] = answer
        return answer


class CachedSurveys:
    """Surveys, read at most once a minute each, and their versions, read once.

    Args:
        repository: Where they are read.
        clock: Tells when to read again.
    """

    def __init__(self, repository: Surveys, clock: Clock) -> None:
        def version(named: tuple[str, int]) -> Survey | None:
            return repository.version(*named)

        self._current = Remembered(repository.current, clock)
        self._versions = Remembered(version, clock, inf)

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The version that was current at most a minute ago; None if five seconds ago there was none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._current.get(survey_id)

    def version(self, survey_id: str, version: int) -> Survey | None:
        """One version of a survey; None if five seconds ago there was none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._versions.get((survey_id, version))


class CachedApiKeys:
    """Keys, read at most once a minute each.

    Args:
        repository: Where they are read.
        clock: Tells when to read again.
    """

    def __init__(self, repository: ApiKeys, clock: Clock) -> None:
        self._remembered = Remembered(repository.find, clock)

    def find(self, key_hash: str) -> ApiKey | None:
        """The key as it was at most a minute ago; None if five seconds ago there was none.

        Raises:
            TemporaryError: the store did not answer.
        """
        return self._remembered.get(key_hash)
