from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_iris, make_multilabel_classification
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dnnexp import DNNClassifier
from dnnexp.predictor import Predictor

X, Y = load_iris(return_X_y=True)
QUICK = {"hidden_layer_sizes": (8,), "max_iter": 15, "random_state": 0}


def with_categories() -> tuple[pd.DataFrame, np.ndarray]:
    """Return a table whose category decides the class, with gaps in both of its columns."""
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green", "blue"], 120).astype(object)
    size = rng.standard_normal(120)
    y = np.where((colour == "red") | (size > 1.5), "yes", "no")
    colour[::17], size[::13] = None, np.nan
    return pd.DataFrame({"colour": colour, "size": size}), y


def test_it_works_in_a_pipeline_a_grid_search_and_cross_validation() -> None:
    pipeline = make_pipeline(StandardScaler(), DNNClassifier(max_iter=60, random_state=0))
    grid = {"dnnclassifier__hidden_layer_sizes": [(), (8,)], "dnnclassifier__activation": ["tanh", "relu"]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(X, Y)
    assert search.best_score_ >= 0.9
    assert cross_val_score(DNNClassifier(max_iter=30, random_state=0), X, Y, cv=3).mean() >= 0.9
    assert cross_val_score(DNNClassifier(**QUICK), X, Y == 1, cv=3, scoring="roc_auc").mean() >= 0.6
    voting = VotingClassifier([("net", DNNClassifier(random_state=0)), ("line", LogisticRegression())], voting="soft")
    assert voting.fit(StandardScaler().fit_transform(X), Y).score(StandardScaler().fit_transform(X), Y) >= 0.9


def test_no_hidden_layer_is_logistic_regression() -> None:
    scaled, target = StandardScaler().fit_transform(load_breast_cancer().data[:, [1, 9]]), load_breast_cancer().target
    theirs = LogisticRegression(C=1e6).fit(scaled, target)
    settings = {"solver": "gradient_descent", "learning_rate_init": 0.5, "batch_size": None, "schedule": "constant"}
    settings |= {"scaling": "none"}  # it is scaled already, and far values are not to be bent
    ours = DNNClassifier((), max_iter=4000, label_smoothing=0, **settings).fit(scaled, target)
    np.testing.assert_allclose(ours.predict_proba(scaled), theirs.predict_proba(scaled), atol=1e-3)


def test_classes_of_any_kind_come_back_as_they_were() -> None:
    for target in (np.array(["a", "b", "c"])[Y], Y * 10, Y == 1, np.array([-1.5, 0.0, 2.5])[Y].astype(str)):
        fitted = DNNClassifier(**QUICK).fit(X, target)
        assert fitted.predict(X).dtype == target.dtype
        assert set(fitted.predict(X)) <= set(fitted.classes_)
        assert list(fitted.classes_) == sorted(set(target.tolist()))


def test_frames_with_categories_and_gaps_are_learnt_and_columns_found_by_name() -> None:
    table, y = with_categories()
    fitted = DNNClassifier(max_iter=60, random_state=0).fit(table, y)
    assert fitted.score(table, y) >= 0.9
    assert list(fitted.feature_names_in_) == ["colour", "size"]
    new = pd.DataFrame({"colour": ["red", "mauve", None], "size": [0.0, np.nan, 2.5]})
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"^input: values that .* read as unknown: 'colour' \(1\)$") as caught:
            assert fitted.predict(new)[0] == "yes"
        assert [(len(caught), warning.filename) for warning in caught] == [(1, __file__)]
    with pytest.raises(ValueError, match="feature names"):
        fitted.predict(new[["size", "colour"]])


def test_a_table_goes_through_a_column_transformer_as_numbers() -> None:
    table, y = with_categories()
    select = ColumnTransformer([("numbers", "passthrough", ["size"])]).set_output(transform="pandas")
    assert make_pipeline(select, DNNClassifier(**QUICK)).fit(table, y).predict(table).shape == (120,)


