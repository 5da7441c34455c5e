"""Where data comes from: one function per source, by the name that `data.name` gives.

Importing this needs NumPy only: pandas and scikit-learn are imported by the source that is asked, after its checks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dnnexp.data.sources.bundled import breast_cancer, diabetes, digits, iris, wine
from dnnexp.data.sources.delimited import csv
from dnnexp.data.sources.generated import circles, friedman1, moons, parity, planar_flower, sawtooth, spirals
from dnnexp.data.sources.idx import idx
from dnnexp.data.sources.npz import npz
from dnnexp.data.sources.parquet import parquet

if TYPE_CHECKING:
    from dnnexp.data.dataset import Dataset
    from dnnexp.data.schema import DataConfig

__all__ = ["SOURCES", "load"]

SOURCES: dict[str, Callable[[DataConfig], Dataset]] = {
    "breast_cancer": breast_cancer,
    "circles": circles,
    "csv": csv,
    "diabetes": diabetes,
    "digits": digits,
    "friedman1": friedman1,
    "idx": idx,
    "iris": iris,
    "moons": moons,
    "npz": npz,
    "parity": parity,
    "parquet": parquet,
    "planar_flower": planar_flower,
    "sawtooth": sawtooth,
    "spirals": spirals,
    "wine": wine,
}


def load(config: DataConfig) -> Dataset:
    """Return the data set that the config names. Raises DataError for data that cannot be read or used."""
    return SOURCES[config.name](config)
