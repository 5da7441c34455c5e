from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from dnnexp.reporting.progress import SweepProgress, TrainingProgress


class Clock:
    """A clock that is told the time."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def plain() -> Console:
    return Console(file=io.StringIO(), width=80, highlight=False, markup=False)


def lines(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_training_prints_now_and_then_and_a_summary() -> None:
    console, clock = plain(), Clock()
    with TrainingProgress(console, 10, "accuracy", clock=clock) as progress:
        for epoch in range(1, 9):
            clock.now += 2
            progress.epoch(epoch, 1 / epoch, 0.9 if epoch == 3 else 0.5)
    assert lines(console) == [
        "epoch 1/10  loss 1.0000  accuracy 0.5000  best 0.5000  at most 18 s left",
        "epoch 4/10  loss 0.2500  accuracy 0.5000  best 0.9000  at most 12 s left",
        "epoch 7/10  loss 0.1429  accuracy 0.5000  best 0.9000  at most 6.0 s left",
        "trained 8 epochs in 16 s: loss 0.1250, best accuracy 0.9000 at epoch 3",
    ]


def test_the_time_left_of_a_resumed_training_goes_by_the_epochs_since() -> None:
    console, clock = plain(), Clock()
    with TrainingProgress(console, 100, "accuracy", clock=clock) as progress:
        for epoch in range(91, 96):
            clock.now += 10
            progress.epoch(epoch, 0.5)
    assert lines(console)[0] == "epoch 91/100  loss 0.5000  at most 90 s left"
    assert lines(console)[4] == "epoch 95/100  loss 0.5000  at most 50 s left"
    assert lines(console)[5] == "trained epochs 91 to 95 in 50 s: loss 0.5000"


def test_the_best_is_the_least_where_less_is_better_and_an_end_by_error_says_so() -> None:
    console, clock = plain(), Clock()
    training = TrainingProgress(console, 5, "rmse", greater_is_better=False, clock=clock)
    with pytest.raises(KeyboardInterrupt), training:  # noqa: PT012
        training.epoch(1, 0.5, 0.2)
        clock.now += 1
        training.epoch(2, 0.4, 0.3)
        raise KeyboardInterrupt
    assert lines(console)[-1] == "stopped after 2 epochs in 1.0 s: loss 0.4000, best rmse 0.2000 at epoch 1"


def test_an_epoch_without_a_value_of_the_metric_is_passed_over() -> None:
    console = plain()
    with TrainingProgress(console, 3, "roc_auc", clock=Clock()) as progress:
        for epoch, score in ((1, float("nan")), (2, 0.7), (3, 0.6)):
            progress.epoch(epoch, 0.5, score)
    assert lines(console)[0] == "epoch 1/3  loss 0.5000  at most 0.0 s left"
    assert lines(console)[-1].endswith("best roc_auc 0.7000 at epoch 2")


def test_a_training_without_scores_shows_its_loss() -> None:
    console = plain()
    with TrainingProgress(console, 1, "accuracy", clock=Clock()) as progress:
        progress.epoch(1, 0.5)
    assert lines(console) == ["epoch 1/1  loss 0.5000", "trained 1 epoch in 0.0 s: loss 0.5000"]


def test_a_sweep_prints_now_and_then_and_a_line_for_each_depth() -> None:
    console, clock = plain(), Clock()
    with SweepProgress(console, "accuracy", clock=clock) as progress:
        for done in range(1, 5):
            progress.trial(1, done, 4, score=0.9 - done / 100, error=0.01, network="16")
            clock.now += 4
        progress.depth(1, network="16 relu", score=0.89, error=0.01)
        progress.trial(2, 3, 4, stage="screen")  # resumed: two were done before
        clock.now += 6
        progress.trial(2, 4, 4, stage="screen", score=0.95, error=None)
        progress.depth(
            2, network="16x8 relu", score=0.95, error=0.01, gain=0.06, gain_error=0.02, note="distinguishable"
        )
    assert lines(console) == [
        "depth 1: 1/4 trials  best accuracy 0.8900 ± 0.0100 (16)",
        "depth 1: 3/4 trials  4.0 s left here  best accuracy 0.8900 ± 0.0100 (16)",
        "depth   1  accuracy 0.8900 ± 0.0100  16 relu",
        "depth 2, screen: 3/4 trials",
        "depth 2, screen: 4/4 trials  best accuracy 0.9500",
        "depth   2  accuracy 0.9500 ± 0.0100  gain +0.0600 ± 0.0200  distinguishable  16x8 relu",
    ]


def test_on_a_terminal_the_line_is_kept_up_to_date_within_its_width() -> None:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=True, highlight=False, markup=False, color_system=None)
    with SweepProgress(console, "accuracy") as progress:
        for done in range(1, 4):
            progress.trial(128, done, 40, score=0.9, error=0.01, network="64x64x64x64x64x64 leaky_relu")
        progress.depth(128, network="64x64", score=0.9)
        progress.depth(128, network="x".join(["64"] * 128), score=0.8)  # no room: left out, not cut
    assert "depth 128  accuracy 0.9000  64x64" in out.getvalue()
    assert "depth 128  accuracy 0.8000\n" in re.sub(r" +(?=\n)", "", out.getvalue()).replace("\r", "")
    shown = [line.split("\r")[-1] for line in out.getvalue().splitlines() if "3/40" in line]
    assert shown
    assert all(len(line.replace("\x1b[2K", "")) <= 80 for line in shown)


def test_a_score_on_rows_that_choose_is_named_so() -> None:
    out = io.StringIO()
    with SweepProgress(Console(file=out, width=200), "accuracy") as progress:
        progress.depth(2, kind="optimistic test", network="d2-64x64-relu", score=0.9444, gain=0.0056)
    assert out.getvalue().startswith("depth   2  optimistic test accuracy 0.9444  gain +0.0056")
