"""`python -m dnnexp.sweep`: networks grow layer by layer, tuned at each depth, until depth has stopped paying."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dnnexp.command import command, command_line
from dnnexp.errors import ConfigError, DnnexpError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.synchronize import Event

    from dnnexp.config import Config
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.evaluation.refit import Refit
    from dnnexp.evaluation.yardsticks import Yardsticks
    from dnnexp.recording.sweep import SweepRecorder
    from dnnexp.reporting.terminal import Terminal
    from dnnexp.search.monitor import Monitor
    from dnnexp.search.records import TrialRecord
    from dnnexp.search.sweep import Scorers, Sweep

PROGRAM = "python -m dnnexp.sweep"


@command(PROGRAM, "Find depth, widths, activation and learning rate for a data set, and say how sure.", goes_on=True)
def main(config: Config, terminal: Terminal) -> None:
    """Climb the ladder, alone or beside other workers, refit and test the choice, print the answer."""
    check(config)
    if ignored := chosen_by_the_sweep(config):
        terminal.warn(f"{', '.join(ignored)}: the sweep chooses this, by search.space and up to search.max_depth")
    protocol = make_protocol(config)
    for line in protocol.dataset.summary:
        terminal.say(line)

    from dnnexp.recording.answer import sweep_answer
    from dnnexp.search.monitor import Monitor
    from dnnexp.search.residual import note_on_depth

    sweep = make_sweep(config, protocol)
    if note := note_on_depth(config.search, config.model.residual):
        terminal.say(note)
    workers, fresh = config.search.workers, protocol.rescoring.folds if config.search.rescore else []
    with terminal.sweep(protocol.metric_name, greater_is_better=protocol.metric.greater_is_better) as progress:
        monitor = Monitor(sweep, progress, workers, len(fresh))
        monitor.look_again()
        recorder, baselines = search(config, protocol, sweep, monitor, progress.say)
        climb = monitor.look_again()
    is_confirmed = climb.confirmation is not None and climb.confirmation.state == "complete"
    refitted = refit_choice(config, protocol, climb.screened) if climb.screened is not None and is_confirmed else None
    sentences = sweep_answer(climb, protocol, None if refitted is None else refitted.predictor, baselines)
    terminal.answer(f"{protocol.dataset.name}: the answer", sentences)  # first: writing may meet a full disk
    for line in recorder.end(climb, monitor.records(), refitted, sentences, baselines):
        terminal.tell(line)


def search(
    config: Config, protocol: Protocol, sweep: Sweep, monitor: Monitor, say: Callable[[str], None]
) -> tuple[SweepRecorder, Yardsticks]:
    """Have the ladder climbed, here or by processes of their own; return the recorder of the sweep and its baselines.

    Those processes are started first: while they import what they need, the tracking store is made here.
    """
    from contextlib import ExitStack
    from multiprocessing import get_context

    from dnnexp.search.interrupts import Interrupts
    from dnnexp.search.workers import started_workers
    from dnnexp.search.yardsticks import scored_beside

    recorder: SweepRecorder | None = None
    try:
        with ExitStack() as stack:
            workers = None
            if config.search.workers > 1:
                has_begun = get_context("spawn").Event()
                workers = stack.enter_context(started_workers(work, (config, sweep, has_begun), config.search.workers))
                stack.callback(has_begun.set)  # before they are stopped: who waits for it could not be
            yardsticks = stack.enter_context(scored_beside(sweep, protocol, measure, (config, sweep)))

            from dnnexp.recording.sweep import SweepRecorder

            recorder = SweepRecorder(config, protocol, sweep.name, command_line(PROGRAM, sys.argv[1:]))
            with Interrupts() as interrupts:  # what stops the sweep waits until the store is made
                recorder.begin()
                interrupts.check()
            if workers is None:
                climb_here(config, protocol, sweep, monitor, recorder)
            else:
                has_begun.set()
                workers.finish(monitor.keep_looking)
            return recorder, yardsticks(say)
    except KeyboardInterrupt:
        if recorder is not None and not monitor.others_are_at_work():
            recorder.break_off("KILLED")
        raise
    except DnnexpError:
        if recorder is not None:
            recorder.break_off("FAILED")
        raise


def climb_here(config: Config, protocol: Protocol, sweep: Sweep, monitor: Monitor, recorder: SweepRecorder) -> None:
    """Climb the ladder in this process."""
    from dnnexp.search.sweep import Listeners
    from dnnexp.search.worker import climb_ladder

    def on_trial(record: TrialRecord) -> None:
        monitor.trial(record)
        recorder.trial(record)

    climb_ladder(sweep, make_scorers(config, protocol), Listeners(on_trial=on_trial, on_climb=monitor.look))


def check(config: Config) -> None:
    """Raise ConfigError for settings that a sweep cannot use."""
    keys = config.keys("optimizer")
    if config.search.space.weight_decay is not None and "optimizer.weight_decay" not in keys:
        raise ConfigError(
            f"search.space.weight_decay: optimizer={config.optimizer.name} has no weight decay; "
            "take optimizer=adamw, or search.space.weight_decay=null"
        )
    if config.trainer.kind != "default":
        raise ConfigError(f"trainer: a sweep trains, got {config.trainer.kind}; that is for dnnexp.train")
    if config.evaluation.kind == "none":
        raise ConfigError("evaluation: a sweep needs scores, got none; take cross_validation or holdout")


def chosen_by_the_sweep(config: Config) -> list[str]:
    """Return the overridden keys whose values every trial chooses for itself."""
    from dnnexp.search.schema import AUTO

    chosen = {"model.depth", "model.width", "model.widths", "model.activation", "model.activations", "optimizer.lr"}
    space = config.search.space
    searched = {
        "optimizer.weight_decay": space.weight_decay,
        "model.dropout": space.dropout,
        "trainer.batch_size": space.batch_size,
        "data.preprocessing.scaling": None if space.scaling == AUTO else space.scaling,
        "data.preprocessing.skew": space.skew,
        "data.preprocessing.select": None if space.columns == AUTO else space.columns,
    }
    chosen |= {key for key, choices in searched.items() if choices is not None}
    return [key for text in config.origin.overrides if (key := text.partition("=")[0].lstrip("+")) in chosen]


def make_protocol(config: Config) -> Protocol:
    """Return the protocol on the data that the configuration names."""
    from dnnexp.data.sources import load

    dataset = load(config.data)

    from dnnexp.evaluation.protocol import Protocol

    return Protocol(dataset, config.data.test_size, config.evaluation, config.seed)


def make_sweep(config: Config, protocol: Protocol) -> Sweep:
    """Return what every worker of the sweep is told."""
    from dnnexp.config.schema import Config, flatten
    from dnnexp.evaluation.stack import require_suited
    from dnnexp.search.schema import require_study_name
    from dnnexp.search.space import settled
    from dnnexp.search.sweep import Sweep

    require_suited(config.trainer, protocol)
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
        defaults=flatten(Config()),
    )


def make_scorers(config: Config, protocol: Protocol) -> Scorers:
    """Return how trials are scored: over the folds, the best over fresh ones, and the choice on the test rows."""
    from dnnexp.evaluation.configuration import Configuration
    from dnnexp.evaluation.cross_validation import Evaluation, cross_validate
    from dnnexp.evaluation.refit import refit_length
    from dnnexp.evaluation.several_seeds import refit_seeds
    from dnnexp.search.sweep import Scorers
    from dnnexp.training.fit import OnEpoch

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
    from dnnexp.evaluation.refit import refit, refit_length
    from dnnexp.recording.sweep import chosen_config

    rows = len(protocol.split.development)
    length = refit_length(choice.best_steps, choice.schedule_steps, config.trainer, rows)
    return refit(chosen_config(config, choice).configuration, protocol, length, threshold=choice.threshold)


def work(config: Config, sweep: Sweep, has_begun: Event) -> None:
    """Be one of several workers of a sweep: what a process of its own runs.

    has_begun: set once the run of the sweep is there, below which this worker's trials are recorded.
    """
    from dnnexp.recording.trials import TrialRecorder
    from dnnexp.search.sweep import Listeners
    from dnnexp.search.worker import climb_ladder, is_orphan

    protocol = make_protocol(config)
    recorder = TrialRecorder(config, protocol, sweep.name, command_line(PROGRAM, sys.argv[1:]))

    def on_trial(record: TrialRecord) -> None:
        while not has_begun.wait(1.0):
            if is_orphan():  # whoever goes on with the sweep records what is missing
                return
        recorder.trial(record)

    climb_ladder(sweep, make_scorers(config, protocol), Listeners(on_trial=on_trial))


def measure(config: Config, sweep: Sweep) -> None:
    """Score the baselines of a sweep and keep them with it: what a process of its own runs."""
    from dnnexp.search.yardsticks import keep_yardsticks

    keep_yardsticks(sweep, make_protocol(config))


if __name__ == "__main__":
    sys.exit(main())
