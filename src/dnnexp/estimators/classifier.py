"""DNNClassifier: feed-forward networks for two classes, for several, and for labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.random import RandomState
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target
from sklearn.utils.validation import check_array

from dnnexp.data.target_code import TargetCode
from dnnexp.errors import shown
from dnnexp.estimators.network_estimator import USUAL, NetworkEstimator, as_value_error
from dnnexp.estimators.rows import Rows, counted_rows, read_table
from dnnexp.evaluation.class_weights import class_weights
from dnnexp.network.losses import LOSSES, suited_losses
from dnnexp.training.examples import Examples

__all__ = ["DNNClassifier"]

Array = npt.NDArray[Any]


class DNNClassifier(ClassifierMixin, NetworkEstimator):  # type: ignore[misc]
    """Feed-forward networks that tell classes apart, or say yes or no to each of several labels.

    Inputs are numbers, or a DataFrame whose other columns are categories; they are scaled inside. The settings are
    those of the commands, which DNNRegressor shares:

    hidden_layer_sizes: units of each hidden layer; (): none, logistic regression. activation: one name, or one for each
    layer. solver, learning_rate_init and weight_decay (None: the solver's own; the decay is less, in proportion, of
    more than 2,000 rows), schedule, batch_size (None: all rows), max_iter (epochs), dropout, normalization, residual,
    average (decay of the average of weights that is kept).
    early_stopping: hold back a share of the rows, validation_fraction, and keep the best weights by them, ending after
    n_iter_no_change epochs without a better one; False: train on all rows to the end. n_members: networks with seeds of
    their own, whose mean probability is the prediction. warm_start: fit goes on from the weights of the last fit.
    label_smoothing: share of a target that is spread over the classes. class_weight: None, "balanced", or a dict from
    class to weight; it multiplies sample weights.

    An example of weight 2 does what it does twice where a step sees all rows (batch_size); there is no such law for
    mini-batches, which are drawn from the rows, whatever they weigh.

    classes_: of the target; for labels 0 … labels - 1. loss_curve_, validation_loss_curve_, validation_scores_: by
    epoch, means over the members. predictor_: what can be saved as a file and loaded again.
    """

    classes_: Array

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (USUAL.model.width,),
        activation: str | Sequence[str] = USUAL.model.activation,
        *,
        solver: str = USUAL.optimizer.name,
        learning_rate_init: float | None = None,
        weight_decay: float | None = None,
        schedule: str = USUAL.schedule.name,
        batch_size: int | None = USUAL.trainer.batch_size,
        max_iter: int = USUAL.trainer.epochs,
        early_stopping: bool = False,
        validation_fraction: float = 0.15,
        n_iter_no_change: int | None = USUAL.trainer.patience,
        label_smoothing: float = USUAL.trainer.label_smoothing,
        class_weight: str | Mapping[Any, float] | None = None,
        dropout: float = USUAL.model.dropout,
        normalization: str = USUAL.model.normalization,
        residual: str = USUAL.model.residual,
        average: float = USUAL.trainer.average,
        scaling: str = USUAL.preprocessing.scaling,
        n_members: int = 1,
        warm_start: bool = False,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.average = average
        self.scaling = scaling
        self.n_members = n_members
        self.warm_start = warm_start
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: several labels may be learnt at once."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on inputs (examples, columns) and classes (examples,) or labels of 0 and 1 (examples, labels).

        Raises ValueError for what cannot be learnt, and for a setting that cannot be.
        """
        table = read_table(self, X, reset=True)
        rows = counted_rows(table, _classes_or_labels(y), sample_weight)
        if rows.y.ndim == 1:
            classes = np.unique(rows.y)
            if len(classes) < 2:
                raise ValueError(f"y: need at least 2 classes to tell apart, got 1 class: {classes[0]!s}")
        else:
            classes = np.arange(rows.y.shape[1])
        if self.warm_start and not np.array_equal(getattr(self, "classes_", classes), classes):
            raise ValueError(f"y: warm_start needs the classes of the last fit, {self.classes_}, got {classes}")
        self.classes_ = classes
        return self._train_coded(rows, goes_on=False)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train one epoch more on these rows, from where the last call ended, at the full learning rate.

        classes: all that there will be, at the first call; scaling is learnt there too.
        """
        is_first = not hasattr(self, "predictor_")
        table = read_table(self, X, reset=is_first)
        y = _classes_or_labels(y)
        if y.ndim == 1:
            _check_partial_fit_first_call(self, classes)
            if len(self.classes_) < 2:
                raise ValueError(f"classes: need at least 2 classes to tell apart, got {len(self.classes_)}")
            if unknown := sorted(set(y.tolist()) - set(self.classes_.tolist())):
                raise ValueError(f"y: {unknown[0]!r} is none of the classes {self.classes_.tolist()}")
        elif is_first:
            self.classes_ = np.arange(y.shape[1])
        return self._train_coded(counted_rows(table, y, sample_weight), goes_on=True)

    def predict(self, X: Any) -> Array:
        """Return the most probable class (examples,), or the labels 0 and 1 (examples, labels)."""
        outputs = self._outputs(X)
        decided = self.predictor_.code.codes(outputs)
        if self.predictor_.code.task == "multilabel":
            return decided
        classes: Array = self.classes_[decided]
        return classes

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class (examples, classes), or of each label (examples, labels)."""
        A = self._outputs(X)
        return np.hstack([1 - A, A]) if self.predictor_.code.task == "binary" else A

    def _train_coded(self, rows: Rows, *, goes_on: bool) -> Self:
        """Train on rows whose y are classes of classes_, or labels."""
        if rows.y.ndim == 2:
            task, names = "multilabel", []
        else:
            rows = rows._replace(y=np.searchsorted(self.classes_, rows.y))
            task = "binary" if len(self.classes_) == 2 else "multiclass"
            names = [str(name) for name in self.classes_]
        with as_value_error():
            return self._train(self._weighed(rows, task, names), task, names, suited_losses(task)[0], goes_on=goes_on)

    def _weighed(self, rows: Rows, task: str, names: Sequence[str]) -> Rows:
        """Return the rows with their weights times those of their classes; rows of a class of weight 0 are left out."""
        if self.class_weight is None:
            return rows
        own = np.ones(len(rows.y)) if rows.weights is None else rows.weights
        if not isinstance(self.class_weight, Mapping):
            if self.class_weight != "balanced":
                raise ValueError(f'class_weight: need None, "balanced" or a dict, got {self.class_weight!r}')
            Y = TargetCode.fit(task, names, rows.y).encode(rows.y)
            examples, everyone = Examples(np.ones((len(Y), 1)), Y, own), np.arange(len(Y))
            of_classes = class_weights(examples, everyone, LOSSES[suited_losses(task)[0]].output)
            return rows._replace(weights=examples.counted(everyone, of_classes))
        if task == "multilabel":
            raise ValueError('class_weight: labels have no classes to weigh by name, need None or "balanced"')
        known = np.unique(rows.y)
        factors = np.ones(len(names))
        factors[known] = compute_class_weight(
            dict(self.class_weight), classes=self.classes_[known], y=self.classes_[rows.y]
        )
        for i, factor in enumerate(factors):
            if not 0 <= factor < np.inf:
                raise ValueError(f"class_weight: need finite numbers >= 0, got {factor:g} for class {names[i]}")
        weights = own * factors[rows.y]
        if not (weights > 0).any():
            raise ValueError("class_weight: need a weight above 0 for a class that is there, got none")
        return Rows(rows.X[weights > 0], rows.y[weights > 0], weights[weights > 0])


