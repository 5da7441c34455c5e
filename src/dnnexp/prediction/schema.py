"""What can be set about predictions. Standard library only: read before pandas is imported."""

from __future__ import annotations

from dataclasses import dataclass

from dnnexp.errors import require

__all__ = ["PredictionConfig"]


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
