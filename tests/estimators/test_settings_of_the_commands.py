"""What an estimator is set to where nothing is said is what the commands are set to."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp import DNNClassifier, DNNRegressor
from dnnexp.config import Composer
from dnnexp.network.optimizers import OPTIMIZER_SETTINGS, OPTIMIZERS, usual_optimizer
from dnnexp.training.schedules import SCHEDULE_SETTINGS, SCHEDULES, usual_schedule


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_set_as_its_file_says(name: str) -> None:
    told = Composer().compose([f"optimizer={name}"]).optimizer
    assert usual_optimizer(name) == told
    for estimator in (DNNClassifier(solver=name), DNNRegressor(solver=name)):
        assert estimator.configuration.optimizer == told


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_set_as_its_file_says(name: str) -> None:
    told = Composer().compose([f"schedule={name}"]).schedule
    assert usual_schedule(name) == told
    for estimator in (DNNClassifier(schedule=name), DNNRegressor(schedule=name)):
        assert estimator.configuration.schedule == told


def test_the_settings_are_those_of_the_registries() -> None:
    assert list(OPTIMIZER_SETTINGS) == list(OPTIMIZERS)
    assert list(SCHEDULE_SETTINGS) == list(SCHEDULES)


def test_the_rest_is_set_as_the_files_say() -> None:
    told, own = Composer().compose(["data=wine"]).configuration, DNNClassifier().configuration
    assert own.trainer == told.trainer
    assert own.preprocessing == told.preprocessing
    assert own.model.hidden == told.model.hidden


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_trains_an_estimator(name: str) -> None:
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = (X[:, 0] > 0).astype(int)
    assert DNNClassifier(schedule=name, max_iter=20, random_state=0).fit(X, y).score(X, y) > 0.8


def test_what_is_said_of_an_optimizer_counts() -> None:
    said = usual_optimizer("rmsprop", lr=0.5)
    assert (said.lr, said.beta2) == (0.5, 0.99)
    assert DNNClassifier(solver="sgd", learning_rate_init=0.3).configuration.optimizer.lr == 0.3