def _classes_or_labels(y: Any) -> Array:
    """Return y as (examples,), or as (examples, labels) of 0 and 1. Raises ValueError for anything else."""
    if y is None:
        raise ValueError("DNNClassifier requires y to be passed, but the target y is None")
    _require_alike(y)
    with np.errstate(over="ignore", invalid="ignore"):  # numbers like 1e308 are asked whether they are whole numbers
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
    if kind == "multilabel-indicator":
        return np.asarray(check_array(y, input_name="y", dtype=np.int64))
    if kind == "multiclass-multioutput":
        raise ValueError("y: need one column of classes, or several of 0 and 1, got several columns of classes")
    return np.asarray(column_or_1d(y, warn=True))


def _require_alike(y: Any) -> None:
    """Raise ValueError for classes of which one is missing, or that are texts and something else."""
    values = np.asarray(y)
    if values.dtype != object or values.ndim != 1:
        return
    is_missing = pd.isna(values)
    if is_missing.any():
        raise ValueError(f"Input y contains NaN: row {int(is_missing.argmax()) + 1} has no class")
    is_other = np.array([isinstance(value, str) != isinstance(values[0], str) for value in values], dtype=bool)
    if is_other.any():
        i = int(is_other.argmax())
        raise ValueError(
            f"y: need classes of one type, got {shown(values[0])} and, in row {i + 1}, {shown(values[i])}: "
            "write all of them as texts"
        )
