"""Links in the descriptions of runs, which are written before anybody knows under which ids the runs will be kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from dnnexp.tracking.entities import key_of, tag_of

__all__ = ["file_link", "resolved", "run_link"]

LINK = re.compile(r"\[(?P<words>[^\]]*)\]\((?P<kind>run|file):(?P<target>[^)]*)\)")


def run_link(words: str, key: str) -> str:
    """Return a Markdown link to the run with that key."""
    return f"[{words}](run:{tag_of(key)})"


def file_link(words: str, path: str) -> str:
    """Return a Markdown link to an artifact of the run that is described."""
    return f"[{words}](file:{quote(path)})"


def resolved(text: str, experiment_id: str, run_id: str, find: Callable[[str, str], str | None]) -> str:
    """Return the text with addresses in the MLflow UI, from the # on; of a link to a run that is not there, its words.

    find: from the key of a run and the id of its experiment to its id.
    """

    def address(link: re.Match[str]) -> str:
        words, target = link["words"], link["target"]
        if link["kind"] == "file":
            return f"[{words}](#/experiments/{experiment_id}/runs/{run_id}/artifacts/{target})"
        found = find(key_of(target), experiment_id)
        return words if found is None else f"[{words}](#/experiments/{experiment_id}/runs/{found})"

    return LINK.sub(address, text)
