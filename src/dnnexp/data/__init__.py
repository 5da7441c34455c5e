"""Data in: sources, the locked test split, preprocessing."""
