"""Drawings: where values stand, and what is left out of the way."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from made_contents import made

from dnnexp.reporting.report.contents import Contents, Estimate
from dnnexp.reporting.report.depths import depth_curve, gains, rung
from dnnexp.reporting.report.plot import Plot, element, linear, logarithmic, places, text_of
from dnnexp.reporting.report.trials import effect, parallel, running_median, score_by_size, score_scale


def circles(svg: str, class_: str) -> list[tuple[float, float]]:
    found = re.findall(rf'<circle class="dot {class_}[^"]*" cx="([\d.]+)" cy="([\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in found]


def test_scales_run_from_end_to_end() -> None:
    scale = linear([2.0, 4.0], margin=0)
    assert [scale.at(value) for value in (2.0, 3.0, 4.0)] == [0.0, 0.5, 1.0]
    assert scale.at(99.0) == 1.0
    log = logarithmic([1e-4, 1e-2])
    assert log.at(1e-3) == pytest.approx(0.5)
    assert {label for _, label in log.ticks} >= {"0.001", "0.01"}


def test_a_single_value_without_a_margin_stands_in_the_middle_of_its_scale() -> None:
    assert linear([1.0, 1.0], margin=0).at(1.0) == 0.5
    assert linear([0.0], margin=0).at(0.0) == 0.5


def test_texts_have_places_of_their_own_however_many() -> None:
    assert [label for _, label in places(["a", "b"]).ticks] == ["a", "b"]
    assert len(places([str(i) for i in range(100)]).ticks) <= 14


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.95, "0.95"), (0.0, "0"), (20, "20"), (3e-4, "0.0003"), (1e-5, "1e-5"), (12500, "12.5k"), (3e6, "3M")],
)
def test_ticks_are_short(value: float, text: str) -> None:
    if value == 3e-4:
        text = text_of(value)
        assert float(text) == value
    assert text_of(value) == text


def test_the_ring_is_around_the_chosen_depth_and_better_is_higher() -> None:
    svg = str(depth_curve(made()))
    points, ring = circles(svg, "main"), circles(svg, "ring")
    assert len(points) == 3
    assert ring[0] == points[0]
    assert points[0][1] < points[1][1] < points[2][1]  # counted from the top: the first depth scores best


def test_a_loss_of_score_is_drawn_to_the_left_of_none() -> None:
    svg = str(gains(made()))
    zero = float(re.findall(r'<line class="axis" x1="([\d.]+)" x2="\1"', svg)[0])
    for x, width in re.findall(r'<rect class="bar unclear" x="([\d.]+)" width="([\d.]+)"', svg):
        assert float(x) + float(width) == pytest.approx(zero, abs=0.2)


def test_bad_scores_do_not_press_the_good_ones_together() -> None:
    scores = [0.9 + 0.001 * i for i in range(30)] + [0.1, 0.2]
    scale = score_scale(scores, greater_is_better=True)
    assert scale.low > 0.8
    assert scale.at(0.1) == 0.0
    lower = score_scale([-score for score in scores], greater_is_better=False)
    assert lower.high < -0.8


def test_the_median_follows_its_neighbours() -> None:
    xs = np.linspace(0, 1, 100)
    line = running_median(xs.tolist(), (2 * xs).tolist())
    assert len(line) == 10
    assert [y for _, y in line] == pytest.approx([2 * x for x, _ in line])
    assert running_median([1.0] * 5, [1.0] * 5) == []


def test_depths_have_colours_of_their_own() -> None:
    colours = [rung(depth) for depth in (0, 1, 2, 3, 4, 6, 8, 12)]
    assert len(set(colours)) == len(colours)
    assert rung(512) == rung(16)


def test_what_is_drawn_is_escaped() -> None:
    assert element("text", "<b>", title='"') == '<text title="&#34;">&lt;b&gt;</text>'
    plot = Plot(linear([0, 1]), linear([0, 1]), "<x>", "</svg>")
    assert "</svg><" not in str(plot.svg('"><script>')).removesuffix("</svg>")


def rescored() -> Contents:
    """Of twelve trials six were scored again, the choice among them, and fell below what they were screened with."""
    trials = [
        replace(trial, stage="rescore", score=Estimate(0.5, 0.004)) if k < 6 and trial.score else trial
        for k, trial in enumerate(made().trials)
    ]
    return made(trials=trials)


def test_trials_that_were_scored_again_are_drawn_by_the_screening_that_all_have() -> None:
    contents = rescored()
    again, once = str(score_by_size(contents)), str(score_by_size(made()))
    assert again == once
    assert len(circles(again, "d")) == sum(trial.screening is not None for trial in contents.trials)
    assert len(re.findall(r'class="dot d\d choice"', again)) == 1
    rates = [float(trial.settings["learning rate"]) for trial in contents.trials]
    assert str(effect(contents, "learning rate", rates)) == str(effect(made(), "learning rate", rates))
    axes = [("learning rate", rates)]
    assert str(parallel(contents, axes)) == str(parallel(made(), axes))


def test_a_trial_that_was_lost_when_it_was_scored_again_keeps_the_dot_of_its_screening() -> None:
    first, *others = made().trials
    lost = replace(first, stage="rescore", state="diverged", score=None, rank=None)
    rates = [float(trial.settings["learning rate"]) for trial in made().trials]
    svg = str(effect(made(trials=[lost, *others]), "learning rate", rates))
    assert svg == str(effect(made(), "learning rate", rates))


@pytest.mark.parametrize("values", [(0.0, 1.0), (0.1415, 0.1515), (-2.5e-5, 2.5e-5), (10500.0, 98250.0)])
def test_ticks_leave_room_for_what_the_axis_is_called(values: tuple[float, float]) -> None:
    plot = Plot(linear([0.0, 1.0]), linear(values), "x", "optimistic test log_loss")
    ends = re.findall(r'<text class="tick end" x="([\d.]+)" y="[\d.]+">([^<]+)</text>', str(plot.svg("")))
    assert ends
    for x, label in ends:
        assert float(x) - 7 * len(label) >= 18  # a letter is 7 wide; the name is written up to 17
