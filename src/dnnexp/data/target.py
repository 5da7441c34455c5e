"""What a target asks for: regression, classes or labels, inferred from its values and said with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from dnnexp.data.kinds import as_text
from dnnexp.data.suspicion import WRITE_NUMBERS, unread_number
from dnnexp.errors import DataError, shown

__all__ = ["MAX_WHOLE_NUMBER_CLASSES", "Target", "read_target"]

MAX_WHOLE_NUMBER_CLASSES = 20  # more distinct whole numbers than this are a quantity
KINDS = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "f": "numbers"}  # by NumPy's letter


class Target(NamedTuple):
    """Codes (examples,) into classes, labels (examples, labels) of 0 and 1, or quantities (examples, targets) float64.

    `reason` says why it was read so, `warning` what is odd about that, or "".
    """

    y: np.ndarray
    task: str
    classes: tuple[str, ...]
    reason: str
    warning: str = ""


def read_target(
    values: np.ndarray,
    task: str | None,
    names: Sequence[str],
    origin: str,
    row_name: Callable[[int], str],
    *,
    of_images: bool = False,
) -> Target:
    """Return the target of values (examples,) or (examples, targets): booleans, whole numbers, floats or texts.

    task None infers: two distinct values are binary; texts, and whole numbers with few distinct values, or of images,
    are classes; several columns of nothing but 0 and 1 are labels; everything else is a quantity. Raises DataError for
    a missing or infinite value, a target that never varies, a task that the values do not suit, and as many classes as
    half the rows.
    """
    said = ", ".join(repr(name) for name in names)
    if values.dtype.kind not in "biufUO":
        raise DataError(f"{origin}: target {said} must hold numbers, booleans or texts, got {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        i, j = (int(index) for index in np.argwhere(~np.isfinite(values.reshape(len(values), -1)))[0])
        fault = "missing" if np.isnan(values.reshape(len(values), -1)[i, j]) else "infinite"
        raise DataError(f"{origin}: target {names[j]!r}, {row_name(i)}: {fault}; remove the row or fill in the target")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        reason = f"it has {values.shape[1]} columns"
        if task == "multilabel" or (task is None and _is_zero_or_one(values).all()):
            return _labels(values, task, names, said, origin, row_name)
        return _quantities(values, task, reason, said, origin)
    if task == "multilabel":
        raise DataError(f"{origin}: data.task=multilabel needs several target columns of 0 and 1, got one, {said}")

    is_text = values.dtype.kind in "UO"
    distinct, codes = np.unique(values.astype(str) if is_text else values, return_inverse=True)
    count = len(distinct)
    if count < 2:
        raise DataError(f"{origin}: target {said} must vary, but every row has {shown(as_text(distinct[0]))}")
    kind = "texts" if is_text else KINDS[values.dtype.kind]
    if task is None:
        are_few = of_images or count <= MAX_WHOLE_NUMBER_CLASSES
        can_be_classes = kind == "whole numbers" and count <= len(values) // 2
        is_classes = count == 2 or is_text or (can_be_classes and are_few)
        inferred = ("binary" if count == 2 else "multiclass") if is_classes else "regression"
    else:
        inferred = task
    labels = ", the labels of images" if of_images and kind == "whole numbers" and inferred != "regression" else ""
    reason = f"it has {count:,} distinct {kind}{labels}"
    if inferred == "regression":
        return _quantities(values, task, reason, said, origin)
    if inferred == "binary" and count != 2:
        raise DataError(f"{origin}: data.task=binary needs 2 distinct values in target {said}, got {count:,}")
    if count > len(values) // 2:
        raise DataError(
            f"{origin}: target {said} has {count:,} distinct {kind} in {len(values):,} rows, "
            f"e.g. {shown(as_text(distinct[0]))}: too many to be classes (need two rows each at least, on average)"
            f"{_unread(values)}"
        )
    classes = tuple(as_text(value) for value in distinct)
    shares = np.bincount(codes) / len(codes)
    listed = ", ".join(f"{name} {share:.1%}" for name, share in zip(classes[:10], shares[:10], strict=True))
    more = f", … ({count - 10} more)" if count > 10 else ""
    unread = f"target {said}: texts, so classes{looks}" if (looks := _unread(values)) and task is None else ""
    reason = f"{_because(inferred, task, said, reason)}: {listed}{more}"
    return Target(codes.astype(np.int64), inferred, classes, reason, unread)


def _is_zero_or_one(values: np.ndarray) -> np.ndarray:
    """Return where values (examples, targets) are 0, 1, False or True."""
    is_so: np.ndarray = (values == 0) | (values == 1)
    return is_so


def _labels(
    values: np.ndarray,
    task: str | None,
    names: Sequence[str],
    said: str,
    origin: str,
    row_name: Callable[[int], str],
) -> Target:
    """Return a multilabel target; raise DataError for a value that is neither 0 nor 1, or a label that never varies."""
    is_label = _is_zero_or_one(values)
    if not is_label.all():
        i, j = (int(index) for index in np.argwhere(~is_label)[0])
        raise DataError(
            f"{origin}: data.task=multilabel needs 0 or 1 in target {names[j]!r}, {row_name(i)}, "
            f"got {shown(values[i, j])}"
        )
    y = values.astype(np.int64)
    shares = y.mean(axis=0)
    for name, share in zip(names, shares, strict=True):
        if share in (0.0, 1.0):
            raise DataError(f"{origin}: target {name!r} must vary, but every row has {int(share)}")
    listed = ", ".join(f"{name} {share:.1%}" for name, share in zip(names[:10], shares[:10], strict=True))
    more = f", … ({len(names) - 10} more)" if len(names) > 10 else ""
    reason = f"its {len(names)} columns hold 0 and 1 only"
    return Target(y, "multilabel", (), f"{_because('multilabel', task, said, reason)}: {listed}{more} are 1")


def _quantities(values: np.ndarray, task: str | None, reason: str, said: str, origin: str) -> Target:
    """Return a regression target, or raise DataError where the values are no quantities or classes were asked for."""
    if values.dtype.kind in "UO":
        raise DataError(
            f"{origin}: data.task=regression needs numbers in target {said}, got texts, "
            f"e.g. {shown(str(values.flat[0]))}{_unread(values)}"
        )
    if task not in (None, "regression"):
        raise DataError(f"{origin}: data.task={task} needs one target column, but {reason}")
    y = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return Target(y, "regression", (), _because("regression", task, said, reason))


def _unread(values: np.ndarray) -> str:
    """Return what is to be written where every text looks like a number that is not read as one, else ""."""
    if values.dtype.kind not in "UO" or (text := unread_number(np.unique(values.astype(str)))) is None:
        return ""
    return f"; {shown(text)} and its like look like numbers: {WRITE_NUMBERS}"


def _because(task: str, asked: str | None, said: str, reason: str) -> str:
    """Return the sentence that says which task it is and why."""
    if asked is not None:
        return f"target {said}: {task}, as data.task asks ({reason})"
    return f"target {said}: {task}, because {reason} (data.task overrides)"
