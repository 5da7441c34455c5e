"""The protocol of a study: its data, the locked test rows, the folds and the seeds that all configurations share."""

from __future__ import annotations

from functools import cached_property
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
from dnnexp.metrics import METRICS, Metric, choose_metric
from dnnexp.training.examples import Examples
from dnnexp.training.seeds import child, generator

__all__ = ["LOSSES_OF_TASK", "Prepared", "Protocol", "Stage"]

LOSSES_OF_TASK = {  # the first is the default
    "binary": ("sigmoid_cross_entropy",),
    "multiclass": ("softmax_cross_entropy",),
    "regression": ("squared_error", "absolute_error", "huber"),
}
SPLIT, FOLDS, MEMBERS, REFIT, FRESH_FOLDS, FRESH_MEMBERS = range(6)  # places below the study's seed


class Prepared(NamedTuple):
    """All rows of the data as the networks of a stack see them: one stretch of N rows for each fitting."""

    examples: Examples  # (fittings * N) rows
    preprocessors: list[Preprocessor]
    codes: list[TargetCode]


class Stage(NamedTuple):
    """What all configurations of a stage are scored on: folds, and the seed of the network trained on each."""

    folds: list[Fold]
    seeds: list[np.random.SeedSequence]


class Protocol:
    """What every configuration of a study is measured on: the same rows and seeds, so that comparisons are paired."""

    def __init__(self, dataset: Dataset, test_size: float, evaluation: EvaluationConfig, seed: int) -> None:
        self.dataset, self.config = dataset, evaluation
        self.seed = np.random.SeedSequence(seed)
        self.split: TestSplit = lock_test(dataset, test_size, generator(self.seed, SPLIT))
        self.folds: list[Fold] = self._draw(evaluation, FOLDS)
        suited = [name for name, metric in METRICS.items() if dataset.task in metric.tasks]
        self.metric_name = choose_metric(evaluation.metric, dataset.task)
        self.metrics: dict[str, Metric] = {name: METRICS[name] for name in suited}
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

    @property
    def screening(self) -> Stage:
        """The folds and seeds that configurations are first scored on."""
        return Stage(self.folds, [self.member_seed(j) for j in range(len(self.folds))])

    @cached_property
    def rescoring(self) -> Stage:
        """Fresh folds and seeds for the few that were picked, drawn independently of those that picked them."""
        folds = self._draw(self.config.again(len(self.split.development)), FRESH_FOLDS)
        return Stage(folds, [child(self.seed, FRESH_MEMBERS, j) for j in range(len(folds))])

    def _draw(self, evaluation: EvaluationConfig, place: int) -> list[Fold]:
        development = self.split.development
        labels = None if self.dataset.task == "regression" else self.dataset.y[development]
        return draw_folds(development, labels, evaluation, child(self.seed, place))

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
