from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sk

from dnnexp.evaluation import confirmation
from dnnexp.evaluation.confirmation import REPLICATES, Confirmation, confirm, scores_of
from dnnexp.metrics import METRICS, suited_metrics

RNG = np.random.default_rng(5)
ROWS, SEEDS = 40, 3
CLASSES = np.eye(3)[RNG.integers(0, 3, ROWS)]
P = RNG.dirichlet(np.ones(3), (SEEDS, ROWS)) * 0.6 + CLASSES * 0.4
QUANTITIES = RNG.normal(3, 2, (ROWS, 2))
PREDICTED = QUANTITIES + RNG.normal(0, 1, (SEEDS, ROWS, 2))


def data_of(name: str) -> tuple[np.ndarray, np.ndarray]:
    return (PREDICTED, QUANTITIES) if METRICS[name].tasks == ("regression",) else (P, CLASSES)


def by_scikit_learn(name: str, outputs: np.ndarray, targets: np.ndarray, counts: np.ndarray) -> float:
    functions = {
        "accuracy": lambda: sk.accuracy_score(targets.argmax(1), outputs.argmax(1), sample_weight=counts),
        "log_loss": lambda: sk.log_loss(targets.argmax(1), outputs, labels=[0, 1, 2], sample_weight=counts),
        "rmse": lambda: sk.root_mean_squared_error(targets, outputs, sample_weight=counts),
        "mae": lambda: sk.mean_absolute_error(targets, outputs, sample_weight=counts),
        "r2": lambda: sk.r2_score(targets, outputs, sample_weight=counts),
    }
    return float(functions[name]())


@pytest.mark.parametrize("name", ["accuracy", "log_loss", "mae", "r2", "rmse"])
def test_every_metric_is_computed_again_on_the_rows_that_were_drawn(name: str):
    outputs, targets = data_of(name)
    drawn = np.random.default_rng(1).multinomial(ROWS, np.full(ROWS, 1 / ROWS), 10)
    table = scores_of(outputs.swapaxes(1, 2), targets.T[None], drawn, METRICS[name])
    expected = [[by_scikit_learn(name, A, targets, counts) for A in outputs] for counts in drawn]
    np.testing.assert_allclose(table, expected, rtol=1e-9)
    found = confirm(outputs, targets, METRICS[name], np.random.default_rng(2))
    assert found.scores == pytest.approx([by_scikit_learn(name, A, targets, np.ones(ROWS)) for A in outputs])
    assert found.mean.estimate == pytest.approx(found.scores.mean())
    assert found.first.estimate == found.scores[0]


def test_the_limits_are_those_of_a_bootstrap_written_out_row_by_row_widened_by_what_seeds_bring():
    rng = np.random.default_rng(1)

    def r2_of(rows: np.ndarray) -> np.ndarray:
        predicted, actual = PREDICTED[:, rows], QUANTITIES[rows]
        ratios = ((predicted - actual) ** 2).sum(axis=1) / ((actual - actual.mean(axis=0)) ** 2).sum(axis=0)
        return (1 - ratios).mean(axis=1)  # (seeds,)

    replicates = np.array([r2_of(rng.integers(0, ROWS, ROWS)) for _ in range(10_000)])
    scores = r2_of(np.arange(ROWS))
    found = confirm(PREDICTED, QUANTITIES, METRICS["r2"], np.random.default_rng(2))
    spread = np.std(replicates[:, 0], ddof=1)
    assert found.first.standard_error == pytest.approx(spread, rel=0.06)
    limits = tuple(np.quantile(replicates[:, 0], [0.025, 0.975]))
    assert (found.first.low, found.first.high) == pytest.approx(limits, abs=0.2 * spread)

    means = replicates.mean(axis=1)
    of_rows, of_seeds = np.var(means, ddof=1), np.var(scores, ddof=1) / SEEDS
    t = stats.t.ppf(0.975, (of_rows + of_seeds) ** 2 / (of_seeds**2 / (SEEDS - 1)))
    low, high = np.quantile(means, [0.025, 0.975])
    estimate, z = scores.mean(), stats.norm.ppf(0.975)
    expected = (
        estimate - t * np.sqrt(((estimate - low) / z) ** 2 + of_seeds),
        estimate + t * np.sqrt(((high - estimate) / z) ** 2 + of_seeds),
    )
    spread = np.sqrt(of_rows + of_seeds)
    assert found.mean.standard_error == pytest.approx(spread, rel=0.06)
    assert (found.mean.low, found.mean.high) == pytest.approx(expected, abs=0.2 * spread)


