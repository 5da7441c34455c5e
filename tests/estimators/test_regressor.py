from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score

from dnnexp import DNNRegressor
from dnnexp.network.losses import LOSSES

X, Y = load_diabetes(return_X_y=True, scaled=False)


def test_no_hidden_layer_is_linear_regression() -> None:
    settings = {"solver": "gradient_descent", "learning_rate_init": 0.1, "batch_size": None, "schedule": "constant"}
    inputs = X[:, :4]
    ours = DNNRegressor((), max_iter=2000, **settings).fit(inputs, Y)
    np.testing.assert_allclose(ours.predict(inputs), LinearRegression().fit(inputs, Y).predict(inputs), atol=0.01)


def test_it_works_in_cross_validation_and_a_grid_search() -> None:
    assert cross_val_score(DNNRegressor(random_state=0), X, Y, cv=3).mean() >= 0.4
    search = GridSearchCV(DNNRegressor(max_iter=20, random_state=0), {"loss": ["squared_error", "huber"]}, cv=2)
    assert search.fit(X, Y).best_score_ >= 0.3


def test_several_quantities_are_learnt_at_once_each_in_its_units() -> None:
    both = np.column_stack([Y * 1e6, X[:, 2] - 50])
    fitted = DNNRegressor(random_state=0).fit(X, both)
    assert fitted.predict(X).shape == (442, 2)
    assert fitted.score(X, both) >= 0.6
    assert DNNRegressor(random_state=0).fit(X, both[:, :1]).predict(X).shape == (442, 1)
    assert DNNRegressor(random_state=0).fit(X, both[:, 0]).predict(X).shape == (442,)


def test_a_row_of_weight_two_is_that_row_twice_to_the_bit() -> None:
    weights = np.random.default_rng(0).integers(0, 4, 442)
    settings = {"batch_size": None, "max_iter": 5, "random_state": 0}
    weighted = DNNRegressor(**settings).fit(X, Y, sample_weight=weights)
    repeated = DNNRegressor(**settings).fit(X.repeat(weights, axis=0), Y.repeat(weights))
    np.testing.assert_array_equal(weighted.predict(X), repeated.predict(X))


def test_members_together_are_better_than_the_mean_of_them_alone() -> None:
    """Krogh & Vedelsby 1995: the squared error of a mean is the mean squared error less the members' spread."""
    together = DNNRegressor(n_members=5, max_iter=10, random_state=0).fit(X[:300], Y[:300])
    inside, table = together.predictor_, pd.DataFrame(X[300:], columns=[f"x{i}" for i in range(10)])
    members = [dataclasses.replace(inside, theta=inside.theta[i : i + 1]).predict(table)[:, 0] for i in range(5)]
    errors, spread = np.square(np.array(members) - Y[300:]).mean(axis=0), np.var(members, axis=0)
    np.testing.assert_allclose(np.square(together.predict(X[300:]) - Y[300:]), errors - spread, rtol=1e-6)
    assert spread.min() > 0


def test_partial_fit_goes_on_and_keeps_the_targets_it_began_with() -> None:
    network = DNNRegressor(random_state=0)
    for _ in range(40):
        network.partial_fit(X, Y)
    assert network.score(X, Y) >= 0.4
    with pytest.raises(ValueError, match="need the 1 targets that were fitted before, got 2"):
        network.partial_fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="unknown choice 'magic'"):
        DNNRegressor(loss="magic").fit(X, Y)


def test_one_outlier_among_new_rows_does_not_ruin_their_score() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((400, 2))
    y = inputs[:, 0] + 0.1 * rng.standard_normal(400)
    inputs[-1, 1] = 46.0  # a slip of the decimal point, in a column that hardly matters
    fitted = DNNRegressor(random_state=0).fit(inputs[:300], y[:300])
    assert fitted.score(inputs[300:], y[300:]) >= 0.98


@pytest.mark.parametrize("average", [0.0, 0.5, 0.99])
def test_three_calls_of_partial_fit_are_one_training_of_three_epochs(average: float) -> None:
    settings = {"hidden_layer_sizes": (8,), "batch_size": None, "schedule": "constant", "random_state": 0}
    longer = DNNRegressor(max_iter=3, average=average, **settings).fit(X, Y)
    steps = DNNRegressor(average=average, **settings)
    for _ in range(3):
        steps.partial_fit(X, Y)
    np.testing.assert_array_equal(steps.predict(X), longer.predict(X))


@pytest.mark.parametrize("call", ["fit", "partial_fit"])
def test_an_average_begins_where_a_warm_start_does(call: str) -> None:
    """Steps of no length leave the weights, and so their average, where the last training ended."""
    before = DNNRegressor(hidden_layer_sizes=(8,), max_iter=30, batch_size=None, warm_start=True, random_state=0).fit(
        X, Y
    )
    expected = before.predict(X)
    before.set_params(learning_rate_init=1e-30, weight_decay=0.0, average=0.999, max_iter=1)
    np.testing.assert_allclose(getattr(before, call)(X, Y).predict(X), expected, rtol=1e-4)


@pytest.mark.parametrize("value", [0.1, -3.0, 0.0, 1e300, 5e-324])
def test_a_constant_target_is_predicted_exactly(value: float) -> None:
    both = np.column_stack([np.full(442, value), Y])
    fitted = DNNRegressor(max_iter=3, random_state=0, early_stopping=True).fit(X, both)
    assert set(fitted.predict(X)[:, 0]) == {value}
    assert len(set(fitted.predict(X)[:, 1])) > 400
    alone = DNNRegressor(max_iter=3, random_state=0).fit(X, both[:, 0])
    assert set(alone.predict(X)) == {value}


def test_a_target_that_was_constant_at_first_is_learnt_when_it_varies() -> None:
    network = DNNRegressor(hidden_layer_sizes=(), batch_size=None, learning_rate_init=0.05, random_state=0)
    network.partial_fit(X, np.full(442, 7.0))
    assert set(network.predict(X)) == {7.0}
    for _ in range(300):
        network.partial_fit(X, Y)
    assert network.score(X, Y) > 0.45
    warm = DNNRegressor(warm_start=True, random_state=0).fit(X, np.full(442, 7.0))
    assert warm.fit(X, Y).score(X, Y) > 0.45


def test_inputs_that_overflow_in_the_first_step_are_not_put_down_to_the_learning_rate() -> None:
    said = "epoch 1, step 1: .*, before learning_rate_init played a part; take scaling=standard"
    with pytest.raises(ValueError, match=said):
        DNNRegressor((8, 8), "gelu", scaling="none", random_state=0).fit(X * 1e38, Y)


def test_a_loss_that_is_added_can_be_chosen_by_its_entry_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOSSES, "another", LOSSES["huber"])
    fits = [DNNRegressor(loss=loss, max_iter=3, random_state=0).fit(X, Y).loss_curve_ for loss in ("huber", "another")]
    assert fits[0] == fits[1]
    monkeypatch.setitem(LOSSES, "another", LOSSES["huber"]._replace(tasks=("binary",)))
    with pytest.raises(ValueError, match=r"^loss: .*'another'"):
        DNNRegressor(loss="another").fit(X, Y)
