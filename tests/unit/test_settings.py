"""Settings: the environment, read once, and refused with the name of what is wrong."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.settings import EnvironmentSettings


class Settings(EnvironmentSettings):
    responses_queue_url: str
    alert_grace_seconds: int = 90


def test_a_field_is_the_variable_of_its_name_in_capitals() -> None:
    settings = Settings.from_environment({"RESPONSES_QUEUE_URL": "https://queue", "ALERT_GRACE_SECONDS": "5"})
    assert settings == Settings(responses_queue_url="https://queue", alert_grace_seconds=5)


def test_what_is_not_set_has_its_default_and_what_is_not_ours_is_ignored() -> None:
    assert Settings.from_environment({"RESPONSES_QUEUE_URL": "u", "PATH": "/bin"}).alert_grace_seconds == 90


def test_the_environment_is_that_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONSES_QUEUE_URL", "https://queue")
    assert Settings.from_environment().responses_queue_url == "https://queue"


@pytest.mark.parametrize("environment", [{}, {"RESPONSES_QUEUE_URL": "u", "ALERT_GRACE_SECONDS": "soon"}])
def test_a_missing_or_malformed_variable_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match=r"responses_queue_url|alert_grace_seconds"):
        Settings.from_environment(environment)
