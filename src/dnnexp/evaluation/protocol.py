"""The protocol of a study: its data, the locked test rows, the folds and the seeds that all configurations share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import Dataset
from dnnexp.data.moments import relative
from dnnexp.data.preprocessing import Preprocessor, column_importances
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.data.split import TestSplit, lock_test
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DataError, require_choice
from dnnexp.evaluation.folds import Fold, draw_folds, most_folds
from dnnexp.evaluation.places import FOLDS, FRESH_FOLDS, FRESH_MEMBERS, MEMBERS, REFIT, SELECTION, SPLIT
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.threshold import require_tunable
from dnnexp.metrics import Metric, choose_metric, suited_metrics
from dnnexp.network.losses import suited_losses
from dnnexp.training.examples import Examples
from dnnexp.training.seeds import child, generator

__all__ = ["Prepared", "Protocol", "Stage"]

KEPT = 512 << 20  # bytes of prepared examples that are kept for the next configuration


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
        self.folds: list[Fold] = self.draw(evaluation, child(self.seed, FOLDS))
        self.metric_name = choose_metric(evaluation.metric, dataset.task)
        require_tunable(evaluation, dataset.task, self.metric_name)
        self.metrics: dict[str, Metric] = suited_metrics(dataset.task)
        self._prepared: dict[tuple[Any, ...], Prepared] = {}  # the last used at the end
        self._importances: dict[tuple[Any, ...], npt.NDArray[np.float64]] = {}

    @property
    def metric(self) -> Metric:
        """The one metric that stops, scores and chooses."""
        return self.metrics[self.metric_name]

    def is_defined(self, rows: npt.NDArray[np.intp]) -> bool:
        """Whether the metric has a value on these rows, were every output right."""
        task, y = self.dataset.task, self.dataset.y[rows]
        Y = TargetCode.fit(task, self.dataset.classes, y).encode(y).T if task != "regression" else y.T
        weights = self.dataset.weights_of(rows)
        return bool(np.isfinite(self.metric.function(Y.astype(np.float64), Y.astype(np.float64), weights)))

    def require_defined(self, again: Sequence[Fold] = ()) -> None:
        """Raise DataError where the metric has no value on rows that are scored, such as those of one class only.

        Every network would have a score that is not a number there. again: folds that a sweep scores its best on.
        """
        parts = {f"fold {j} of {len(self.folds)}": fold.score for j, fold in enumerate(self.folds, 1)}
        parts |= {
            f"fold {j} of {len(again)} that the best are scored on again": fold.score for j, fold in enumerate(again, 1)
        }
        parts["the test rows"] = self.split.test
        undefined = next((part for part, rows in parts.items() if not self.is_defined(rows)), None)
        if undefined is not None:
            raise DataError(
                f"evaluation.metric: {self.metric_name} has no value on {undefined}, whatever is predicted, as where "
                "all rows are of one class; take another metric, or fewer and larger parts"
            )

    def loss(self, name: str | None) -> str:
        """Return the loss of that name, or the task's own for None. Raises ConfigError for one that does not suit."""
        losses = suited_losses(self.dataset.task)
        if name is not None:
            require_choice("trainer.loss", name, losses)
        return name or losses[0]

    @property
    def screening(self) -> Stage:
        """The folds and seeds that configurations are first scored on."""
        return Stage(self.folds, [self.member_seed(j) for j in range(len(self.folds))])

    @cached_property
    def rescoring(self) -> Stage:
        """Fresh folds and seeds for the few that were picked, other ones than those that picked them.

        There are fewer folds than asked for where rows, groups or times are few.
        """
        again = self.config.again(self.most_folds(self.config.rescore_folds))
        folds = self.draw(again, child(self.seed, FRESH_FOLDS), self.folds)
        return Stage(folds, [child(self.seed, FRESH_MEMBERS, j) for j in range(len(folds))])

    def most_folds(self, wanted: int) -> int:
        """Return how many folds of the development rows can be drawn, at most `wanted`, at least 2."""
        _, groups, order = self._sides
        return most_folds(wanted, len(self.split.development), groups, order)

    def draw(
        self, evaluation: EvaluationConfig, seed: np.random.SeedSequence, before: Sequence[Fold] = ()
    ) -> list[Fold]:
        """Return folds of the development rows that keep groups whole and time in order, where the data has those.

        before: folds that are not to be drawn again.
        """
        labels, groups, order = self._sides
        return draw_folds(self.split.development, labels, evaluation, seed, groups, order, before)

    @property
    def _sides(self) -> tuple[npt.NDArray[Any] | None, ...]:
        """Classes, groups and ranks in time of the development rows, None for what the data has not."""
        dataset, rows = self.dataset, self.split.development
        of_all = (dataset.y if dataset.classes else None, dataset.groups, dataset.order)
        return tuple(None if values is None else values[rows] for values in of_all)

    def member_seed(self, j: int) -> np.random.SeedSequence:
        """The seed of the network trained on fold j, the same for every configuration."""
        return child(self.seed, MEMBERS, j)

    def refit_seed(self, i: int) -> np.random.SeedSequence:
        """The seed of the i-th network trained on all development rows."""
        return child(self.seed, REFIT, i)

    def prepare(self, config: PreprocessingConfig, fitted_on: list[npt.NDArray[np.intp]], precision: str) -> Prepared:
        """Return all rows, preprocessed once for each set of rows it is fitted on. The answers last used are kept."""
        if config.select is None:
            config = replace(config, select_by=PreprocessingConfig.select_by)
        key = (repr(config), precision, tuple(rows.tobytes() for rows in fitted_on))
        prepared = self._prepared.pop(key, None) or self._prepare(config, fitted_on, precision)
        self._prepared[key] = prepared
        while len(self._prepared) > 1 and sum(map(_bytes, self._prepared.values())) > KEPT:
            self._prepared.pop(next(iter(self._prepared)))
        return prepared

    def _prepare(self, config: PreprocessingConfig, fitted_on: list[npt.NDArray[np.intp]], precision: str) -> Prepared:
        X, y = self.dataset.X, self.dataset.y
        preprocessors = [self._preprocessor(config, rows) for rows in fitted_on]
        codes = [TargetCode.fit(self.dataset.task, self.dataset.classes, y[rows]) for rows in fitted_on]
        N = len(X)
        n_in = max(len(preprocessor.feature_names) for preprocessor in preprocessors)
        examples = Examples.empty(len(fitted_on) * N, n_in, codes[0].outputs, precision)
        for j, (preprocessor, code) in enumerate(zip(preprocessors, codes, strict=True)):
            features = preprocessor.transform(X)
            preprocessor.surprises.clear()  # rows that are scored on are no news to anybody
            examples.X1[j * N : (j + 1) * N, : features.shape[1]] = features
            examples.X1[j * N : (j + 1) * N, features.shape[1] : -1] = 0  # another fitting has more categories
            examples.Y[j * N : (j + 1) * N] = code.encode(y)
        if self.dataset.weights is not None:
            weights = np.tile(relative(self.dataset.weights), len(fitted_on))
            examples = examples._replace(weights=weights, score_weights=weights)
        return Prepared(examples, preprocessors, codes)

    def _preprocessor(self, config: PreprocessingConfig, rows: npt.NDArray[np.intp]) -> Preprocessor:
        """Return the preprocessor of those rows; which columns matter to them is found once, however many are kept."""
        X, y, task = self.dataset.X.iloc[rows], self.dataset.y[rows], self.dataset.task
        if config.select is None or config.select >= X.shape[1]:
            return Preprocessor.fit(config, X)
        key = (config.select_by, config.categories, rows.tobytes())
        if key not in self._importances:
            seed = int(child(self.seed, SELECTION).generate_state(1)[0])
            self._importances[key] = column_importances(config, X, y, task, seed)
        return Preprocessor.fit(config, X, y, task, importance=self._importances[key])


def _bytes(prepared: Prepared) -> int:
    """Return the size of the prepared inputs and targets."""
    return prepared.examples.X1.nbytes + prepared.examples.Y.nbytes
