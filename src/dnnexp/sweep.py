"""`python -m dnnexp.sweep`: networks grow layer by layer, tuned at each depth, until depth has stopped paying."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING

from dnnexp.command import command, command_line
from dnnexp.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from dnnexp.config import Config
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.evaluation.yardsticks import Yardsticks
    from dnnexp.processes.workers import Workers
    from dnnexp.recording.sweep import SweepRecorder
    from dnnexp.reporting.terminal import Terminal
    from dnnexp.search.monitor import Monitor
    from dnnexp.search.records import TrialRecord
    from dnnexp.search.sweep import Sweep

PROGRAM = "python -m dnnexp.sweep"


@command(PROGRAM, "Find depth, widths, activation and learning rate for a data set, and say how sure.", goes_on=True)
def main(config: Config, terminal: Terminal) -> None:
    """Climb the ladder, alone or beside other workers, refit and test the choice, print the answer."""
    check(config)
    if ignored := chosen_by_the_sweep(config):
        terminal.warn(f"{', '.join(ignored)}: the sweep chooses this, by search.space and up to search.max_depth")

    with started(config.search.workers) as workers:
        from dnnexp.recording.answer import sweep_answer
        from dnnexp.search.monitor import Monitor
        from dnnexp.search.residual import note_on_depth
        from dnnexp.study import make_protocol, make_sweep, refit_choice

        protocol = make_protocol(config)
        for line in protocol.dataset.summary:
            terminal.say(line)
        if caution := protocol.metric.caution:
            terminal.warn(f"evaluation.metric: {caution}")
        sweep = make_sweep(config, protocol)
        require_own_name(config, sweep.name)
        if note := note_on_depth(config.search, config.model.residual):
            terminal.say(note)
        began = datetime.now()
        if workers is not None:
            workers.hand(config, protocol, sweep)
        fresh = protocol.rescoring.folds if config.search.scores_again else []
        better = protocol.metric.greater_is_better
        with terminal.sweep(protocol.metric_name, greater_is_better=better) as progress, sweep.studies() as studies:
            monitor = Monitor(sweep, studies, progress, config.search.workers, len(fresh), began)
            monitor.look_again()
            recorder, baselines = search(config, protocol, sweep, monitor, workers, progress.say)
            with broken_off(recorder):
                climb, records = monitor.look_again(), monitor.records()
    with broken_off(recorder):
        is_confirmed = climb.confirmation is not None and climb.confirmation.state == "complete"
        if (
            climb.confirmation is not None
            and 0 < (seeds := len(climb.confirmation.test_scores)) < config.search.confirm_seeds
        ):
            terminal.warn(
                f"search.confirm_seeds: the choice was confirmed with {seeds} when this study first came to its end, "
                f"not {config.search.confirm_seeds}; study=NAME begins another"
            )
        chosen = climb.screened if is_confirmed else None
        refitted = None if chosen is None else refit_choice(config, protocol, chosen)
        sentences = sweep_answer(climb, protocol, None if refitted is None else refitted.predictor, baselines)
        data = protocol.dataset.name
        head = data if sweep.name == data else f"{sweep.name} ({data})"
        terminal.answer(f"{head}: the answer", sentences)  # first: writing may meet a full disk
        for line in recorder.end(climb, records, refitted, sentences, baselines):
            terminal.tell(line)


@contextmanager
def broken_off(recorder: SweepRecorder) -> Iterator[None]:
    """Let the run of the sweep say what ended it, where it does not come to its end: its user, or a failure."""
    try:
        yield
    except KeyboardInterrupt:
        recorder.break_off("KILLED")
        raise
    except Exception:
        recorder.break_off("FAILED")
        raise


def started(count: int) -> AbstractContextManager[Workers | None]:
    """Start the workers of a sweep, where there are several: they import what they need while the data is read here."""
    if count == 1:
        return nullcontext()

    from dnnexp.processes.workers import started_workers

    names = [f"worker {i} of {count}" for i in range(1, count + 1)]
    storage = "alembic.command"  # what Optuna imports when it opens one
    return started_workers(work, names, ["dnnexp.study", "dnnexp.search.worker", "pandas", storage])


def search(
    config: Config,
    protocol: Protocol,
    sweep: Sweep,
    monitor: Monitor,
    workers: Workers | None,
    say: Callable[[str], None],
) -> tuple[SweepRecorder, Yardsticks]:
    """Have the ladder climbed, here or by the workers; return the recorder of the sweep and its baselines.

    Workers, who have been handed their arguments, only search; what they tell is recorded here. While they begin,
    MLflow is imported and its store is made.
    """
    from dnnexp.processes.interrupts import Interrupts
    from dnnexp.search.yardsticks import scored_beside

    recorder: SweepRecorder | None = None
    try:
        with scored_beside(sweep, protocol) as yardsticks:
            with Interrupts() as interrupts:  # what stops the sweep waits until there is a store for what has ended
                from dnnexp.recording.sweep import SweepRecorder

                recorder = SweepRecorder(config, protocol, sweep.runs(), command_line(PROGRAM, sys.argv[1:]))
                recorder.begin()
                gc.freeze()  # all is imported, and stays: it is not looked through for garbage
                interrupts.check()
            if workers is None:
                climb_here(config, protocol, sweep, monitor, recorder)
            else:
                workers.finish(monitor.look_again, recorder.trial)
            return recorder, yardsticks(say)
    except KeyboardInterrupt:
        if workers is not None:
            workers.stop()  # what they have given up is not running any more
        if recorder is not None and not monitor.others_are_at_work():
            recorder.break_off("KILLED", monitor.records())
        raise
    except Exception:
        if recorder is not None:
            recorder.break_off("FAILED")
        raise


def climb_here(config: Config, protocol: Protocol, sweep: Sweep, monitor: Monitor, recorder: SweepRecorder) -> None:
    """Climb the ladder in this process."""
    from dnnexp.search.sweep import Listeners
    from dnnexp.search.worker import climb_ladder
    from dnnexp.study import make_scorers

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
    if config.trainer.health:
        raise ConfigError(
            "trainer.health: a sweep records scores only, need false, got true; "
            "see the choice's layers with dnnexp.train experiment=NAME trainer.health=true"
        )
    if config.evaluation.kind == "none":
        raise ConfigError("evaluation: a sweep needs scores, got none; take cross_validation or holdout")


def require_own_name(config: Config, study: str) -> None:
    """Raise ConfigError where experiment=STUDY is to train something else than what the sweep will choose."""
    vocabulary = config.origin.vocabulary
    file = None if vocabulary is None else vocabulary.file("experiment", study)
    if file is not None and not file.resolve().is_relative_to(config.paths.folder.resolve()):
        raise ConfigError(
            f"study: {study!r} is an experiment already, {file}, and experiment={study} would train that instead of "
            "what is chosen; take another name with study=NAME"
        )


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


def work(config: Config, protocol: Protocol, sweep: Sweep, tell: Callable[[TrialRecord], None]) -> None:
    """Be one of several workers of a sweep, which tells of every trial that has ended: what a process runs."""
    from dnnexp.search.sweep import Listeners
    from dnnexp.search.worker import climb_ladder
    from dnnexp.study import make_scorers

    climb_ladder(sweep, make_scorers(config, protocol), Listeners(on_trial=tell))


if __name__ == "__main__":
    sys.exit(main())
