"""Networks in one stack are the networks they are alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dnnexp.metrics import METRICS
from dnnexp.network.architecture import Architecture
from dnnexp.network.network import Network
from dnnexp.network.optimizers import OPTIMIZERS, OptimizerConfig
from dnnexp.training.examples import Examples, Member
from dnnexp.training.fit import EpochNews, Fit, Length
from dnnexp.training.lockstep import Lockstep
from dnnexp.training.schema import ScheduleConfig, TrainerConfig
from dnnexp.training.seeds import generator

SHAPE = Architecture((6, 9, 7, 3), ("relu", "tanh"), "softmax")


def make_examples(m: int, dtype: str, rng: np.random.Generator) -> Examples:
    examples = Examples.empty(m, 6, 3, dtype)
    centres = rng.normal(size=(3, 6)) * 1.5
    labels = rng.integers(0, 3, m)
    examples.X1[:, :-1] = centres[labels] + rng.normal(size=(m, 6))
    examples.Y[:] = np.eye(3)[labels]
    return examples


def train(
    examples: Examples,
    members: list[Member],
    optimizer: str = "adam",
    patience: int | None = 3,
    epochs: int = 25,
    clip_norm: float | None = None,
) -> list[Fit]:
    return Lockstep(
        examples,
        SHAPE,
        "softmax_cross_entropy",
        members,
        OptimizerConfig(optimizer),
        ScheduleConfig("cosine", warmup=0.1),
        TrainerConfig(epochs=epochs, batch_size=16, patience=patience, label_smoothing=0.0, clip_norm=clip_norm),
        METRICS["accuracy"],
    ).run()


def assert_same_bits(one: Fit, other: Fit) -> None:
    np.testing.assert_array_equal(one.theta, other.theta)
    assert (one.state, one.best_epoch, one.best_step) == (other.state, other.best_epoch, other.best_step)
    assert one.divergence == other.divergence
    for name, curve in one.curves.items():
        np.testing.assert_array_equal(curve, other.curves[name])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_eight_networks_in_a_stack_have_the_bits_each_has_alone(optimizer: str, dtype: str) -> None:
    rng = np.random.default_rng(7)
    examples = make_examples(120, dtype, rng)
    rates = [1e-3, 3e-3, 1e-2, 1e30, 3e-2, 1e-4, 1e-6, 0.1]  # the fourth diverges, slow ones run out of patience
    members = []
    for r, alpha in enumerate(rates):
        rows = rng.permutation(120)
        members.append(Member(rows[:90], rows[90:], np.random.SeedSequence(r), alpha, 0.01 * (r % 2)))
    together = train(examples, members, optimizer)
    for member, fit in zip(members, together, strict=True):
        assert_same_bits(fit, train(examples, [member], optimizer)[0])
    states = [fit.state for fit in together]
    assert states[3] == "diverged"
    assert "stopped" in states
    assert len({fit.theta.tobytes() for fit in together}) == 8


def test_networks_with_unequal_rows_match_each_alone_to_rounding() -> None:
    rng = np.random.default_rng(8)
    examples = make_examples(120, "float64", rng)
    members = []
    for r, (m_train, m_stop) in enumerate([(80, 20), (79, 33), (73, 7), (66, 29)]):  # five steps each
        rows = rng.permutation(120)
        train_rows, stop_rows = rows[:m_train], rows[m_train : m_train + m_stop]
        members.append(Member(train_rows, stop_rows, np.random.SeedSequence(r), 3e-3, 0.01))
    together = train(examples, members, patience=None, epochs=12)
    for member, fit in zip(members, together, strict=True):
        alone = train(examples, [member], patience=None, epochs=12)[0]
        np.testing.assert_allclose(fit.theta, alone.theta, rtol=1e-10, atol=1e-12)
        for name, curve in fit.curves.items():
            np.testing.assert_allclose(curve, alone.curves[name], rtol=1e-10)


def test_a_gradient_is_clipped_alike_alone_and_beside_others_that_are_not() -> None:
    examples = make_examples(120, "float32", np.random.default_rng(14))
    rows = [np.arange(90), np.arange(30, 120)]
    members = [Member(own, own[:0], np.random.SeedSequence(r), 0.3) for r, own in enumerate(rows)]
    together = train(examples, members, "sgd", None, clip_norm=0.5)
    for member, fit in zip(members, together, strict=True):
        assert_same_bits(fit, train(examples, [member], "sgd", None, clip_norm=0.5)[0])
        assert not np.array_equal(fit.theta, train(examples, [member], "sgd", None)[0].theta)


def test_rows_to_stop_by_that_are_kept_score_as_those_that_are_gathered_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(13)
    examples = make_examples(120, "float32", rng)
    rows = [rng.permutation(120) for _ in range(4)]
    members = [
        Member(own[:80], own[80 : 120 - 7 * r], np.random.SeedSequence(r), rate)
        for r, (own, rate) in enumerate(zip(rows, [3e-2, 1e-30, 1e-3, 1e38], strict=True))  # two leave
    ]
    kept = train(examples, members)
    monkeypatch.setattr("dnnexp.training.stop_rows.KEPT", 0)
    for fit, again in zip(kept, train(examples, members), strict=True):
        assert_same_bits(fit, again)
    assert {fit.state for fit in kept} >= {"stopped", "diverged"}


def test_every_row_counts_once_an_epoch() -> None:
    rng = np.random.default_rng(9)
    examples = make_examples(50, "float64", rng)
    member = Member(np.arange(37), np.zeros(0, np.intp), np.random.SeedSequence(0), 1e-300)
    fit = train(examples, [member], "gradient_descent", epochs=1)[0]
    lockstep_cost = fit.curves["train/loss"][0]
    X1, Y = examples.X1[:37].T, examples.Y[:37]
    Wb = np.split(fit.theta, np.cumsum([9 * 7, 7 * 10]))
    A1 = np.vstack([np.maximum(Wb[0].reshape(9, 7) @ X1, 0), np.ones(37)])
    A2 = np.vstack([np.tanh(Wb[1].reshape(7, 10) @ A1), np.ones(37)])
    Z3 = Wb[2].reshape(3, 8) @ A2
    losses = np.log(np.exp(Z3).sum(axis=0)) - (Z3 * Y.T).sum(axis=0)
    # 37 rows in three steps are 12, 12 and 13: the mean of the three means, up to the order in which rows were drawn
    assert losses.min() < lockstep_cost < losses.max()
    assert abs(lockstep_cost - losses.mean()) < losses.std() / 37


def test_training_ends_after_the_steps_it_was_given() -> None:
    examples = make_examples(64, "float64", np.random.default_rng(10))
    member = Member(np.arange(64), np.zeros(0, np.intp), np.random.SeedSequence(0), 1e-2)
    arguments = ("adam", ScheduleConfig(), TrainerConfig(epochs=5, batch_size=16, patience=None))
    lockstep = Lockstep(
        examples, SHAPE, "softmax_cross_entropy", [member], OptimizerConfig(arguments[0]), arguments[1], arguments[2],
        METRICS["accuracy"], length=Length(6, 20),
    )  # fmt: skip
    fit = lockstep.run()[0]
    assert (fit.best_step, fit.best_epoch, len(fit.curves["train/loss"])) == (6, 2, 2)


def test_the_callback_hears_of_each_epoch_and_can_end_the_run() -> None:
    examples = make_examples(120, "float64", np.random.default_rng(11))
    members = [Member(np.arange(90), np.arange(90, 120), np.random.SeedSequence(r), 1e-3) for r in range(2)]
    heard: list[EpochNews] = []

    def listen(news: EpochNews) -> bool:
        heard.append(news)
        return news.epoch == 3

    lockstep = Lockstep(
        examples, SHAPE, "softmax_cross_entropy", members, OptimizerConfig(), ScheduleConfig(),
        TrainerConfig(epochs=9, batch_size=16), METRICS["accuracy"],
    )  # fmt: skip
    fits = lockstep.run(listen)
    assert [news.epoch for news in heard] == [1, 2, 3]
    assert heard[-1].best_metric == pytest.approx(np.mean([fit.best_metric for fit in fits]))
    assert [fit.state for fit in fits] == ["ended", "ended"]


@pytest.mark.parametrize("seed", range(10))
def test_an_infinity_is_seen_in_the_step_that_meets_it_and_named(seed: int) -> None:
    examples = make_examples(60, "float32", np.random.default_rng(seed))
    poisoned = 7 * seed % 48
    examples.X1[poisoned, 2] = np.inf
    member_seed = np.random.SeedSequence(seed)
    fit = train(examples, [Member(np.arange(48), np.arange(48, 60), member_seed, 1e-3)])[0]
    order = generator(member_seed, 1).permutation(48)
    met = int(np.flatnonzero(order == poisoned)[0]) // 16 + 1
    assert fit.state == "diverged"
    assert fit.divergence is not None
    assert (fit.divergence.epoch, fit.divergence.step, fit.divergence.layer) == (1, met, 0)
    assert f"epoch 1, step {met}: layer 0" in str(fit.divergence)
    assert np.isnan(fit.best_metric)


@pytest.mark.parametrize("seed", range(4))
def test_a_far_too_high_learning_rate_is_seen_in_the_first_step_that_is_not_finite(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_finite: list[bool] = []
    compute = Network.cost_and_gradient

    def watched(self: Network, *batch: Any) -> Any:
        J = compute(self, *batch)
        is_finite.append(bool(np.isfinite(J).all() and np.isfinite(self.gradient).all()))
        return J

    monkeypatch.setattr(Network, "cost_and_gradient", watched)
    examples = make_examples(60, "float32", np.random.default_rng(1))
    member = Member(np.arange(48), np.arange(48, 60), np.random.SeedSequence(seed), 1e38)
    fit = train(examples, [member], "gradient_descent", patience=None)[0]
    assert fit.state == "diverged"
    assert is_finite == [True] * (len(is_finite) - 1) + [False]
    assert fit.divergence is not None
    assert fit.divergence.step == len(is_finite)
    assert fit.divergence.epoch == -(-len(is_finite) // 3)


def test_the_best_parameters_are_kept_and_not_the_last() -> None:
    rng = np.random.default_rng(12)
    examples = make_examples(90, "float64", rng)
    examples.Y[:60] = np.eye(3)[rng.integers(0, 3, 60)]  # training labels are noise: it can only get worse
    member = Member(np.arange(60), np.arange(60, 90), np.random.SeedSequence(3), 3e-2)
    fit = train(examples, [member], patience=None, epochs=30)[0]
    stop = fit.curves["stop/metric"]
    assert fit.best_metric == max(stop)
    assert fit.best_epoch < 30
    shorter = train(examples, [member], patience=None, epochs=30)[0]
    np.testing.assert_array_equal(shorter.theta, fit.theta)


def train_one_line(Y: list[float], stop: int, dtype: str = "float32", **trainer: Any) -> tuple[Fit, np.ndarray]:
    """Train y = w x + b on rows of x = 1, the last `stop` to stop by; return the parameters that it began with too."""
    examples = Examples.empty(len(Y), 1, 1, dtype)
    examples.X1[:, 0], examples.Y[:, 0] = 1, Y
    rows = np.arange(len(Y))
    member = Member(rows[: len(Y) - stop], rows[len(Y) - stop :], np.random.SeedSequence(1), 1.0)
    lockstep = Lockstep(
        examples, Architecture((1, 1), (), "identity"), "squared_error", [member], OptimizerConfig("sgd"),
        ScheduleConfig("constant", warmup=0), TrainerConfig(batch_size=None, label_smoothing=0, **trainer),
        METRICS["rmse"],
    )  # fmt: skip
    begun = lockstep._network.theta[0].copy()
    return lockstep.run()[0], begun


@pytest.mark.parametrize(("dtype", "target"), [("float32", 1.0), ("float32", 1.8e19), ("float64", 1.2e154)])
@pytest.mark.parametrize("clip", [0.5, 4.0])
def test_a_gradient_is_clipped_to_its_length_however_large_it_is(dtype: str, target: float, clip: float) -> None:
    """The gradient of (w + b - y)^2 / 2, alike for w and b, has a square beyond float32 from 1.3e19 on."""
    fit, begun = train_one_line([target] * 8, 0, dtype, epochs=1, clip_norm=clip)
    gradient = np.full(2, begun.sum(dtype=np.float64) - target)
    length = np.hypot(*gradient)
    assert fit.state == "finished"
    np.testing.assert_allclose(fit.theta, begun - gradient / length * min(length, clip), rtol=1e-6)


def test_a_gradient_shorter_than_the_limit_is_left_alone_though_its_square_is_not_finite() -> None:
    fit, begun = train_one_line([1.8e19] * 8, 0, epochs=1, clip_norm=1e30)
    np.testing.assert_allclose(fit.theta, begun + np.float32(1.8e19), rtol=1e-6)


def test_a_network_whose_loss_is_never_finite_on_the_rows_to_stop_by_has_diverged() -> None:
    fit, begun = train_one_line([1.0] * 8 + [1e30] * 2, 2, epochs=5, clip_norm=1.0)
    assert np.isinf(fit.curves["stop/loss"]).all()
    assert fit.state == "diverged"
    assert str(fit.divergence) == (
        "diverged in epoch 1, step 1: layer 1 has a NaN or Inf in the loss or the metric of the rows to stop by"
    )
    assert fit.best_epoch == 0
    np.testing.assert_array_equal(fit.theta, begun)


def test_a_network_whose_loss_becomes_finite_later_has_not_diverged() -> None:
    """Each step takes the error to its opposite: w + b is 3.4e19 after the first, too much to be squared, then 0."""
    rows = [1.7e19] * 8 + [0.0] * 2
    fits = [train_one_line(rows, 2, epochs=epochs)[0] for epochs in (1, 2)]
    assert [fit.state for fit in fits] == ["diverged", "finished"]
    assert np.isfinite(fits[1].curves["stop/loss"]).tolist() == [False, True]
    assert fits[1].best_epoch == 2
