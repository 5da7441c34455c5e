from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.comparison import Comparison, compare
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import Evaluation, cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.schema import TrainerConfig

PROTOCOL = Protocol(load(DataConfig("wine")), 0.2, EvaluationConfig(folds=5, repeats=2), 0)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return cross_validate(Configuration(ModelConfig(width=4), trainer=TrainerConfig(epochs=2)), PROTOCOL)


def scored(evaluation: Evaluation, scores: np.ndarray, *, greater: bool = True) -> Evaluation:
    return evaluation._replace(scores=np.asarray(scores, float), greater_is_better=greater)


def of(evaluation: Evaluation, d: np.ndarray, folds: int = 5) -> Comparison:
    return compare(scored(evaluation, 0.5 + d), scored(evaluation, np.full(len(d), 0.5)), folds)


def differences(mean: float, size: int = 10) -> np.ndarray:
    d = np.random.default_rng(2).normal(size=size)
    return 0.01 * ((d - d.mean()) / d.std(ddof=1) + mean)


def test_a_configuration_cannot_be_told_from_itself(evaluation: Evaluation):
    found = compare(evaluation, evaluation, 5)
    assert (found.gain.estimate, found.gain.standard_error) == (0, 0)
    assert not found.gain.excludes_zero
    assert found.superiority.ties == 10
    assert (found.repeats_needed, found.rows_needed) == (None, None)


def test_the_gain_is_the_corrected_paired_test_and_less_is_better_turns_it_round(evaluation: Evaluation):
    d = differences(1.5)
    found = of(evaluation, d)
    t = found.gain.estimate / found.gain.standard_error
    by_hand = d.mean() / math.sqrt(d.var(ddof=1) * (1 / 10 + evaluation.n_score / evaluation.n_train))
    assert t == pytest.approx(by_hand)
    assert evaluation.n_score / evaluation.n_train == pytest.approx(1 / 4, rel=0.02)
    less = compare(scored(evaluation, d, greater=False), scored(evaluation, d * 0, greater=False), 5)
    assert less.gain.estimate == pytest.approx(-found.gain.estimate)
    assert less.superiority.wins == found.superiority.losses


def test_what_would_tell_a_difference_does_tell_it(evaluation: Evaluation):
    found = of(evaluation, differences(1.2))  # 1.34 sd can be told at 5 x 2
    assert not found.gain.excludes_zero
    assert found.repeats_needed is not None
    assert found.repeats_needed > 2
    margin = found.gain.high - found.gain.estimate
    assert found.rows_needed == pytest.approx((margin / 0.012) ** 2)
    assert margin / math.sqrt(found.rows_needed) == pytest.approx(0.012)
    sure = of(evaluation, differences(3))
    assert sure.gain.excludes_zero
    assert sure.rows_needed is None
    assert sure.repeats_needed == 1  # t[4] sqrt(1/5 + 1/4) = 1.86 sd
    assert stats.t.ppf(0.975, 4) * math.sqrt(1 / 5 + 1 / 4) < 3


def test_one_score_each_has_no_limits(evaluation: Evaluation):
    found = of(evaluation, np.array([0.1]), folds=1)
    assert (found.gain.low, found.repeats_needed, found.rows_needed) == (-math.inf, None, None)
