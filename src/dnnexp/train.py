"""`python -m dnnexp.train`: one configuration is scored on development data, refitted, tested and recorded."""

from __future__ import annotations

import sys
import time
import uuid
from typing import TYPE_CHECKING

from dnnexp.command import command, command_line
from dnnexp.errors import DnnexpError
from dnnexp.notation import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dnnexp.config import Config
    from dnnexp.evaluation.cross_validation import Evaluation
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.evaluation.refit import Refit
    from dnnexp.reporting.terminal import Terminal
    from dnnexp.training.checkpoint import Checkpoints

PROGRAM = "python -m dnnexp.train"


@command(PROGRAM, "Train one configuration, score it on rows it has not seen, and record the run in MLflow.")
def main(config: Config, terminal: Terminal) -> None:
    """Score the configuration over the folds, refit it on all development rows, score the test rows once, record."""
    from dnnexp.data.sources import load

    dataset = load(config.data)
    for line in dataset.summary:
        terminal.say(line)

    from dnnexp.evaluation.stack import first_step_trouble, network_shape

    started = time.time()
    protocol = config.protocol(dataset)
    if caution := protocol.metric.caution:
        terminal.warn(f"evaluation.metric: {caution}")
    shape = network_shape(config.configuration, protocol)
    terminal.dimensions(shape.dimensions, shape.n[0])
    if reason := first_step_trouble(config.configuration, protocol):
        gain = config.model.gain
        usual = (
            "tanh (plain) or model.residual=rezero at depth" if gain is None else f"model.gain=null (it is {gain:g})"
        )
        terminal.warn(f"this network will hardly train: {reason}; take {usual}")
    if config.trainer.kind == "lr_range_test":
        propose_rate(config, protocol, terminal, started)
        return
    if config.trainer.health and not config.tracking.enabled:
        terminal.warn("trainer.health: what is measured goes into MLflow, and tracking is off; take tracking=mlflow")
    protocol.require_defined()
    from dnnexp.resumption import checkpoints, remove, resumable

    saved = checkpoints(config, protocol, terminal)
    with resumable(saved):
        evaluation, refitted, trouble = trained(config, protocol, terminal, saved)
    if refitted is not None:
        from dnnexp.recording.models import with_card

        refitted = refitted._replace(predictor=with_card(refitted, protocol, config))
    where, model = "", None
    if config.tracking.enabled:
        where, model = record(config, protocol, evaluation, refitted, trouble, started)
    remove(saved)
    if refitted is None:
        raise DnnexpError(f"{trouble}{f' ({where})' if where else ''}")
    terminal.answer(f"{dataset.name}: the result", sentences(protocol, evaluation, refitted, where))
    for line in keep_model(config, refitted, model):
        terminal.tell(line)


def trained(
    config: Config, protocol: Protocol, terminal: Terminal, saved: Mapping[str, Checkpoints]
) -> tuple[Evaluation | None, Refit | None, str]:
    """Return what the folds say, where there are any, the network trained on all rows, and why not if not."""
    from dnnexp.evaluation.cross_validation import cross_validate
    from dnnexp.evaluation.refit import refit, refit_length

    evaluation: Evaluation | None = None
    refitted: Refit | None = None
    length, trouble = None, ""
    better = protocol.metric.greater_is_better
    if protocol.folds:
        terminal.heading(f"{len(protocol.folds)} networks, one for each fold, in lockstep")
        with terminal.training(config.trainer.epochs, protocol.metric_name, greater_is_better=better) as progress:
            evaluation = cross_validate(
                config.configuration,
                protocol,
                lambda news: progress.epoch(news.epoch, news.train_loss, news.stop_metric),
                saved.get("folds"),
            )
        trouble = evaluation.diverged
        rows = len(protocol.split.development)
        length = refit_length(evaluation.best_steps, evaluation.schedule_steps, config.trainer, rows)
    if not trouble:
        terminal.heading(f"one network on all {len(protocol.split.development):,} development rows")
        with terminal.training(config.trainer.epochs, protocol.metric_name, greater_is_better=better) as progress:
            try:
                refitted = refit(
                    config.configuration,
                    protocol,
                    length,
                    lambda news: progress.epoch(news.epoch, news.train_loss),
                    saved.get("refit"),
                    () if evaluation is None else evaluation.threshold,
                )
            except DnnexpError as error:
                trouble = str(error)
    return evaluation, refitted, trouble


