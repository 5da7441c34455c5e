"""Where a result comes from: code, packages, machine and command, as tags of a run."""

from __future__ import annotations

import getpass
import importlib.metadata
import os
import platform
import subprocess
from functools import cache
from pathlib import Path

import threadpoolctl

from dnnexp import __version__
from dnnexp.redaction import redact

__all__ = ["provenance"]

PACKAGES = ("numpy", "pandas", "scikit-learn", "optuna", "mlflow", "hydra-core")
PATIENCE = 5.0  # seconds for git, which may meet a huge or a remote folder


def provenance(command: str, threads: int) -> dict[str, str]:
    """Return tags with the git commit, versions, BLAS, machine and command; what cannot be found out is left out.

    command: the command line, which is redacted again. threads: that BLAS trains with.
    """
    tags = {
        "mlflow.user": _user(),
        "mlflow.source.name": redact(command),
        "mlflow.source.type": "LOCAL",
        "dnnexp.version": __version__,
        "dnnexp.packages": _packages(),
        "dnnexp.python": platform.python_version(),
        "dnnexp.platform": f"{platform.platform()}, {os.cpu_count()} CPUs",
        "dnnexp.blas": _blas(threads),
    }
    return {key: value for key, value in (tags | _git(Path.cwd())).items() if value}


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        return ""


@cache
def _packages() -> str:
    """Return "numpy 2.4.0, pandas 3.1.0, …"."""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def _blas(threads: int) -> str:
    """Return "openblas 0.3.30, SkylakeX, 1 thread": what decides the last bits of a result."""
    libraries = [library for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"]
    texts = []
    for library in libraries:
        parts = [f"{library['internal_api']} {library['version'] or ''}".strip(), library.get("architecture", "")]
        texts.append(", ".join(filter(None, [*parts, f"{threads} thread{'s' * (threads != 1)}"])))
    return "; ".join(dict.fromkeys(texts))


@cache
def _git(folder: Path) -> dict[str, str]:
    """Return the commit that is checked out, its branch, and whether tracked files differ from it."""
    commit = _git_answer(folder, "rev-parse", "HEAD")
    if not commit:
        return {}
    changes = _git_answer(folder, "status", "--porcelain", "--untracked-files=no")
    return {
        "mlflow.source.git.commit": commit,
        "mlflow.source.git.branch": _git_answer(folder, "rev-parse", "--abbrev-ref", "HEAD") or "",
        "mlflow.source.git.dirty": "" if changes is None else str(bool(changes)).lower(),
    }


def _git_answer(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, None where it fails, is not installed or takes too long."""
    try:
        answer = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
            timeout=PATIENCE,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # reading leaves the index alone
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