def test_the_variance_is_that_of_the_rows_and_that_of_the_seeds():
    # of the mean of a table x[s, r] = a[s] + b[r] it is var(b)/R, as the bootstrap takes it (divisor R), and s^2/S; the
    # metric is the mean absolute error, whose table is exactly that
    seeds, rows = RNG.random(6), RNG.random(50)
    outputs = (seeds[:, None] + rows)[..., None]
    found = confirm(outputs, np.zeros((50, 1)), METRICS["mae"], np.random.default_rng(0))
    assert found.mean.standard_error == pytest.approx(np.sqrt(seeds.var(ddof=1) / 6 + rows.var() / 50), rel=0.05)
    assert found.first.standard_error == pytest.approx(np.sqrt(rows.var() / 50), rel=0.05)


def test_where_only_the_seeds_differ_the_mean_has_students_interval():
    scores = np.array([0.4, 0.5, 0.7])
    outputs = np.broadcast_to(scores[:, None, None], (3, 30, 1))
    found = confirm(outputs, np.zeros((30, 1)), METRICS["mae"], np.random.default_rng(0)).mean
    expected = stats.t.interval(0.95, 2, scores.mean(), stats.sem(scores))
    assert (found.low, found.high) == pytest.approx(tuple(expected))


@pytest.mark.parametrize(("seeds", "rows", "name"), [(3, 400, "mae"), (5, 1000, "accuracy")])
def test_intervals_of_the_mean_hold_where_the_seeds_spread_more_than_the_rows(
    seeds: int, rows: int, name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(confirmation, "REPLICATES", 200)
    rng = np.random.default_rng(3)
    covered, studies = 0, 200
    for _ in range(studies):
        if name == "mae":
            outputs = 5 + rng.normal(0, 1, rows) + rng.normal(0, 0.3, (seeds, 1)) + rng.normal(0, 0.5, (seeds, rows))
            targets, truth = np.zeros((rows, 1)), 5.0
        else:
            skill = np.clip(rng.normal(0.9, 0.03, seeds), 0, 1)
            outputs, targets, truth = np.where(rng.random(rows) < skill[:, None], 0.9, 0.1), np.ones((rows, 1)), 0.9
        found = confirm(outputs[..., None], targets, METRICS[name], rng).mean
        covered += found.low <= truth <= found.high
    assert covered >= 0.91 * studies


@pytest.mark.parametrize("right", [36, 35, 30])
def test_a_single_networks_accuracy_has_wilsons_interval(right: int):
    targets = np.ones((36, 1))
    outputs = np.where(np.arange(36) < right, 0.9, 0.1)[None, :, None]
    found = confirm(outputs, targets, METRICS["accuracy"], np.random.default_rng(0))
    wilson = stats.binomtest(right, 36).proportion_ci(0.95, method="wilson")
    for interval in (found.mean, found.first):
        assert (interval.low, interval.high) == pytest.approx((wilson.low, wilson.high), abs=0.006)


def test_networks_that_disagree_are_surer_in_the_mean_than_one_and_never_surer_than_all_rows():
    rng = np.random.default_rng(0)
    outputs = np.where(rng.random((10, 200, 1)) < 0.8, 0.9, 0.1)  # wrong on rows of their own
    found = confirm(outputs, np.ones((200, 1)), METRICS["accuracy"], rng)
    assert found.mean.high - found.mean.low <= found.first.high - found.first.low
    p = found.mean.estimate
    wilson = stats.binomtest(round(200 * p), 200).proportion_ci(0.95, method="wilson")
    assert found.mean.high - found.mean.low >= 0.95 * (wilson.high - wilson.low)


def test_intervals_of_the_mean_accuracy_cover_the_truth_about_as_often_as_they_say():
    # each row has its own difficulty, each seed its own skill: right with probability sigmoid(difficulty + skill)
    rng = np.random.default_rng(7)

    def right(difficulty: np.ndarray, skill: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(3 + difficulty + skill)))

    truth = right(rng.normal(0, 2, 200_000), rng.normal(0, 0.3, 200_000)).mean()
    covered = 0
    for _ in range(200):
        p = right(rng.normal(0, 2, 60), rng.normal(0, 0.3, (5, 1)))
        outputs = np.where(rng.random((5, 60)) < p, 0.9, 0.1)[..., None]
        interval = confirm(outputs, np.ones((60, 1)), METRICS["accuracy"], rng).mean
        covered += interval.low <= truth <= interval.high
    assert covered >= 0.93 * 200


