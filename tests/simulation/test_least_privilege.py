"""Each function may do what it does and nothing else: one long day in the shop needs every right, and no other."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from shared.clock import SystemClock
from shared.domain.links import TrackingLink
from shared.tokens import TrackingLinks
from tests.infra.cloudformation import TEMPLATE, as_list, parse, statements, translate
from tests.simulation.customer import Customer
from tests.simulation.deployed import LINK_KEYS
from tests.simulation.residue import OLD_EMAIL
from tests.simulation.shop import PUBLISHABLE, SECRET, SURVEY, Shop, shop
from tests.simulation.stories import tell_of_a_tracked_parcel, tell_of_views

POISON = "this is no message of ours"
A_FLOOD_IS_ELEVEN = {"BurstAnswersPerMinute": "11"}
"""Twelve unhappy customers at once make the survey hot."""


def texts(opened: Shop) -> str:
    """Everything that was sent, as one text."""
    return " ".join(str(sent.request) for sent in [*opened.aws.ses.accepted, *opened.aws.sms.accepted])


def the_back_office_works(opened: Shop) -> None:
    """It writes, corrects, erases and reads; it asks, takes back, and learns who does not want to be asked."""
    response = str(UUID(int=99, version=4))
    person = {"email": "ada@example.org", "phone_number": "+4915112345678"}
    message_id = opened.aws.ses.accepted[0].tags["message_id"]
    chat = {key: value for key, value in SURVEY.items() if key != "survey_id"}
    requests: list[tuple[str, str, dict[str, Any] | None, int]] = [
        ("POST", "/v1/survey_responses", {"score": 9, "person": person, "response_id": response}, 201),
        ("GET", f"/v1/survey_responses/{response}", None, 200),
        ("PUT", f"/v1/survey_responses/{response}", {"score": 3}, 200),
        ("GET", f"/v1/survey_responses/{response}/audit", None, 200),
        ("GET", "/v1/survey_responses", None, 200),
        ("DELETE", f"/v1/survey_responses/{response}", None, 200),
        ("GET", "/v1/deliveries/parcel-1", None, 200),
        ("GET", "/v1/metrics", None, 200),
        ("PUT", "/v1/surveys/chat", chat, 200),
        ("DELETE", "/v1/surveys/chat", None, 200),
        ("GET", "/v1/journey", None, 200),
        ("GET", "/v1/funnel", None, 200),
        ("GET", "/v1/promises", None, 200),
        ("GET", "/v1/messages", None, 200),
        ("GET", f"/v1/messages/{message_id}", None, 200),
        ("POST", "/v1/people", {"email": "ada@example.org", "last_sent_at": 1_700_000_000}, 201),
        ("GET", "/v1/people", None, 200),
        ("GET", "/v1/people/email:parcel-1@example.org/timeline", None, 200),
        ("POST", "/v1/unsubscribes", {"person_email": "ada@example.org"}, 200),
        ("GET", "/v1/unsubscribes", None, 200),
        ("GET", "/v1/bounces", None, 200),
        ("DELETE", "/v1/people/ada@example.org/survey_requests/pending", None, 200),
        ("DELETE", "/v1/people/email:ada@example.org", None, 202),
    ]
    for method, path, body, status in requests:
        assert opened.stack.http(method, path, body, key=SECRET).status == status, (method, path)


def ask_somebody(opened: Shop) -> None:
    """At once by SMS, whose short link is followed; next week by e-mail; both are too soon for the next one."""
    ada = {"phone_number": "+4915155512345", "external_id": "customer-4711"}
    by_link = {"person": {**ada, "email": "ada@customer.example"}, "channel": "link"}
    assert opened.stack.http("POST", "/v1/invitations", by_link, key=SECRET).status == 201
    opened.aws.clock.advance(31 * 86_400)
    for wish in ({**ada, "channel": "sms"}, {**ada, "email": "ada@customer.example", "delay": 7 * 86_400}):
        assert opened.stack.http("POST", "/v1/people", wish, key=SECRET).status == 201
    opened.wait(60)
    hers = [sent.request for sent in opened.aws.sms.accepted if sent.to == (ada["phone_number"],)]
    (code,) = re.findall(r"/i/([\w-]{11})", str(hers))
    short = opened.stack.http("GET", f"/i/{code}")
    assert (short.status, short.headers["location"][:14]) == (302, "/s/delivery?t=")


def look_at_the_scores(opened: Shop) -> None:
    """In a browser: log in, and read the page."""
    form = {"origin": "https://api.example.com", "content-type": "application/x-www-form-urlencoded"}
    session = opened.stack.http("POST", "/scores", urlencode({"key": SECRET}), headers=form)
    cookie = session.headers["set-cookie"].partition(";")[0]
    assert opened.stack.http("GET", "/scores", headers={"cookie": cookie}).status == 200


def write_a_survey(opened: Shop) -> None:
    """In a browser: log in, begin a survey, look at it, publish it, and throw away what was begun next."""
    form = {"origin": "https://api.example.com", "content-type": "application/x-www-form-urlencoded"}
    session = opened.stack.http("POST", "/scores", urlencode({"key": SECRET}), headers=form)
    form |= {"cookie": session.headers["set-cookie"].partition(";")[0]}
    fields = {"name": "Written", "touchpoint": "shop", "brand.name": "Shop", "locales": "en", "default_locale": "en"}
    fields |= {"questions.0.id": "nps", "questions.0.scale": "nps", "questions.0.text.en": "Would you?"}
    fields |= {"alert_locale": "en", "time_zone": "UTC", "sample_percent": "100", "survey_id": "written"}
    begun = opened.stack.http("POST", "/staff/surveys/new", urlencode(fields), headers=form)
    assert (begun.status, begun.headers["location"]) == (303, "/staff/surveys/written?said=saved")
    for do, location in (("publish", "published"), ("save", "saved"), ("discard", "discarded")):
        page = opened.stack.http("GET", "/staff/surveys/written", headers=form)
        seen = dict(re.findall(r'name="(seen_\w+)" value="(\d+)"', page.body))
        sent = urlencode(fields | seen | {"do": do})
        answer = opened.stack.http("POST", "/staff/surveys/written", sent, headers=form)
        assert answer.headers["location"] == f"/staff/surveys/written?said={location}", do
    assert opened.stack.http("GET", "/staff/surveys", headers=form).status == 200
    assert opened.stack.http("GET", "/staff/surveys/written/preview", headers=form).status == 200


def a_van_leaves(opened: Shop, *parcels: str) -> None:
    """A fleet tells its stops, and where the van is."""
    stops = [{"delivery_id": parcel, "latitude": 52.5, "longitude": 13.4} for parcel in parcels]
    assert opened.stack.http("PUT", "/v1/routes/van-7", {"stops": stops}, key=SECRET).status == 202
    opened.wait(60)
    position = {"latitude": 52.6, "longitude": 13.4}
    assert opened.stack.http("POST", f"/v1/deliveries/{parcels[0]}/position", position, key=SECRET).status == 202
    opened.wait(60)


def follow_a_van(opened: Shop) -> None:
    """On the live page of a parcel, until the one in front is delivered."""
    for parcel in ("next", "mine"):
        opened.register(parcel)
        opened.report(parcel, "out_for_delivery")
    a_van_leaves(opened, "next", "mine")
    expires_at = int((opened.aws.clock.now() + timedelta(days=60)).timestamp())
    token = TrackingLinks(lambda: json.loads(LINK_KEYS), SystemClock()).sign(
        TrackingLink(delivery_id="mine", expires_at=expires_at)
    )
    assert "One customer is in front of you." in opened.stack.http("GET", f"/track/{token}").body
    opened.report("next", "delivered")
    opened.wait(60)
    assert "You are next." in opened.stack.http("GET", f"/track/{token}/now").body


def write_a_brand(opened: Shop) -> None:
    """In a browser: see what customers are told, and say it otherwise."""
    form = {"origin": "https://api.example.com", "content-type": "application/x-www-form-urlencoded"}
    session = opened.stack.http("POST", "/scores", urlencode({"key": SECRET}), headers=form)
    form |= {"cookie": session.headers["set-cookie"].partition(";")[0]}
    assert opened.stack.http("GET", "/staff/messages", headers=form).status == 200
    sent = {
        "name": "Lamps",
        "default_locale": "en",
        "texts.delivery_soon.en.sms": "We ring {expected}.",
        "do": "publish",
    }
    answer = opened.stack.http("POST", "/staff/messages/lamps/edit", urlencode(sent), headers=form)
    assert (answer.status, answer.headers["location"]) == (303, "/staff/messages/lamps?said=published")
    assert opened.stack.http("GET", "/staff/messages/lamps/preview/delivery_soon", headers=form).status == 200


def forget_somebody(opened: Shop) -> None:
    """A customer with answers, one of them changed, and a parcel in a van, asks to be erased; the fleet plans on."""
    ada = Customer(opened)
    ada.buys("hers", OLD_EMAIL)
    ada.is_told("hers", "out_for_delivery")
    a_van_leaves(opened, "hers", "mine")
    opened.wait(5)
    ada.buys("hers")
    opened.wait(5)
    ada.answers(101, 2)
    ada.claims(102, 3)
    opened.wait(200)
    ada.claims(102, 4, revision=2)
    opened.wait(200)
    ada.asks_to_be_erased()
    opened.wait(1_800)
    a_van_leaves(opened, "mine", "hers")


def a_long_day(opened: Shop) -> None:
    """Everything that functions have rights for happens at least once."""
    stack = opened.stack
    # A parcel on its way, and the customer's own answer by the link that came with it.
    opened.register("parcel-1", phone="+4915112345678")
    opened.register("parcel-2")
    for status in ("out_for_delivery", "arriving", "delivered"):
        for parcel in ("parcel-1", "parcel-2"):
            opened.report(parcel, status)
        opened.wait(60)
    tell_of_a_tracked_parcel(opened)
    a_promise_days_ahead_and_a_van_that_is_near(opened)
    somebody_has_a_new_number(opened)
    address = urlsplit(re.findall(r"https://\S+?/r/[\w.~-]+", texts(opened))[0])
    page = stack.http("GET", address.path, query={"rating": "10"})
    assert page.status == 200
    (nonce,) = re.findall(r'data-nonce="([\w.-]+)"', page.body)
    opened.aws.clock.advance(1)
    answer = {"rating": 10, "proof": {"nonce": nonce, "pressed_after_ms": 900}}
    token = {"t": address.path.removeprefix("/r/")}
    assert stack.http("POST", "/v1/surveys/delivery/responses", answer, query=token).status == 202
    assert stack.http("GET", "/v1/surveys/delivery/widget", key=PUBLISHABLE).status == 200
    # Somebody wants to be asked no more, by the button of their mail program.
    no_more = urlsplit(re.findall(r"https://\S+?/u/[\w.~-]+", texts(opened))[0])
    assert stack.http("POST", no_more.path, "List-Unsubscribe=One-Click").status == 200
    somebody_chooses(opened)
    people_answer_by_sms(opened)
    tell_of_views(opened)
    # Twelve unhappy customers in one hour: alerts, then a digest; one of them changes its mind.
    for number in range(1, 13):
        opened.answer(number, 2)
    opened.wait(300)
    for _ in range(2):
        opened.answer(1, 1, revision=2, comment="Still wet")
        opened.wait(60)
    somebody_says_who_they_are_and_takes_it_back(opened)
    opened.wait(7_200)
    the_back_office_works(opened)
    look_at_the_scores(opened)
    write_a_survey(opened)
    write_a_brand(opened)
    ask_somebody(opened)
    follow_a_van(opened)
    forget_somebody(opened)
    # Receipts come, one of them a complaint; a queue redelivers; something unreadable lies on every queue.
    opened.deliver_receipts()
    at = opened.aws.clock.now().isoformat()
    mail = opened.aws.ses.accepted[0]
    message_id = mail.tags["message_id"]
    about = {"messageId": mail.message_id, "timestamp": at, "tags": {"message_id": [message_id]}}
    stack.receipt({"eventType": "Complaint", "mail": about, "complaint": {"timestamp": at}})
    stack.receipt({"eventType": "Bounce", "mail": about, "bounce": {"bounceType": "Permanent", "timestamp": at}})
    for source in stack.sources:
        source.queue.send(POISON, {}, None)
    opened.aws.clock.advance(timedelta(minutes=1).total_seconds())
    stack.worker.run_until_quiet()
    # The days are over, and their scores are checked.
    opened.aws.clock.advance(timedelta(days=3).total_seconds())
    assert stack.scheduled("score_check")["wrong_documents"] == 0
    dead = [source.queue.dead_letter_queue for source in stack.sources]
    assert [[message.body for message in queue.messages] for queue in dead if queue] == [[POISON]] * 6


def a_promise_days_ahead_and_a_van_that_is_near(opened: Shop) -> None:
    """The one needs a schedule, the other a message that waits on its queue."""
    start = opened.aws.clock.now() + timedelta(days=3)
    body = {
        "delivery_id": "parcel-4",
        "carrier": "dhl",
        "recipient": {"email": "parcel-4@example.org"},
        "promise": {"start": start.isoformat(), "end": (start + timedelta(hours=2)).isoformat()},
    }
    assert opened.stack.http("POST", "/v1/deliveries", body, key=SECRET).status == 202
    opened.register("parcel-5")
    opened.report("parcel-5", "out_for_delivery")
    near = (opened.aws.clock.now() + timedelta(minutes=50)).isoformat()
    position = {"latitude": 52.6, "longitude": 13.4, "estimated_at": near}
    assert opened.stack.http("POST", "/v1/deliveries/parcel-5/position", position, key=SECRET).status == 202
    opened.wait(600)


def somebody_has_a_new_number(opened: Shop) -> None:
    """A customer who is known by e-mail comes with another phone."""
    moved = {"email": "parcel-1@example.org", "phone": "+4915187654321"}
    body = {"delivery_id": "parcel-3", "carrier": "dhl", "recipient": moved}
    assert opened.stack.http("POST", "/v1/deliveries", body, key=SECRET).status == 202
    opened.wait(60)


def somebody_chooses(opened: Shop) -> None:
    """On the preference page and by the back office: refused, and allowed again."""
    form = {"origin": "https://api.example.com", "content-type": "application/x-www-form-urlencoded"}
    page = urlsplit(re.findall(r"https://\S+?/preferences/[\w.~-]+", texts(opened))[0])
    assert opened.stack.http("GET", page.path).status == 200
    for ticks in ("", "email:surveys=on"):
        body = f"shown=email:surveys&{ticks}"
        assert opened.stack.http("POST", page.path, body, headers=form).status == 200
    path = "/v1/people/email:parcel-2@example.org/preferences"
    for refused in ([{"channel": "email", "category": "surveys"}], []):
        told = opened.stack.http("PUT", path, {"refused": refused}, key=SECRET)
        assert (told.status, len(told.json["refused"])) == (200, len(refused))
    assert opened.stack.http("GET", path, key=SECRET).json["refused"] == []


def people_answer_by_sms(opened: Shop) -> None:
    """STOP, START and HELP, from the number of somebody we know; help is an SMS."""
    number, before = "+4915187654321", len(opened.aws.sms.accepted)
    for at, word in enumerate(("STOP", "START", "HELP")):
        inbound = {"originationNumber": number, "destinationNumber": "+4915735980000", "messageKeyword": "KEYWORD_1"}
        opened.stack.receipt({**inbound, "messageBody": word, "inboundMessageId": f"inbound-{at}"})
        opened.wait(60)
    assert len(opened.aws.sms.accepted) == before + 1


def somebody_says_who_they_are_and_takes_it_back(opened: Shop) -> None:
    answer = {"response_id": str(UUID(int=98, version=4)), "rating": 8}
    claims = ({"revision": 1, "person": {"email": "somebody@example.org"}}, {"revision": 2, "comment": "Never mind"})
    for said in claims:
        path = "/v1/surveys/delivery/responses"
        assert opened.stack.http("POST", path, {**answer, **said}, key=PUBLISHABLE).status == 202
        opened.wait(60)


def test_a_function_makes_no_call_that_its_role_does_not_allow() -> None:
    with shop(counts_views=True) as opened:
        a_long_day(opened)
        assert opened.stack.refused_calls() == []


def test_a_role_allows_nothing_that_its_function_does_not_do() -> None:
    with shop(counts_views=True, parameters=A_FLOOD_IS_ELEVEN) as opened:
        a_long_day(opened)
        assert opened.stack.unused_grants() == []


def test_of_a_survey_the_counting_function_may_write_that_it_is_hot_and_nothing_else() -> None:
    """Its right to UpdateItem has conditions, which the emulators do not know: AWS matches them with the request."""
    with shop(parameters=A_FLOOD_IS_ELEVEN) as opened:
        for number in range(1, 13):
            opened.answer(number, 9)
        opened.wait(60)
        made = [entry.call for entry in opened.aws.log if entry.call.function == "nps_calc"]
        (update,) = [c for c in made if c.operation == "UpdateItem" and c.params["TableName"] == "SurveysTable"]
    (condition,) = [
        statement["Condition"]
        for statement in statements(translate(parse(TEMPLATE.read_text()))["Resources"]["NpsCalcFunctionRole"])
        if "dynamodb:UpdateItem" in as_list(statement["Action"]) and "Condition" in statement
    ]
    words = set(
        re.findall(
            r"(?<![:\w])[a-z]\w*(?!\w*\()",
            f"{update.params['UpdateExpression']} {update.params['ConditionExpression']}",
        )
    )
    assert words | set(update.params["Key"]) == set(condition["ForAllValues:StringEquals"]["dynamodb:Attributes"])
    (leading,) = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert fnmatchcase(update.params["Key"]["pk"]["S"], leading)
    assert "ReturnValues" not in update.params
