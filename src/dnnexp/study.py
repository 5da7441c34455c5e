"""The study that a configuration describes: what it is measured on, what workers are told, how trials are scored."""

from __future__ import annotations

import itertools
from dataclasses import MISSING, fields, replace
from typing import Any

from dnnexp.config.schema import Config, flatten
from dnnexp.data.fingerprint import fingerprint_of_rows
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import Evaluation, cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import Refit, refit, refit_length
from dnnexp.evaluation.several_seeds import refit_seeds
from dnnexp.evaluation.stack import require_suited
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import require_study_name
from dnnexp.search.space import settled
from dnnexp.search.sweep import Scorers, Sweep
from dnnexp.training.fit import OnEpoch

__all__ = ["chosen_config", "make_protocol", "make_scorers", "make_sweep", "refit_choice"]

FOLDS = "folds (SHA-256)"


def make_protocol(config: Config) -> Protocol:
    """Return the protocol on the data that the configuration names."""
    return config.protocol(load(config.data))


def make_sweep(config: Config, protocol: Protocol) -> Sweep:
    """Return what every worker of the sweep is told."""
    require_suited(config.trainer, protocol)
    protocol.require_defined(protocol.rescoring.folds if config.search.scores_again else ())
    name = config.study or protocol.dataset.name
    require_study_name(name)
    space = settled(config.search.space, config.configuration, protocol.dataset)
    searched = flatten(space, "search.space.")
    fingerprint: dict[str, Any] = {
        **config.decisive(),
        **searched,
        "search.sampler": config.search.sampler,
        "search.pruner": config.search.pruner,
        "search.selection": config.search.selection,
        "data (SHA-256)": protocol.dataset.sha256,
        "test rows (SHA-256)": protocol.split.sha256,
        FOLDS: fingerprint_of_rows(protocol.dataset.sha256, itertools.chain.from_iterable(protocol.folds)),
        "metric": protocol.metric_name,
    }
    return Sweep(
        name=name,
        url=config.storage_url,
        config=replace(config.search, space=space),
        base=config.configuration,
        fingerprint=fingerprint,
        seed=config.seed,
        greater_is_better=protocol.metric.greater_is_better,
        defaults=flatten(Config()) | {FOLDS: fingerprint[FOLDS]},  # of studies that were begun before it was noted
    )


def make_scorers(config: Config, protocol: Protocol) -> Scorers:
    """Return how trials are scored: over the folds, the best over fresh ones, and the choice on the test rows."""
    rows = len(protocol.split.development)

    def screen(configuration: Configuration, on_epoch: OnEpoch | None) -> Evaluation:
        return cross_validate(configuration, protocol, on_epoch)

    def rescore(configuration: Configuration, on_epoch: OnEpoch | None) -> Evaluation:
        return cross_validate(configuration, protocol, on_epoch, stage=protocol.rescoring)

    def confirm(configuration: Configuration, source: TrialRecord) -> Evaluation:
        length = refit_length(source.best_steps, source.schedule_steps, configuration.trainer, rows)
        seeds = config.search.confirm_seeds
        return refit_seeds(configuration, protocol, length, seeds, source.threshold).evaluation

    return Scorers(screen, confirm, rescore)


def refit_choice(config: Config, protocol: Protocol, choice: TrialRecord) -> Refit:
    """Return the chosen network trained on all development rows: the same bits as the first that confirmed it.

    choice: as it was screened; its folds say how long, as those of `dnnexp.train` do.
    """
    rows = len(protocol.split.development)
    configuration = chosen_config(config, choice).configuration
    length = refit_length(choice.best_steps, choice.schedule_steps, configuration.trainer, rows)
    return refit(configuration, protocol, length, threshold=choice.threshold)


def chosen_config(config: Config, choice: TrialRecord) -> Config:
    """Return the sweep's configuration with the chosen network in it, its training and its preprocessing."""

    def put(section: Any, group: str) -> Any:
        chosen = {item.name: choice.configuration.get(f"{group}.{item.name}", MISSING) for item in fields(section)}
        return replace(section, **{name: value for name, value in chosen.items() if value is not MISSING})

    batch_size = choice.configuration.get("trainer.batch_size", config.trainer.batch_size)
    return replace(
        config,
        data=replace(config.data, preprocessing=put(config.data.preprocessing, "data.preprocessing")),
        model=put(config.model, "model"),
        optimizer=put(config.optimizer, "optimizer"),
        trainer=replace(config.trainer, batch_size=batch_size),
    )
