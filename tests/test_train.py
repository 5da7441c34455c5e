"""One configuration from the command line to its result."""

from __future__ import annotations

import os
import re
import signal
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


def test_a_network_that_cannot_train_is_named_before_it_is_trained(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "trainer.epochs=1", "model.depth=40", "model.activation=sigmoid"]) == 0
    assert "this network will hardly train: the signal vanishes: at layer" in capsys.readouterr().err


def test_a_divergence_is_one_line_and_no_score(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "optimizer.lr=1e30"]) == 1
    out, err = capsys.readouterr()
    assert re.fullmatch(r"error: diverged in epoch 1, step 2: layer \d has a NaN or Inf in .*; lower .*\n", err)
    assert "the result" not in out


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
