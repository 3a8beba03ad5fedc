"""Decides who is shown which survey, and in which language."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlencode

from functions.pages.kiosk import KioskView, kiosk_view
from functions.pages.texts import locale_of, texts_in
from functions.pages.views import SurveyPage, WidgetView, widget_view
from shared.domain.api_keys import KeyKind
from shared.domain.links import SurveyLink
from shared.domain.published import PublishedSurvey
from shared.domain.surveys import SURVEY_ID, Survey
from shared.errors import ExpiredLinkError, ForbiddenError, NotFoundError, UnauthorizedError


class Surveys(Protocol):
    """Where surveys are kept."""

    def current(self, survey_id: str) -> PublishedSurvey | None:
        """The survey as it is asked now."""
        ...


class Links(Protocol):
    """Knows signed links."""

    def verify(self, token: str) -> SurveyLink:
        """What a token allows."""
        ...

    def page_nonce(self, response_id: str) -> str:
        """What a page gives back to prove that somebody pressed on it."""
        ...


class Previews(Protocol):
    """Knows the drafts that staff look at."""

    def find(self, survey_id: str | None, token: str) -> Survey | None:
        """The draft that a token shows; None if it is no preview's."""
        ...


class Pages:
    """Shows surveys to those who may answer them.

    Args:
        surveys: Where surveys are kept.
        links: Knows signed links.
        previews: Knows drafts; asked when a token comes that is no link's. None knows none.
    """

    def __init__(self, surveys: Surveys, links: Links, previews: Previews | None = None) -> None:
        self._surveys = surveys
        self._links = links
        self._previews = previews

    def questions(
        self, survey_id: str, key: str | None, token: str | None, origin: str | None, preferred: tuple[str, ...]
    ) -> WidgetView:
        """What the widget asks.

        Args:
            survey_id: The survey.
            key: The publishable key of the page.
            token: Of a signed link, in place of a key.
            origin: Where the page comes from, as its browser says.
            preferred: Languages, the best liked first.

        Raises:
            UnauthorizedError: no key and no link, or none that opens this survey.
            NotFoundError: there is no such survey.
            ForbiddenError: the key may not be used from this origin, or the link is for another survey.
            TemporaryError: surveys or link keys can not be read now.
        """
        if token is not None:
            survey, link = self._by_token(survey_id, token)
            return widget_view(survey, preferred, link.response_id if link else None)
        if key is None or not key.startswith(KeyKind.PUBLISHABLE.prefix):
            raise UnauthorizedError("Send the survey's publishable key (pk_…), as Bearer or as ?key=.")
        published = self._published(survey_id)
        published.admit(key, origin)
        return widget_view(published.survey, preferred)

    def page(self, survey_id: str, key: str | None, token: str | None, preferred: tuple[str, ...]) -> SurveyPage:
        """The page behind a survey link: one person's, by its token, or everybody's, by a publishable key.

        Args:
            survey_id: The survey.
            key: The publishable key, where there is no token. The page is ours, so its origins do not matter.
            token: Of a signed link.
            preferred: Languages, the best liked first.

        Raises:
            ExpiredLinkError: the link's time is over.
            UnauthorizedError: there is no token and no key, or it was changed.
            ForbiddenError: it is for another survey.
            NotFoundError: there is no such survey.
            TemporaryError: surveys or link keys can not be read now.
        """
        if token:
            return self._personal_page(*self._by_token(survey_id, token), token, preferred)
        if key is None or not key.startswith(KeyKind.PUBLISHABLE.prefix):
            raise UnauthorizedError("This page is opened by a signed link, or by a publishable key.")
        published = self._published(survey_id)
        published.admit(key, None)
        return _page(published.survey, preferred, key=key)

    def rating_page(self, token: str, rating: str | None, preferred: tuple[str, ...]) -> SurveyPage:
        """The page behind a rating of an e-mail, with that rating chosen and nothing given.

        Args:
            token: Of the signed link.
            rating: As it stands in the address; what is no rating of the survey is not chosen.
            preferred: Languages, the best liked first.

        Raises:
            ExpiredLinkError: the link's time is over.
            UnauthorizedError: the token was changed.
            NotFoundError: there is no such survey.
            TemporaryError: surveys or link keys can not be read now.
        """
        survey, link = self._by_token(None, token)
        page = self._personal_page(survey, link, token, preferred)
        ratings = {str(each): each for each in page.survey.first_scale_question.ratings}
        return page._replace(chosen=ratings.get(rating or ""))

    def _personal_page(
        self, survey: Survey, link: SurveyLink | None, token: str, preferred: tuple[str, ...]
    ) -> SurveyPage:
        if link is None:
            return _page(survey, preferred, t=token)._replace(is_preview=True)
        nonce = self._links.page_nonce(link.response_id) if link.rated else None
        return _page(survey, preferred, t=token)._replace(response_id=link.response_id, nonce=nonce)

    def kiosk(self, survey_id: str, key: str | None, token: str | None, preferred: tuple[str, ...]) -> KioskView:
        """What a terminal shows.

        Args:
            survey_id: The survey.
            key: The publishable key of the terminal, which its answers are sent with.
            token: Of a preview, in place of a key.
            preferred: Languages, the best liked first.

        Raises:
            ExpiredLinkError: the preview has ended.
            UnauthorizedError: no key and no preview, or none that opens this survey.
            ForbiddenError: the preview is of another survey.
            NotFoundError: there is no such survey.
            TemporaryError: surveys can not be read now.
        """
        draft = self._previews.find(survey_id, token) if token and self._previews else None
        if draft:
            return kiosk_view(draft, urlencode({"t": token}), preferred, test=True)
        if key is None or not key.startswith(KeyKind.PUBLISHABLE.prefix):
            raise UnauthorizedError("This page is opened with the survey's publishable key, as ?key=pk_….")
        published = self._published(survey_id)
        published.admit(key, None)
        return kiosk_view(published.survey, f"key={key}", preferred)

    def _by_token(self, survey_id: str | None, token: str) -> tuple[Survey, SurveyLink | None]:
        """The survey that a signed link opens, with the link; or the draft of a preview, without one."""
        try:
            link = self._links.verify(token)
        except ExpiredLinkError:
            raise
        except UnauthorizedError:
            draft = self._previews.find(survey_id, token) if self._previews else None
            if draft is None:
                raise
            return draft, None
        if survey_id not in {None, link.survey_id}:
            raise ForbiddenError("This link is for another survey.")
        return self._published(link.survey_id).survey, link

    def _published(self, survey_id: str) -> PublishedSurvey:
        published = self._surveys.current(survey_id) if SURVEY_ID.fullmatch(survey_id) else None
        if published is None or published.archived:
            raise NotFoundError("There is no such survey, or it is closed.")
        return published


def _page(survey: Survey, preferred: tuple[str, ...], **credential: str) -> SurveyPage:
    """A survey's page, whose answers are sent with this credential."""
    locale = locale_of(survey, preferred)
    return SurveyPage(survey=survey, locale=locale, texts=texts_in(locale), credential=urlencode(credential))
