"""Class weights: every class has the same share of the cost, whatever the examples weigh themselves."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.evaluation.class_weights import balanced, class_weights
from dnnexp.evaluation.constant import constant_cost
from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.training.batches import Batches
from dnnexp.training.examples import Examples, Member
from dnnexp.training.fit import Fit
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig

SEED = np.random.SeedSequence(0)


def examples(Y: np.ndarray, weights: np.ndarray | None = None) -> Examples:
    return Examples(np.ones((len(Y), 2)), Y, weights)


def member(train: np.ndarray) -> Member:
    return Member(train, np.zeros(0, np.intp), SEED, 0.1)


def balance(given: Examples, train: np.ndarray, output: str) -> np.ndarray:
    """Return how much each example counts for a network that trains on those."""
    weights = given.counted(np.arange(len(given.Y)), class_weights(given, train, output))
    assert weights is not None
    return weights


@pytest.mark.parametrize("own", [None, np.random.default_rng(1).random(40) + 0.1])
@pytest.mark.parametrize("classes", [2, 3])
def test_every_class_has_the_same_share_of_the_weight_and_rows_keep_their_ratio(
    classes: int, own: np.ndarray | None
) -> None:
    codes = np.minimum(np.random.default_rng(0).integers(0, 9, 40), classes - 1)
    Y = (codes == 1)[:, None].astype(float) if classes == 2 else np.eye(3)[codes]
    output = "sigmoid" if classes == 2 else "softmax"
    weights = balance(examples(Y, own), np.arange(30), output)
    given = np.ones(40) if own is None else own
    shares = np.bincount(codes[:30], weights[:30])
    np.testing.assert_allclose(shares, given[:30].sum() / classes)
    for code in range(classes):
        ratio = (weights / given)[codes == code]
        np.testing.assert_allclose(ratio, ratio[0])


def test_of_labels_an_example_has_the_mean_of_its_weights() -> None:
    Y = np.array([[1, 0], [0, 0], [0, 0], [0, 1.0]])
    weights = balance(examples(Y), np.arange(4), "sigmoid")
    rare, common = 4 / 2, 4 / 6  # one of four rows, three of four
    np.testing.assert_allclose(weights, [(rare + common) / 2, common, common, (rare + common) / 2])


def test_a_class_that_is_not_trained_on_counts_as_one_row_of_its_class() -> None:
    Y = np.eye(3)[[0, 0, 0, 1, 2]]
    np.testing.assert_allclose(balance(examples(Y), np.arange(4), "softmax"), [4 / 6, 4 / 6, 4 / 6, 4 / 2, 4 / 2])
    np.testing.assert_allclose(balance(examples(Y[:, :1]), np.arange(3), "sigmoid"), [1, 1, 1, 3, 3])


@pytest.mark.parametrize("own", [None, np.random.default_rng(1).random(60) + 0.1])
def test_networks_that_share_rows_count_each_by_its_own_classes_as_if_they_were_alone(own: np.ndarray | None) -> None:
    rng = np.random.default_rng(0)
    codes = np.minimum(rng.integers(0, 12, 60), 2)
    given = Examples(np.column_stack([rng.standard_normal((60, 3)), np.ones(60)]), np.eye(3)[codes], own)
    shape = Architecture((3, 5, 3), ("tanh",), "softmax")
    trainer = TrainerConfig(4, 10, class_weight="balanced")
    members = [
        Member(rows[:40], rows[40:], np.random.SeedSequence(r), 0.01)
        for r, rows in enumerate((np.arange(60), np.arange(60)[::-1], np.roll(np.arange(60), 20), np.arange(60)))
    ]

    def train(stack: list[Member]) -> list[Fit]:
        return Lockstep(
            given, shape, "softmax_cross_entropy", balanced(trainer, given, stack, shape.output), OptimizerConfig(),
            ScheduleConfig(), trainer, METRICS["accuracy"],
        ).run()  # fmt: skip

    for fit, alone in zip(train(members), members, strict=True):
        (expected,) = train([alone])
        assert fit.theta.tobytes() == expected.theta.tobytes()
        assert fit.curves == expected.curves


def test_smoothed_labels_are_moved_towards_one_half_and_smoothed_classes_towards_their_share() -> None:
    Y = np.array([[1, 0, 0], [0, 1, 1.0]])
    for classes, low in ((2, 0.05), (3, 0.1 / 3)):
        batches = Batches(examples(Y), [member(np.arange(2))], None, 0.1, classes)
        batches.shuffle([np.random.default_rng(0)])
        smoothed = batches.batch(0)[1][0].T
        np.testing.assert_allclose(np.sort(smoothed, axis=0), np.sort(0.9 * Y + low, axis=0))


def test_the_cost_of_constant_labels_is_their_entropy() -> None:
    Y = np.array([[1, 0], [0, 0], [0, 0], [0, 1.0]])
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    rows = np.arange(4)
    assert constant_cost(examples(Y), rows, "sigmoid_cross_entropy") == pytest.approx(2 * entropy)
    s = 0.9 * 0.25 + 0.05
    smoothed = -(s * np.log(s) + (1 - s) * np.log(1 - s))
    assert constant_cost(examples(Y), rows, "sigmoid_cross_entropy", 0.1) == pytest.approx(2 * smoothed)
