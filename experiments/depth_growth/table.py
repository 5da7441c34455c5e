"""The table, the figure and the answers of this study, from what its sweeps stored."""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dnnexp.config import Composer
from dnnexp.recording.stored import stored_sweep
from dnnexp.reporting.style import BLUE, GREY, ORANGE, STYLE
from dnnexp.search.answer import short_verdict
from dnnexp.search.journal import network_name
from dnnexp.search.stored import read_sweep
from dnnexp.study import make_protocol, make_sweep

STUDIES = ("digits", "breast_cancer", "penguins", "mpg", "diabetes")
HERE = Path(__file__).parent


def rows_of(study: str, root: Path) -> list[dict[str, object]]:
    """Return one row for each depth of a sweep."""
    config, _ = stored_sweep(Composer().compose([f"paths.root={root}"]), study)
    climb = read_sweep(make_sweep(config, make_protocol(config))).climb
    rows = []
    for summary in climb.summaries:
        best, gain = summary.best, summary.gain
        is_chosen = climb.choice is not None and climb.choice.depth == summary.depth
        known = climb.confirmation if is_chosen else None
        rows.append(
            {
                "data": study,
                "depth": summary.depth,
                "trials": summary.trials,
                "metric": "" if best is None else best.metric,
                "best": "" if best is None else network_name(best),
                "score": summary.score,
                "standard_error": summary.standard_error,
                "optimism": summary.optimism,
                "over_depth": summary.compared_depth,
                "gain": None if gain is None else gain.estimate,
                "low": None if gain is None else gain.low,
                "high": None if gain is None else gain.high,
                "verdict": short_verdict(summary),
                "chosen": network_name(climb.choice) if is_chosen and climb.choice is not None else "",
                "test": None if known is None else known.score,
            }
        )
    return rows


def draw(axes: Axes, table: pd.DataFrame) -> None:
    """Draw the score of each depth's best network, and mark the depth that was chosen."""
    places = range(len(table))
    axes.errorbar(places, table["score"], yerr=table["standard_error"], color=BLUE, marker="o", capsize=3)
    chosen = table["chosen"].astype(bool).to_numpy().argmax()
    axes.axvline(chosen, color=ORANGE, linewidth=6, alpha=0.25, zorder=0)
    axes.set_xticks(places, [str(depth) for depth in table["depth"]])
    axes.set(title=table["data"].iloc[0], xlabel="hidden layers", ylabel=table["metric"].iloc[0])
    axes.tick_params(axis="y", colors=GREY)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path("runs"), help="where the sweeps were recorded")
    root = parser.parse_args().root.resolve()
    studies = [study for study in STUDIES if (root / "outputs" / study / "answer.txt").is_file()]
    table = pd.DataFrame([row for study in studies for row in rows_of(study, root)])
    table["over_depth"] = table["over_depth"].astype("Int64")
    table.to_csv(HERE / "results.csv", index=False, float_format="%.4f")
    print(table.drop(columns=["metric", "over_depth"]).to_string(index=False, float_format="%.4f", na_rep=""))
    (HERE / "answers").mkdir(exist_ok=True)
    for study in studies:
        text = (root / "outputs" / study / "answer.txt").read_text(encoding="utf-8")
        (HERE / "answers" / f"{study}.txt").write_text(text, encoding="utf-8")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(13, 2.9), dpi=110, layout="constrained")
        for axes, study in zip(figure.subplots(1, len(studies), squeeze=False)[0], studies, strict=True):
            draw(axes, table[table["data"] == study])
        figure.savefig(HERE / "growth.png")


if __name__ == "__main__":
    main()
