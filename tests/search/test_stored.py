from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from response_surface import sweep

from dnnexp.config.schema import sqlite_url
from dnnexp.errors import ConfigError
from dnnexp.search.stored import read_sweep, require_stored
from dnnexp.search.sweep import Sweep


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (read_sweep, "was begun with other settings"),
        (Sweep.runs, "was begun with other settings"),
        (lambda other: require_stored(other.url, "nobody's"), 'no study "nobody\'s"'),
    ],
)
def test_who_is_refused_leaves_no_connection_open(act: Callable[[Sweep], object], said: str, tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    log = tmp_path / "optuna.db-wal"  # the last connection to the file takes it away
    with sweep(url).studies() as studies:
        studies.open(1, "screen")
        assert log.exists()
    assert not log.exists()
    with pytest.raises(ConfigError, match=said) as refused:
        act(sweep(url, fingerprint={"data": "another"}))
    assert not log.exists(), refused  # whose traceback holds on to all that was open


def test_the_names_of_the_studies_there_are_come_with_a_refusal(tmp_path: Path):
    url = sqlite_url(tmp_path / "optuna.db")
    with pytest.raises(ConfigError, match=r"nothing is stored in .*optuna\.db yet"):
        require_stored(url, "study")
    assert not list(tmp_path.iterdir())
    with sweep(url).studies() as studies:
        studies.open(1, "screen")
    require_stored(url, "study")
    with pytest.raises(ConfigError, match=r"no study 'studi' in the storage, did you mean 'study'"):
        require_stored(url, "studi")
