"""Which feed-forward network fits the data, found by experiment, and how sure the answer is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dnnexp.estimators import DNNClassifier, DNNRegressor

__version__ = "0.1.0"
__all__ = ["DNNClassifier", "DNNRegressor", "__version__"]


def __getattr__(name: str) -> Any:
    """Import an estimator when it is asked for: scikit-learn takes its time."""
    if name in ("DNNClassifier", "DNNRegressor"):
        from dnnexp import estimators

        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
