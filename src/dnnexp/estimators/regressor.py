"""DNNRegressor: feed-forward networks for one quantity or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from numpy.random import RandomState
from sklearn.base import RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array

from dnnexp.errors import require_choice
from dnnexp.estimators.network_estimator import USUAL, NetworkEstimator, as_value_error
from dnnexp.estimators.rows import counted_rows, read_table
from dnnexp.network.losses import suited_losses

__all__ = ["DNNRegressor"]

Array = npt.NDArray[Any]


class DNNRegressor(RegressorMixin, NetworkEstimator):  # type: ignore[misc]
    """Feed-forward networks that predict one quantity, or several at once; each is standardised inside.

    Settings and attributes are those of DNNClassifier. loss: squared_error, absolute_error, or huber (quadratic up to
    one standard deviation of the target, linear beyond).
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (USUAL.model.width,),
        activation: str | Sequence[str] = USUAL.model.activation,
        *,
        loss: str = "squared_error",
        solver: str = USUAL.optimizer.name,
        learning_rate_init: float | None = None,
        weight_decay: float | None = None,
        schedule: str = USUAL.schedule.name,
        batch_size: int | None = USUAL.trainer.batch_size,
        max_iter: int = USUAL.trainer.epochs,
        early_stopping: bool = False,
        validation_fraction: float = 0.15,
        n_iter_no_change: int | None = USUAL.trainer.patience,
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
        self.loss = loss
        self.solver = solver
        self.learning_rate_init = learning_rate_init
        self.weight_decay = weight_decay
        self.schedule = schedule
        self.batch_size = batch_size
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.average = average
        self.scaling = scaling
        self.n_members = n_members
        self.warm_start = warm_start
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: several quantities may be learnt at once."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on inputs (examples, columns) and quantities (examples,) or (examples, targets).

        Raises ValueError for what cannot be learnt, and for a setting that cannot be.
        """
        return self._train_on(X, y, sample_weight, reset=True, goes_on=False)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch more on these rows, from where the last call ended, at the full learning rate.

        The first call learns the scaling of inputs and targets.
        """
        return self._train_on(X, y, sample_weight, reset=not hasattr(self, "predictor_"), goes_on=True)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the quantities in the target's units, in the shape that they were fitted in."""
        outputs = self._outputs(X)
        values = self.predictor_.code.decode(outputs)
        return values[:, 0] if self._is_flat else values

    def _train_on(self, X: Any, y: Any, sample_weight: Any, *, reset: bool, goes_on: bool) -> Self:
        table = read_table(self, X, reset=reset)
        if y is None:
            raise ValueError("DNNRegressor requires y to be passed, but the target y is None")
        with np.errstate(over="ignore", invalid="ignore"):  # the sum of numbers like 1e308 is tried first
            values = np.asarray(check_array(y, ensure_2d=False, dtype=np.float64, input_name="y"))
        if values.ndim > 2:
            raise ValueError(f"y: need (examples,) or (examples, targets), got shape {values.shape}")
        rows = counted_rows(table, values.reshape(len(values), -1), sample_weight)
        known = self.predictor_.code.outputs if not reset or (self.warm_start and hasattr(self, "predictor_")) else None
        if known is not None and known != rows.y.shape[1]:
            raise ValueError(f"y: need the {known} targets that were fitted before, got {rows.y.shape[1]}")
        with as_value_error():
            require_choice("loss", self.loss, suited_losses("regression"))
            self._is_flat = values.ndim == 1
            return self._train(rows, "regression", (), self.loss, goes_on=goes_on)
