"""The protocol of a study: its data, the locked test rows, the folds and the seeds that all configurations share."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import Dataset
from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.data.split import TestSplit, lock_test
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import require_choice
from dnnexp.evaluation.folds import Fold, draw_folds
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.threshold import require_tunable
from dnnexp.metrics import Metric, choose_metric, suited_metrics
from dnnexp.training.examples import Examples
from dnnexp.training.seeds import child, generator

__all__ = ["LOSSES_OF_TASK", "Prepared", "Protocol"]

LOSSES_OF_TASK = {  # the first is the default
    "binary": ("sigmoid_cross_entropy",),
    "multiclass": ("softmax_cross_entropy",),
    "multilabel": ("sigmoid_cross_entropy",),
    "regression": ("squared_error", "absolute_error", "huber"),
}
SPLIT, FOLDS, MEMBERS, REFIT = range(4)  # places below the study's seed


class Prepared(NamedTuple):
    """All rows of the data as the networks of a stack see them: one stretch of N rows for each fitting."""

    examples: Examples  # (fittings * N) rows
    preprocessors: list[Preprocessor]
    codes: list[TargetCode]


class Protocol:
    """What every configuration of a study is measured on: the same rows and seeds, so that comparisons are paired."""

    def __init__(self, dataset: Dataset, test_size: float, evaluation: EvaluationConfig, seed: int) -> None:
        self.dataset, self.config = dataset, evaluation
        self.seed = np.random.SeedSequence(seed)
        self.split: TestSplit = lock_test(dataset, test_size, generator(self.seed, SPLIT))
        labels = dataset.y[self.split.development] if dataset.classes else None
        self.folds: list[Fold] = draw_folds(self.split.development, labels, evaluation, child(self.seed, FOLDS))
        self.metric_name = choose_metric(evaluation.metric, dataset.task)
        require_tunable(evaluation, dataset.task, self.metric_name)
        self.metrics: dict[str, Metric] = suited_metrics(dataset.task)
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    @property
    def metric(self) -> Metric:
        """The one metric that stops, scores and chooses."""
        return self.metrics[self.metric_name]

    def loss(self, name: str | None) -> str:
        """Return the loss of that name, or the task's own for None. Raises ConfigError for one that does not suit."""
        losses = LOSSES_OF_TASK[self.dataset.task]
        if name is not None:
            require_choice("trainer.loss", name, losses)
        return name or losses[0]

    def member_seed(self, j: int) -> np.random.SeedSequence:
        """The seed of the network trained on fold j, the same for every configuration."""
        return child(self.seed, MEMBERS, j)

    def refit_seed(self, i: int) -> np.random.SeedSequence:
        """The seed of the i-th network trained on all development rows."""
        return child(self.seed, REFIT, i)

    def prepare(self, config: PreprocessingConfig, fitted_on: list[npt.NDArray[np.intp]], precision: str) -> Prepared:
        """Return all rows, preprocessed once for each set of rows it is fitted on. The last few answers are kept."""
        key = (repr(config), precision, tuple(rows.tobytes() for rows in fitted_on))
        if key not in self._prepared:
            if len(self._prepared) >= 2:
                self._prepared.pop(next(iter(self._prepared)))
            self._prepared[key] = self._prepare(config, fitted_on, precision)
        return self._prepared[key]

    def _prepare(self, config: PreprocessingConfig, fitted_on: list[npt.NDArray[np.intp]], precision: str) -> Prepared:
        X, y = self.dataset.X, self.dataset.y
        preprocessors = [Preprocessor.fit(config, X.iloc[rows]) for rows in fitted_on]
        codes = [TargetCode.fit(self.dataset.task, self.dataset.classes, y[rows]) for rows in fitted_on]
        N = len(X)
        examples = Examples.empty(len(fitted_on) * N, len(preprocessors[0].feature_names), codes[0].outputs, precision)
        for j, (preprocessor, code) in enumerate(zip(preprocessors, codes, strict=True)):
            examples.X1[j * N : (j + 1) * N, :-1] = preprocessor.transform(X)
            examples.Y[j * N : (j + 1) * N] = code.encode(y)
        return Prepared(examples, preprocessors, codes)
