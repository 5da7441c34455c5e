"""What needs no network: the majority class or the mean, a linear model and boosted trees, on the study's own rows.

A network that does not beat these has found nothing. Each is trained on what a network of the fold learns from, the
rows it trains on and those it stops by, and scored on the same rows by the same metric. What a network is given they
are given too: rows count by their weights, classes count alike where the trainer balances them, and yes is said from a
tuned threshold on where thresholds are tuned. The linear model is scikit-learn's, no network without hidden layers: it
is solved, so that neither a learning rate nor luck is in its score, and it shares no code with what it is compared to.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from dnnexp.evaluation.folds import Fold
from dnnexp.evaluation.places import BASELINE_TREES
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.threshold import Outputs, tune, tune_by_fold
from dnnexp.evaluation.yardsticks import Baseline, Yardsticks
from dnnexp.training.seeds import child

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BASELINES", "score_baselines", "score_yardsticks"]

MOST_CATEGORIES = 254  # of a column, that boosted trees can tell apart; the rarest beyond them are one
MOST_INDICATORS = 50  # of a column, for the linear model
ALPHAS = tuple(10.0**k for k in range(-3, 5))  # ridge penalties, chosen by leave-one-out on the training rows
FARTHEST = 1e100  # numbers beyond are put there: their squares are still finite

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.intp]


class Columns(NamedTuple):
    """The names of the columns, by what they hold."""

    numbers: list[str]
    categories: list[str]


Maker = Callable[[Columns, bool, int], Any]  # columns, whether classes are told apart, seed -> estimator


class Table(NamedTuple):
    """What a model learns from."""

    X: pd.DataFrame  # (examples, columns)
    weights: npt.NDArray[np.float64] | None  # (examples,) of the rows; None: all alike
    is_balanced: bool  # whether classes count alike, however many rows each has


def score_yardsticks(protocol: Protocol, *, again: bool, is_balanced: bool = False) -> Yardsticks:
    """Return the baselines on the protocol's folds, and with `again` the best of them on its fresh folds."""
    screened = tuple(score_baselines(protocol, is_balanced=is_balanced))
    best = Yardsticks(screened).best(greater_is_better=protocol.metric.greater_is_better)
    if not again or best is None:
        return Yardsticks(screened)
    key = list(BASELINES)[[base.name for base in screened].index(best.name)]
    (rescored,) = score_baselines(protocol, protocol.rescoring.folds, [key], is_balanced=is_balanced)
    return Yardsticks(screened, rescored)


def score_baselines(
    protocol: Protocol, folds: Sequence[Fold] | None = None, keys: Sequence[str] = (), *, is_balanced: bool = False
) -> list[Baseline]:
    """Return what each baseline scores on the folds, the protocol's own unless others are given, and on the test rows.

    keys: of BASELINES, those that are asked for; none: all. is_balanced: classes count alike for those that learn, as
    trainer.class_weight=balanced has it. The same protocol gives the same scores. Missing values and categories are
    handled by scikit-learn's own means. A model that cannot be fitted has scores of NaN and says why: a baseline ends
    no study.
    """
    dataset = protocol.dataset
    columns = columns_of(dataset.X)
    X = as_table(dataset.X, columns)
    seed = int(child(protocol.seed, BASELINE_TREES).generate_state(1)[0])
    drawn = protocol.folds if folds is None else folds
    parts = [(np.concatenate([fold.train, fold.stop]), fold.score) for fold in drawn]
    records = []
    n_train, n_score = (float(np.mean([len(part[side]) for part in parts])) for side in (0, 1))
    for key in keys or BASELINES:
        make = BASELINES[key]
        started = time.perf_counter()
        estimator = make(columns, dataset.task != "regression", seed)
        table = Table(X, dataset.weights, is_balanced and make is not constant)
        said: list[Outputs | None] = []
        troubles = [""]
        for train, scored in (*parts, (protocol.split.development, protocol.split.test)):
            outputs = None
            try:
                with threadpool_limits(limits=1):  # several cost more than they bring, and other workers have theirs
                    outputs = fit_and_ask(estimator, table, protocol, train, scored)
            except Exception as error:  # noqa: BLE001  whatever a library raises, out of memory included
                troubles.append(str(error).strip().partition("\n")[0] or type(error).__name__)
            said.append(outputs)
        *scores, test_score = scores_of(said[:-1], said[-1], protocol)
        if not np.isfinite([*scores, test_score]).all() and troubles == [""]:
            troubles.append("its predictions are not finite")
        name = "mean" if make is constant and dataset.task == "regression" else key
        seconds = time.perf_counter() - started
        records.append(
            Baseline(name, np.array(scores, np.float64), test_score, n_train, n_score, seconds, troubles[-1])
        )
    return records


