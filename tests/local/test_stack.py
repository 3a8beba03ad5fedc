"""The real template on the embedded AWS: what a newcomer finds after `make run`."""

from __future__ import annotations

import json
import os
import re
import signal
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import pytest

from infra.local import running, server
from infra.stack import local_stack
from tests.local.stack import Answer, Deployed, eventually, free_place

pytestmark = pytest.mark.local


def call(deployed: Deployed, method: str, path: str, body: object = None, key: str = "secret_key"):
    headers = {"authorization": f"Bearer {deployed.facts[key]}", "content-type": "application/json"}
    return deployed.request(method, f"/v1/{path}", None if body is None else json.dumps(body).encode(), headers)


def answer(deployed: Deployed, rating: int, comment: str | None = None) -> str:
    response_id = str(uuid.uuid4())
    body = {"response_id": response_id, "rating": rating}
    accepted = call(deployed, "POST", "surveys/checkout/responses", body, "publishable_key")
    assert accepted.status == 202, accepted.body
    if comment:
        call(deployed, "POST", "surveys/checkout/responses", {**body, "revision": 2, "comment": comment},
             "publishable_key")  # fmt: skip
    return response_id


def metrics(deployed: Deployed) -> dict:
    since = datetime.now(UTC) - timedelta(days=60)  # By default it is 30 days up to the latest answer.
    return call(deployed, "GET", f"metrics?survey=checkout&since={since:%Y-%m-%d}").json()


def test_the_first_data_is_there_and_exact(stack: Deployed):
    score = metrics(stack)
    assert score["response_count"] >= 50
    delivery = call(stack, "GET", f"deliveries/{stack.facts['delivery_id']}").json()
    assert delivery["status"] == "out_for_delivery"


def test_an_answer_is_counted(stack: Deployed):
    before = metrics(stack)
    answer(stack, 9)
    eventually(lambda: metrics(stack)["response_count"] > before["response_count"])
    assert metrics(stack)["promoter_count"] == before["promoter_count"] + 1


def test_a_survey_is_written_on_the_staff_page_and_told_by_the_api(stack: Deployed):
    """Each function and the layer hold what they need: pages and mails are made of files beside the code."""

    def pressed(path: str, fields: dict[str, str], cookie: str = "") -> Answer:
        headers = {"origin": stack.place.base, "content-type": "application/x-www-form-urlencoded", "cookie": cookie}
        with closing(HTTPConnection(urlsplit(stack.place.base).netloc)) as connection:
            connection.request("POST", path, urlencode(fields), headers)
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())

    opened = pressed("/scores?to=/staff/surveys", {"key": stack.facts["secret_key"]})
    assert (opened.status, opened.headers["location"]) == (303, "/staff/surveys")
    cookie = opened.headers["set-cookie"].partition(";")[0]
    fields = {"name": "Written", "touchpoint": "shop", "brand.name": "Shop", "locales": "en", "default_locale": "en"}
    fields |= {"questions.0.id": "nps", "questions.0.scale": "nps", "questions.0.text.en": "Would you?"}
    saved = pressed("/staff/surveys/new", {**fields, "survey_id": "written"}, cookie)
    assert saved.headers["location"] == "/staff/surveys/written?said=saved"
    mail = stack.request("GET", "/staff/surveys/written/preview/email", headers={"cookie": cookie})
    assert b"Would you?" in mail.body
    page = stack.request("GET", "/staff/surveys/written", headers={"cookie": cookie}).body.decode()
    seen = dict(re.findall(r'name="(seen_\w+)" value="(\d+)"', page))
    assert pressed("/staff/surveys/written", {**fields, **seen, "do": "publish"}, cookie).status == 303
    assert call(stack, "GET", "surveys/written").json()["questions"][0]["text"] == {"en": "Would you?"}


def test_an_unhappy_answer_reaches_its_owner_once_with_its_comment(stack: Deployed):
    mark = uuid.uuid4().hex
    answer(stack, 1, f"Nobody answered the phone. {mark} <img src=x onerror=alert(1)>")

    def alerts() -> list[dict]:
        return [message for message in stack.messages() if mark in message["text"]]

    (alert,) = eventually(alerts, seconds=60)
    assert alert["channel"] == "email"
    assert "<img src=x" not in alert["html"]
    assert mark in stack.request("GET", "/mail").body.decode()
    time.sleep(2)
    assert len(alerts()) == 1


def test_the_parcel_is_announced_by_email_or_sms(stack: Deployed):
    about = eventually(lambda: [m for m in stack.messages() if {"ada@customer.example", "+4915112345678"} & {*m["to"]}])
    assert about