def test_rows_of_a_group_are_drawn_together():
    groups = np.repeat(np.arange(10), 20)
    outputs = RNG.random(10)[groups][None, :, None]
    alone = confirm(outputs, np.zeros((200, 1)), METRICS["mae"], np.random.default_rng(0)).mean
    together = confirm(outputs, np.zeros((200, 1)), METRICS["mae"], np.random.default_rng(0), groups=groups).mean
    assert together.standard_error == pytest.approx(np.sqrt(outputs.var() / 9), rel=0.05)  # of ten means
    assert alone.standard_error == pytest.approx(np.sqrt(outputs.var() / 200), rel=0.05)
    expected = stats.t.interval(0.95, 9, outputs.mean(), np.sqrt(outputs.var() / 9))
    assert (together.low, together.high) == pytest.approx(tuple(expected), abs=0.02)


def test_accuracy_of_groups_whose_rows_are_not_alike_is_as_sure_as_that_of_the_rows():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 25)
    covered, widths = 0, []
    for _ in range(100):
        outputs = np.where(rng.random(500) < 0.9, 0.9, 0.1)[None, :, None]
        found = confirm(outputs, np.ones((500, 1)), METRICS["accuracy"], rng, groups=groups).first
        covered += found.low <= 0.9 <= found.high
        widths.append(found.high - found.low)
    assert covered >= 93
    assert 0.05 < np.mean(widths) < 0.07  # of 500 rows, by Wilson's: .053


@pytest.mark.parametrize(("groups", "name", "least"), [(6, "mae", 0.84), (10, "r2", 0.91), (20, "accuracy", 0.91)])
def test_intervals_hold_where_rows_of_a_group_are_alike(
    groups: int, name: str, least: float, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(confirmation, "REPLICATES", 300)
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(groups), 20)
    covered, studies = 0, 200
    for _ in range(studies):
        own = rng.normal(0, np.sqrt(0.5), groups)[codes]
        if name == "accuracy":
            share = rng.beta(0.9 * 4, 0.1 * 4, groups)[codes]
            outputs, targets = np.where(rng.random(len(codes)) < share, 0.9, 0.1), np.ones(len(codes))
        else:
            outputs = rng.normal(0, 1, len(codes))
            targets = outputs + own + rng.normal(0, np.sqrt(0.5), len(codes))
        found = confirm(outputs[None, :, None], targets[:, None], METRICS[name], rng, groups=codes).first
        covered += found.low <= {"mae": np.sqrt(2 / np.pi), "r2": 0.5, "accuracy": 0.9}[name] <= found.high
    assert covered >= least * studies


def test_a_few_groups_or_one_that_weighs_almost_all_leave_no_limits():
    outputs = RNG.random((2, 200, 1))

    def found(groups: np.ndarray, weights: np.ndarray | None = None) -> Confirmation:
        rng = np.random.default_rng(0)
        return confirm(outputs, np.zeros((200, 1)), METRICS["mae"], rng, groups=groups, weights=weights)

    codes = np.arange(200)
    assert np.isfinite(found(codes % 4).mean.low)
    uneven = found(codes % 8, np.where(codes % 8 == 0, 100.0, 1.0))
    for score in (*found(codes % 3)[1:], *found(codes * 0)[1:], *uneven[1:]):
        assert np.isfinite(score.estimate)
        assert np.isnan([score.low, score.high, score.standard_error]).all()


def test_the_same_generator_gives_the_same_interval_and_many_rows_go_through_in_blocks():
    outputs, targets = np.tile(PREDICTED, (1, 9, 1)), np.tile(QUANTITIES, (9, 1))
    one, other = (confirm(outputs, targets, METRICS["r2"], np.random.default_rng(3)) for _ in range(2))
    assert one.mean == other.mean
    assert REPLICATES * outputs.size > 2**21
    assert one.mean.low < one.mean.estimate < one.mean.high


def test_a_weight_of_two_is_a_row_twice_and_a_threshold_decides() -> None:
    outputs, targets = np.linspace(0, 1, 40).reshape(1, 40, 1), (np.arange(40) % 3 > 0).astype(float)[:, None]
    weights = np.where(np.arange(40) < 10, 2.0, 1.0)
    for name in ("accuracy", "f1"):
        metric = METRICS[name]
        found = confirm(outputs, targets, metric, np.random.default_rng(0), weights=weights, threshold=np.array([0.2]))
        twice = np.concatenate([np.arange(40), np.arange(10)])
        right = metric.function((outputs[0, twice] > 0.2).astype(float).T, targets[twice].T, np.ones(50))
        assert found.mean.estimate == found.first.estimate == pytest.approx(float(right))
        assert found.mean.low < found.mean.estimate < found.mean.high


