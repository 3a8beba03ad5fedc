"""Layers, unpacked and compiled once, as AWS mounts one read-only /opt for all.

Upstream unpacks the layer anew for each worker, and Python then compiles every module of it again: two and a half
seconds of a laptop's processor for each cold start, instead of less than one.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import io
import os
import shutil
import subprocess
import time
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

#: A layer that no worker was started with for this long is removed.
KEPT_SECONDS = 86_400


class Layers:
    """Unpacked layers.

    Args:
        place: a folder for them, kept between runs, and shared with other emulators of the same checkout.
        python: compiles them; the one that functions run on.
    """

    def __init__(self, place: Path, python: Path) -> None:
        self._place = place
        self._python = python
        self._place.mkdir(parents=True, exist_ok=True)

    def install(self) -> None:
        """Have workers use the unpacked layers, and remove those of long ago."""
        for folder in self._place.iterdir():
            if folder.is_dir() and folder.stat().st_mtime < time.time() - KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
        spawn_upstream = lambda_runtime.Worker._spawn

        @functools.wraps(spawn_upstream)
        def spawn(worker: Any) -> None:
            config = worker.config
            zips = [lambda_svc._resolve_layer_zip(layer) for layer in config.get("Layers", [])]
            folders = [str(self.folder(layer)) for layer in zips if layer]
            variables = (config.get("Environment") or {}).get("Variables") or {}
            variables = {**variables, "_LAMBDA_LAYERS_DIRS": os.pathsep.join(folders)}
            worker.config = {**config, "Layers": [], "Environment": {"Variables": variables}}
            try:
                spawn_upstream(worker)
            finally:
                worker.config = config

        lambda_runtime.Worker._spawn = spawn

    def folder(self, layer: bytes) -> Path:
        """Return the folder with what is in a layer's zip."""
        folder = self._place / hashlib.sha256(layer).hexdigest()[:32]
        with (self._place / "lock").open("w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                aside = folder.with_suffix(".tmp")
                shutil.rmtree(aside, ignore_errors=True)
                with zipfile.ZipFile(io.BytesIO(layer)) as archive:
                    archive.extractall(aside)
                compiling = ["-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(aside)]
                subprocess.run([str(self._python), *compiling], check=False, capture_output=True)
                aside.rename(folder)
            folder.touch()
        return folder
