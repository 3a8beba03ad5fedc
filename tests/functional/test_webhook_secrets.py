"""The secrets of webhooks are read seldom, outlive an outage, and can be renewed without a webhook being refused."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws
from rich.console import Console

from infra.ops import cli, webhooks
from infra.ops.webhooks import SecretError
from infra.stack import Stack
from shared.domain.signatures import is_signed
from shared.domain.tracking.providers import Provider
from shared.errors import TemporaryError
from shared.storage.webhook_secrets import KEPT_FOR, WebhookSecrets
from tests.fakes.webhooks import SIGNED_AT, signed

PARAMETER = "/hearback/test/webhook-secrets"
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


class SettableClock:
    def __init__(self) -> None:
        self.time = NOON

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def ssm() -> Iterator[Any]:
    with mock_aws():
        yield boto3.client("ssm")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


def put(ssm: Any, value: str) -> None:
    ssm.put_parameter(Name=PARAMETER, Value=value, Type="SecureString", Overwrite=True)


# Reading.


def test_without_a_parameter_nobody_has_a_secret(ssm: Any, clock: SettableClock) -> None:
    secrets = WebhookSecrets(ssm, PARAMETER, clock)
    assert [secrets.of(provider) for provider in Provider] == [()] * 4


def test_secrets_are_decrypted_and_each_provider_has_its_own(ssm: Any, clock: SettableClock) -> None:
    put(ssm, '{"easypost": ["a secret of theirs", "an older one"], "shippo": []}')
    secrets = WebhookSecrets(ssm, PARAMETER, clock)
    assert secrets.of(Provider.EASYPOST) == ("a secret of theirs", "an older one")
    assert secrets.of(Provider.SHIPPO) == secrets.of(Provider.AFTERSHIP) == ()


def test_they_are_read_again_after_a_minute_and_not_before(ssm: Any, clock: SettableClock) -> None:
    secrets = WebhookSecrets(ssm, PARAMETER, clock)
    assert secrets.of(Provider.EASYPOST) == ()
    put(ssm, '{"easypost": ["a secret of theirs"]}')
    assert secrets.of(Provider.EASYPOST) == ()
    clock.time += KEPT_FOR
    assert secrets.of(Provider.EASYPOST) == ("a secret of theirs",)
    ssm.delete_parameter(Name=PARAMETER)
    clock.time += KEPT_FOR
    assert secrets.of(Provider.EASYPOST) == ()


class Away:
    def get_parameter(self, **_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://ssm")


def test_an_outage_is_no_refusal(ssm: Any, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who never read them says "later", so that the provider comes again; who has read them goes on with those."""
    with pytest.raises(TemporaryError):
        WebhookSecrets(Away(), PARAMETER, clock).of(Provider.EASYPOST)
    put(ssm, '{"easypost": ["a secret of theirs"]}')
    secrets = WebhookSecrets(ssm, PARAMETER, clock)
    assert secrets.of(Provider.EASYPOST) == ("a secret of theirs",)
    monkeypatch.setattr(secrets, "_ssm", Away())
    clock.time += KEPT_FOR
    assert secrets.of(Provider.EASYPOST) == ("a secret of theirs",)


@pytest.mark.parametrize(
    "value", ["[]", "x", '{"sendcloud": ["a secret"]}', '{"easypost": "a secret"}', '{"easypost": [""]}']
)
def test_a_spoiled_parameter_lets_nobody_in(ssm: Any, clock: SettableClock, value: str) -> None:
    put(ssm, value)
    with pytest.raises(TemporaryError, match="ops webhooks"):
        WebhookSecrets(ssm, PARAMETER, clock).of(Provider.EASYPOST)


# Renewing.


def live(ssm: Any, provider: Provider) -> tuple[str, ...]:
    return WebhookSecrets(ssm, PARAMETER, SettableClock()).of(provider)


