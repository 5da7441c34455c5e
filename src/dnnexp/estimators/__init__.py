"""Networks as scikit-learn's users know estimators: constructor, fit, predict, in pipelines and grid searches."""

from __future__ import annotations

from dnnexp.estimators.classifier import DNNClassifier
from dnnexp.estimators.regressor import DNNRegressor

__all__ = ["DNNClassifier", "DNNRegressor"]
