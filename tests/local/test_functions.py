"""The emulator runs functions as AWS does: their zip, their layer, boto3, and nothing of ours."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.local.stack import Deployed

pytestmark = pytest.mark.local


def echo(contract: Deployed, method: str = "GET", path: str = "/v1/echo", **more) -> dict:
    return contract.request(method, path, **more).json()


def test_a_function_imports_its_layer_under_the_name_it_has_everywhere(contract: Deployed):
    assert echo(contract)["layer"] == "shared.words"


def test_a_function_sees_boto3_and_no_package_of_the_emulator_or_the_checkout(contract: Deployed):
    assert echo(contract)["packages"] == ["boto3"]


def test_no_variable_of_the_machine_reaches_a_function(contract: Deployed):
    ours = {name for name in echo(contract)["variables"] if not name.startswith(("AWS_", "_"))}
    assert ours <= {
        "AUTH", "BIND_HOST", "GATEWAY_PORT", "GREETING", "HOME", "IOT_MTLS_ENABLED", "LAMBDA_TASK_ROOT", "LANG",
        "LC_ALL", "LC_CTYPE", "LOG_LEVEL", "MINISTACK_HOST", "MINISTACK_REGION", "PATH", "PERSIST_STATE", "S3_DATA_DIR",
        "S3_PERSIST", "SFTP_ENABLED", "STATE_DIR", "TABLE_NAME", "TMPDIR",
    }  # fmt: skip


def test_a_function_may_do_what_its_policy_says_and_no_more(contract: Deployed):
    refused = contract.request("GET", "/v1/echo?do=write")  # The consumer, which may write, does in other tests.
    assert (refused.status, refused.body) == (403, b"AccessDeniedException")


def test_the_emulator_listens_on_this_machine_only(contract: Deployed):
    port = contract.place.port
    listening = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True, check=False).stdout
    if not listening:
        pytest.skip("ss is not there to list sockets")
    addresses = [line.split()[3] for line in listening.splitlines()]
    assert f"127.0.0.1:{port}" in addresses
    assert [address for address in addresses if address.endswith(f":{port}")] == [f"127.0.0.1:{port}"]


def test_an_explicit_route_wins_over_a_greedy_one(contract: Deployed):
    event = echo(contract, "POST", "/v1/surveys/nps-1/responses", body=b"{}")["event"]
    assert event["routeKey"] == "POST /v1/surveys/{survey_id}/responses"
    assert event["pathParameters"] == {"survey_id": "nps-1"}
    assert echo(contract, "GET", "/v1/surveys/nps-1/responses")["event"]["routeKey"] == "ANY /v1/{proxy+}"


def test_a_path_without_a_route_is_not_found(contract: Deployed):
    answer = contract.request("POST", "/widget.js")
    assert (answer.status, answer.json()) == (404, {"message": "Not Found"})


def test_head_and_options_reach_the_function_where_they_are_declared(contract: Deployed):
    head = contract.request("HEAD", "/widget.js")
    assert (head.status, head.body, head.headers["x-greeting"]) == (200, b"", "hello")
    preflight = contract.request("OPTIONS", "/v1/surveys/nps-1/responses", headers={"origin": "https://shop.example"})
    event = preflight.json()["event"]
    assert event["routeKey"] == "OPTIONS /v1/surveys/{survey_id}/responses"
    assert event["requestContext"]["http"]["method"] == "OPTIONS"
    assert contract.request("OPTIONS", "/widget.js").status == 404


def test_a_path_arrives_decoded(contract: Deployed):
    event = echo(contract, "POST", "/v1/surveys/caf%C3%A9%20au%20lait/responses")["event"]
    assert event["pathParameters"] == {"survey_id": "café au lait"}
    assert event["rawPath"] == "/v1/surveys/café au lait/responses"


def test_a_query_arrives_raw_and_read(contract: Deployed):
    event = echo(contract, path="/v1/echo?key=pk_1&x=1&x=2&empty=")["event"]
    assert event["rawQueryString"] == "key=pk_1&x=1&x=2&empty="
    assert event["queryStringParameters"] == {"key": "pk_1", "x": "1,2", "empty": ""}


@pytest.mark.parametrize(
    ("kind", "body", "arrives", "is_base64"),
    [
        ("application/json", '{"a": "é"}'.encode(), '{"a": "é"}', False),
        ("text/plain;charset=UTF-8", '{"a": "é"}'.encode(), '{"a": "é"}', False),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", True),
        ("application/octet-stream", b"\x00\xff", "AP8=", True),
        ("application/json", b'"\xff"', "Iv8i", True),
    ],
    ids=["json", "text", "form", "binary", "json that is not UTF-8"],
)
def test_a_body_arrives_as_text_or_whole_in_base64(contract: Deployed, kind, body, arrives, is_base64):
    event = echo(contract, "POST", "/v1/surveys/x/responses", body=body, headers={"content-type": kind})["event"]
    assert (event["body"], event["isBase64Encoded"]) == (arrives, is_base64)


def test_each_cookie_of_an_answer_is_a_header_of_its_own(contract: Deployed):
    place = contract.place
    curl = subprocess.run(
        ["curl", "-si", f"{place.base}/v1/echo?do=cookies"], capture_output=True, text=True, check=True
    )
    assert [line for line in curl.stdout.splitlines() if line.lower().startswith("set-cookie")] == [
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
    ]


def test_a_function_that_fails_answers_500_without_its_inner_words(contract: Deployed):
    answer = contract.request("GET", "/v1/echo?do=raise")
    assert (answer.status, answer.json()) == (500, {"message": "Internal Server Error"})


def test_basic_and_bearer_credentials_reach_the_function(contract: Deployed):
    for credentials in ("Basic c2tfMTo=", "Bearer sk_1"):
        assert (
            echo(contract, headers={"authorization": credentials})["event"]["headers"]["authorization"] == credentials
        )


def test_logs_are_kept(contract: Deployed):
    echo(contract)
    logs = contract.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    (group,) = [name for name in groups if "Echo" in name]
    written = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert any("START" in message for message in written), json.dumps(written)[:500]
