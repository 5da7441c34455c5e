"""The real data sets that scikit-learn brings along: no download, no file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.sources.examination import examined_numbers
from dnnexp.data.summary import Notes

if TYPE_CHECKING:
    from dnnexp.data.schema import DataConfig

__all__ = ["breast_cancer", "diabetes", "digits", "iris", "wine"]


def digits(config: DataConfig) -> Dataset:
    """Return 1797 images of handwritten digits, 8 × 8 pixels from 0 to 16."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return _from_bunch(config, bunch, bunch.target, "digit", image_shape=(8, 8))


def iris(config: DataConfig) -> Dataset:
    """Return 150 iris flowers of 3 species, 4 measures in cm."""
    from sklearn.datasets import load_iris

    bunch = load_iris()
    return _from_bunch(config, bunch, bunch.target_names[bunch.target], "species")


def wine(config: DataConfig) -> Dataset:
    """Return 178 wines of 3 cultivars, 13 chemical measures."""
    from sklearn.datasets import load_wine

    bunch = load_wine()
    return _from_bunch(config, bunch, bunch.target_names[bunch.target], "cultivar")


def breast_cancer(config: DataConfig) -> Dataset:
    """Return 569 tumours, benign or malignant, 30 measures of their cells."""
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    return _from_bunch(config, bunch, bunch.target_names[bunch.target], "diagnosis")


def diabetes(config: DataConfig) -> Dataset:
    """Return 442 diabetes patients, 10 measures in their own units, and the disease's progression after a year."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)  # the scaled columns have seen the test rows
    return _from_bunch(config, bunch, bunch.target, "progression")


def _from_bunch(
    config: DataConfig, bunch: Any, target: np.ndarray, target_name: str, image_shape: tuple[int, ...] | None = None
) -> Dataset:
    columns, notes = [str(name) for name in bunch.feature_names], Notes()
    X = bunch.data
    if image_shape is None:
        X = examined_numbers(config, X, columns, np.asarray(target), [target_name], config.name, notes)
        columns = list(X.columns)
    return assemble(
        config.name,
        X,
        columns,
        target,
        [target_name],
        config.task,
        origin=config.name,
        image_shape=image_shape,
        notes=notes,
    )
