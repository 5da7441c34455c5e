"""Every entry of every registry, with the rest at its defaults, learns a real task past a score stated beforehand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dnnexp.data.schema import TASKS, DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.metrics import default_metric, suited_metrics
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.initializers import INITIALIZERS
from dnnexp.network.losses import LOSSES, suited_losses
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.network.optimizers import OPTIMIZERS, OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.schedules import SCHEDULES
from dnnexp.training.schema import ScheduleConfig, TrainerConfig

DATA = {name: load(DataConfig(name)) for name in ("planar_flower", "diabetes", "iris")}
flower = DATA["planar_flower"]
labels = np.column_stack([flower.y, flower.X["x1"] > 0])
DATA["labels"] = replace(flower, y=labels, task="multilabel", classes=(), target_names=("petal", "right"))
PROTOCOLS = {name: Protocol(dataset, 0.2, EvaluationConfig("none"), 0) for name, dataset in DATA.items()}
FLOWER, DIABETES = 0.85, 0.40  # training accuracy (a line separates half of the flower), training R²
LEARNT = {  # by task: data, and what of it is learnt
    "binary": ("planar_flower", "accuracy", FLOWER),
    "multiclass": ("iris", "accuracy", 0.95),
    "multilabel": ("labels", "average_precision", 0.9),
    "regression": ("diabetes", "r2", DIABETES),
}
BASE = Configuration(ModelConfig(depth=2, width=32, activation="relu"), trainer=TrainerConfig(epochs=120))
RATES = {"gradient_descent": 0.3, "sgd": 0.3, "momentum": 0.05, "nesterov": 0.05}  # of those that divide by no gradient


def scores(configuration: Configuration, data: str = "planar_flower") -> dict[str, float]:
    return refit(configuration, PROTOCOLS[data]).metrics


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "identity"])
def test_every_activation_learns_the_flower(activation: str) -> None:
    # at these widths a sigmoid's signal is small: it needs a higher rate, as the deep-learning books say
    optimizer = OptimizerConfig(lr=0.03) if activation in ("sigmoid", "softplus", "softsign") else BASE.optimizer
    model = replace(BASE.model, activation=activation)
    assert scores(replace(BASE, model=model, optimizer=optimizer))["train/accuracy"] >= FLOWER


def test_the_identity_is_linear_regression_however_many_layers_it_has() -> None:
    assert scores(replace(BASE, model=replace(BASE.model, activation="identity")))["train/accuracy"] < 0.65
    assert scores(replace(BASE, model=replace(BASE.model, activation="identity")), "diabetes")["train/r2"] >= DIABETES


@pytest.mark.parametrize("initializer", INITIALIZERS)
def test_every_initializer_learns_the_flower(initializer: str) -> None:
    assert scores(replace(BASE, model=replace(BASE.model, initializer=initializer)))["train/accuracy"] >= FLOWER


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_learns_the_flower(optimizer: str) -> None:
    config = OptimizerConfig(optimizer, lr=RATES.get(optimizer, BASE.optimizer.lr))
    assert scores(replace(BASE, optimizer=config))["train/accuracy"] >= FLOWER


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_learns_the_flower(schedule: str) -> None:
    config = ScheduleConfig(schedule, final=0.01)
    assert scores(replace(BASE, schedule=config))["train/accuracy"] >= FLOWER


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_loss_and_a_metric(task: str) -> None:
    assert suited_losses(task)
    assert default_metric(task) in suited_metrics(task)


@pytest.mark.parametrize(("loss", "task"), [(name, task) for name, loss in LOSSES.items() for task in loss.tasks])
def test_every_loss_learns_what_it_suits(loss: str, task: str) -> None:
    data, score, least = LEARNT[task]
    assert scores(replace(BASE, trainer=replace(BASE.trainer, loss=loss)), data)[f"train/{score}"] >= least


@pytest.mark.parametrize(
    "change",
    [
        *({"normalization": name} for name in NORMALIZATIONS),
        {"residual": "rezero"},
        {"dropout": 0.1},
        {"depth": 6, "residual": "rezero", "normalization": "layer"},
    ],
    ids=str,
)
def test_everything_a_layer_can_have_learns_the_flower(change: dict[str, Any]) -> None:
    assert scores(replace(BASE, model=replace(BASE.model, **change)))["train/accuracy"] >= FLOWER


@pytest.mark.parametrize(
    "change",
    [
        {"label_smoothing": 0.0},
        {"class_weight": "balanced"},
        {"l1": 1e-4},
        {"l2": 1e-4},
        {"clip_norm": 1.0},
        {"average": 0.99},
        {"precision": "float64"},
    ],
    ids=str,
)
def test_everything_a_trainer_can_do_learns_the_flower(change: dict[str, Any]) -> None:
    assert scores(replace(BASE, trainer=replace(BASE.trainer, **change)))["train/accuracy"] >= FLOWER
