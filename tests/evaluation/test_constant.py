"""The cost of a constant prediction is the one that closed forms and a search over constants give."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.evaluation.constant import constant_cost
from dnnexp.training.examples import Examples

ROWS = np.arange(2, 12)


def examples(Y: np.ndarray, weights: np.ndarray | None = None) -> Examples:
    """Return two rows that do not count, then those targets."""
    ignored = np.full((2, Y.shape[1]), 9.0)
    counts = None if weights is None else np.concatenate([[9.0, 9.0], weights])
    return Examples(np.ones((12, 3)), np.concatenate([ignored, Y]), counts)


def test_of_classes_it_is_the_entropy_of_their_shares() -> None:
    Y = np.eye(3)[[0, 0, 0, 0, 0, 1, 1, 1, 2, 2]]
    p = np.array([0.5, 0.3, 0.2])
    assert constant_cost(examples(Y), ROWS, "softmax_cross_entropy") == pytest.approx(-(p * np.log(p)).sum())
    q = 0.9 * p + 0.1 / 3
    assert constant_cost(examples(Y), ROWS, "softmax_cross_entropy", 0.1) == pytest.approx(-(q * np.log(q)).sum())


def test_of_two_classes_it_is_the_entropy_of_the_share_and_weights_count() -> None:
    Y = np.array([[1.0]] * 2 + [[0.0]] * 8)
    assert constant_cost(examples(Y), ROWS, "sigmoid_cross_entropy") == pytest.approx(
        -(0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    )
    balanced = np.array([4.0] * 2 + [1.0] * 8)
    assert constant_cost(examples(Y, balanced), ROWS, "sigmoid_cross_entropy") == pytest.approx(np.log(2))


def test_of_a_quantity_no_constant_is_better() -> None:
    y = np.random.default_rng(0).normal(3, 2, 10)
    costs = [np.mean((y - c) ** 2) / 2 for c in np.linspace(-5, 10, 15_001)]
    assert constant_cost(examples(y[:, None]), ROWS, "squared_error") == pytest.approx(min(costs), rel=1e-6)


def test_a_class_without_rows_costs_nothing() -> None:
    Y = np.eye(3)[[0] * 5 + [1] * 5]
    assert constant_cost(examples(Y), ROWS, "softmax_cross_entropy") == pytest.approx(np.log(2))