def fit_and_ask(estimator: Any, table: Table, protocol: Protocol, train: Rows, scored: Rows) -> Outputs:
    """Return what the estimator, fitted on the rows to train on, says of the scored rows, beside what is true."""
    dataset = protocol.dataset
    table = table._replace(X=without_empty(table.X, train))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a baseline that has not converged is a baseline
        if dataset.task in ("binary", "multiclass"):
            A = probabilities(estimator, table, dataset.y, train, scored, len(dataset.classes))
            Y = np.eye(len(dataset.classes))[dataset.y[scored]]
            if dataset.task == "binary":
                A, Y = A[:, 1:], Y[:, 1:]
        else:
            answer = prediction if dataset.task == "regression" else label_probability
            A = np.column_stack([answer(estimator, table, y, train, scored) for y in dataset.y.T])
            Y = np.asarray(dataset.y[scored], dtype=np.float64)
    return Outputs(scored, A.T, Y.T, dataset.weights_of(scored))


def scores_of(folds: Sequence[Outputs | None], test: Outputs | None, protocol: Protocol) -> list[float]:
    """Return the protocol's metric on each fold, and last on the test rows; NaN where nothing finite was said.

    Thresholds are tuned as those of networks are: for a fold on the rows of the others, for the test rows on all folds.
    """
    metric = protocol.metric
    known = [part for part in folds if part is not None and np.isfinite(part.A).all()]
    thresholds: list[tuple[npt.NDArray[np.float64], ...]] = [()] * (len(folds) + 1)
    if protocol.config.threshold == "tuned" and len(known) == len(folds):
        tuned = [*tune_by_fold(known, metric), tune(known, metric)]
        thresholds = [(values[:, None],) for values in tuned]
    return [
        math.nan
        if part is None or not np.isfinite(part.A).all()
        else float(metric.function(part.A, part.Y, part.weights, *(decided if metric.decides else ())))
        for part, decided in zip((*folds, test), thresholds, strict=True)
    ]


def without_empty(X: pd.DataFrame, train: Rows) -> pd.DataFrame:
    """Return the table with one value for all in columns that no training row has a value of: they say nothing."""
    empty = X.columns[X.iloc[train].isna().all()]
    return X.assign(**{name: 0.0 if X[name].dtype.kind == "f" else "" for name in empty}) if len(empty) else X


def fitted(estimator: Any, table: Table, y: Array, train: Rows) -> Any:
    """Return a copy of the estimator, fitted on the rows to train on."""
    weights = None if table.weights is None else table.weights[train]
    if table.is_balanced:
        weights = balanced(y[train], weights)
    step = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""  # that learns the target
    return clone(estimator).fit(
        table.X.iloc[train], y[train], **({} if weights is None else {f"{step}sample_weight": weights})
    )


def balanced(y: Array, weights: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64]:
    """Return the weights (rows,) by which every class of y has the same sum, rows of one class as they were."""
    own = np.ones(len(y)) if weights is None else weights
    classes, place = np.unique(y, return_inverse=True)
    sums = np.bincount(place, own)
    factors: npt.NDArray[np.float64] = own.sum() / len(classes) / sums
    return own * factors[place]


