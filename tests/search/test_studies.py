from __future__ import annotations

from pathlib import Path

import pytest
from response_surface import begin

from dnnexp.config.schema import sqlite_url
from dnnexp.errors import DnnexpError
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies

SETTINGS = {"data.sha256": "ab12", "search.space.width": [16, 128], "seed": 0}


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "optuna.db")


def test_a_study_that_matches_goes_on_whatever_the_order_of_its_settings(url: str):
    Studies(open_storage(url), "digits", SETTINGS).open(1, "screen")
    again = Studies(open_storage(url), "digits", dict(reversed(SETTINGS.items())))
    assert again.existing() == [(1, "screen")]


def test_a_study_that_does_not_match_is_refused_with_every_difference(url: str):
    Studies(open_storage(url), "digits", SETTINGS).open(1, "screen")
    other = {"data.sha256": "ab12", "search.space.width": [16, 64], "evaluation.folds": 5, "seed": 0}
    with pytest.raises(DnnexpError) as caught:
        Studies(open_storage(url), "digits", other)
    message = str(caught.value)
    assert "study 'digits' was begun with other settings" in message
    assert "evaluation.folds was None and is 5; search.space.width was [16, 128] and is [16, 64]." in message
    assert "seed" not in message
    assert "Take another study name" in message


def test_a_setting_that_did_not_exist_when_a_study_was_begun_counts_as_its_default(url: str):
    Studies(open_storage(url), "digits", SETTINGS).open(1, "screen")
    defaults = {"evaluation.rescore_folds": 10, "search.selection": "development", "seed": 7}
    now = SETTINGS | {"evaluation.rescore_folds": 10, "search.selection": "development"}
    again = Studies(open_storage(url), "digits", now, defaults=defaults)
    assert again.existing() == [(1, "screen")]
    again.open(1, "screen")
    with pytest.raises(DnnexpError, match=r"evaluation.rescore_folds was 10 and is 5\. Take another"):
        Studies(open_storage(url), "digits", now | {"evaluation.rescore_folds": 5}, defaults=defaults)


def test_reading_needs_no_fingerprint(url: str):
    begin(Studies(open_storage(url), "digits", SETTINGS), 2)
    records = Studies(open_storage(url), "digits").read_all()
    assert [(r.depth, r.stage, r.number, r.state) for r in records] == [(2, "screen", 0, "running")]


def test_studies_whose_names_are_alike_do_not_see_each_other(url: str):
    storage = open_storage(url)
    names = ["a", "a/d01", "a.b", "axb", "A", "a/d01/screen"]
    for depth, name in enumerate(names, start=1):
        begin(Studies(storage, name, SETTINGS | {"seed": depth}), depth)
    for depth, name in enumerate(names, start=1):
        assert Studies(storage, name, SETTINGS | {"seed": depth}).existing() == [(depth, "screen")]


def test_depths_beyond_two_digits_are_found_and_sorted_as_numbers(url: str):
    studies = Studies(open_storage(url), "deep", SETTINGS)
    for depth in (128, 2, 16):
        studies.open(depth, "screen")
    assert studies.existing() == [(2, "screen"), (16, "screen"), (128, "screen")]


def test_optuna_says_nothing(url: str, capfd: pytest.CaptureFixture[str]):
    study = Studies(open_storage(url), "digits", SETTINGS).open(1, "screen")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert capfd.readouterr() == ("", "")
