"""The table and the figure of this study, from the runs that its commands recorded: results.csv, learning.png."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import mlflow
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from dnnexp.reporting.figures import STYLE

COLUMNS = {
    "params.model.depth": "hidden_layers",
    "params.model.activation": "activation",
    "params.model.residual": "residual",
    "params.model.initializer": "initializer",
    "params.optimizer.name": "optimizer",
    "params.optimizer.lr": "learning_rate",
    "tags.dnnexp.seed": "seed",
    "metrics.train/accuracy": "train_accuracy",
    "metrics.test/accuracy": "test_accuracy",
    "metrics.seconds": "seconds",
}
NETWORK = [*COLUMNS.values()][:6]
TYPES = {"hidden_layers": int, "learning_rate": float, "seed": int}
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#6b6b6b")  # of Okabe and Ito
STYLES = ("-", "-", "--", ":", "-.")
HERE = Path(__file__).parent


def curves(runs: pd.DataFrame) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of each network and the mean over its seeds of the training cost by epoch."""
    client = mlflow.MlflowClient()
    for key, group in runs.groupby(NETWORK):
        values = dict(zip(NETWORK, key, strict=True))
        by_seed = [[metric.value for metric in client.get_metric_history(run, "train/loss")] for run in group["run_id"]]
        name = f"{values['hidden_layers']} {values['activation']}"
        if values["optimizer"] == "sgd":
            name = f"learning rate {values['learning_rate']:g}"
        elif values["residual"] != "none":
            name += f", {values['residual']}"
        elif values["initializer"] in ("normal", "he_normal"):
            name += f", {values['initializer']}"
        yield name, np.mean(by_seed, axis=0)


def draw(axes: Axes, runs: pd.DataFrame, title: str, subs: tuple[int, ...] = (1, 2, 5)) -> None:
    """Draw the curves; subs: the digits at which the axis of costs has ticks."""
    for (name, cost), color, style in zip(curves(runs), COLORS, STYLES, strict=False):
        axes.plot(range(1, len(cost) + 1), cost, color=color, linestyle=style, label=name)
    axes.set(xlabel="epoch", title=title, yscale="log")
    axes.yaxis.set_major_locator(LogLocator(subs=subs))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(fontsize=8, loc="lower right" if subs == (1,) else "lower left", bbox_to_anchor=(0.0, 0.12, 1.0, 1.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("runs"), help="where the runs were recorded")
    root = parser.parse_args().root.resolve()
    mlflow.set_tracking_uri(f"sqlite:///{root / 'mlflow.db'}")
    runs = mlflow.search_runs(
        experiment_names=["very_deep"],
        filter_string="attributes.status = 'FINISHED' AND tags.`dnnexp.role` = 'single'",
        order_by=["attributes.start_time DESC"],
    )
    runs = runs[["run_id", *COLUMNS]].rename(columns=COLUMNS).astype(TYPES)
    runs = runs.drop_duplicates([*NETWORK, "seed"]).sort_values([*NETWORK, "seed"])
    table = runs[[*COLUMNS.values()]]
    table.assign(seconds=table["seconds"].round(1)).to_csv(HERE / "results.csv", index=False, float_format="%.5g")
    groups = table.groupby(NETWORK)
    means = groups[["train_accuracy", "test_accuracy"]].agg(["mean", "std"])
    means.columns = [" ".join(column) for column in means.columns]
    means = means.assign(slowest=groups["seconds"].max(), seeds=groups.size())
    print(means.to_string(float_format="%.4g"))
    is_sgd = runs["optimizer"] == "sgd"
    is_lost = ~is_sgd & ((runs["activation"] == "sigmoid") | runs["initializer"].isin(["normal", "he_normal"]))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(11, 3.4), dpi=110)
        figure.set_layout_engine("constrained", w_pad=0.08)
        panels = figure.subplots(1, 3)
        draw(panels[0], runs[~is_sgd & ~is_lost], "What trains", (1,))
        draw(panels[1], runs[is_sgd], "100 tanh, gradient descent")
        draw(panels[2], runs[is_lost], "What does not")
        panels[1].set_ylim(0.2, 4)
        panels[2].set_ylim(0.2, 4)
        panels[0].set(ylabel="training cost J, mean of the seeds")
        figure.savefig(HERE / "learning.png")


if __name__ == "__main__":
    main()