def test_the_secret_before_a_rotation_stays_good_until_it_is_retired(ssm: Any) -> None:
    first = webhooks.rotate(ssm, PARAMETER, Provider.HEARBACK)
    second = webhooks.rotate(ssm, PARAMETER, Provider.HEARBACK)
    assert live(ssm, Provider.HEARBACK) == (second, first)
    third = webhooks.rotate(ssm, PARAMETER, Provider.HEARBACK)
    assert live(ssm, Provider.HEARBACK) == (third, second)
    assert webhooks.retire(ssm, PARAMETER, Provider.HEARBACK) == 1
    assert live(ssm, Provider.HEARBACK) == (third,)
    assert webhooks.retire(ssm, PARAMETER, Provider.HEARBACK) == 0
    assert webhooks.retire(ssm, PARAMETER, Provider.SHIPPO) == 0


def test_a_secret_of_ours_has_the_form_of_standard_webhooks_and_signs(ssm: Any) -> None:
    secret = webhooks.rotate(ssm, PARAMETER, Provider.HEARBACK)
    assert secret.startswith("whsec_") and len(base64.b64decode(secret[6:])) == 32
    headers = signed("hearback", b"{}", secret)
    assert is_signed(Provider.HEARBACK, headers, b"{}", live(ssm, Provider.HEARBACK), SIGNED_AT)


@pytest.mark.parametrize("provider", [Provider.AFTERSHIP, Provider.SHIPPO])
def test_a_secret_that_the_provider_chooses_is_not_made_here(ssm: Any, provider: Provider) -> None:
    with pytest.raises(SecretError, match=f"ops webhooks set {provider}"):
        webhooks.rotate(ssm, PARAMETER, provider)
    assert live(ssm, provider) == ()


def test_rotating_one_provider_leaves_the_others(ssm: Any) -> None:
    webhooks.add(ssm, PARAMETER, Provider.SHIPPO, "a shippo secret")
    webhooks.rotate(ssm, PARAMETER, Provider.EASYPOST)
    assert live(ssm, Provider.SHIPPO) == ("a shippo secret",)
    webhooks.add(ssm, PARAMETER, Provider.SHIPPO, "a shippo secret")
    assert live(ssm, Provider.SHIPPO) == ("a shippo secret",), "the same again is no second one"


@pytest.mark.parametrize("content", ["", "short", "x" * 257, "\n"])
def test_what_is_no_secret_is_not_set(ssm: Any, tmp_path: Path, content: str) -> None:
    file = tmp_path / "secret"
    file.write_text(content)
    with pytest.raises(SecretError):
        webhooks.set_from(ssm, PARAMETER, Provider.SHIPPO, file)
    with pytest.raises(SecretError, match="can not be read"):
        webhooks.set_from(ssm, PARAMETER, Provider.SHIPPO, tmp_path / "missing")
    assert live(ssm, Provider.SHIPPO) == ()


def test_the_commands(ssm: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack("test", boto3.Session(), None, {"WebhookSecretsParameter": PARAMETER})
    monkeypatch.setattr(cli, "aws_stack", lambda _: stack)

    def run(*arguments: str) -> str:
        out = io.StringIO()
        assert cli.main(["webhooks", *arguments], Console(file=out, width=200)) == 0
        return out.getvalue()

    secret = run("rotate", "easypost").splitlines()[-1]
    assert live(ssm, Provider.EASYPOST) == (secret,)
    file = tmp_path / "secret"
    file.write_text("a secret of theirs\n")
    run("set", "aftership", "--secret-file", str(file))
    assert live(ssm, Provider.AFTERSHIP) == ("a secret of theirs",)
    listed = run("list")
    assert listed.split("\n")[:4] == ["aftership: 1", "easypost: 1", "hearback: 0", "shippo: 0"]
    assert secret not in listed and "theirs" not in listed
    run("retire", "easypost")
    assert cli.main(["webhooks", "rotate", "shippo"], Console(file=io.StringIO())) == 1
