"""What can be set about predictions. Standard library only: read before pandas is imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dnnexp.errors import ConfigError, require
from dnnexp.user_path import user_path

__all__ = ["STDOUT", "PredictionConfig", "require_output"]

STDOUT = "-"
COMPRESSIONS = (".gz", ".bz2", ".xz")
TABLES = (".csv", ".tsv")
PARQUET = (".parquet", ".pq")


@dataclass
class PredictionConfig:
    """What is written for each row, and how many rows are worked on at a time."""

    keep: list[str] | None = None  # columns of the input that are copied to the output
    probabilities: bool = True  # of a classification: one column for each class beside the prediction
    rows: int | None = None  # read, predicted and written at a time; None: 20,000, of wide tables fewer

    def __post_init__(self) -> None:
        if self.rows is not None:
            require(self.rows >= 1, "prediction.rows", "rows >= 1", self.rows)
        names = self.keep or []
        require(len(set(names)) == len(names), "prediction.keep", "each column once", names)


def require_output(output: str, source: str | None) -> Path | None:
    """Return the file that predictions go to, None for standard output.

    source: the file the rows come from. Raises ConfigError for a kind of file that is not written, a folder that is not
    there, what is no plain file, and for the source itself.
    """
    if output == STDOUT:
        return None
    path = user_path("output", output)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    kind = suffixes[-2:-1] if suffixes and suffixes[-1] in COMPRESSIONS else suffixes[-1:]
    known = bool(kind) and kind[0] in (*TABLES, *(() if suffixes[-1] in COMPRESSIONS else PARQUET))
    if not known:
        raise ConfigError(
            f"output: need a file ending in .csv, .tsv (both also .gz, .bz2, .xz) or .parquet, or -, got {output!r}"
        )
    if not path.parent.is_dir():
        raise ConfigError(f"output: no folder {path.parent}, make it first")
    if path.exists() and not path.is_file():
        raise ConfigError(f"output: {output} is there and no plain file; - writes to standard output")
    rows = None if source is None else user_path("data.path", source)
    if rows is not None and rows.exists() and path.exists() and path.samefile(rows):
        raise ConfigError(f"output: {output} is data.path itself, which would be lost; need another file")
    return path
