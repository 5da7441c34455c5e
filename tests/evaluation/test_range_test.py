"""The range test: what it compares is rates and nothing else, and what it proposes is where theory and training say."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig, PreprocessingConfig
from dnnexp.data.sources import load
from dnnexp.evaluation import range_test
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.range_test import RangeResult, RangeTest, propose, smooth
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.scoring import score
from dnnexp.evaluation.stack import make_member, train_stack
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.schema import ScheduleConfig, TrainerConfig
from dnnexp.training.seeds import child

RATES = np.geomspace(1e-4, 1, 9)


def protocol_of(name: str, seed: int = 0, **data: object) -> Protocol:
    return Protocol(load(DataConfig(name, **data)), 0.2, EvaluationConfig(), seed)  # type: ignore[arg-type]


def configuration(optimizer: OptimizerConfig | None = None, **trainer: object) -> Configuration:
    settings: dict[str, object] = {"kind": "lr_range_test", "rates": 7, "lowest": 1e-5, "steps": 40, **trainer}
    return Configuration(
        ModelConfig(depth=1, width=8), optimizer or OptimizerConfig(), trainer=TrainerConfig(**settings)  # type: ignore[arg-type]
    )  # fmt: skip


def same(one: RangeResult, other: RangeResult) -> bool:
    values = [[x.tobytes() if isinstance(x, np.ndarray) else x for x in result[:-1]] for result in (one, other)]
    return values[0] == values[1]


def test_the_proposal_is_the_lowest_point_of_a_parabola_in_logarithms() -> None:
    valley = np.exp(0.02 * np.log(RATES / 0.013) ** 2)
    assert propose(RATES, valley, 10.0) == pytest.approx(0.013)


@pytest.mark.parametrize("end", [0, -1])
def test_a_lowest_cost_at_the_end_of_the_ladder_is_proposed_as_it_is(end: int) -> None:
    cost = 1 + np.abs(np.log(RATES / RATES[end]))
    assert propose(RATES, cost, 100.0) == RATES[end]


def test_nothing_is_proposed_where_no_cost_has_fallen() -> None:
    assert propose(RATES, smooth(np.full(9, np.nan), 2.3), 2.3) is None
    assert propose(RATES, smooth(np.full(9, 2.29), 2.3), 2.3) is None


def test_a_single_network_does_not_decide() -> None:
    cost = np.array([2.0, 1.9, 1.0, 0.5, 0.4, 0.5, np.nan, 0.39, np.nan])
    smooth_cost = smooth(cost, 2.0)
    assert np.argmin(smooth_cost) == 4
    assert smooth_cost[3] == pytest.approx((1.0 * 0.5 * 0.5 * 0.4) ** 0.25)
    assert smooth_cost[8] == pytest.approx((0.39 * 2 * 2 * 2) ** 0.25)  # diverged: as if it had not begun


def test_linear_regression_learns_to_the_edge_that_the_hessian_sets_and_no_further() -> None:
    """Gradient descent on a quadratic cost converges for alpha < 2 / (greatest eigenvalue), and explodes beyond."""
    protocol = protocol_of("diabetes")
    settings: dict[str, object] = {"kind": "lr_range_test", "batch_size": None, "precision": "float64", "epochs": 2000}
    linear = Configuration(
        ModelConfig(depth=0), OptimizerConfig("gradient_descent"), ScheduleConfig("constant", warmup=0.0),
        TrainerConfig(**settings), PreprocessingConfig(),  # type: ignore[arg-type]
    )  # fmt: skip
    test = RangeTest(linear, protocol)
    rows = protocol.dataset.X.to_numpy(float)[test._rows]
    X1 = np.column_stack([(rows - rows.mean(axis=0)) / rows.std(axis=0), np.ones(len(rows))])
    target = protocol.prepare(linear.preprocessing, [test._rows], "float64").examples.Y[test._rows, 0]
    edge = 2 / np.linalg.eigvalsh(X1.T @ X1 / len(rows)).max()  # the cost is half the mean square
    result = test.run()
    assert (result.train_cost[result.rates < edge] < 2 * result.train_cost[0]).all()
    assert not (result.train_cost[result.rates > edge] < 2 * result.train_cost[0]).any()
    residual = target - target.mean()
    assert result.constant_cost == pytest.approx(residual @ residual / len(rows) / 2)
    assert any(result.divergences[k].startswith("diverged in epoch") for k in np.flatnonzero(result.rates > edge))
    assert result.proposal is not None
    assert edge / 20 < result.proposal < edge


def test_the_learning_rate_that_was_set_and_the_test_rows_change_nothing() -> None:
    protocol = protocol_of("wine")
    once = RangeTest(configuration(), protocol).run()
    assert same(once, RangeTest(configuration(OptimizerConfig(lr=0.5)), protocol).run())
    dataset, test = protocol.dataset, protocol.split.test
    X, y = dataset.X.copy(), dataset.y.copy()
    X.iloc[test], y[test] = 1e6, 0
    other = Protocol(dataclasses.replace(dataset, X=X, y=y), 0.2, EvaluationConfig(), 0)
    other.split = protocol.split
    assert same(once, RangeTest(configuration(), other).run())
    assert not same(once, RangeTest(configuration(), protocol_of("wine", seed=1)).run())


@pytest.mark.parametrize("class_weight", ["none", "balanced"])
def test_several_stacks_give_the_bits_of_one(class_weight: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = RangeTest(configuration(class_weight=class_weight), protocol_of("wine"))
    monkeypatch.setattr(range_test, "STACK_BYTES", 1 << 15)
    parts = RangeTest(configuration(class_weight=class_weight), protocol_of("wine"))
    assert (len(whole._stacks), len(parts._stacks)) == (1, 4)
    told: list[int] = []
    result = parts.run(lambda epoch, cost: told.append(epoch))
    assert same(whole.run(), result)
    assert told == list(range(1, parts.epochs + 1))


def test_the_warm_up_is_the_trainings_own_and_at_most_a_third_of_the_steps() -> None:
    def warmup(schedule: ScheduleConfig, epochs: int = 60) -> tuple[int, int]:
        run = dataclasses.replace(configuration(steps=60, epochs=epochs), schedule=schedule)
        result = RangeTest(run, protocol_of("wine")).run()
        return result.steps, result.warmup_steps

    assert warmup(ScheduleConfig("cosine", warmup=0.05)) == (60, 12)  # of 240 steps
    assert warmup(ScheduleConfig("cosine", warmup=0.05), epochs=600) == (60, 20)
    assert warmup(ScheduleConfig("one_cycle", warmup=0.0)) == (60, 20)
    assert warmup(ScheduleConfig("constant", warmup=0.0)) == (60, 0)
    assert warmup(ScheduleConfig("cosine", warmup=0.05), epochs=20) == (20, 4)  # a quarter of 80 steps


def test_of_many_rows_as_many_are_used_as_the_steps_can_see_several_times() -> None:
    protocol = protocol_of("moons", examples=20_000)
    result = RangeTest(configuration(steps=60), protocol).run()
    assert (result.rows, result.held_rows, result.steps) == (60 * 32 // 6, 2000, 60)
    rows = RangeTest(configuration(steps=60), protocol)
    assert not np.intersect1d(rows._rows, rows._held).size
    assert not np.intersect1d(np.concatenate([rows._rows, rows._held]), protocol.split.test).size


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "depth", "activation"),
    [("digits", 1, "relu"), ("digits", 3, "tanh"), ("digits", 3, "relu"), ("wine", 2, "relu")],
)
def test_the_proposal_is_within_a_factor_of_three_of_the_best_of_full_training(
    name: str, depth: int, activation: str
) -> None:
    protocol = protocol_of(name)
    scaling = "global" if name == "digits" else "standard"
    training = Configuration(
        ModelConfig(depth=depth, activation=activation), preprocessing=PreprocessingConfig(scaling)
    )
    proposal = RangeTest(training, protocol).run().proposal
    rates, N, J = np.geomspace(3e-4, 1, 15), len(protocol.dataset.X), len(protocol.folds)
    fitted_on = [np.concatenate([fold.train, fold.stop]) for fold in protocol.folds]
    prepared = protocol.prepare(training.preprocessing, fitted_on, "float32")
    losses = np.zeros(len(rates))
    # the optimum is flat: the best rate of one seed is up to a factor of 3 from that of another, of few rows of 10
    for seed in range(4 if name == "digits" else 8):
        members = [
            make_member(training, fold.train + j * N, fold.stop + j * N, child(protocol.member_seed(j), seed))._replace(
                alpha=rate
            )
            for rate in rates
            for j, fold in enumerate(protocol.folds)
        ]
        architecture, fits, _ = train_stack(training, protocol, prepared, members)
        losses += [
            score(
                np.stack([fit.theta for fit in fits[k * J : (k + 1) * J]]), architecture, prepared, protocol.dataset,
                [fold.score for fold in protocol.folds], protocol.metrics,
            )["log_loss"].mean()
            for k in range(len(rates))
        ]  # fmt: skip
    best = rates[int(np.nanargmin(losses))]
    assert proposal is not None
    assert best / 3 < proposal < best * 3
