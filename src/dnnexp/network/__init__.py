"""Feed-forward networks on stacked arrays. NumPy and the standard library only."""
