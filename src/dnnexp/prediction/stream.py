"""Rows in, predictions out: the loop that holds a few of them at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from dnnexp.errors import ConfigError, DataError
from dnnexp.prediction.output import Output
from dnnexp.prediction.rows import RowFile, Rows

if TYPE_CHECKING:
    import pandas as pd

    from dnnexp.predictor import Predictor

__all__ = ["predict_rows"]

OnRows = Callable[[int, float], None]  # rows done, share of the file that has been read


def predict_rows(
    predictor: Predictor, rows: RowFile, output: Output, origin: str, on_rows: OnRows, *, probabilities: bool = True
) -> int:
    """Write, for each row, the columns that are kept and what `Predictor.table` says of it; return how many there were.

    Raises DataError for a row that cannot be read and for a file without rows, ConfigError for a column that is kept
    under the name of one that is written.
    """
    done = 0
    for part in rows:
        output.write(_written(predictor, part, probabilities))
        done += len(part.inputs)
        on_rows(done, rows.share())
    if not done:
        raise DataError(f"{origin}: there is no row below the header, nothing to predict")
    return done


def _written(predictor: Predictor, part: Rows, probabilities: bool) -> pd.DataFrame:
    columns = predictor.table(part.inputs, part.row_name, probabilities=probabilities)
    clashes = [name for name in part.kept.columns if name in columns]
    if clashes:
        raise ConfigError(f"prediction.keep: {clashes[0]!r} is the name of a column that is written; rename it")
    return part.kept.assign(**columns)
