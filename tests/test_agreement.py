"""One real sweep, and all that is said of it: storage, MLflow, leaderboard, report and terminal agree."""

from __future__ import annotations

import csv
import html
import io
import math
import re
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dnnexp.config import Composer
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.notation import gain, interval, number, with_error
from dnnexp.search.ladder import climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig
from dnnexp.search.stored import StoredSweep, read_sweep
from dnnexp.search.summary import standard_error
from dnnexp.search.yardsticks import lead
from dnnexp.study import make_protocol, make_sweep
from dnnexp.sweep import main

METRIC = "rmse"  # of which less is better
BUDGETS = {"trials_per_depth": 4, "max_depth": 2, "patience": 1, "rescore": 2, "confirm_seeds": 3}


class Swept(NamedTuple):
    """A finished sweep: what is stored, recorded, written and printed of it."""

    stored: StoredSweep  # in Optuna's database
    runs: list[dict[str, Any]]  # in MLflow's: tags, and metrics at their last step
    board: list[dict[str, str]]
    shown: str  # on the report, on one line
    answer: str
    printed: str

    def run(self, role: str, record: TrialRecord | None = None) -> dict[str, Any]:
        """Return the metrics of the one run of that role, of a trial where one is given."""
        place = {} if record is None else {"dnnexp.depth": str(record.depth), "dnnexp.trial": str(record.origin)}
        wanted = {"dnnexp.role": role} | place
        (found,) = [run for run in self.runs if wanted.items() <= run["tags"].items()]
        return dict(found["metrics"])


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    root = tmp_path_factory.mktemp("agreement") / "runs"
    budgets = [f"search.{key}={value}" for key, value in BUDGETS.items()]
    settings = ["data=diabetes", f"evaluation.metric={METRIC}", "evaluation.rescore_folds=4", "trainer.epochs=15"]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        overrides = [*settings, *budgets, "study=s", f"paths.root={root}"]
        assert main(["--quiet", *overrides]) == 0
        config = Composer().compose(overrides)
    folder = root / "outputs" / "s"
    page = (folder / "report.html").read_text(encoding="utf-8").partition("<body>")[2]
    body = re.sub(r"<(script|style)>.*?</\1>", "", page, flags=re.DOTALL)
    with (folder / "leaderboard.csv").open(encoding="utf-8") as file:
        board = list(csv.DictReader(file))
    return Swept(
        stored=read_sweep(make_sweep(config, make_protocol(config))),
        runs=runs_in_mlflow(root / "mlflow.db"),
        board=board,
        shown=" ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split()),
        answer=(folder / "answer.txt").read_text(encoding="utf-8"),
        printed=out.getvalue(),
    )


def runs_in_mlflow(file: Path) -> list[dict[str, Any]]:
    """Return the tags and the latest metrics of every run, read from the database itself."""
    runs: dict[str, dict[str, Any]] = {}
    with sqlite3.connect(file) as database:
        for kind, table in (("tags", "tags"), ("metrics", "latest_metrics")):
            for run, key, value in database.execute(f"select run_uuid, key, value from {table}"):
                runs.setdefault(run, {"tags": {}, "metrics": {}})[kind][key] = value
    return list(runs.values())


def test_every_trial_has_the_same_numbers_in_optuna_mlflow_leaderboard_and_report(swept: Swept) -> None:
    ended = [record for record in swept.stored.records if record.stage != "confirm"]
    assert sorted(record.stage for record in ended) == ["rescore"] * 4 + ["screen"] * 8
    assert all(record.score == pytest.approx(sum(record.scores) / len(record.scores)) for record in ended)
    again = {(record.depth, record.origin): record for record in ended if record.stage == "rescore"}
    rows = {(row["depth"], row["trial"]): row for row in swept.board if row["state"] != "baseline"}
    assert len(rows) == 8
    for record in ended:
        metrics = swept.run(record.stage, record)
        assert metrics[f"score/{METRIC}"] == record.score
        assert metrics[f"score/{METRIC}_se"] == standard_error(record)
        assert metrics[f"test/{METRIC}"] == record.metrics[f"test/{METRIC}"]
        row = rows[str(record.depth), str(record.number if record.stage == "screen" else record.claim)]
        if record.stage == "screen":
            assert float(row["screening"]) == record.score
            assert float(row["lr"]) == record.params["lr"]
            assert row["widths"] == "x".join(str(record.params[f"width_{l}"]) for l in range(1, record.depth + 1))
        if again.get((record.depth, record.origin), record) is record:  # what it is judged by
            assert float(row["score"]) == record.score
            assert float(row["standard_error"]) == standard_error(record)
            assert float(row["test"]) == record.metrics[f"test/{METRIC}"]
            score = with_error(record.score, standard_error(record))
            test = number(record.metrics[f"test/{METRIC}"])
            assert f"{row['network']} {record.depth} {score} {test} {record.parameters:,} " in swept.shown


