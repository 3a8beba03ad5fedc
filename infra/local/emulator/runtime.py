"""The Python that functions run in: what AWS's runtime has, and nothing more.

Upstream runs functions with the emulator's own Python, whose packages (pydantic among them) would hide that one is
missing from the layer. Here they get a virtual environment that holds only boto3 and what it needs.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

from ministack.core import lambda_runtime

#: What AWS's Python runtime brings along: the SDK and its dependencies.
RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3")


def make(place: Path, python: Path) -> Path:
    """Make the functions' virtual environment, linking the emulator's own copies of the packages.

    Args:
        place: its folder.
        python: what it is made with.

    Returns:
        Its Python.
    """
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([str(python), "-m", "venv", "--without-pip", str(place)], check=True)
    site_packages = _site_packages(place)
    for name in RUNTIME_PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{name} is missing from the emulator's packages.", name=name)
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (site_packages / source.name).symlink_to(source)
    # A line of a .pth file that begins with "import" is run when Python starts (its documentation, "site").
    shutil.copyfile(Path(__file__).with_name("function_clock.py"), site_packages / "function_clock.py")
    (site_packages / "function_clock.pth").write_text("import function_clock\n", encoding="ascii")
    return place / "bin" / "python"


def clock_file(place: Path) -> Path:
    """Where functions of this virtual environment read how far their clock is ahead, in seconds."""
    return _site_packages(place) / "clock"


def install(python: Path) -> None:
    """Run Python functions with the given interpreter, and do not wait for log lines that never come."""
    detect_upstream = lambda_runtime._detect_runtime_binary

    def detect(runtime: str) -> tuple[str, str]:
        binary, script = detect_upstream(runtime)
        return (str(python) if runtime.startswith("python") else binary), script

    lambda_runtime._detect_runtime_binary = detect
    # Upstream waits 50 ms after each invocation for a first log line; 2 ms serve as well and keep a page quick.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.002, 0.002, 0.25)


def _site_packages(place: Path) -> Path:
    return next(place.glob("lib/python3*/site-packages"))
