"""What a classifier and a regressor have in common: settings, training, curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DnnexpError, require
from dnnexp.estimators.members import Trained, hold_back, train_members
from dnnexp.estimators.rows import Rows, merged_rows, read_table
from dnnexp.estimators.settings import activations, hidden_layers, in_own_words, require_settings
from dnnexp.evaluation.configuration import Configuration
from dnnexp.network.optimizers import usual_optimizer
from dnnexp.network.schema import ModelConfig
from dnnexp.predictor import Predictor
from dnnexp.training.schedules import ScheduleConfig, usual_schedule
from dnnexp.training.schema import TrainerConfig
from dnnexp.training.seeds import child
from dnnexp.training.start import Start

__all__ = ["USUAL", "NetworkEstimator", "as_value_error"]

Array = npt.NDArray[Any]
USUAL = Configuration()  # the defaults are those of the commands, of solvers and schedules too
SELECTION, MORE = 1 << 20, 1 << 21  # places below the seed


@contextmanager
def as_value_error() -> Iterator[None]:
    """Raise what the engine refuses as a ValueError, which is what scikit-learn's users expect."""
    try:
        yield
    except DnnexpError as error:
        raise ValueError(in_own_words(error)) from error


class NetworkEstimator(BaseEstimator):  # type: ignore[misc]
    """Feed-forward networks of one shape, trained at once, whose mean output is the prediction."""

    predictor_: Predictor
    n_features_in_: int
    n_iter_: int
    loss_: float
    loss_curve_: list[float]
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None

    def __sklearn_tags__(self) -> Tags:
        """Return scikit-learn's tags: missing values may be among the inputs."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    @property
    def configuration(self) -> Configuration:
        """The constructor's settings as the commands know them. Raises ConfigError for one that cannot be."""
        require_settings(self.get_params(deep=False))
        widths = hidden_layers(self.hidden_layer_sizes)
        said = {"lr": self.learning_rate_init, "weight_decay": self.weight_decay}
        return Configuration(
            ModelConfig(
                widths=widths,
                activations=activations(self.activation, len(widths)),
                normalization=self.normalization,
                residual=self.residual,
                dropout=self.dropout,
            ),
            usual_optimizer(self.solver, **{key: value for key, value in said.items() if value is not None}),
            usual_schedule(self.schedule),
            TrainerConfig(
                epochs=int(self.max_iter),
                batch_size=None if self.batch_size is None else int(self.batch_size),
                patience=self.n_iter_no_change,
                label_smoothing=getattr(self, "label_smoothing", 0.0),
                average=self.average,
                loss=getattr(self, "loss", None),
            ),
            PreprocessingConfig(scaling=self.scaling),
        )

    def _train(self, rows: Rows, task: str, classes: Sequence[str], loss: str, *, goes_on: bool) -> Self:
        """Train on the rows, y as TargetCode takes it; goes_on: one epoch more, from where the last one ended."""
        configuration, seed = self.configuration, self._seed()
        limit = configuration.trainer.batch_size
        if limit is None or len(rows.y) <= limit:
            rows = merged_rows(rows)
        start = self._end if hasattr(self, "_end") and (goes_on or self.warm_start) else None
        if start is None:
            drawn = int(child(seed, SELECTION).generate_state(1)[0])
            preprocessor = Preprocessor.fit(configuration.preprocessing, rows.X, rows.y, task, drawn)
            code = TargetCode.fit(task, classes, rows.y)
        else:
            preprocessor, code = self.predictor_.preprocessor, self.predictor_.code.going_on(rows.y)
        stop = [np.zeros(0, np.intp)] * self.n_members
        if goes_on:
            trainer, constant = replace(configuration.trainer, epochs=1), ScheduleConfig("constant", warmup=0.0)
            configuration = replace(configuration, trainer=trainer, schedule=constant)
            if start is not None:
                seed = child(seed, MORE, self.n_iter_)
        elif self.early_stopping:
            require(len(rows.y) > 1, "early_stopping", "at least 2 rows, one of them to stop by", len(rows.y))
            labels = rows.y if classes else None
            share = self.validation_fraction
            stop = [hold_back(rows, labels, share, child(seed, i)) for i in range(self.n_members)]
        preprocessor.surprises.clear()
        trained = train_members(configuration, rows, stop, preprocessor, code, loss, seed, start)
        preprocessor.warn()
        self._note(trained, is_more=goes_on and start is not None, keeps_moments=goes_on)
        return self

    def _note(self, trained: Trained, *, is_more: bool, keeps_moments: bool) -> None:
        """Keep what came of a training; is_more: its epochs follow those before."""
        self.predictor_ = trained.predictor
        self._end = trained.end if keeps_moments else Start(trained.predictor.theta)
        curve = trained.curves["train/loss"].tolist()
        self.loss_curve_ = [*self.loss_curve_, *curve] if is_more else curve
        self.loss_, self.n_iter_ = self.loss_curve_[-1], len(self.loss_curve_)
        held = {name: trained.curves.get(name) for name in ("val/loss", "val/metric")}
        self.validation_loss_curve_, self.validation_scores_ = (
            None if values is None else values.tolist() for values in held.values()
        )

    def _seed(self) -> np.random.SeedSequence:
        return np.random.SeedSequence(int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)))

    def _outputs(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the mean output of the members (examples, n[L]); warn of what the training rows had no like of."""
        check_is_fitted(self)
        table = read_table(self, X, reset=False)
        preprocessor = self.predictor_.preprocessor
        preprocessor.surprises.clear()
        with as_value_error():
            outputs = self.predictor_.outputs(table)
        preprocessor.warn(stacklevel=3)
        return outputs
