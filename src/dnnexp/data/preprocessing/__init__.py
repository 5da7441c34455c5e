"""From a table to the features a network reads: fitted on the rows handed in, nothing else."""

from dnnexp.data.preprocessing.preprocessor import Preprocessor, column_importances

__all__ = ["Preprocessor", "column_importances"]
