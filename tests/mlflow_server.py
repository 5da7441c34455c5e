"""An MLflow server as `make ui` starts it, in a process of its own."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

MAKEFILE = Path(__file__).resolve().parent.parent / "Makefile"
PATIENCE = 120  # seconds for a server to come up


class Server:
    """A server on what is under `root`; `start` and `kill` may be called in turn, the port stays the same."""

    def __init__(self, root: Path) -> None:
        self.root = root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server with the command that stands in the Makefile, and wait until it answers."""
        recipe = MAKEFILE.read_text(encoding="utf-8").partition("\nui:")[2].partition("\n\n")[0]
        recipe = recipe.replace("\\\n", " ").partition("exec $(PY) ")[2]
        recipe = recipe.replace("$(PORT)", str(self.port)).replace("$$root", str(self.root))
        assert not re.search(r"\$[({$]", recipe), recipe
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (self.root / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *shlex.split(recipe)],
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/health", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise AssertionError((self.root / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """End the server and its workers at once, as a crash would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