def propose_rate(config: Config, protocol: Protocol, terminal: Terminal, started: float) -> None:
    """Train one network for each of a ladder of learning rates, a few steps, and propose one; nothing is tested."""
    from dnnexp.evaluation.range_test import RangeTest
    from dnnexp.evaluation.stack import network_shape
    from dnnexp.recording.ledger import open_recorder, unreached
    from dnnexp.recording.rates import range_files, range_run, write_range
    from dnnexp.reporting.rates import rate_sentences, rate_table

    test = RangeTest(config.configuration, protocol)
    terminal.heading(f"{len(test.rates)} learning rates, one network for each, {test.steps} steps in lockstep")
    with terminal.training(test.epochs, protocol.metric_name) as progress:
        result = test.run(progress.epoch)
    terminal.say(f"{result.rows:,} development rows, {result.columns} a step; {result.held_rows:,} held back")
    for line in rate_table(result):
        terminal.say(line)
    files = range_files(result)
    where = [f"Figure and table: {write_range(config, protocol.dataset.name, files)}"]
    if config.tracking.enabled:
        recorder = open_recorder(config, protocol, command_line(PROGRAM, sys.argv[1:]))
        recorder.send_unsent()
        parameters = network_shape(config.configuration, protocol).parameters
        run = range_run(f"range/{uuid.uuid4().hex}", config, result, parameters, files, started)
        recorded = recorder.record(run) is not None
        where.append(f"Recorded in MLflow as {run.name}." if recorded else unreached(recorder))
    terminal.answer(f"{protocol.dataset.name}: the learning rate", [*rate_sentences(result), *where])


def sentences(protocol: Protocol, evaluation: Evaluation | None, refitted: Refit, where: str) -> list[str]:
    """Return what came out, in sentences."""
    from dnnexp.evaluation.statistics import corrected_standard_error
    from dnnexp.notation import number, with_error

    name, said = protocol.metric_name, []
    if evaluation is not None:
        error = corrected_standard_error(evaluation.scores, evaluation.n_train, evaluation.n_score)
        rows = f"{len(evaluation.scores)} folds of development data" if len(evaluation.scores) > 1 else "held-out rows"
        means = " (mean ± corrected standard error)" if len(evaluation.scores) > 1 else ""
        said.append(f"{name} {with_error(float(evaluation.scores.mean()), error)} on {rows}{means}.")
    done = "Trained" if evaluation is None else "Refitted"
    said.append(
        f"{done} on all {len(protocol.split.development):,} development rows for {refitted.steps:,} steps: "
        f"training {name} {number(refitted.metrics[f'train/{name}'])}, "
        f"test {name} {number(refitted.test_score)} on {counted(len(protocol.split.test), 'row')} that chose nothing."
    )
    if evaluation is not None and evaluation.threshold:
        decided = ", ".join(f"{value:.3f}" for value in evaluation.threshold)
        said.append(f"Threshold tuned on the folds: yes from a probability of {decided} on.")
    return [*said, *([where] if where else [])]


def record(
    config: Config,
    protocol: Protocol,
    evaluation: Evaluation | None,
    refitted: Refit | None,
    trouble: str,
    started: float,
) -> tuple[str, str | None]:
    """Record the run and its model in MLflow; return a sentence that says where it is, or why it waits to be sent.

    Beside it the model's address, None where there is none, or not yet.
    """
    from dnnexp.recording.ledger import looking_glass, open_recorder, unreached
    from dnnexp.recording.models import model_record
    from dnnexp.recording.single import measured_health, single_run

    recorder = open_recorder(config, protocol, command_line(PROGRAM, sys.argv[1:]))
    recorder.send_unsent()
    run = single_run(f"single/{uuid.uuid4().hex}", config, protocol, evaluation, refitted, trouble, started)
    if refitted is not None:
        run.model = model_record(refitted.predictor, protocol)
    run_id = recorder.record(run)
    health = ""
    if measured_health(evaluation, refitted):
        health = (
            " Its artifact health.png shows gradients, steps and units by layer and epoch; health.csv has the numbers."
        )
    if run_id is None:
        return unreached(recorder) + health, None
    address = None if refitted is None else f"runs:/{run_id}/model"
    return f"Recorded in MLflow as {run.name}; {looking_glass(config)} shows it beside the others.{health}", address


def keep_model(config: Config, refitted: Refit, address: str | None) -> list[str]:
    """Return lines that say where the model is and what predicts with it; a model that no run has goes into a file."""
    from dnnexp.recording.models import keep_in_file, predict_command

    if address is None:
        address = keep_in_file(config, refitted.predictor)
    return [f"The model: {address}", f"Predict with it: {predict_command(config, address)}"]


if __name__ == "__main__":
    sys.exit(main())
