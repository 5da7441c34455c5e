"""The table of this study, from the runs that its command recorded: results.csv, and its means over the seeds."""

from __future__ import annotations

import argparse
from pathlib import Path

import mlflow
import pandas as pd

COLUMNS = {
    "params.model.widths": "widths",
    "tags.dnnexp.seed": "seed",
    "metrics.train/accuracy": "train_accuracy",
    "metrics.test/accuracy": "test_accuracy",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("runs"), help="where the runs were recorded")
    root = parser.parse_args().root.resolve()
    mlflow.set_tracking_uri(f"sqlite:///{root / 'mlflow.db'}")
    runs = mlflow.search_runs(experiment_names=["cat_vs_noncat"], filter_string="attributes.status = 'FINISHED'")
    table = runs[list(COLUMNS)].rename(columns=COLUMNS).astype({"seed": int})
    table = table.drop_duplicates(["widths", "seed"]).sort_values(["widths", "seed"])
    table.to_csv(Path(__file__).with_name("results.csv"), index=False, float_format="%.4f")
    means = table.groupby("widths")[["train_accuracy", "test_accuracy"]].agg(["mean", "std", "min", "max"])
    print(pd.concat([means, table.groupby("widths").size().rename("seeds")], axis=1).T.to_string(float_format="%.3f"))


if __name__ == "__main__":
    main()
