"""Prove the way to AWS on the embedded one: `sam validate`, `sam build`, `sam deploy`, a request, `sam delete`.

`make run` packages and deploys without the SAM CLI, to be quick. This shows that SAM makes the same of the same
template: the same resources, and functions that answer.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from infra.local import deploy, server
from infra.local.environments import environment
from infra.local.errors import LocalError
from infra.local.places import CACHE, ROOT, Place
from infra.stack import LOCAL_REGION

SAM_STACK = "hearback-sam"
HOME = CACHE / "sam-check"
RUNTIME = "python3.13"
#: SAM names a layer, and the version of a function, after a hash of what is in it.
CONTENT_HASH = re.compile(r"(?<=Layer)[0-9a-f]{10}$")
UNAUTHORIZED = 401


def main() -> int:
    """Run every step; 0 when all went well."""
    try:
        check()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def check() -> None:
    """Run every step.

    Raises:
        LocalError: one failed, or SAM made other resources than we do.
    """
    python = find_runtime()
    sam = environment(CACHE / "sam", ROOT / "requirements" / "sam.txt").with_name("sam")
    place = Place(_free_port(), HOME)
    shutil.rmtree(HOME, ignore_errors=True)
    with step("start the embedded AWS"), contextlib.ExitStack() as held:
        held.enter_context(server.emulator(place, python))
        running = held.pop_all()
    with running:
        run = _runner(sam, python, place)
        with step("sam validate --lint"):
            run("sam", "validate", "--lint", "--template-file", "template.yaml", "--region", LOCAL_REGION)
        with step("make build, for AWS"):
            run("make", "build")
            require_unchecked_bytecode(ROOT / ".aws-sam" / "build")
        with step("sam build, for this machine"):
            run("sam", "build", "--template-file", str(for_this_machine()), "--base-dir", str(ROOT),
                "--build-dir", str(HOME / "build"))  # fmt: skip
        with step("sam deploy"):
            values = deploy.parameters(place.base)
            # The SAM CLI takes no empty value; what is empty here is so by the template.
            overrides = [f"{name}={value}" for name, value in values.items() if value]
            run("sam", "deploy", "--template-file", str(HOME / "build" / "template.yaml"), "--stack-name", SAM_STACK,
                "--resolve-s3", "--capabilities", *deploy.CAPABILITIES, "--no-confirm-changeset", "--no-progressbar",
                "--region", LOCAL_REGION, "--parameter-overrides", *overrides)  # fmt: skip
        with step("ask one thing"):
            ask(place)
        with step("compare with the quick deployment"):
            deploy.deploy(place.base, values)
            compare(place)
        with step("sam delete"):
            run("sam", "delete", "--stack-name", SAM_STACK, "--no-prompts", "--region", LOCAL_REGION)


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    began = time.monotonic()
    print(f"  {name} …", end="", flush=True)
    yield
    print(f" {time.monotonic() - began:.1f} s", flush=True)


def find_runtime() -> Path:
    """Find a Python of Lambda's version that runs and has pip: `sam build` takes packages for that version.

    Raises:
        LocalError: there is none.
    """
    candidates = [Path(folder) / RUNTIME for folder in os.environ.get("PATH", "").split(os.pathsep)]
    candidates += sorted((Path.home() / ".pyenv" / "versions").glob(f"3.13*/bin/{RUNTIME}"), reverse=True)
    for candidate in candidates:
        with contextlib.suppress(OSError):
            if subprocess.run([str(candidate), "-m", "pip", "--version"], check=False, capture_output=True).returncode:
                continue
            where = [str(candidate), "-c", "import sys; print(sys.executable)"]
            return Path(subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip())
    raise LocalError(f"`sam build` needs a {RUNTIME} with pip, the functions' runtime; install one and run again.")


def for_this_machine() -> Path:
    """Write the template as it would be for functions on this machine's processor, so that they can be run here."""
    ours = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    text = (ROOT / "template.yaml").read_text(encoding="utf-8").replace("BuildArchitecture: arm64",
                                                                      f"BuildArchitecture: {ours}")  # fmt: skip
    HOME.mkdir(parents=True, exist_ok=True)
    file = HOME / "template.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def require_unchecked_bytecode(build: Path) -> None:
    """Make sure that the build holds bytecode that Lambda uses as it is.

    Raises:
        LocalError: a function would be compiled anew at each cold start.
    """
    # PEP 552: after the magic number come flags; 1 is "hash-based, unchecked".
    compiled = list(build.glob(f"*/**/*.{'cpython-313'}.pyc"))
    if not compiled or any(int.from_bytes(file.read_bytes()[4:8], "little") != 1 for file in compiled):
        raise LocalError("The build's .pyc files are not unchecked ones; see `make build`.")


def ask(place: Place) -> None:
    """Ask the deployed API for a score without a key, which it must refuse in our own words.

    Raises:
        LocalError: it answered otherwise.
    """
    if platform.system() != "Linux":
        print(" (skipped: the build is for Linux)", end="")
        return
    api_id = deploy.outputs(place.base, SAM_STACK)["ApiId"]
    try:
        with urllib.request.urlopen(f"{place.base}/_aws/execute-api/{api_id}/$default/v1/metrics") as answer:  # noqa: S310
            raise LocalError(f"The API answered {answer.status} to a request without a key.")
    except urllib.error.HTTPError as error:
        with error:
            body = error.read()
        if error.code != UNAUTHORIZED or json.loads(body).get("status") != UNAUTHORIZED:
            raise LocalError(f"The API answered {error.code} to a request without a key: {body!r}") from error


def compare(place: Place) -> None:
    """Make sure that both deployments made the same resources.

    Raises:
        LocalError: they did not; the message lists the difference.
    """
    quick, sam = (resources(place, name) for name in (deploy.STACK_NAME, SAM_STACK))
    if quick != sam:
        raise LocalError(
            f"SAM and the quick deployment differ. Only SAM: {sorted(sam - quick)}; only quick: {sorted(quick - sam)}."
        )


def resources(place: Place, stack_name: str) -> set[tuple[str, str]]:
    """Return type and logical id of every resource of a stack, without hashes of content."""
    found = deploy.client("cloudformation", place.base).describe_stack_resources(StackName=stack_name)
    return {
        (resource["ResourceType"], CONTENT_HASH.sub("", resource["LogicalResourceId"]))
        for resource in found["StackResources"]
    }


def _runner(sam: Path, python: Path, place: Place) -> Callable[..., None]:
    path = os.pathsep.join([str(sam.parent), str(python.parent), os.environ["PATH"]])
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYENV_"))},
        "PATH": path,
        "AWS_ENDPOINT_URL": place.base,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "SAM_CLI_TELEMETRY": "0",
    }

    def run(*command: str) -> None:
        result = subprocess.run(command, check=False, cwd=ROOT, env=env, capture_output=True, text=True)
        if result.returncode:
            print()
            raise LocalError(f"{' '.join(command[:2])} failed:\n{result.stdout}{result.stderr}")

    return run


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
