"""A data set in memory, and the laws that any data must keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.columns import listed
from dnnexp.data.fingerprint import fingerprint
from dnnexp.data.summary import Notes, summary_lines
from dnnexp.data.target import read_target
from dnnexp.errors import DataError
from dnnexp.notation import counted

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MIN_ROWS", "Dataset", "assemble", "row_number"]

MIN_ROWS = 10


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs, targets, and what is known about them.

    X holds numbers as float64, NaN for a gap, and categories as texts in object columns, None for a gap. y holds, for
    classes, one integer code into `classes` per example (examples,); for labels 0 and 1, (examples, labels); for
    regression float64 (examples, targets). `test_rows` are the row numbers of the official test examples, `None` where
    the data has none.
    """

    name: str
    X: pd.DataFrame  # (examples, columns)
    y: np.ndarray
    task: str  # regression, binary, multiclass, multilabel
    classes: tuple[str, ...]  # () for regression and labels
    target_names: tuple[str, ...]  # of the labels too
    test_rows: np.ndarray | None
    sha256: str  # of columns, X, y, weights, groups and order
    image_shape: tuple[int, ...] | None  # of one example, where the columns are pixels
    description: str  # one line on what was read
    weights: np.ndarray | None = None  # (examples,) > 0, how much each counts in cost and scores; None: all alike
    groups: np.ndarray | None = None  # (examples,) codes; a group is never on two sides of a division
    order: np.ndarray | None = None  # (examples,) rank in time, ascending; equal times have one rank
    summary: tuple[str, ...] = ()  # lines on what was read and inferred
    notations: Mapping[str, str] = field(
        default_factory=dict
    )  # of columns that were dates, now days, or had decimal commas

    def weights_of(self, rows: np.ndarray) -> np.ndarray:
        """Return (rows,), what each of these rows counts in scores: 1 where all count alike."""
        return np.ones(len(rows)) if self.weights is None else np.asarray(self.weights[rows])


def row_number(i: int) -> str:
    """Return how an error names the example with index i, where nothing is known of lines in a file."""
    return f"row {i + 1}"


def assemble(
    name: str,
    inputs: np.ndarray | pd.DataFrame,
    columns: Sequence[str],
    target: np.ndarray,
    target_names: Sequence[str],
    task: str | None = None,
    *,
    origin: str,
    row_name: Callable[[int], str] = row_number,
    test_rows: np.ndarray | None = None,
    image_shape: tuple[int, ...] | None = None,
    of_images: bool = False,
    weights: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    order: np.ndarray | None = None,
    notes: Notes | None = None,
) -> Dataset:
    """Return the data set of inputs (examples, columns) and target (examples,) or (examples, targets).

    inputs: an array of numbers, or a table whose columns are float64 or texts in object columns. `origin` says where
    the data comes from, `row_name` how an error names an example, `notes` what was made of it; `of_images`: the target
    labels images, so whole numbers in it are classes however many. Raises DataError where a law is broken: at least
    MIN_ROWS examples, at least one column, no infinity, a target that varies.
    """
    import pandas as pd

    if len(inputs) < MIN_ROWS:
        raise DataError(f"{origin}: need at least {MIN_ROWS} rows, got {len(inputs)}")
    if not len(columns):
        raise DataError(f"{origin}: need at least one input column besides the target, got none")
    if isinstance(inputs, np.ndarray):
        values = np.asarray(inputs, dtype=np.float64)
        X = pd.DataFrame(values, columns=pd.Index(list(columns)), copy=False)
    else:
        X = inputs
    _require_no_infinity(X, origin, row_name)
    goal = read_target(target, task, target_names, origin, row_name, of_images=of_images)
    numbers = int(sum(dtype.kind in "biuf" for dtype in X.dtypes))
    notes = notes or Notes()
    notes.warnings += [goal.warning] * bool(goal.warning)
    shape = "" if image_shape is None else f" (images {' × '.join(map(str, image_shape))})"
    official = "" if test_rows is None else f", of which {len(test_rows):,} are the official test rows"
    texts = "" if numbers == len(columns) else f", {len(columns) - numbers:,} of categories"
    rows = f"{origin}: {len(X):,} rows{official}"
    return Dataset(
        name=name,
        X=X,
        y=goal.y,
        task=goal.task,
        classes=goal.classes,
        target_names=tuple(target_names),
        test_rows=test_rows,
        sha256=fingerprint(X, goal.y, goal.classes, target_names, weights, groups, order),
        image_shape=image_shape,
        description=f"{rows}, {counted(numbers, 'numeric column')}{shape}{texts}; {goal.reason}",
        weights=weights,
        groups=groups,
        order=order,
        summary=summary_lines(rows, X, goal, image_shape, notes),
        notations={name: notation for name, notation in notes.notations.items() if name in X.columns},
    )


def _require_no_infinity(X: pd.DataFrame, origin: str, row_name: Callable[[int], str]) -> None:
    """Raise DataError that names the first column and row of X with an infinity."""
    numbers = X.select_dtypes("number")
    infinite = np.isinf(numbers.to_numpy(dtype=np.float64))
    if infinite.any():
        bad = np.flatnonzero(infinite.any(axis=0))
        names = [str(numbers.columns[int(i)]) for i in bad]
        also = f" (also in {listed(names[1:])})" if names[1:] else ""
        raise DataError(
            f"{origin}: column {names[0]!r}, {row_name(int(infinite[:, bad[0]].argmax()))}: an infinite value{also}; "
            "correct it, leave it empty (missing), or leave out the row or the column"
        )
