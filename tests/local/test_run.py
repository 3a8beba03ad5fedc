"""`make run`, `make up` and `make down`: what a person sees who types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from functools import partial

import pytest

from infra.local.places import ROOT
from tests.local.stack import eventually, free_place

pytestmark = [pytest.mark.local, pytest.mark.slow]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """One home for all of these tests, so that the first data is loaded once."""
    return free_place(tmp_path_factory.mktemp("run"))


@pytest.fixture
def place(home):
    yield home
    hearback(home, "down")


def command(place, name: str) -> list[str]:
    return [sys.executable, "-m", "infra.local", name, "--port", str(place.port), "--home", str(place.home)]


def hearback(place, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(place, name), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def facts(place) -> dict:
    return json.loads(place.stack_file.read_text(encoding="utf-8"))


def look(url: str, seconds: float = 10) -> str:
    with urllib.request.urlopen(url, timeout=seconds) as answer:  # noqa: S310
        return answer.read().decode()


def test_up_gives_addresses_that_work_and_down_takes_them_away(place):
    up = hearback(place, "up")
    assert up.returncode == 0, up.stdout
    known = facts(place)
    assert known["api"] == f"{place.base}/v1/"
    assert known["publishable_key"].startswith("pk_") and known["secret_key"].startswith("sk_")
    for name in ("mail_page", "openapi", "mail_api"):
        assert look(known[name])
    assert known["publishable_key"] in look(place.base)
    assert known["publishable_key"] in up.stdout

    assert hearback(place, "up").returncode == 0  # Already there: the same again.
    assert facts(place) == known

    down = hearback(place, "down")
    assert (down.returncode, down.stdout.strip()) == (0, "Hearback is stopped.")
    assert not place.stack_file.exists()
    assert hearback(place, "down").stdout.strip() == "Hearback does not run here."


@pytest.mark.slow
def test_keys_survive_a_restart(place):
    hearback(place, "up")
    known = facts(place)
    hearback(place, "down")
    assert hearback(place, "up").returncode == 0
    assert facts(place) == known


def test_ctrl_c_stops_everything(place):
    # A shell ignores SIGINT for what it starts in the background, and that would be inherited.
    heeds_ctrl_c = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        command(place, "run"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heeds_ctrl_c,  # noqa: PLW1509
    )
    with process:
        try:
            eventually(place.stack_file.exists, seconds=180)
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "Stopping." in said and "Traceback" not in said
    assert not place.stack_file.exists()
    with pytest.raises(OSError):
        look(place.base)


def test_a_second_run_says_that_one_runs(place):
    hearback(place, "up")
    second = hearback(place, "run")
    assert second.returncode == 1
    assert second.stdout.strip() == "Hearback runs here already; `make down` stops it."


def test_a_port_in_use_is_one_clear_sentence(place, tmp_path):
    other = free_place(tmp_path / "other")
    hearback(place, "up")
    for name in ("run", "up"):
        refused = subprocess.run(
            [*command(other, name), "--port", str(place.port)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert refused.stdout.strip() == (
            f"Port {place.port} is in use by another program; stop it, or choose another: "
            f"make run PORT={place.port + 1}"
        )


def test_a_broken_state_file_is_one_clear_sentence(tmp_path):
    broken = free_place(tmp_path)
    broken.state.mkdir(parents=True)
    (broken.state / "sqs.json").write_text("{", encoding="utf-8")
    for name in ("run", "up"):
        refused = hearback(broken, name)
        assert refused.returncode == 1
        assert "sqs.json is broken" in refused.stdout
        assert "Traceback" not in refused.stdout


@pytest.mark.slow
def test_a_killed_run_takes_its_emulator_along_and_can_be_started_again(place):
    hearback(place, "up")
    os.kill(int(place.lock.read_text(encoding="utf-8")), signal.SIGKILL)
    eventually(lambda: not _answers(place))
    assert hearback(place, "up").returncode == 0


def _answers(place) -> bool:
    try:
        return bool(look(place.base, seconds=1))
    except OSError:
        return False