@pytest.mark.parametrize("name", ["roc_auc", "average_precision"])
def test_replicates_without_a_row_of_a_class_are_left_out_and_too_many_of_them_leave_no_limits(name: str):
    rng = np.random.default_rng(4)

    def found(positives: int) -> Confirmation:
        targets = (np.arange(120) < positives).astype(float)[:, None]
        outputs = np.clip(0.3 + 0.3 * targets + rng.normal(0, 0.2, (3, 120, 1)), 0, 1)
        return confirm(outputs, targets, METRICS[name], np.random.default_rng(2))

    for few in (found(3), found(4)):  # exp(-3) of the replicates have no positive
        for score in (few.mean, few.first):
            assert score.low < score.estimate < score.high <= 1
            assert score.standard_error > 0
    for single in (found(1).mean, found(2).first):
        assert np.isfinite(single.estimate)
        assert np.isnan([single.low, single.high, single.standard_error]).all()


@pytest.mark.parametrize("seeds", [1, 6])
def test_every_row_right_leaves_limits_whatever_the_rows_weigh(seeds: int):
    targets = np.eye(2)[[0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 0]]
    for draw in range(40):
        weights = np.random.default_rng(draw).uniform(0.05, 3.0, len(targets))
        found = confirm(
            np.repeat(targets[None], seeds, 0), targets, METRICS["accuracy"], np.random.default_rng(0), weights=weights
        )
        worth = weights.sum() ** 2 / np.square(weights).sum()  # Kish 1965
        t2 = stats.t.ppf(0.975, worth - 1) ** 2
        for interval in (found.mean, found.first):
            assert (interval.low, interval.high) == pytest.approx((1 / (1 + t2 / worth), 1.0), abs=1e-6)


def test_rows_of_uneven_weight_are_as_many_as_kish_counts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(confirmation, "REPLICATES", 300)
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(200):
        weights = np.exp(1.5 * rng.normal(size=100))
        outputs = np.where(rng.random(100) < 0.85, 0.9, 0.1)[None, :, None]
        found = confirm(outputs, np.ones((100, 1)), METRICS["accuracy"], rng, weights=weights).first
        covered += found.low <= 0.85 <= found.high
    assert covered >= 0.92 * 200


def test_even_weights_are_none_and_one_row_for_each_group_is_no_groups():
    outputs = np.where(np.arange(60) < 50, 0.9, 0.1)[None, :, None]

    def limits(**given: np.ndarray) -> tuple[float, float]:
        found = confirm(outputs, np.ones((60, 1)), METRICS["accuracy"], np.random.default_rng(0), **given).first
        return found.low, found.high

    assert limits(weights=np.full(60, 3.0)) == pytest.approx(limits())
    assert limits(groups=np.arange(60)) == pytest.approx(limits(), abs=0.01)


