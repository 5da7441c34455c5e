"""How much each feature says about the target, by the training rows alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dnnexp.data.moments import LIMIT, moments, standardised

__all__ = ["IMPORTANCES", "importances", "most_important"]

TREES = 200
MOST_CELLS = 300_000  # rows * features: what more rows would add to a ranking is not worth their time
FEWEST_ROWS = 500  # that are looked at, however many features there are
NEIGHBOURS = 3  # of scikit-learn's estimator of mutual information


def importances(by: str, features: np.ndarray, y: np.ndarray, task: str, seed: int) -> np.ndarray:
    """Return the importance (features,), not negative, of features (rows, features) for targets y.

    y: (rows,) class codes, (rows, labels) of 0 and 1, or (rows, targets) quantities. The same seed gives the same bits.
    """
    rng = np.random.default_rng(seed)
    most = max(FEWEST_ROWS, MOST_CELLS // features.shape[1])
    if len(y) > most:
        rows = np.sort(rng.choice(len(y), most, replace=False))
        features, y = features[rows], y[rows]
    if task == "regression":
        goals = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        y = standardised(goals, *moments(goals), LIMIT)  # squares of large targets would overflow
    found = IMPORTANCES[by](features, y, task == "regression", int(rng.integers(2**31)))
    finite: np.ndarray = np.nan_to_num(np.maximum(found, 0.0))
    return finite


def most_important(importance: np.ndarray, count: int) -> np.ndarray:
    """Return the indices, ascending, of the `count` largest; of equals the first."""
    return np.sort(np.argsort(-importance, kind="stable")[:count])


def tree_importances(features: np.ndarray, y: np.ndarray, is_regression: bool, seed: int) -> np.ndarray:
    """Return the mean decrease of impurity in extremely randomised trees (Geurts, Ernst & Wehenkel 2006).

    Every feature competes at each node: that finds one that matters only together with others among many that do not.
    """
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

    kind = ExtraTreesRegressor if is_regression else ExtraTreesClassifier
    forest = kind(TREES, min_samples_leaf=3, max_features=None, random_state=seed)
    found: np.ndarray = forest.fit(features, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y).feature_importances_
    return found


def mutual_information(features: np.ndarray, y: np.ndarray, is_regression: bool, seed: int) -> np.ndarray:
    """Return the mutual information with the target in nats, summed over the targets (Ross 2014)."""
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    estimate = mutual_info_regression if is_regression else mutual_info_classif
    is_discrete = np.isin(features, (0.0, 1.0)).all(axis=0)
    neighbours = min(NEIGHBOURS, len(y) - 1)
    targets = y.reshape(len(y), -1).T
    found = [
        estimate(features, target, discrete_features=is_discrete, n_neighbors=neighbours, random_state=seed)
        for target in targets
    ]
    total: np.ndarray = np.sum(found, axis=0)
    return total


IMPORTANCES: dict[str, Callable[[np.ndarray, np.ndarray, bool, int], np.ndarray]] = {
    "trees": tree_importances,
    "mutual_information": mutual_information,
}
