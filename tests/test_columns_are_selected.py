"""Friedman's first function among 45 columns of noise: the sweep finds for itself that five of them matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_friedman1
from sklearn.ensemble import HistGradientBoostingRegressor

from dnnexp.config import Composer
from dnnexp.config.schema import sqlite_url
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies
from dnnexp.study import make_protocol
from dnnexp.sweep import main

SEEDS = (0, 1, 2)


def write_table(path: Path, seed: int) -> None:
    X, y = make_friedman1(n_samples=400, n_features=50, noise=1.0, random_state=seed)
    pd.DataFrame(X, columns=[f"x{i}" for i in range(50)]).assign(y=y).to_csv(path, index=False)


@pytest.mark.slow  # three sweeps of 40 configurations
def test_the_sweep_keeps_the_columns_that_matter_and_beats_boosted_trees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    selected, folds, tests = [], [], []
    for seed in SEEDS:
        write_table(Path(f"friedman{seed}.csv"), seed)
        keys = ["data=csv", f"data.path=friedman{seed}.csv", "data.target=y", f"study=s{seed}", "search.max_depth=2"]
        assert main(["--quiet", *keys, "tracking=none"]) == 0
        records = Studies(open_storage(sqlite_url(Path("runs", "optuna.db"))), f"s{seed}").read_all()
        (confirmation,) = [record for record in records if record.stage == "confirm" and record.state == "complete"]
        (choice,) = [r for r in records if r.stage == "screen" and r.configuration == confirmation.configuration]
        selected.append(choice.configuration["data.preprocessing.select"])

        protocol = make_protocol(Composer().compose(keys))
        X, y = protocol.dataset.X, protocol.dataset.y[:, 0]

        def boosted(train: np.ndarray, score: np.ndarray, X: pd.DataFrame = X, y: np.ndarray = y) -> float:
            trees = HistGradientBoostingRegressor(random_state=0).fit(X.iloc[train], y[train])
            return float(trees.score(X.iloc[score], y[score]))

        rivals = [boosted(np.concatenate([fold.train, fold.stop]), fold.score) for fold in protocol.folds]
        folds.append((choice.score, np.mean(rivals)))
        tests.append((confirmation.score, boosted(protocol.split.development, protocol.split.test)))
    assert selected == [5, 5, 5]
    for ours, theirs in (*folds, *tests):
        assert ours > theirs
