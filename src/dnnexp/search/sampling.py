"""Samplers: a trial's random numbers depend on the study's seed, its depth and its place in the depth's sequence only.

What is made of them depends on the trials that have ended too, where the sampler learns from those.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna

__all__ = ["fixed_sampler", "seeded_sampler"]


def seeded_sampler(
    name: str, seed: int, depth: int, claim: int, *, is_alone: bool = False
) -> optuna.samplers.BaseSampler:
    """Return a sampler for one trial, so that neither workers nor resumed sweeps repeat each other's draws.

    claim: the trial's place, or a negative number of its own. is_alone: no other trial is running, whose place would
    have to be kept free; what is drawn is the same, and takes two transactions less.
    """
    entropy = np.random.SeedSequence([seed, depth, abs(claim), int(claim < 0)])
    return SAMPLER_KINDS[name](int(entropy.generate_state(1)[0]), is_alone)


def fixed_sampler(params: Mapping[str, Any]) -> optuna.samplers.BaseSampler:
    """Return a sampler that gives the trial these parameters and draws none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.PartialFixedSampler(dict(params), optuna.samplers.RandomSampler())


def _tpe(seed: int, is_alone: bool) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(seed=seed, multivariate=True, constant_liar=not is_alone)


def _random(seed: int, _is_alone: bool) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


SAMPLER_KINDS = {"tpe": _tpe, "random": _random}