def probabilities(
    estimator: Any, table: Table, y: Array, train: Rows, scored: Rows, classes: int
) -> npt.NDArray[np.float64]:
    """Return the probability of every class (rows, classes); 0 for one that no training row has."""
    one_class = len(np.unique(y[train])) < 2  # nothing to tell apart
    learned = fitted(DummyClassifier(strategy="prior") if one_class else estimator, table, y, train)
    A = np.zeros((len(scored), classes))
    A[:, learned.classes_] = learned.predict_proba(table.X.iloc[scored])
    return A


def label_probability(estimator: Any, table: Table, y: Array, train: Rows, scored: Rows) -> Array:
    """Return the probability (rows,) of one label of several."""
    return probabilities(estimator, table, y, train, scored, 2)[:, 1]


def prediction(estimator: Any, table: Table, y: Array, train: Rows, scored: Rows) -> Array:
    """Return the predicted quantity (rows,). A power of two is taken out of it: squares of 1e200 are not finite."""
    exponent = np.frexp(np.abs(y[train]).max(initial=0.0))[1]
    learned = fitted(estimator, table, np.ldexp(y, -exponent), train)
    return np.ldexp(np.asarray(learned.predict(table.X.iloc[scored]), dtype=np.float64), exponent)


def columns_of(X: pd.DataFrame) -> Columns:
    """Return the columns of numbers, booleans among them, and the others, which are categories."""
    is_number = [dtype.kind in "biuf" for dtype in X.dtypes]
    names = [str(name) for name in X.columns]
    return Columns(
        [name for name, numeric in zip(names, is_number, strict=True) if numeric],
        [name for name, numeric in zip(names, is_number, strict=True) if not numeric],
    )


def as_table(X: pd.DataFrame, columns: Columns) -> pd.DataFrame:
    """Return the columns, numbers first: float64, and texts of which NaN is the missing one."""
    import pandas as pd

    named = X.set_axis([str(name) for name in X.columns], axis=1)
    values = {
        name: np.clip(named[name].to_numpy(dtype=np.float64, na_value=np.nan), -FARTHEST, FARTHEST)
        for name in columns.numbers
    }
    for name in columns.categories:
        column = named[name]
        texts = np.array([str(value) for value in column], dtype=object)
        texts[column.isna().to_numpy()] = np.nan
        values[name] = texts
    return pd.DataFrame(values)


def constant(columns: Columns, is_classifier: bool, seed: int) -> Any:
    """Return what answers with the shares of the classes, or the mean."""
    return DummyClassifier(strategy="prior") if is_classifier else DummyRegressor(strategy="mean")


def linear(columns: Columns, is_classifier: bool, seed: int) -> Any:
    """Return logistic regression with scikit-learn's default penalty, or ridge regression with a penalty chosen.

    Numbers are filled with the median, marked where they were, and standardised; categories are indicators.
    """
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
    )
    categories = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_INDICATORS, sparse_output=False
    )
    table = ColumnTransformer([("numbers", numbers, columns.numbers), ("categories", categories, columns.categories)])
    return make_pipeline(table, LogisticRegression(max_iter=1000) if is_classifier else RidgeCV(alphas=ALPHAS))


def boosted_trees(columns: Columns, is_classifier: bool, seed: int) -> Any:
    """Return scikit-learn's histogram gradient boosting, which splits by missing values and categories itself."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=MOST_CATEGORIES)
    table = ColumnTransformer([("numbers", "passthrough", columns.numbers), ("categories", codes, columns.categories)])
    places = list(range(len(columns.numbers), len(columns.numbers) + len(columns.categories)))
    kind = HistGradientBoostingClassifier if is_classifier else HistGradientBoostingRegressor
    return make_pipeline(table, kind(categorical_features=places or None, random_state=seed))


BASELINES: dict[str, Maker] = {"majority class": constant, "linear": linear, "boosted trees": boosted_trees}