def test_labels_are_learnt_as_well_as_logistic_regressions_learn_them() -> None:
    inputs, labels = make_multilabel_classification(200, 10, n_classes=3, random_state=0)
    fitted = DNNClassifier(random_state=0).fit(inputs[:150], labels[:150])
    ours = fitted.predict_proba(inputs[150:])
    assert (fitted.predict(inputs[150:]) == (ours > 0.5)).all()
    theirs = [
        LogisticRegression(max_iter=500).fit(inputs[:150], y).predict_proba(inputs[150:])[:, 1] for y in labels[:150].T
    ]
    scores = [average_precision_score(labels[150:], p) for p in (ours, np.transpose(theirs))]
    assert scores[0] > scores[1] - 0.05
    assert fitted.classes_.tolist() == [0, 1, 2]


def test_several_columns_of_classes_and_a_single_class_are_refused() -> None:
    with pytest.raises(ValueError, match="several columns of classes"):
        DNNClassifier().fit(X, np.column_stack([Y, Y]))
    with pytest.raises(ValueError, match="at least 2 classes to tell apart, got 1 class"):
        DNNClassifier().fit(X, np.zeros(150))


def test_a_row_of_weight_two_is_that_row_twice_and_of_weight_0_none_to_the_bit() -> None:
    weights = np.random.default_rng(0).integers(0, 4, 150)
    settings = {**QUICK, "batch_size": None}
    weighted = DNNClassifier(**settings).fit(X, Y, sample_weight=weights)
    repeated = DNNClassifier(**settings).fit(X.repeat(weights, axis=0), Y.repeat(weights))
    np.testing.assert_array_equal(weighted.predict_proba(X), repeated.predict_proba(X))


def test_a_class_of_more_weight_is_predicted_more_often() -> None:
    inputs, target = load_breast_cancer(return_X_y=True)
    noisy = inputs[:, :1]
    counts = [
        (DNNClassifier(**QUICK, class_weight=weight).fit(noisy, target).predict(noisy) == 0).sum()
        for weight in (None, "balanced", {0: 10.0, 1: 1.0}, {0: 1.0, 1: 10.0})
    ]
    assert counts[3] < counts[0] < counts[1] < counts[2]
    for wrong in ("balance", {7: 1.0}):
        with pytest.raises(ValueError, match="class"):
            DNNClassifier(class_weight=wrong).fit(X, Y)


def test_members_are_networks_of_their_own_whose_mean_is_predicted() -> None:
    ensemble = DNNClassifier(**QUICK, n_members=3).fit(X, Y)
    alone = DNNClassifier(**QUICK).fit(X, Y)
    theta = ensemble.predictor_.theta
    assert theta.shape[0] == 3
    np.testing.assert_array_equal(theta[0], alone.predictor_.theta[0])
    assert not np.allclose(theta[1], theta[2])
    single = [dataclasses.replace(ensemble.predictor_, theta=theta[i : i + 1]) for i in range(3)]
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(4)])
    np.testing.assert_allclose(ensemble.predict_proba(X), np.mean([p.predict_proba(table) for p in single], axis=0))


@pytest.mark.parametrize(("rows", "share"), [(2, 0.15), (3, 0.5), (10, 0.94)])
def test_one_row_is_enough_to_train_on_beside_those_to_stop_by(rows: int, share: float) -> None:
    stopped = DNNClassifier(max_iter=2, early_stopping=True, validation_fraction=share, random_state=0)
    assert len(stopped.fit(X[::50][:rows] if rows < 4 else X[::15], np.arange(rows) % 2).validation_scores_) == 2


def test_a_share_to_stop_by_that_is_all_of_the_rows_is_refused_with_the_remedy() -> None:
    stopped = DNNClassifier(early_stopping=True, validation_fraction=0.99)
    law = r"^validation_fraction: need a row left to train on, got 0\.99 of 10 rows; lower it, or add rows$"
    with pytest.raises(ValueError, match=law):
        stopped.fit(X[::15], np.arange(10) % 2)


