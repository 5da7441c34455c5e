"""What is printed as an override is read as what it was printed for."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnexp.config import Composer, Config, PathsConfig
from dnnexp.config.override import override, own_root

ODD = [
    'a"b', "my runs", "runs(1)", "a,b", "it's", "runs=2", "x\\", " lead", "trail ", "~/r", "{x}", "[x]", "runs+1",
    "\\", '\\"', "a\\b", "a\\\\b", '"', "''", "null", "True", "nan", "007", "1e5", ".5", "-1", "1_000", "ä", "a  b",
    "-a", "${x}", "\\${x}", "$x", "#a", "a#b", "a;b", "x!", "%a", "a\tb", "${oc.env:HOME}", "\\\\${seed}", "..", "@a",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_an_override_is_read_as_the_text_that_it_was_made_of(text: str) -> None:
    assert (
        Composer().compose([override("study", "s"), override("tracking.experiment", text)]).tracking.experiment == text
    )


COMPOSER = Composer()


@settings(deadline=None, derandomize=True, max_examples=60, database=None)
@given(st.text(st.sampled_from("ab1 .,:=\\\"'${}()[]~/@-_#\t"), max_size=8).map(lambda text: f"{text}x{text}"))
def test_any_text_of_the_signs_that_the_grammar_knows_comes_back(text: str) -> None:
    assert COMPOSER.compose([override("tracking.experiment", text)]).tracking.experiment == text


@pytest.mark.parametrize("root", ["my runs", "runs(1)", "a,b", "it's", "runs=2", "x\\", " lead", "~/r", "007"])
def test_the_root_that_commands_are_told_is_the_one_that_was_used(root: str) -> None:
    config = replace(Config(), paths=PathsConfig(root))
    (said,) = shlex.split(shlex.join(own_root(config)))
    assert Composer().compose([said]).paths.root == root


def test_the_usual_root_needs_no_word() -> None:
    assert own_root(Config()) == []


@pytest.mark.parametrize("text", ["runs", "./elsewhere", "models:/my study@champion", "/a/b-c_d.e"])
def test_what_needs_no_quotes_has_none(text: str) -> None:
    assert override("source", text) == f"source={text}"
