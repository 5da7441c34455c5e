"""Cross-validation in lockstep, and the statistics of its scores."""
