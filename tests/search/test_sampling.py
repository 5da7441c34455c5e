from __future__ import annotations

from typing import Any

import optuna
import pytest

from dnnexp.search.sampling import seeded_sampler


def drawn(name: str, *, is_alone: bool) -> dict[str, Any]:
    """What the 15th trial of a study draws."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(suggested, n_trials=14)
    study.sampler = seeded_sampler(name, 0, 1, 14, is_alone=is_alone)
    study.optimize(suggested, n_trials=1)
    return dict(study.trials[-1].params)


def suggested(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-3, 1e-1, log=True)
    return abs(lr - 0.01) + trial.suggest_int("width", 16, 128, log=True) / 1000


@pytest.mark.parametrize("name", ["tpe", "random"])
def test_a_trial_that_is_alone_draws_what_it_would_have_drawn_anyway(name: str):
    assert drawn(name, is_alone=True) == drawn(name, is_alone=False)
