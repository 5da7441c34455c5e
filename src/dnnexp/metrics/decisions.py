"""Scores of decisions: which class, and for each label yes or no, beyond a threshold on the probability.

`threshold` is one number in (0, 1), or (n[L], 1) for the labels; classes that exclude each other know none: the most
probable is decided for, the first of equals.
"""

from __future__ import annotations

import numpy as np

from dnnexp.metrics.means import defined_mean, mean, unless_nan

__all__ = [
    "HALF", "Threshold", "accuracy", "accuracy_of_labels", "balanced_accuracy", "balanced_accuracy_of_labels", "f1",
    "f1_of_labels",
]  # fmt: skip

Threshold = float | np.ndarray
HALF = 0.5


def accuracy(A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF) -> np.ndarray:
    """Return the share of examples whose class is the right one; a tie goes to the first class."""
    if A.shape[-2] == 1:
        return accuracy_of_labels(A, Y, weights, threshold)
    is_right = A.argmax(axis=-2) == Y.argmax(axis=-2)
    return mean(np.where(np.isnan(A).any(axis=-2), np.nan, is_right), weights)


def accuracy_of_labels(A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF) -> np.ndarray:
    """Return the share of examples all of whose labels are right."""
    is_right = ((threshold < A) == (Y > HALF)).all(axis=-2)
    return mean(np.where(np.isnan(A).any(axis=-2), np.nan, is_right), weights)


def balanced_accuracy(A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF) -> np.ndarray:
    """Return the share of each class that is recognised (its recall), the mean over the classes that are there.

    NaN where only one is: any answer that names it alone would be perfect.
    """
    if A.shape[-2] == 1:
        return balanced_accuracy_of_labels(A, Y, weights, threshold)
    right, _, actual = _counts(_most_probable(A), Y > HALF, weights)
    recalls = np.where((actual > 0).sum(axis=-1, keepdims=True) > 1, _ratio(right, actual), np.nan)
    return unless_nan(defined_mean(recalls), A, weights)


def balanced_accuracy_of_labels(
    A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF
) -> np.ndarray:
    """Return (recall of yes + recall of no) / 2 of each label, the mean over labels that have both; NaN where none has.

    Brodersen et al. 2010.
    """
    said, truth = threshold < A, Y > HALF
    right, _, actual = _counts(said, truth, weights)
    right_no, _, actual_no = _counts(~said, ~truth, weights)
    recalls = np.stack([_ratio(right, actual), _ratio(right_no, actual_no)], axis=-1)  # (..., n[L], 2)
    return unless_nan(defined_mean(recalls.mean(axis=-1)), A, weights)


def f1(A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF) -> np.ndarray:
    """Return F1 = 2 TP / (2 TP + FP + FN) of the second of two classes; of more, the mean over classes (macro).

    Classes that neither occur nor are predicted are left out of that mean.
    """
    if A.shape[-2] == 1:
        return f1_of_labels(A, Y, weights, threshold)
    right, said, actual = _counts(_most_probable(A), Y > HALF, weights)
    return unless_nan(defined_mean(_ratio(2 * right, said + actual)), A, weights)


def f1_of_labels(A: np.ndarray, Y: np.ndarray, weights: np.ndarray, threshold: Threshold = HALF) -> np.ndarray:
    """Return F1 = 2 TP / (2 TP + FP + FN) of yes, the mean over labels (macro); 0 where nothing is, or is said."""
    right, said, actual = _counts(threshold < A, Y > HALF, weights)
    return unless_nan(np.nan_to_num(_ratio(2 * right, said + actual)).mean(axis=-1), A, weights)


def _most_probable(A: np.ndarray) -> np.ndarray:
    """Return (..., n[L], m), true at the most probable class of each column."""
    said = np.zeros(A.shape, bool)
    np.put_along_axis(said, A.argmax(axis=-2)[..., None, :], values=True, axis=-2)
    return said


def _counts(said: np.ndarray, truth: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weight (..., n[L]) of what is rightly said, of what is said, and of what is true."""
    w = np.asarray(weights, dtype=np.float64)[..., None]  # (..., m, 1)
    return tuple((what.astype(np.float64) @ w)[..., 0] for what in (said & truth, said, truth))  # type: ignore[return-value]


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return part / whole, NaN where the whole is 0."""
    return np.asarray(np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0))
