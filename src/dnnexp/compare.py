"""`python -m dnnexp.compare`: two configurations on the same folds and seeds, and whether they can be told apart."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from dnnexp.command import command_line, comparison
from dnnexp.config import Composer, Config, with_value
from dnnexp.errors import ConfigError, DnnexpError

if TYPE_CHECKING:
    from dnnexp.config.schema import Setting
    from dnnexp.data.dataset import Dataset
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.recording.comparison import Side
    from dnnexp.reporting.comparison import Contestant
    from dnnexp.reporting.terminal import Terminal

PROGRAM = "python -m dnnexp.compare"
ABOUT = (
    "Compare two configurations on the same folds and seeds: what stands before --a and --b is common to both. "
    "Cross-validation is 10 folds × 2 repeats here, fewer folds where the data allows no more, unless evaluation.folds "
    "or evaluation.repeats say otherwise."
)
PRESETS = {"evaluation.folds": "10", "evaluation.repeats": "2"}
FREE = ("model.", "optimizer.", "schedule.", "trainer.", "data.preprocessing.")  # what a configuration is


def compose(composer: Composer, overrides: Sequence[str]) -> Config:
    """Return the configuration, of 10 folds × 2 repeats where it cross-validates and the overrides do not say.

    What it was told are the overrides alone.
    """
    config = composer.compose(overrides)
    if config.evaluation.kind != "cross_validation":
        return config
    unsaid = [f"{key}={value}" for key, value in PRESETS.items() if key not in said(config)]
    preset = composer.compose([*overrides, *unsaid])
    return replace(preset, origin=replace(preset.origin, overrides=config.origin.overrides))


def said(config: Config) -> set[str]:
    """Return the keys that the configuration was told."""
    return {text.partition("=")[0].lstrip("+") for text in config.origin.overrides}


def with_drawn_folds(config: Config, dataset: Dataset) -> Config:
    """Return the configuration with fewer folds where the preset are more than the data allows."""
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.evaluation.schema import EvaluationConfig

    evaluation = config.evaluation
    if evaluation.kind != "cross_validation" or "evaluation.folds" in said(config):
        return config
    undivided = EvaluationConfig("none", metric=evaluation.metric)
    most = Protocol(dataset, config.data.test_size, undivided, config.seed).most_folds(evaluation.folds)
    return config if most == evaluation.folds else with_value(config, "evaluation.folds", most)


@comparison(PROGRAM, ABOUT, compose)
def main(a: Config, b: Config, terminal: Terminal) -> None:
    """Score both over the same folds, refit both, compare the scores, record both runs."""
    words_a, words_b = check(a, b)

    from dnnexp.data.sources import load

    dataset = load(a.data)
    terminal.say(dataset.description)
    a, b = (with_drawn_folds(config, dataset) for config in (a, b))

    from dnnexp.evaluation.comparison import compare
    from dnnexp.evaluation.stack import require_suited
    from dnnexp.recording.comparison import record_sides
    from dnnexp.reporting.comparison import comparison_sentences

    protocol = a.protocol(dataset)
    if caution := protocol.metric.caution:
        terminal.warn(f"evaluation.metric: {caution}")
    for config in (a, b):
        require_suited(config.trainer, protocol)
    protocol.require_defined()
    sides = []
    for name, told, config in (("A", words_a, a), ("B", words_b, b)):
        sides.append(score(name, told, config, protocol, terminal))
        if sides[-1].trouble:
            break
    found, sentences = None, []
    if not sides[-1].trouble:
        folds = a.evaluation.folds if a.evaluation.kind == "cross_validation" else 1
        found = compare(sides[0].evaluation, sides[1].evaluation, folds)
        better = protocol.metric.greater_is_better
        sentences = comparison_sentences(
            contestant(sides[0]), contestant(sides[1]), found, protocol.metric_name,
            greater_is_better=better, test_rows=len(protocol.split.test),
        )  # fmt: skip
    where = ""
    if a.tracking.enabled:
        line, token = command_line(PROGRAM, sys.argv[1:]), uuid.uuid4().hex[:12]
        where = record_sides(sides, protocol, found, sentences, token, line)
    if sides[-1].trouble:
        failed = sides[-1]
        raise DnnexpError(f"{failed.name} ({failed.words}): {failed.trouble}{f' ({where})' if where else ''}")
    terminal.answer(f"{dataset.name}: A ({words_a}) against B ({words_b})", sentences)
    if where:
        terminal.tell(where)


def check(a: Config, b: Config) -> tuple[str, str]:
    """Return what sets each apart from the other. Raises ConfigError for what cannot be compared."""
    for config in (a, b):
        if config.evaluation.kind == "none":
            raise ConfigError("evaluation: a comparison needs scores, got none; take cross_validation or holdout")
        if config.trainer.kind != "default":
            raise ConfigError(f"trainer: a comparison trains, got {config.trainer.kind}; that is for dnnexp.train")
        if config.trainer.checkpoint is not None or config.trainer.resume:
            raise ConfigError("trainer.checkpoint: a comparison is not resumed, need trainer.checkpoint=null")
    settings = a.flat(), b.flat()
    different = [
        key for key in dict.fromkeys([*settings[0], *settings[1]]) if settings[0].get(key) != settings[1].get(key)
    ]
    for key in different:
        if not key.startswith(FREE):
            got = " and ".join(f"{key}={typed(side.get(key))}" for side in settings)
            raise ConfigError(
                f"--a and --b: need the same data and protocol, got {got}; set it once, before --a and --b"
            )
    if not different:
        raise ConfigError("--a and --b: both are the same configuration, need two that differ")
    return words(a, b), words(b, a)


def words(one: Config, other: Config) -> str:
    """Return the settings that were given for one side only, as they were given."""
    return " ".join(text for text in one.origin.overrides if text not in other.origin.overrides) or "nothing else set"


def typed(value: Setting) -> str:
    """Return a value as it is written in config."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def score(name: str, told: str, config: Config, protocol: Protocol, terminal: Terminal) -> Side:
    """Return what one side scored over the folds, and its network trained on all development rows."""
    from dnnexp.evaluation.cross_validation import cross_validate
    from dnnexp.evaluation.refit import DivergedError, refit, refit_length
    from dnnexp.evaluation.stack import first_step_trouble, network_shape
    from dnnexp.recording.comparison import Side

    started, better = time.time(), protocol.metric.greater_is_better
    terminal.heading(f"{name}, {told}: {len(protocol.folds)} networks, one for each fold, in lockstep")
    if terminal.verbose:
        shape = network_shape(config.configuration, protocol)
        terminal.dimensions(shape.dimensions, shape.n[0])
    if reason := first_step_trouble(config.configuration, protocol):
        terminal.warn(f"{name} ({told}) will hardly train: {reason}")
    with terminal.training(config.trainer.epochs, protocol.metric_name, greater_is_better=better) as progress:
        evaluation = cross_validate(
            config.configuration,
            protocol,
            lambda news: progress.epoch(news.epoch, news.train_loss, news.stop_metric),
        )
    refitted, trouble = None, evaluation.diverged
    if not trouble:
        rows = len(protocol.split.development)
        length = refit_length(evaluation.best_steps, evaluation.schedule_steps, config.trainer, rows)
        try:
            refitted = refit(config.configuration, protocol, length, threshold=evaluation.threshold)
        except DivergedError as error:
            trouble = str(error)
    return Side(name, told, config, evaluation, refitted, trouble, started, time.time())


def contestant(side: Side) -> Contestant:
    """Return what is said of one side."""
    from dnnexp.evaluation.statistics import corrected_standard_error
    from dnnexp.reporting.comparison import Contestant
    from dnnexp.tracking.labels import run_name

    evaluation = side.evaluation
    return Contestant(
        side.name,
        run_name(side.config.model.hidden, side.config.optimizer.lr),
        float(evaluation.scores.mean()),
        corrected_standard_error(evaluation.scores, evaluation.n_train, evaluation.n_score),
        side.refitted.test_score if side.refitted is not None else float("nan"),
    )


if __name__ == "__main__":
    sys.exit(main())
