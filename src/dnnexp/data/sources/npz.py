"""NumPy archives: X_train, y_train, X_test, y_test (an official split), or X, y."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.sources.examination import examined_numbers
from dnnexp.data.sources.files import existing_file
from dnnexp.data.summary import Notes
from dnnexp.errors import DataError

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["npz"]

LAYOUTS = (("X_train", "y_train", "X_test", "y_test"), ("X", "y"))


def npz(config: DataConfig) -> Dataset:
    """Return the data set of an archive; images are flattened, those of bytes divided by 255.

    Raises DataError for a missing or unreadable file, pickled objects, absent arrays and shapes that disagree.
    """
    path = existing_file(config)
    arrays = _read(path)
    pairs = list(zip(arrays[::2], arrays[1::2], strict=True))
    for X, y in pairs:
        _require_pair(path, X, y)
    test_rows = None
    if len(pairs) == 2:
        for name, train, test in zip(("X", "y"), *pairs, strict=True):
            _require_alike(path, name, train, test)
        test_rows = np.arange(len(arrays[0]), len(arrays[0]) + len(arrays[2]))
    X = np.concatenate([X for X, _ in pairs])
    y = np.concatenate([y.reshape(len(y), -1) for _, y in pairs])
    image_shape = X.shape[1:] if X.ndim > 2 else None
    inputs = X.reshape(len(X), math.prod(X.shape[1:])).astype(np.float64)
    origin = path.name
    if image_shape is not None and X.dtype == np.uint8:
        inputs /= 255
        origin += " (pixels divided by 255)"
    word = "x" if image_shape is None else "pixel"
    columns = [f"{word}_{i}" for i in range(inputs.shape[1])]
    targets = ["y"] if y.shape[1] == 1 else [f"y_{i}" for i in range(y.shape[1])]
    notes, table = Notes(), None
    if image_shape is None:
        table = examined_numbers(config, inputs, columns, y, targets, origin, notes)
        columns = list(table.columns)
    return assemble(
        path.stem,
        inputs if table is None else table,
        columns,
        y,
        targets,
        config.task,
        origin=origin,
        test_rows=test_rows,
        image_shape=image_shape,
        of_images=image_shape is not None,
        notes=notes,
    )


def _read(path: Path) -> list[np.ndarray]:
    """Return the arrays of the layout that the archive has: inputs, targets, and again for an official test."""
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path.name}: no .npz archive, which is what np.savez(path, X=…, y=…) writes")
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = next((names for names in LAYOUTS if set(names) <= set(archive.files)), ())
            arrays = [archive[name] for name in names]
            found = ", ".join(archive.files) or "none"
    except (OSError, EOFError, ValueError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        reason = "an array of Python objects" if "allow_pickle" in str(error) else error
        raise DataError(f"{path.name}: need an archive of plain arrays, cannot read {reason}") from error
    if not arrays:
        choices = " or ".join(", ".join(layout) for layout in LAYOUTS)
        raise DataError(f"{path.name}: need the arrays {choices}, got {found}")
    return arrays


def _require_pair(path: Path, X: np.ndarray, y: np.ndarray) -> None:
    """Raise DataError unless X (examples, columns…) holds numbers and y (examples,) or (examples, targets) fits it."""
    if X.ndim < 2 or X.dtype.kind not in "biuf":
        raise DataError(f"{path.name}: X must be numbers (examples, columns…), got {X.dtype} {X.shape}")
    if not X.size or not y.size:
        raise DataError(f"{path.name}: need rows and columns, got X {X.shape} and y {y.shape}")
    if y.ndim not in (1, 2) or len(y) != len(X):
        raise DataError(f"{path.name}: y must be ({len(X)},) or ({len(X)}, targets) for X {X.shape}, got {y.shape}")


def _require_alike(path: Path, name: str, train: np.ndarray, test: np.ndarray) -> None:
    """Raise DataError unless training and test array have the same columns and the same kind of value."""
    if train.shape[1:] != test.shape[1:] or train.dtype.kind != test.dtype.kind:
        got = f"{train.dtype} {train.shape} and {test.dtype} {test.shape}"
        raise DataError(f"{path.name}: {name}_train and {name}_test must be alike, got {got}")
