"""Class weights: what examples of each class count for in a network's cost, so that all classes count alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dnnexp.training.examples import Examples, Member
from dnnexp.training.schema import TrainerConfig

__all__ = ["balanced", "class_weights"]

Array = npt.NDArray[Any]


def balanced(trainer: TrainerConfig, examples: Examples, members: Sequence[Member], output: str) -> list[Member]:
    """Return the members, each with the class weights of its own training rows where the trainer asks for them."""
    if trainer.class_weight != "balanced":
        return list(members)
    return [member._replace(class_weights=class_weights(examples, member.train, output)) for member in members]


def class_weights(examples: Examples, train: npt.NDArray[np.intp], output: str) -> Array:
    """Return (2, n[L]), for targets of 0 and of 1, such that every class has the same share of the cost of those rows.

    Class k of m_k rows has weight m / (classes * m_k), King & Zeng 2001, section 4.2. Rows are counted by the weights
    that the examples have, which are multiplied by these. Each label is two classes, and an example has the mean of its
    weights over the labels. A class that is not among the rows has the weight of one of a single row.
    """
    is_one = examples.Y[train] > 0.5
    own = np.ones(len(train)) if examples.weights is None else examples.weights[train].astype(np.float64)
    counts = np.stack([own @ ~is_one, own @ is_one])
    is_known = counts > 0
    exclude_each_other = output == "softmax"
    classes = np.count_nonzero(is_known[1]) if exclude_each_other else np.count_nonzero(is_known, axis=0)
    weights: Array = own.sum() / classes / np.where(is_known, counts, 1.0)
    return weights * [[0], [1]] if exclude_each_other else weights / is_one.shape[1]
