"""A logged model, as MLflow loads it: this file is copied beside the predictor's arrays, nothing is unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from dnnexp.predictor import Predictor


class PredictorModel(PythonModel):
    """dnnexp's predictor behind MLflow's interface."""

    def load_context(self, context: Any) -> None:
        """Read the predictor's file."""
        self.predictor = Predictor.load(Path(context.artifacts["predictor"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        """Return class labels (examples,), or values (examples, targets)."""
        return self.predictor.predict(model_input)


set_model(PredictorModel())
