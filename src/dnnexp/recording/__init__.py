"""What commands record: runs of one configuration and of sweeps, where they come from, and what they made."""
