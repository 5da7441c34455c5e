"""Which feed-forward network fits the data, found by experiment, and how sure the answer is."""

__version__ = "0.1.0"
__all__ = ["__version__"]
