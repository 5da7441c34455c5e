"""How well the shipped defaults predict, nothing tuned for any set, beside scikit-learn's: `make bench-accuracy`."""

from __future__ import annotations

import argparse
import csv
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from dnnexp import DNNClassifier, DNNRegressor
from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load

FOLDS, REPEATS, SEED = 5, 2, 0
MEMBERS = 5
OWN, ENSEMBLE = "dnnexp", f"dnnexp, {MEMBERS} members"
SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes")
BARS = {"iris": 0.945, "wine": 0.975, "breast_cancer": 0.968, "digits": 0.984, "diabetes": 0.46}
ENSEMBLE_BARS = {"digits": 0.987}
COLOURS = ("#0072B2", "#56B4E9", "#000000", "#999999", "#009E73", "#D55E00")
RESULTS = Path(__file__).parent / "results"


class Score(NamedTuple):
    """Accuracy, or R² of a regression, of one model on the folds of one set."""

    data: str
    model: str
    folds: tuple[float, ...]
    seconds: float

    @property
    def mean(self) -> float:
        """Over the folds."""
        return float(np.mean(self.folds))

    @property
    def sd(self) -> float:
        """Of the folds."""
        return float(np.std(self.folds, ddof=1))


def main() -> None:
    """Score every model on every set, print, write, draw."""
    options = _options()
    datasets = [load(DataConfig(name)) for name in SETS] if not options.data else [_from_file(options)]
    folder = options.output or (RESULTS if not options.data else Path("runs/bench"))
    folder.mkdir(parents=True, exist_ok=True)
    scores = []
    for dataset in datasets:
        print(f"\n{dataset.description}")
        for model, make in _models(dataset).items():
            scores.append(score(dataset, model, make))
            print(_line(scores[-1]), flush=True)
    name = "accuracy" if not options.data else f"accuracy_{datasets[0].name}"
    write(scores, folder / f"{name}.csv")
    draw(scores, folder / f"{name}.png")
    print(
        f"\n{FOLDS} folds x {REPEATS}, seed {SEED}: mean ± standard deviation of the folds; {folder / name}.csv, .png"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-accuracy", description=__doc__)
    parser.add_argument("--data", type=Path, help="a CSV or Parquet file instead of the bundled sets")
    parser.add_argument("--target", help="its column to predict")
    parser.add_argument("--drop", default="", help="columns to leave out, separated by commas")
    parser.add_argument("--output", type=Path, help="folder to write to")
    options = parser.parse_args()
    if options.data and not options.target:
        parser.error("--data needs --target")
    return options


def _from_file(options: argparse.Namespace) -> Dataset:
    source = "parquet" if options.data.suffix == ".parquet" else "csv"
    drop = [name for name in options.drop.split(",") if name]
    return load(DataConfig(source, path=str(options.data), target=options.target, drop=drop))


def _models(dataset: Dataset) -> dict[str, Callable[[int], Any]]:
    """Return what makes each model for a seed. The peers see missing values filled in and categories one-hot."""
    is_regression = dataset.task == "regression"
    network = DNNRegressor if is_regression else DNNClassifier
    linear = LinearRegression if is_regression else LogisticRegression
    perceptron = MLPRegressor if is_regression else MLPClassifier
    forest = RandomForestRegressor if is_regression else RandomForestClassifier
    boosting = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    return {
        OWN: lambda seed: network(random_state=seed),
        ENSEMBLE: lambda seed: network(random_state=seed, n_members=MEMBERS),
        "linear": lambda seed: make_pipeline(_encoded(), linear(**({} if is_regression else {"max_iter": 1000}))),
        "scikit-learn MLP": lambda seed: make_pipeline(_encoded(), perceptron(random_state=seed)),
        "random forest": lambda seed: make_pipeline(_encoded(), forest(random_state=seed)),
        "gradient boosting": lambda seed: make_pipeline(_ordinal(), boosting(random_state=seed)),
    }


def _encoded() -> Any:
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )


def _ordinal() -> Any:
    """Return the table as trees read it: numbers with their gaps, categories as codes."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    return make_column_transformer(
        ("passthrough", make_column_selector(dtype_include="number")),
        (codes, make_column_selector(dtype_exclude="number")),
    )


def score(dataset: Dataset, model: str, make: Callable[[int], Any]) -> Score:
    """Return what the model scores on each fold, fitted on the others; its seed is the fold's number."""
    is_regression = dataset.task == "regression"
    splitter = (RepeatedKFold if is_regression else RepeatedStratifiedKFold)(
        n_splits=FOLDS, n_repeats=REPEATS, random_state=SEED
    )
    y = dataset.y[:, 0] if is_regression else dataset.y
    started, folds = time.perf_counter(), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer's defaults may end before it has converged
        for i, (train, test) in enumerate(splitter.split(dataset.X, y)):
            fitted = make(i).fit(dataset.X.iloc[train], y[train])
            folds.append(float(fitted.score(dataset.X.iloc[test], y[test])))
    return Score(dataset.name, model, tuple(folds), time.perf_counter() - started)


def _line(result: Score) -> str:
    bars = {OWN: BARS, ENSEMBLE: ENSEMBLE_BARS}.get(result.model, {})
    least = bars.get(result.data)
    verdict = "" if least is None else f"   bar {least:.3f}   {'reached' if result.mean >= least else 'SHORT'}"
    return f"{result.model:22}{result.mean:8.4f} ± {result.sd:.4f}{result.seconds:8.1f} s{verdict}"


def write(scores: Sequence[Score], path: Path) -> None:
    """Write one line for each set and model."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["data", "model", "score", "fold_sd", "folds", "seconds"])
        for s in scores:
            writer.writerow([s.data, s.model, f"{s.mean:.4f}", f"{s.sd:.4f}", len(s.folds), f"{s.seconds:.1f}"])


def draw(scores: Sequence[Score], path: Path) -> None:
    """Draw a panel for each set: the mean of each model, with a bar of one standard deviation of the folds."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    names, models = (list(dict.fromkeys(getattr(s, what) for s in scores)) for what in ("data", "model"))
    width = 2.4 * len(names) + 2.2
    figure, axes = plt.subplots(1, len(names), figsize=(width, 3.4), squeeze=False, sharey=True, layout="constrained")
    for axis, name in zip(axes[0], names, strict=True):
        known = [s for s in scores if s.data == name]
        for s in known:
            y = models.index(s.model)
            axis.errorbar(s.mean, y, xerr=s.sd, marker="o", markersize=7, capsize=3, color=COLOURS[y])
        low = max(min(s.mean - s.sd for s in known), max(s.mean for s in known) - 0.4)
        axis.set_xlim(left=low - 0.01)  # a peer that fails is off the picture, not the picture
        axis.axvline(next(s.mean for s in known if s.model == OWN), color="#666666", linewidth=1, zorder=0)
        axis.set_yticks(range(len(models)), models)
        axis.set_ylim(len(models) - 0.5, -0.5)
        axis.grid(axis="x", alpha=0.3)
        axis.set_title(name.replace("_", " "))
        axis.set_xlabel("R²" if name == "diabetes" else "score" if name not in SETS else "accuracy")
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
