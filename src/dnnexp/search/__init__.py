"""The ladder: one Optuna study per depth, grown until depth has stopped paying."""
