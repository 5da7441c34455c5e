"""What can be set about how a configuration is scored."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dnnexp.errors import require, require_choice

__all__ = ["EvaluationConfig"]

KINDS = ("none", "holdout", "cross_validation")
THRESHOLDS = ("default", "tuned")


@dataclass
class EvaluationConfig:
    """How development rows are divided into rows to train on, to stop by and to be scored on."""

    kind: str = "cross_validation"  # none: train on all development rows for all epochs, hold nothing back
    folds: int = 5
    repeats: int = 1  # each repeat draws new folds
    score_size: float = 0.2  # holdout: share of the development rows to be scored on
    stop_size: float = 0.15  # share of the rows not scored on that early stopping watches
    metric: str | None = None  # None: accuracy for classes, average_precision for labels, r2 for regression
    threshold: str = "default"  # tuned: where the metric is best on out-of-fold outputs; default: 1/2
    rescore_folds: int = 10  # where a sweep scores its best again: folds, drawn anew
    rescore_repeats: int = 2  # and times that they are drawn; of holdout, parts that are held out anew

    def __post_init__(self) -> None:
        require_choice("evaluation.kind", self.kind, KINDS)
        require_choice("evaluation.threshold", self.threshold, THRESHOLDS)
        require(self.folds >= 2, "evaluation.folds", "folds >= 2", self.folds)
        require(self.repeats >= 1, "evaluation.repeats", "repeats >= 1", self.repeats)
        require(0 < self.score_size < 1, "evaluation.score_size", "0 < score_size < 1", self.score_size)
        require(0 < self.stop_size < 1, "evaluation.stop_size", "0 < stop_size < 1", self.stop_size)
        require(self.rescore_folds >= 2, "evaluation.rescore_folds", "rescore_folds >= 2", self.rescore_folds)
        require(self.rescore_repeats >= 1, "evaluation.rescore_repeats", "rescore_repeats >= 1", self.rescore_repeats)

    def again(self, folds: int) -> EvaluationConfig:
        """Return how the best are scored again, in as many of `rescore_folds` as the data allows."""
        return replace(self, folds=folds, repeats=self.rescore_repeats)
