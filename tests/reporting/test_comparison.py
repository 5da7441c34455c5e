from __future__ import annotations

import math

import pytest

from dnnexp.evaluation.comparison import Comparison
from dnnexp.evaluation.statistics import Interval
from dnnexp.evaluation.superiority import Superiority
from dnnexp.reporting.comparison import Contestant, comparison_sentences

A = Contestant("A", "d1-64-relu-lr3e-3", 0.9719, 0.0142, 0.9444)
B = Contestant("B", "d3-64x64x64-relu-lr1e-3", 0.9579, 0.0170, 0.9722)


def interval(estimate: float, low: float, high: float, error: float = 0.01) -> Interval:
    return Interval(estimate, low, high, error, 0.95)


def said(gain: Interval, repeats: int | None = None, rows: float | None = None, **changes: object) -> list[str]:
    often = Superiority(interval(0.575, 0.45, 0.7), 5, 13, 2)
    comparison = Comparison(gain, often, 10, repeats, rows)._replace(**changes)
    return comparison_sentences(A, B, comparison, "accuracy", greater_is_better=True, test_rows=36)


def test_it_says_what_each_scored_who_is_better_how_sure_and_how_often():
    text = said(interval(0.014, -0.0275, 0.0556, 0.0198), None, 8.66)
    assert text[:3] == [
        "A, d1-64-relu-lr3e-3: accuracy 0.9719 ± 0.0142; test accuracy 0.9444.",
        "B, d3-64x64x64-relu-lr1e-3: accuracy 0.9579 ± 0.0170; test accuracy 0.9722.",
        "20 scores each, 10 folds × 2 repeats (means ± corrected standard error); the 36 test rows decide nothing.",
    ]
    assert text[3] == (
        "A is better by 0.0140 ± 0.0198 accuracy, not distinguishable from no difference "
        "(95% interval of A's gain over B -0.0275 to +0.0556)."
    )
    assert text[4].startswith(
        "A scored better in 5 of 20 runs, B in 2, 13 were ties: P(A > B) = 0.57 "
        "(95% interval of independent runs 0.45 to 0.70; folds share rows, and it is too narrow for them)"
    )
    assert "not distinguishable from a toss of a coin" in text[4]
    assert "no number of repeats of these 10 folds is enough" in text[5]
    assert "about 8.7 times as many rows" in text[5]
    assert len(text) == 6
    assert "about 1,381 times as many rows" in said(interval(0.0007, -0.1, 0.1), None, 1380.7)[5]


def test_a_sure_difference_needs_nothing_more_and_b_may_be_the_better_one():
    text = said(interval(-0.02, -0.03, -0.01), 1)
    assert text[3].startswith("B is better by 0.0200 ± 0.0100 accuracy, distinguishable from no difference")
    assert len(text) == 5


def test_repeats_that_would_do_are_counted_in_scores():
    text = said(interval(0.014, -0.001, 0.029), 3, 1.15)
    assert text[5] == (
        "To tell a difference of 0.0140 from none every second time would take about 30 scores like these 20 "
        "(10 folds × 3), or 1.1 times as many rows."
    )


def test_no_difference_at_all_says_what_a_meaningful_one_would_take():
    text = said(interval(0, 0, 0, 0))
    assert text[3].startswith("A and B differ by 0.0000 ± 0.0000 accuracy, not distinguishable")
    assert text[5] == "P(A > B) = 0.75 would need 29 runs to be seen (Noether)."


def test_figures_of_any_size_keep_their_digits():
    a, b = A._replace(score=16372.04, standard_error=812.3, test_score=0.0000212), B._replace(score=4.1e-5)
    gain = interval(1250.4, -80.2, 2581.0, 640.1)
    comparison = Comparison(gain, Superiority(interval(0.575, 0.45, 0.7), 5, 13, 2), 10, None, 1.1)
    text = comparison_sentences(a, b, comparison, "rmse", greater_is_better=False, test_rows=36)
    assert text[0] == "A, d1-64-relu-lr3e-3: rmse 16,372 ± 812; test rmse 2.1e-05."
    assert text[3] == (
        "A is better by 1,250 ± 640 rmse, not distinguishable from no difference "
        "(95% interval of A's gain over B -80 to +2,581)."
    )
    assert "To tell a difference of 1,250 from none every second time, no number of repeats" in text[5]


def test_one_score_each_says_so_and_what_to_do():
    one = Superiority(interval(1, 0.025, 1), 1, 0, 0)
    text = said(interval(0.014, -math.inf, math.inf, math.nan), None, None, superiority=one, folds=1)
    assert text[2] == "One score each, on held-out rows; the 36 test rows decide nothing."
    assert text[3:] == [
        "A is better by 0.0140 accuracy; one score each says nothing about the uncertainty.",
        "evaluation=cross_validation gives a difference its uncertainty.",
    ]


@pytest.mark.parametrize(("greater", "words"), [(True, False), (False, True)])
def test_where_less_is_better_it_is_said(greater: bool, words: bool):
    comparison = Comparison(interval(0.1, -0.1, 0.3), Superiority(interval(0.5, 0.4, 0.6), 10, 0, 10), 10, 4, 1.5)
    text = comparison_sentences(A, B, comparison, "rmse", greater_is_better=greater, test_rows=36)
    assert text[2].endswith(" Less rmse is better.") == words


def test_repeats_that_brought_fewer_folds_are_not_counted_as_whole_ones():
    few = Superiority(interval(0.575, 0.45, 0.7), 5, 6, 2)
    assert "13 scores each, at most 10 to a repeat (means" in said(interval(0.014, -0.1, 0.1), superiority=few)[2]
    held_out = said(interval(0.014, -0.1, 0.1), folds=1, superiority=few)
    assert "13 scores each, 1 fold × 13 repeats" in held_out[2]