def test_early_stopping_shows_what_it_stopped_by() -> None:
    stopped = DNNClassifier(max_iter=300, early_stopping=True, n_iter_no_change=5, random_state=0).fit(X, Y)
    assert stopped.n_iter_ == len(stopped.loss_curve_) == len(stopped.validation_loss_curve_) < 300
    assert max(stopped.validation_scores_) >= 0.9
    to_the_end = DNNClassifier(max_iter=20, random_state=0).fit(X, Y)
    assert (to_the_end.n_iter_, to_the_end.validation_loss_curve_) == (20, None)
    assert to_the_end.loss_curve_[-1] == to_the_end.loss_ < to_the_end.loss_curve_[0]


def test_epochs_of_partial_fit_go_on_from_each_other() -> None:
    inputs = X[:, :2]
    network = DNNClassifier(random_state=0)
    scores = [network.partial_fit(inputs, Y, classes=[0, 1, 2]).score(inputs, Y) for _ in range(60)]
    assert network.n_iter_ == len(network.loss_curve_) == 60
    assert network.loss_curve_[-1] < 0.9 * network.loss_curve_[0]
    assert scores[-1] >= 0.75
    with pytest.raises(ValueError, match="3 is none of the classes"):
        network.partial_fit(inputs, np.where(Y == 1, 3, Y))
    with pytest.raises(ValueError, match="classes must be passed"):
        DNNClassifier().partial_fit(inputs, Y)


def test_steps_of_partial_fit_are_those_of_one_long_training() -> None:
    settings = {"schedule": "constant", "batch_size": None, "hidden_layer_sizes": (8,), "label_smoothing": 0.0}
    whole = DNNClassifier(**settings, max_iter=7, random_state=0)
    parts = DNNClassifier(**settings, random_state=0)
    for _ in range(7):
        parts.partial_fit(X, Y, classes=[0, 1, 2])
    assert whole.fit(X, Y).loss_curve_ == parts.loss_curve_
    np.testing.assert_array_equal(whole.predict_proba(X), parts.predict_proba(X))