def test_a_stop_by_sms_is_heard_help_is_answered_and_the_news_comes_by_mail(stack: Deployed):
    mark = uuid.uuid4().hex[:8]
    number, email = f"+49151{int(mark, 16) % 10**8:08d}", f"{mark}@customer.example"
    recipient = {"email": email, "phone": number, "locale": "en"}
    call(stack, "POST", "deliveries", {"delivery_id": mark, "carrier": "dhl", "recipient": recipient})

    def told(address: str, words: str) -> list[dict]:
        return [each for each in stack.messages() if each["to"] == [address] and words in each["text"]]

    def says(word: str, sms: dict) -> None:
        body = urlencode({"to": sms["id"], "text": word}).encode()
        headers = {"origin": stack.place.base, "content-type": "application/x-www-form-urlencoded"}
        assert stack.request("POST", "/_hearback/sms-answer", body, headers).status == 200

    def refused() -> list[tuple[str, str, str]]:
        found = call(stack, "GET", f"people/email:{email}/preferences").json()["refused"]
        return [(each["channel"], each["category"], each["by"]) for each in found]

    call(stack, "POST", f"deliveries/{mark}/events", {"status": "out_for_delivery"})
    (sms,) = eventually(lambda: told(number, ""), seconds=60)
    says("HELP", sms)
    assert eventually(lambda: told(number, "STOP"))
    says(" Stop! ", sms)
    assert eventually(refused) == [("sms", "all", "sms")]
    call(stack, "POST", f"deliveries/{mark}/events", {"status": "arriving"})
    (mail,) = eventually(lambda: told(email, "/preferences/"), seconds=60)
    (page,) = re.findall(r"https?://[^/\s]+(/preferences/\S+)", mail["text"])
    opened = stack.request("GET", page)
    assert opened.status == 200 and b'name="sms:all" checked' in opened.body
    says("START", sms)
    eventually(lambda: refused() == [])


def test_every_address_that_is_printed_works(stack: Deployed):
    for name in ("demo_page", "mail_page", "openapi", "mail_api"):
        assert stack.request("GET", stack.facts[name].removeprefix(stack.place.base)).status == 200, name
    log_in = stack.request("GET", stack.facts["scores_page"].removeprefix(stack.place.base))
    assert log_in.status == 403 and b'name="key"' in log_in.body
    shop = stack.request("GET", "/demo").body.decode()
    assert stack.facts["publishable_key"] in shop and "{{" not in shop
    document = stack.request("GET", "/openapi.json").json()
    assert "/v1/metrics" in document["paths"]
    for asset in ("swagger-ui-bundle.min.js", "swagger-ui.min.css"):
        assert len(stack.request("GET", f"/openapi/{asset}").body) > 10_000
    assert stack.request("GET", "/widget.js").headers["content-type"].startswith("text/javascript")
    assert stack.request("HEAD", "/widget.js").body == b""
    assert stack.request("GET", "/demo/../../../pyproject.toml").status == 404
    assert stack.request("GET", "/demo/%2e%2e/seed.py").status == 404


def test_the_ops_command_finds_the_stack(stack: Deployed):
    found = local_stack(stack.place.stack_file)
    assert found.outputs == stack.outputs
    assert found.client("sqs").get_queue_attributes(QueueUrl=found.queue_url("responses"), AttributeNames=["QueueArn"])


def test_a_request_without_a_key_is_refused_in_our_own_words(stack: Deployed):
    refused = stack.request("GET", "/v1/metrics")
    assert refused.status == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert "www-authenticate" in {name.lower() for name in refused.headers}


def test_nothing_is_lost_when_the_emulator_is_killed_between_accept_and_count(tmp_path):
    place = free_place(tmp_path)
    process = server.start(place)
    try:
        deployed = Deployed(place, facts=running.ready(place, lambda step: None))
        (mapping,) = [
            found
            for found in deployed.client("lambda").list_event_source_mappings()["EventSourceMappings"]
            if "NpsCalc" in found["FunctionArn"]
        ]
        eventually(lambda: metrics(deployed)["response_count"] == 50)
        deployed.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
        for rating in (0, 5, 10):
            answer(deployed, rating)
        time.sleep(2)  # What is two seconds old is safe; that is the promise.
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        server.stop(process)
    with server.emulator(place):
        assert metrics(deployed)["response_count"] == 50
        deployed.client("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
        eventually(lambda: metrics(deployed)["response_count"] == 53, seconds=60)
        time.sleep(2)
        assert metrics(deployed)["response_count"] == 53
