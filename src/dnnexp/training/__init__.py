"""The training loop, schedules and early stopping."""