def test_the_choice_is_one_network_with_one_score_everywhere(swept: Swept) -> None:
    now = climb(swept.stored.records, SearchConfig(**BUDGETS))
    choice, confirmation, screened = now.choice, now.confirmation, now.screened
    assert choice is not None
    assert confirmation is not None
    assert screened is not None
    spread = confirmation.metrics[f"test/{METRIC}_sd"]
    (row,) = [r for r in swept.board if r["trial"] == str(choice.origin) and r["depth"] == str(choice.depth)]
    for text in (swept.answer, swept.printed, swept.shown):
        assert f"Use {row['network']}: {choice.depth} hidden layer" in text
        assert f"it has {METRIC} {with_error(choice.score, standard_error(choice))} (mean over 8 fresh folds" in text
        assert f"Screening had picked it with {number(screened.score)} over 5 folds" in text
        assert f"it has test {METRIC} {with_error(confirmation.score, spread)} (mean ± sd" in text
    assert f"chosen {row['network']} {choice.depth}" in swept.shown
    low, high = (confirmation.metrics[f"test/{METRIC}_{side}"] for side in ("low", "high"))
    first = [confirmation.metrics[f"first/{METRIC}_{side}"] for side in ("low", "high")]
    assert confirmation.score == pytest.approx(sum(confirmation.test_scores) / 3)
    assert low < (confirmation.score or math.nan) < high
    assert f"95% interval {interval(low, high)}" in swept.answer
    assert f"has test {METRIC} {number(confirmation.test_scores[0])} (95% interval {interval(*first)})" in swept.answer
    champion = swept.run("champion", choice)
    assert champion[f"score/{METRIC}"] == choice.score
    assert champion[f"test/{METRIC}"] == confirmation.test_scores[0]  # the network that is kept
    assert [champion[f"test/{METRIC}_{side}"] for side in ("low", "high")] == first
    assert champion[f"confirm/{METRIC}"] == confirmation.metrics[f"test/{METRIC}"] == confirmation.score
    assert [champion[f"confirm/{METRIC}_{side}"] for side in ("low", "high")] == [low, high]
    assert champion[f"optimism/{METRIC}"] == pytest.approx((choice.score or 0) - (screened.score or 0))
    assert swept.run("confirm", choice)[f"test/{METRIC}_low"] == low


def test_the_baselines_and_each_depths_gain_are_the_same_everywhere(swept: Swept) -> None:
    yardsticks: Yardsticks = swept.stored.yardsticks
    parent = swept.run("sweep")
    assert [base.name for base in yardsticks.judged] == ["mean", "linear", "boosted trees"]
    assert [len(base.scores) for base in yardsticks.screened] == [5, 5, 5]
    assert yardsticks.rescored is not None
    assert len(yardsticks.rescored.scores) == 8
    rows = {row["network"]: row for row in swept.board if row["state"] == "baseline"}
    for base in yardsticks.judged:
        mean = float(base.scores.mean())
        key = base.name.replace(" ", "_")
        assert float(rows[base.name]["score"]) == parent[f"baseline/{METRIC}_{key}"] == mean
        assert float(rows[base.name]["standard_error"]) == parent[f"baseline/{METRIC}_{key}_se"]
        assert float(rows[base.name]["test"]) == parent[f"baseline/test_{METRIC}_{key}"] == base.test_score
        error = float(rows[base.name]["standard_error"])
        assert f"{base.name} {with_error(mean, error)} {number(base.test_score)}" in swept.shown
        assert f"{base.name} {number(mean)}" in swept.answer
    now = climb(swept.stored.records, SearchConfig(**BUDGETS))
    beside = lead(now, yardsticks)
    assert beside is not None
    assert now.choice is not None
    paired = [b - a for a, b in zip(now.choice.scores, yardsticks.rescored.scores, strict=True)]
    assert beside.gain.estimate == pytest.approx(sum(paired) / 8)
    said = f"the best of these (gain {gain(beside.gain.estimate, beside.gain.standard_error)} on the same folds"
    assert beside.baseline.name in swept.answer.partition("The network ")[2].partition(said)[0]
    assert said in swept.answer
    (deeper,) = now.summaries[1:]
    assert deeper.gain is not None
    assert f"Depth 2: gain {gain(deeper.gain.estimate, deeper.gain.standard_error)} over depth 1" in swept.printed
    assert parent["depth/gain"] == deeper.gain.estimate
    assert parent[f"depth/{METRIC}"] == deeper.score
