"""A logged model, as MLflow loads it: this file is copied beside the predictor's arrays, nothing is unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import set_model
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from mlflow.pyfunc.model import PythonModel

from dnnexp.errors import DnnexpError
from dnnexp.predictor import Predictor


class PredictorModel(PythonModel):
    """dnnexp's predictor behind MLflow's interface."""

    def load_context(self, context: Any) -> None:
        """Read the predictor's file."""
        self.predictor = Predictor.load(Path(context.artifacts["predictor"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        """Return class names or values (examples,), or a table of them where there are several targets.

        params: {"probabilities": true} gives a table with the prediction and the probability of each class. What cannot
        be predicted is told to a server's client in one line; what the training rows had no like of is warned of.
        """
        preprocessor = self.predictor.preprocessor
        preprocessor.surprises.clear()
        try:
            columns = self.predictor.table(model_input, probabilities=bool((params or {}).get("probabilities")))
        except DnnexpError as error:
            raise MlflowException(str(error), error_code=INVALID_PARAMETER_VALUE) from None
        preprocessor.warn()
        return next(iter(columns.values())) if len(columns) == 1 else pd.DataFrame(columns)


set_model(PredictorModel())