def written_out(name: str, outputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return scikit-learn's score of 4000 draws of the rows, of those that hold each answer that there is."""
    rng, scores = np.random.default_rng(1), []
    for _ in range(4000):
        rows = rng.integers(0, len(targets), len(targets))
        if all(len(np.unique(values[rows])) > 1 for values in targets.T):
            truth, said = targets[rows], outputs[rows]
            if name == "r2":
                scores.append(sk.r2_score(truth, said))
            elif truth.shape[1] == 1:
                function = {"balanced_accuracy": sk.balanced_accuracy_score, "f1": sk.f1_score}[name]
                scores.append(function(truth[:, 0], said[:, 0] > 0.5))
            else:
                function = {"balanced_accuracy": sk.balanced_accuracy_score, "roc_auc": sk.roc_auc_score}[name]
                given = (said, {"multi_class": "ovr"}) if name == "roc_auc" else (said.argmax(1), {})
                scores.append(function(truth.argmax(1), given[0], **given[1]))
    return np.array(scores)


@pytest.mark.parametrize("name", ["balanced_accuracy", "f1"])
def test_of_draws_without_a_row_of_a_class_nothing_is_said(name: str):
    rng = np.random.default_rng(3)
    targets = (np.arange(60) < 3)[:, None].astype(float)  # exp(-3) of the draws have none
    outputs = np.clip(0.3 + 0.4 * targets + 0.12 * rng.normal(size=(60, 1)), 0, 1)
    found = confirm(outputs[None], targets, METRICS[name], np.random.default_rng(0)).first
    expected = written_out(name, outputs, targets)
    assert found.standard_error == pytest.approx(expected.std(), rel=0.06)
    assert found.low == pytest.approx(np.quantile(expected, 0.025), abs=0.04)
    two = confirm(outputs[None], (np.arange(60) < 2)[:, None].astype(float), METRICS[name], rng).first
    assert np.isnan([two.low, two.high]).all()


@pytest.mark.parametrize("name", ["balanced_accuracy", "roc_auc"])
def test_a_mean_over_classes_is_of_all_classes_in_every_draw(name: str):
    rng = np.random.default_rng(3)
    classes = np.repeat([0, 1, 2], [30, 27, 3])
    targets = np.eye(3)[classes]
    outputs = rng.dirichlet(np.ones(3), 60) * 0.5 + np.eye(3)[np.where(classes == 2, 1, classes)] * 0.5
    outputs /= outputs.sum(axis=1, keepdims=True)
    found = confirm(outputs[None], targets, METRICS[name], np.random.default_rng(0)).first
    expected = written_out(name, outputs, targets)
    assert found.standard_error == pytest.approx(expected.std(), rel=0.06)
    limits = np.quantile(expected, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(limits), abs=0.2 * expected.std())


def test_r2_is_nothing_that_draws_of_one_and_the_same_target_have():
    rng = np.random.default_rng(3)
    targets = np.where(np.arange(30) < 3, 5.0, 0.0)[:, None]  # exp(-3) of the draws have nothing but zeros
    outputs = targets + 0.2 * rng.normal(size=(30, 1))
    found = confirm(outputs[None], targets, METRICS["r2"], np.random.default_rng(0)).first
    expected = written_out("r2", outputs, targets)
    assert found.low == pytest.approx(np.quantile(expected, 0.025), abs=0.02)
    assert found.low > 0.9
    three = confirm(outputs[None, :3], np.arange(3.0)[:, None], METRICS["r2"], rng).first
    assert np.isnan([three.low, three.high]).all()  # one in nine draws is of one row
    constant = confirm(outputs[None, 3:], targets[3:], METRICS["r2"], rng).first
    assert constant.estimate == 0


@pytest.mark.parametrize("task", ["binary", "multilabel", "multiclass"])
def test_a_calibration_error_has_no_limits_as_draws_of_the_rows_are_worse_calibrated_than_the_rows(task: str):
    rng = np.random.default_rng(0)
    outputs = rng.dirichlet(np.ones(3), (4, 150)) if task == "multiclass" else rng.random((4, 150, 2))
    targets = np.eye(3)[rng.integers(0, 3, 150)] if task == "multiclass" else rng.integers(0, 2, (150, 2)).astype(float)
    if task == "binary":
        outputs, targets = outputs[..., :1], targets[:, :1]
    found = confirm(outputs, targets, suited_metrics(task)["calibration_error"], np.random.default_rng(1))
    for score in (found.mean, found.first):
        assert np.isfinite(score.estimate)
        assert np.isnan([score.low, score.high, score.standard_error]).all()


def test_the_share_of_rows_whose_labels_are_all_right_has_wilsons_limits_too():
    targets = RNG.integers(0, 2, (ROWS, 3)).astype(float)
    outputs = np.abs(targets - 0.1)[None]
    function = suited_metrics("multilabel")["accuracy"]
    found = confirm(outputs, targets, function, np.random.default_rng(0)).first
    z2 = stats.norm.ppf(0.975) ** 2
    assert (found.low, found.high) == pytest.approx((1 / (1 + z2 / ROWS), 1.0))
    outputs[0, :5, 1] = 1 - outputs[0, :5, 1]
    wrong = confirm(outputs, targets, function, np.random.default_rng(0)).first
    expected = stats.binomtest(ROWS - 5, ROWS).proportion_ci(method="wilson")
    assert (wrong.low, wrong.high) == pytest.approx((expected.low, expected.high), abs=0.01)


@pytest.mark.parametrize("heaviest", [1e30, 1e4, 200.0])
@pytest.mark.parametrize("name", ["accuracy", "log_loss"])
@pytest.mark.parametrize("seeds", [1, 3])
def test_of_rows_one_of_which_weighs_more_than_all_others_nothing_is_said(name: str, heaviest: float, seeds: int):
    weights = np.ones(ROWS)
    weights[3] = heaviest
    found = confirm(P[:seeds], CLASSES, METRICS[name], np.random.default_rng(0), weights=weights)
    assert np.isfinite([found.mean.estimate, found.first.estimate]).all()
    assert np.isnan([found.mean.low, found.mean.high, found.first.low, found.first.high]).all()
