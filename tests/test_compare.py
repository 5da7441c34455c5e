"""Two configurations from the command line to the answer, with a real MLflow store."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnexp import train
from dnnexp.compare import main

SMALL = ("data=wine", "trainer.epochs=6", "model.width=16")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(empty_folder: Path) -> None:
    """Every command runs in a folder of its own."""


def compare(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*SMALL, *arguments]) == 0
    return capsys.readouterr().out


def answer(printed: str) -> list[str]:
    return printed[printed.index("wine: A (") :].splitlines()


def runs(table: str) -> list[dict[str, Any]]:
    """Return the rows of a table of the MLflow database as key and value, by run, A first."""
    sides = "select run_uuid from tags where key = 'dnnexp.side' order by value"
    with sqlite3.connect("runs/mlflow.db") as database:
        return [
            dict(database.execute(f"select key, value from {table} where run_uuid = ?", run).fetchall())
            for run in database.execute(sides).fetchall()
        ]


def test_a_metric_that_is_none_to_choose_by_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    data = [*SMALL, "tracking=none", "evaluation=holdout"]
    for metric, warnings in (("calibration_error", 1), ("log_loss", 0)):
        measured = [*data, f"evaluation.metric={metric}"]
        for command, sides in ((main, ["--a", "model.depth=1", "--b", "model.depth=2"]), (train.main, [])):
            assert command([*measured, *sides]) == 0
            said = "warning: evaluation.metric: calibration_error is least where"
            assert capsys.readouterr().err.count(said) == warnings


def test_the_answer_says_what_each_scored_and_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    printed = compare(
        capsys,
        "tracking=none",
        "evaluation.folds=3",
        "--a",
        "model.depth=1",
        "--b",
        "model.depth=2",
        "optimizer.lr=1e-2",
    )
    text = answer(printed)
    assert text[0] == "wine: A (model.depth=1) against B (model.depth=2 optimizer.lr=1e-2)"
    assert re.match(r"A, d1-16-silu-lr1e-2: accuracy 0\.\d{4} ± 0\.\d{4}; test accuracy [01]\.\d{4}\.", text[1])
    assert re.match(r"B, d2-16x16-silu-lr1e-2: accuracy 0\.\d{4} ± ", text[2])
    assert text[3].startswith("6 scores each, 3 folds × 2 repeats")
    assert re.search(r"[AB] is better by 0\.\d{4} ± .* from no difference \(95% interval of A's gain over B", text[4])
    assert re.search(r"A scored better in \d of 6 runs.*P\(A > B\) = ", text[5])


def test_the_difference_is_that_of_two_runs_of_train_on_the_same_folds(capsys: pytest.CaptureFixture[str]) -> None:
    shared = ("tracking=none", "evaluation.folds=4", "evaluation.repeats=1")
    printed = "\n".join(answer(compare(capsys, *shared, "--a", "model.depth=0", "--b", "model.depth=2")))
    for depth, side in ((0, "A"), (2, "B")):
        assert train.main([*SMALL, *shared, f"model.depth={depth}"]) == 0
        alone = capsys.readouterr().out
        score, error = re.search(r"accuracy (\S+) ± (\S+) on 4 folds", alone).groups()  # type: ignore[union-attr]
        tested = re.search(r"test accuracy (\S+) on 36 rows", alone)
        assert tested is not None
        line = next(line for line in printed.splitlines() if line.startswith(f"{side}, "))
        assert line.endswith(f"accuracy {score} ± {error}; test accuracy {tested[1]}.")


def test_swapping_the_sides_turns_the_answer_round(capsys: pytest.CaptureFixture[str]) -> None:
    shared = ("tracking=none", "evaluation.folds=3", "-q")
    one = answer(compare(capsys, *shared, "--a", "model.depth=0", "--b", "model.depth=2"))
    other = answer(compare(capsys, *shared, "--a", "model.depth=2", "--b", "model.depth=0"))
    limits = re.compile(r"([+-]\d\.\d{4}) to ([+-]\d\.\d{4})")
    low, high = (float(x) for x in limits.search(one[4]).groups())  # type: ignore[union-attr]
    assert limits.search(other[4]).groups() == (f"{-high:+.4f}", f"{-low:+.4f}")  # type: ignore[union-attr]
    assert one[0] == "wine: A (model.depth=0) against B (model.depth=2)"


def test_both_runs_are_in_mlflow_and_know_of_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    printed = compare(capsys, "evaluation.folds=3", "--a", "model.depth=1", "--b", "model.depth=2")
    a, b = runs("tags")
    assert a["dnnexp.role"] == b["dnnexp.role"] == "single"
    assert a["dnnexp.comparison"] == b["dnnexp.comparison"]
    assert (a["dnnexp.side"], a["dnnexp.compared_with"]) == ("A", "B: model.depth=2")
    assert (b["dnnexp.side"], b["dnnexp.compared_with"]) == ("B", "A: model.depth=1")
    assert (a["dnnexp.settings"], a["dnnexp.depth"], b["dnnexp.depth"]) == ("model.depth=1", "1", "2")
    metrics = dict(zip("AB", runs("latest_metrics"), strict=True))
    for key in ("compare/accuracy_gain", "score/accuracy", "score/accuracy_se", "test/accuracy"):
        assert key in metrics["A"].keys() & metrics["B"].keys()
    difference = metrics["A"]["score/accuracy"] - metrics["B"]["score/accuracy"]
    assert metrics["A"]["compare/accuracy_gain"] == pytest.approx(difference)
    assert metrics["B"]["compare/accuracy_gain"] == pytest.approx(-difference)
    assert metrics["B"]["compare/accuracy_gain_low"] == pytest.approx(-metrics["A"]["compare/accuracy_gain_high"])
    assert metrics["A"]["compare/probability"] + metrics["B"]["compare/probability"] == pytest.approx(1)
    link = answer(printed)[-1]
    assert link.startswith("Recorded in MLflow; side by side: make ui, then http://127.0.0.1:5000/#/compare-runs?runs=")
    with sqlite3.connect("runs/mlflow.db") as database:
        assert all(run_id in link for (run_id,) in database.execute("select run_uuid from runs"))
    text = next(Path("runs/artifacts").rglob("comparison.txt")).read_text(encoding="utf-8")
    assert text.splitlines() == answer(printed)[1:-1]


def test_ten_folds_twice_are_the_default_and_holdout_can_be_had(capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("--a", "model.depth=0", "--b", "model.depth=1")
    assert main([*SMALL, "--cfg", "job", *sides]) == 0
    composed = capsys.readouterr().out.split("---\n")
    assert [re.findall(r"  (?:folds|repeats): (\d+)", text) for text in composed] == [["10", "2"]] * 2
    assert main([*SMALL, "--cfg", "job", "evaluation.repeats=5", *sides]) == 0
    assert re.findall(r"  (?:folds|repeats): (\d+)", capsys.readouterr().out.split("---\n")[0]) == ["10", "5"]
    text = answer(compare(capsys, "tracking=none", "evaluation=holdout", *sides))
    assert text[3].startswith("One score each, on held-out rows")
    assert text[-1] == "evaluation=cross_validation gives a difference its uncertainty."


@pytest.mark.parametrize(
    ("rows", "key", "folds", "said"),
    [
        (20, None, 8, "8 folds × 2 repeats"),
        (80, "data.group=site", 7, "at most 7 to a repeat"),
        (80, "data.time=day", 7, "7 folds × 1 repeat"),
        (80, None, 10, "10 folds × 2 repeats"),
    ],
)
def test_of_few_rows_groups_or_times_there_are_as_many_folds_as_they_allow(
    rows: int, key: str | None, folds: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fifth is locked away: of 20 rows 16 are left, of 10 sites 8, one more than folds, and of 10 days 8."""
    rng = np.random.default_rng(0)
    x, site = rng.normal(size=rows), np.arange(rows) % 10
    table = {"x": x, "y": np.where(x > 0, "a", "b"), "site": site, "day": site}
    parts = [name for name in ("site", "day") if key is None or not key.endswith(name)]
    pd.DataFrame(table).drop(columns=parts).to_csv("own.csv", index=False)
    data = ["data=csv", "data.path=own.csv", "data.target=y", "trainer.epochs=2", *([key] if key else [])]
    sides = ["--a", "model.depth=0", "--b", "model.depth=1"]
    assert main([*data, *sides]) == 0
    assert f" scores each, {said} " in capsys.readouterr().out
    assert {run["evaluation.folds"] for run in runs("params")} == {str(folds)}
    assert all(f"  folds: {folds}\n" in file.read_text("utf-8") for file in Path("runs").rglob("config.yaml"))
    if folds < 10:
        assert main([*data, "evaluation.folds=10", *sides]) == 2
        assert "evaluation.folds: 10 folds" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--a and --b: need what the two differ in, such as --a model.depth=1 --b model.depth=3"),
        (["--a", "data=iris"], "need the same data and protocol, got data.name=iris and data.name=wine; set it once,"),
        (["--b", "seed=3"], "need the same data and protocol, got seed=0 and seed=3;"),
        (["--b", "evaluation.metric=log_loss"], "got evaluation.metric=null and evaluation.metric=log_loss;"),
        (["--a", "model.depth=1", "--b", "model.depth=1"], "both are the same configuration, need two that differ"),
        (["evaluation=none", "--a", "model.depth=0"], "a comparison needs scores, got none"),
        (["trainer=lr_range_test", "--a", "model.depth=0"], "a comparison trains, got lr_range_test"),
        (["trainer.checkpoint=1", "--a", "model.depth=0"], "a comparison is not resumed"),
        (["-m", "--a", "model.depth=0"], "--multirun: two configurations are compared"),
        (["--a", "model.depht=0"], "did you mean 'model.depth'?"),
        (["--c", "model.depth=0"], "--c: no such option"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line_and_leaves_nothing(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data=wine", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert message in err
    assert not list(Path().iterdir())


def test_a_metric_without_a_value_on_a_part_is_refused_not_compared_as_nan(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{i % 7},{i % 5},{int(i < 4)}" for i in range(60)]  # 3 of 48 are of class 1
    Path("rare.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    rare = ["data=csv", "data.path=rare.csv", "data.target=target", "evaluation.metric=roc_auc", "evaluation.folds=5"]
    assert main([*SMALL, *rare, "--a", "model.depth=0"]) == 2
    out, err = capsys.readouterr()
    assert re.match(r"error: evaluation\.metric: roc_auc has no value on fold \d", err)
    assert "nan" not in out


DIVERGING = (*SMALL, "evaluation.folds=3", "--a", "model.depth=1", "--b", "optimizer.lr=1e30")


def test_a_side_that_diverges_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tracking=none", *DIVERGING]) == 1
    out, err = capsys.readouterr()
    assert re.match(r"error: B \(optimizer\.lr=1e30\): diverged in epoch 1, step \d: layer ", err)
    assert "against" not in out


@pytest.mark.slow
def test_a_side_that_diverges_is_kept_on_record_beside_the_other() -> None:
    assert main([*DIVERGING]) == 1
    a, b = runs("tags")
    assert (a["dnnexp.state"], b["dnnexp.state"]) == ("complete", "diverged")


def test_the_manual_shows_how_the_sides_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[1].strip() == "--a key=value … --b key=value …"
    assert "10 folds × 2 repeats" in text.replace("\n", " ")
    assert "--multirun" not in text
    assert max(map(len, text.splitlines())) <= 80
