"""The script that people write without this project: Optuna, scikit-learn's MLPClassifier, cross_val_score, MLflow.

Run by throughput.py in a folder of its own, with the numbers that both share on the command line.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import mlflow
import optuna
from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def main() -> None:
    """Run the trials and print the seconds of each, one to a line."""
    parser = argparse.ArgumentParser()
    for name in ("epochs", "batch", "folds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--networks", type=Path, required=True, help="CSV file: depth, widths, activation, lr")
    options = parser.parse_args()
    mlflow.set_tracking_uri(f"sqlite:///{Path('mlflow.db').absolute()}")
    mlflow.set_experiment("digits")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y = load_digits(return_X_y=True)
    X_train, _, y_train, _ = train_test_split(X, y, test_size=0.2, stratify=y, random_state=0)
    folds = StratifiedKFold(options.folds, shuffle=True, random_state=0)

    def objective(trial: optuna.Trial, depth: int) -> float:
        widths = [trial.suggest_int(f"width_{l}", 16, 128, log=True) for l in range(1, depth + 1)]
        params = {
            "activation": trial.suggest_categorical("activation", ["relu", "tanh"]),
            "learning_rate_init": trial.suggest_float("lr", 1e-3, 3e-2, log=True),
            "alpha": trial.suggest_float("alpha", 1e-5, 1e-1, log=True),
        }
        network = MLPClassifier(
            widths, batch_size=options.batch, max_iter=options.epochs, n_iter_no_change=options.epochs,
            tol=0, random_state=0, **params,
        )  # fmt: skip
        with mlflow.start_run(run_name=f"d{depth}-{trial.number}"):
            mlflow.log_params({**params, "depth": depth, "widths": widths})
            scores = cross_val_score(
                make_pipeline(StandardScaler(), network), X_train, y_train, cv=folds, n_jobs=options.jobs
            )
            mlflow.log_metrics({"score": scores.mean(), "score_sd": scores.std()})
        return float(scores.mean())

    with options.networks.open(newline="") as file:
        networks = list(csv.DictReader(file))
    for depth in sorted({int(network["depth"]) for network in networks}):
        study = optuna.create_study(
            study_name=f"d{depth}", storage="sqlite:///optuna.db", direction="maximize",
            sampler=optuna.samplers.RandomSampler(seed=depth),
        )  # fmt: skip
        for network in networks:
            if int(network["depth"]) == depth:
                started = time.perf_counter()
                widths = {f"width_{l}": int(width) for l, width in enumerate(network["widths"].split("x"), start=1)}
                study.enqueue_trial({**widths, "activation": network["activation"], "lr": float(network["lr"])})
                study.optimize(lambda trial, depth=depth: objective(trial, depth), n_trials=1)
                print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main()
