"""One configuration from the command line to its result."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnnexp.train import main

SMALL = ("data=wine", "tracking=none", "trainer.epochs=8")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(empty_folder: Path) -> None:
    """Every command runs in a folder of its own."""


LONG = (*SMALL, "data=digits", "trainer.epochs=160", "trainer.patience=null", "model.depth=3")


def begin(*overrides: str) -> subprocess.Popen[str]:
    """Start a long training; return its process when it has two checkpoints."""
    command = [sys.executable, "-m", "dnnexp.train", *LONG, *overrides]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(list(Path().glob("runs/outputs/checkpoints/*/folds/*.ckpt"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    return process


def train(capsys: pytest.CaptureFixture[str], *overrides: str) -> str:
    assert main([*SMALL, *overrides]) == 0
    return capsys.readouterr().out


def result(printed: str) -> str:
    return printed.partition("the result\n")[2]


def test_a_run_prints_its_dimensions_its_score_and_its_test_result(capsys: pytest.CaptureFixture[str]) -> None:
    printed = train(capsys, "model.widths=[7,5]", "model.activations=[relu,tanh]")
    for row in (r"1 +7 +relu +\(7, 13\) +\(7, 1\) +\(7, m\)", r"2 +5 +tanh +\(5, 7\)", r"3 +3 +softmax +\(3, 5\)"):
        assert re.search(row, printed)
    assert re.search(r"accuracy 0\.\d{4} ± 0\.\d{4} on 5 folds", result(printed))
    assert re.search(r"training accuracy [01]\.\d{4}, test accuracy [01]\.\d{4} on 36 rows", result(printed))


def test_a_grid_trains_each_of_its_configurations(capsys: pytest.CaptureFixture[str]) -> None:
    printed = train(capsys, "-m", "model.depth=0,1", "optimizer.lr=0.01,0.001")
    assert printed.count("the result\n") == 4
    assert re.search(r"4 of 4: .*model\.depth=1 optimizer\.lr=0\.001", printed)


@pytest.mark.parametrize("evaluation", ["holdout", "none"])
def test_rows_can_be_held_out_once_or_not_at_all(evaluation: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = result(train(capsys, f"evaluation={evaluation}"))
    assert ("on held-out rows" in said) == (evaluation == "holdout")
    assert said.count("test accuracy") == 1


@pytest.mark.parametrize(("unit", "digits"), [(1e-6, r"\d\.\de-0\d"), (1e4, r"\d+,\d{3}")])
def test_scores_of_any_size_keep_their_digits(unit: float, digits: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{i % 7},{i % 5},{unit * (i % 7 + i % 5 + 0.37 * (i % 3))}" for i in range(80)]
    Path("scale.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    own = ("data=csv", "data.path=scale.csv", "data.target=target", "data.task=regression", "evaluation.metric=mae")
    said = result(train(capsys, *own, "evaluation.folds=3"))
    assert "0.0000" not in said.replace("0.0000000", "")
    assert re.search(f"training mae {digits}, test mae {digits} on 16 rows", said)


def test_a_network_that_cannot_train_is_named_before_it_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "trainer.epochs=1", "model.depth=40", "model.activation=sigmoid"]) == 0
    assert "this network will hardly train: the signal vanishes: at layer" in capsys.readouterr().err


def test_a_divergence_is_one_line_and_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "optimizer.lr=1e30"]) == 1
    out, err = capsys.readouterr()
    assert re.fullmatch(r"error: diverged in epoch 1, step 2: layer \d has a NaN or Inf in .*; lower .*\n", err)
    assert "the result" not in out


@pytest.mark.parametrize(
    ("overrides", "remedy"),
    [
        (("model.gain=1e30",), r"lower model\.gain \(1e\+30\), or take model\.gain=null"),
        (("trainer.l2=1e39",), r"lower trainer\.l2 \(1e\+39\)"),
        (("evaluation=none", "model.gain=1e30"), r"lower model\.gain \(1e\+30\), or take model\.gain=null"),
    ],
)
def test_a_divergence_before_the_first_step_is_not_put_down_to_the_learning_rate(
    overrides: tuple[str, ...], remedy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, *overrides]) == 1
    said = capsys.readouterr().err
    assert re.fullmatch(
        rf"error: diverged in epoch 1, step 1: .*, before optimizer\.lr played a part; {remedy}\n", said
    )


def test_a_first_step_that_is_too_long_is_put_down_to_the_learning_rate(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "trainer.epochs=1", "trainer.batch_size=null", "optimizer.lr=1e300"]) == 1
    assert re.search(r"epoch 1, step 1: .*; lower optimizer\.lr \(1e\+300\)\n", capsys.readouterr().err)


def test_the_run_of_a_network_that_diverged_has_its_dimensions_every_layer(capsys: pytest.CaptureFixture[str]) -> None:
    deep = ("model.depth=20", "model.width=5", "model.activation=tanh", "trainer.epochs=2", "optimizer.lr=1e30")
    assert main([*SMALL, "tracking=mlflow", *deep]) == 1
    assert re.search(r"^ +… +9 layers$", capsys.readouterr().out, re.MULTILINE)
    (table,) = Path().glob("runs/artifacts/*/artifacts/dimensions.txt")
    layers = [line.split()[0] for line in table.read_text(encoding="utf-8").splitlines()[2:-1]]
    assert layers == [str(l) for l in range(22)]
    with sqlite3.connect("runs/mlflow.db") as database:
        ((parameters,),) = database.execute("select value from params where key = 'model.parameters'").fetchall()
    assert int(parameters) == 5 * 14 + 19 * 5 * 6 + 3 * 6


def test_a_gain_beyond_all_weights_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "model.gain=1e300"]) == 2
    law = "error: model.gain: need 0 < gain <= 1e+30, so that weights fit into float32, got 1e+300\n"
    assert capsys.readouterr().err == law


def test_health_is_drawn_recorded_and_said_where_to_find(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("tracking=mlflow", "trainer.health=true", "model.widths=[7,5]")
    printed = result(train(capsys, *asked))
    assert "Its artifact health.png shows" in printed
    (picture,) = Path().glob("runs/artifacts/*/artifacts/health.png")
    assert picture.read_bytes().startswith(b"\x89PNG")
    lines = picture.with_suffix(".csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 8 * 3
    with sqlite3.connect("runs/mlflow.db") as database:
        metrics = database.execute(
            "select key, count(*) from metrics where key like 'health/%' group by key"
        ).fetchall()
    measures = {"gradient_norm": 3, "update_ratio": 3, "activation_rms": 2, "dead_share": 2}
    assert dict(metrics) == {f"health/{m}/l{l:03d}": 8 for m, layers in measures.items() for l in range(1, layers + 1)}
    assert "health.png" not in result(train(capsys, "tracking=mlflow"))


def test_health_that_goes_nowhere_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "trainer.health=true"]) == 0
    assert "trainer.health: what is measured goes into MLflow, and tracking is off" in capsys.readouterr().err


def test_a_metric_without_a_value_on_a_part_is_refused_not_scored_as_nan(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [f"{i % 7},{i % 5},{int(i < 4)}" for i in range(60)]  # 3 of 48 are of class 1
    Path("rare.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    rare = ["data=csv", "data.path=rare.csv", "data.target=target", "evaluation.metric=roc_auc", "trainer.epochs=1"]
    assert main([*SMALL, *rare]) == 2
    out, err = capsys.readouterr()
    assert re.match(r"error: evaluation\.metric: roc_auc has no value on fold \d", err)
    assert "nan" not in out


def test_a_run_killed_and_resumed_ends_in_the_result_of_one_that_was_not(capsys: pytest.CaptureFixture[str]) -> None:
    overrides = LONG[len(SMALL) :]
    uninterrupted = result(train(capsys, *overrides))
    process = begin("trainer.checkpoint=1")
    process.kill()
    process.communicate()
    last = max(Path().glob("runs/outputs/checkpoints/*/folds/*.ckpt")).absolute()
    last.write_bytes(last.read_bytes()[:-1])
    assert main([*LONG, "trainer.resume=true"]) == 0
    out, err = capsys.readouterr()
    assert result(out) == uninterrupted
    assert re.search(rf"resumed after epoch {int(last.stem[-6:]) - 1}, from {last.parent}\n", out)
    assert err.startswith(
        f"warning: trainer.resume: {last}: damaged, its checksum does not match its content; the one "
    )
    assert err.count("\n") == 1
    assert not list(Path().glob("runs/outputs/checkpoints/*"))


def test_a_run_that_has_nothing_to_resume_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    for evaluation, training in (("cross_validation", "folds"), ("none", "refit")):
        assert main([*SMALL, f"evaluation={evaluation}", "trainer.resume=true"]) == 0
        out, err = capsys.readouterr()
        assert err.count("\n") == 1
        assert re.search(
            rf"trainer.resume: nothing to resume in \S+/{training}: no checkpoint of a run with these", err
        )
        assert "resumed after" not in out


def test_a_stop_says_how_to_go_on_where_there_is_a_checkpoint() -> None:
    process = begin("trainer.checkpoint=1")
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)[1]
    assert process.returncode == 130
    again = " ".join(["python -m dnnexp.train", *LONG, "trainer.checkpoint=1 trainer.resume=true"])
    assert said == f"\nstopped. To go on: {again}\n"