def test_warm_start_begins_where_the_last_fit_ended() -> None:
    network = DNNClassifier(max_iter=20, warm_start=True, random_state=0).fit(X, Y)
    before = network.loss_
    assert network.fit(X, Y).loss_curve_[0] < 1.3 * before
    with pytest.raises(ValueError, match="warm_start needs the classes of the last fit"):
        network.fit(X, Y + 1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"activation": "rleu"}, "did you mean 'relu'"),
        ({"activation": ["relu", "relu"]}, "must agree on the number of hidden layers"),
        ({"hidden_layer_sizes": (8, 0)}, "1 <= width <= 1000000"),
        ({"solver": "adma"}, "did you mean 'adam'"),
        ({"learning_rate_init": -1.0}, "lr > 0"),
        ({"n_members": 0}, "n_members >= 1"),
        ({"validation_fraction": 1.0}, "0 < validation_fraction < 1"),
        ({"max_iter": 0}, "epochs >= 1"),
        ({"solver": "sgd", "learning_rate_init": 1e30, "scaling": "none"}, "lower learning_rate_init"),
        ({"learning_rate_init": 1e300, "max_iter": 1, "batch_size": None}, "diverged .* lower learning_rate_init"),
        ({"solver": "adma"}, "^solver: unknown choice 'adma'"),
        ({"max_iter": 2.5}, "^max_iter: need a whole number, got 2.5"),
        ({"batch_size": "auto"}, "^batch_size: need a whole number or None, got 'auto'"),
        ({"dropout": "much"}, "^dropout: need a number, got 'much'"),
        ({"early_stopping": "yes"}, "^early_stopping: need True or False, got 'yes'"),
        ({"hidden_layer_sizes": (3.5,)}, "^hidden_layer_sizes: need a whole number, or one for each layer, got"),
        ({"hidden_layer_sizes": [[3, 2], [1, 2]]}, "^hidden_layer_sizes: need a whole number, or one for each layer"),
        ({"activation": 3}, "^activation: need one name, or one for each hidden layer, got 3"),
        ({"class_weight": 3}, "class_weight: need None, .balanced. or a dict, got 3"),
        (
            {"class_weight": {0: float("nan"), 1: 1, 2: 1}},
            "class_weight: need finite numbers >= 0, got nan for class 0",
        ),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "class_weight: need a weight above 0 for a class that is there"),
    ],
)
def test_a_setting_that_cannot_be_is_a_value_error_that_says_what_can(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        DNNClassifier(**{**QUICK, **settings}).fit(X, Y)  # type: ignore[arg-type]


def test_the_predictor_inside_can_be_kept_as_a_file(tmp_path: Path) -> None:
    fitted = DNNClassifier(**QUICK).fit(pd.DataFrame(X, columns=list("abcd")), np.array(["x", "y", "z"])[Y])
    fitted.predictor_.save(tmp_path / "model.npz")
    loaded = Predictor.load(tmp_path / "model.npz")
    table = pd.DataFrame(X, columns=list("abcd"))
    assert (loaded.predict(table) == fitted.predict(table)).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, "a"] * 6, "y: need classes of one type, got 1 and, in row 2, 'a'"),
        (["a", None] * 6, "Input y contains NaN: row 2 has no class"),
        ([1e308, -1e308, 0.5] * 4, "Unknown label type"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused_with_their_row(values: list[object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DNNClassifier(**QUICK).fit(
            np.arange(12.0)[:, None], np.array(values, dtype=object if values[0] != 1e308 else float)
        )


def test_a_column_that_is_no_column_is_refused_by_its_name() -> None:
    y = [0, 1] * 6
    with pytest.raises(ValueError, match="X: column 'a', row 1: need a number or a text, got \\[1\\]"):
        DNNClassifier(**QUICK).fit(pd.DataFrame({"a": [[1]] * 12}), y)
    with pytest.raises(ValueError, match="X: column 'a' is there more than once"):
        DNNClassifier(**QUICK).fit(pd.DataFrame([[1, 2]] * 12, columns=["a", "a"]), y)


def test_dates_are_days_whatever_their_zone() -> None:
    days = pd.date_range("2024-01-01", periods=40)
    y = np.arange(40) // 20
    model = DNNClassifier(**QUICK).fit(pd.DataFrame({"day": days}), y)
    assert model.predictor_.kinds == {"day": "number"}
    zoned = model.predict_proba(pd.DataFrame({"day": days.tz_localize("UTC")}))
    assert np.array_equal(zoned, model.predict_proba(pd.DataFrame({"day": days})))


@pytest.mark.parametrize("unit", [1e-300, 1e300])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 1e300, 1: 1e300, 2: 2e300}])
def test_only_the_ratios_of_weights_count_however_large_they_are(unit: float, class_weight: object) -> None:
    weights = 1 + np.arange(len(Y)) % 3
    outputs = [
        DNNClassifier(**QUICK, class_weight=class_weight).fit(X, Y, own).predict_proba(X)
        for own in (weights, weights * unit)
    ]
    assert np.allclose(*outputs, atol=1e-4)


def test_true_beside_1_in_a_column_is_known_when_the_same_rows_are_predicted() -> None:
    X = pd.DataFrame({"a": np.arange(24) % 5, "b": pd.Series([True, "low", 1, "high", 1, True] * 4, dtype=object)})
    model = DNNClassifier(hidden_layer_sizes=(3,), max_iter=1, random_state=0).fit(X, np.arange(24) % 2)
    model.predict(X)  # a warning would say that the training rows had no such value
    assert {"1", "True", "high", "low"} <= set(model.predictor_.preprocessor.categories[0].values)
