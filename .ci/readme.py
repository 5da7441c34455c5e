"""Run every command that the README and docs/ show, in a copy of the checkout, and fail with the first that fails.

A block that opens with ```sh is run by bash, line after line, with the project's Python first on PATH. A block that
opens with ```sh serves=URL starts something that does not end: it is started, must answer at the URL, and is stopped.
Blocks of any other kind (```text, ```python, ```console) are read, not run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"^```sh(?P<info>[^\n]*)\n(?P<script>.*?)^```\s*$", re.MULTILINE | re.DOTALL)
PATIENCE = 90  # seconds until a server answers


class Block(NamedTuple):
    """Shell lines of the README, the line they start at, and the URL they serve, if they do."""

    line: int
    script: str
    url: str | None


def blocks(text: str) -> list[Block]:
    """Return the shell blocks of a Markdown text, in their order."""
    found = []
    for match in BLOCK.finditer(text):
        serves = re.search(r"serves=(\S+)", match["info"])
        found.append(Block(text.count("\n", 0, match.start()) + 2, match["script"], serves[1] if serves else None))
    return found


def without(script: str, shown: list[str]) -> str:
    """Return the script less the lines whose command, comment aside, was shown elsewhere."""
    return "".join(line for line in script.splitlines(True) if re.sub(r"\s+#.*", "", line).strip() not in shown)


def copy_of_checkout(target: Path) -> None:
    """Copy what git lists, times included, and what commands shown elsewhere have left; link .venv."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    if (ROOT / "runs").is_dir():
        shutil.copytree(ROOT / "runs", target / "runs")
    (target / ".venv").symlink_to(ROOT / ".venv")


def answers(url: str) -> bool:
    """Return whether the URL answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return 200 <= response.status < 400
    except (urllib.error.URLError, OSError):
        return False


def serve(script: str, url: str, folder: Path, environment: dict[str, str]) -> str:
    """Start the script, wait until the URL answers, stop it; return what went wrong, or ""."""
    if answers(url):
        return f"{url} answers already: something else holds the port"
    process = subprocess.Popen(["bash", "-euc", script], cwd=folder, env=environment, start_new_session=True)
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if answers(url):
                return ""
            if process.poll() is not None:
                return f"ended with code {process.returncode} before {url} answered"
            time.sleep(0.5)
        return f"{url} did not answer within {PATIENCE} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def run_page(page: Path, shown: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run the blocks of a page in the folder; return what went wrong, or ""."""
    found = blocks(page.read_text(encoding="utf-8"))
    for block in found:
        script = without(block.script, shown)
        if not script.strip():
            continue
        print(f"--- {page.name}:{block.line}\n{script}", end="", flush=True)
        if block.url:
            fault = serve(script, block.url, folder, environment)
        else:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=environment, check=False)
            fault = f"exit code {done.returncode}" if done.returncode else ""
        if fault:
            return f"{page.name}:{block.line}: {fault}"
    print(f"all {len(found)} blocks of {page.name} hold")
    return ""


def main() -> int:
    """Run the blocks of all pages, one page after another in one folder; return 0 when all of them succeeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shown", action="append", default=[], help="a command that CI has run already")
    parser.add_argument(
        "pages", type=Path, nargs="*", default=[ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    )
    arguments = parser.parse_args()
    environment = {**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_of_checkout(folder)
        for page in arguments.pages:
            if fault := run_page(page, arguments.shown, folder, environment):
                print(fault, file=sys.stderr)
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
