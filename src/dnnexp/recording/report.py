"""The report of a sweep, filled in from its records, its protocol and the network that was chosen."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dnnexp.config import Config, own_root
from dnnexp.evaluation.best_of_n import BestOfN
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.statistics import Interval, corrected_interval, paired_gain
from dnnexp.evaluation.yardsticks import Baseline as Scored
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.override import override
from dnnexp.predictor import Predictor
from dnnexp.recording.effort import efforts
from dnnexp.recording.models import text_settings
from dnnexp.recording.outcome import boundary, outcome, right, shares, worst
from dnnexp.reporting.report.contents import (
    ACTIVATION,
    FIRST_WIDTH,
    Baseline,
    BestOf,
    Choice,
    Command,
    Contents,
    Depth,
    Estimate,
    Optimism,
    Trial,
)
from dnnexp.search.answer import verdict
from dnnexp.search.journal import Standing, hidden_layers, leaderboard, network_name, ranked
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.summary import DepthSummary, standard_error
from dnnexp.search.yardsticks import lead

__all__ = ["report_contents", "use_commands"]

SEARCHED = {  # keys of a configuration, as one reads them
    "optimizer.lr": "learning rate",
    "optimizer.weight_decay": "weight decay",
    "model.dropout": "dropout",
    "trainer.batch_size": "batch size",
    "data.preprocessing.scaling": "scaling",
    "data.preprocessing.select": "columns",
}


def report_contents(
    config: Config,
    protocol: Protocol,
    study: str,
    climb: Climb,
    records: Sequence[TrialRecord],
    predictor: Predictor | None,
    sentences: Sequence[str],
    facts: Mapping[str, str],
    yardsticks: Yardsticks,
) -> Contents:
    """Return everything that the report of a sweep shows.

    predictor: the choice, refitted; None where it is not there. facts: as `sweep_facts` returns them. yardsticks: the
    baselines, as far as they were scored.
    """
    found = None if predictor is None else outcome(predictor, protocol)
    is_optimistic = config.search.selection == "test"
    choice = None
    if climb.choice is not None:
        choice = _choice(climb.choice, climb, protocol, right(found), yardsticks)
    ended = ranked(records)
    return Contents(
        study=study,
        data=protocol.dataset.name,
        metric=protocol.metric_name,
        greater_is_better=protocol.metric.greater_is_better,
        sentences=tuple(sentences),
        choice=choice,
        depths=[_depth(summary, climb.choice) for summary in climb.summaries],
        trials=_trials(ended, climb.screened),
        leaderboard_csv=leaderboard(records, yardsticks.judged, is_optimistic=is_optimistic),
        baselines=[_baseline(base, is_fresh=base is yardsticks.rescored) for base in yardsticks.judged],
        best_of=[
            _best_of(depth, curve, greater_is_better=protocol.metric.greater_is_better)
            for depth, curve in efforts(records).items()
        ],
        optimism=_optimism(climb),
        outcome=found,
        worst=() if predictor is None else worst(predictor, protocol),
        boundary=None if predictor is None else boundary(predictor, protocol),
        summary=protocol.dataset.summary or (protocol.dataset.description,),
        shares=shares(protocol.dataset),
        commands=use_commands(config, study) if predictor is not None else (),
        provenance=facts,
        stopped=climb.reason,
        is_optimistic=is_optimistic,
    )


def _choice(
    record: TrialRecord, climb: Climb, protocol: Protocol, right_rows: int | None, yardsticks: Yardsticks
) -> Choice:
    hidden = hidden_layers(record)
    confirmation, beside = climb.confirmation, lead(climb, yardsticks)
    screened = climb.screened if climb.honest is not None else None  # where the test rows chose
    return Choice(
        network=network_name(record),
        depth=record.depth,
        widths="x".join(str(units) for units, _ in hidden),
        activation="+".join(dict.fromkeys(name for _, name in hidden)),
        parameters=record.parameters,
        score=_scored(record),
        folds=len((screened or record).scores),
        test=None if confirmation is None else _tested(confirmation),
        test_rows=len(protocol.split.test),
        test_seeds=() if confirmation is None else confirmation.test_scores,
        right=right_rows,
        over_one_layer=_over_one_layer(record, climb.summaries),
        reason="" if confirmation is None else confirmation.reason,
        over_baseline=None if beside is None else _estimate(beside.gain),
        baseline="" if beside is None else beside.baseline.name,
        is_flattered=beside is not None and beside.is_flattered,
        development=None if screened is None else _scored(screened),
        gap=None if screened is None else climb.optimism,
    )


def _tested(confirmation: TrialRecord) -> Estimate | None:
    """Return the mean test score of the networks that confirm the choice, with its 95% interval over seeds and rows."""
    if confirmation.score is None:
        return None
    low, high = (confirmation.metrics.get(f"test/{confirmation.metric}_{side}") for side in ("low", "high"))
    return Estimate(confirmation.score, None, low, high)


def _over_one_layer(choice: TrialRecord, summaries: Sequence[DepthSummary]) -> Estimate | None:
    """Return what the choice gains over the best network of one hidden layer, paired by fold and seed."""
    single = next((summary.best for summary in summaries if summary.depth == 1), None)
    return _gain(choice, single) if single is not None and choice.depth > 1 else None


def _gain(record: TrialRecord, other: TrialRecord) -> Estimate | None:
    """Return what one gains over the other, paired by fold and seed; None where these are not the same."""
    if len(record.scores) != len(other.scores):
        return None
    return _estimate(paired_gain(record.oriented_scores, other.oriented_scores, record.n_train, record.n_score))


def _estimate(interval: Interval) -> Estimate:
    return Estimate(interval.estimate, interval.standard_error, interval.low, interval.high)


def _scored(record: TrialRecord) -> Estimate:
    return _estimate(corrected_interval(record.scores, record.n_train, record.n_score))


def _baseline(base: Scored, *, is_fresh: bool) -> Baseline:
    known = _estimate(corrected_interval(base.scores, base.n_train, base.n_score))
    score = known if math.isfinite(known.value) else None
    return Baseline(
        base.name, score, base.test_score if math.isfinite(base.test_score) else None, base.seconds, is_fresh
    )


def _best_of(depth: int, curve: BestOfN, *, greater_is_better: bool) -> BestOf:
    known = np.isfinite(curve.standard_error)
    mean, error = curve.mean[known], curve.standard_error[known]
    low, high = mean - error, mean + error
    low, high = (low, np.minimum(high, 1.0)) if greater_is_better else (np.maximum(low, 0.0), high)  # perfect scores
    return BestOf(depth, curve.mean.tolist(), low.tolist(), high.tolist(), curve.seconds.tolist())


def _optimism(climb: Climb) -> Optimism | None:
    difference = climb.flattery
    if difference is None or climb.choice is None or climb.screened is None:
        return None
    screening, rescored = _scored(climb.screened), _scored(climb.choice)
    return Optimism(network_name(climb.choice), screening, rescored, _estimate(difference))


def _depth(summary: DepthSummary, choice: TrialRecord | None) -> Depth:
    best = summary.best
    over = _gain(best, choice) if best is not None and choice is not None and best.depth > choice.depth else None
    return Depth(
        depth=summary.depth,
        network="" if best is None else network_name(best),
        score=None if summary.score is None else Estimate(summary.score, summary.standard_error),
        gain=None if summary.gain is None else _estimate(summary.gain),
        compared_depth=summary.compared_depth,
        verdict=verdict(summary),
        trials=summary.trials,
        diverged=summary.diverged,
        pruned=summary.pruned,
        seconds=summary.seconds,
        curves={} if best is None else best.curves,
        over_choice=over,
    )


def _trials(standings: Sequence[Standing], choice: TrialRecord | None) -> list[Trial]:
    varied = [key for key in SEARCHED if len({repr(s.screened.configuration.get(key)) for s in standings}) > 1]
    return [
        Trial(
            rank=rank if record.score is not None else None,
            network=network_name(screened),
            depth=screened.depth,
            stage=record.stage,
            number=screened.number,
            state=record.state,
            score=_with_error(record),
            screening=_with_error(screened),
            test=record.metrics.get(f"test/{record.metric}") if record.score is not None else None,
            parameters=screened.parameters,
            settings=_settings(screened, varied),
            epochs=record.epochs,
            seconds=record.seconds,
            reason=record.reason,
            is_choice=choice is not None and screened.key == choice.key,
        )
        for rank, (screened, record) in enumerate(standings, 1)
    ]


def _with_error(record: TrialRecord) -> Estimate | None:
    return None if record.score is None else Estimate(record.score, standard_error(record))


def _settings(record: TrialRecord, varied: Sequence[str]) -> dict[str, float | str]:
    """Return what was searched: shape and activation of the network that was built, and the keys that vary."""
    hidden = hidden_layers(record)
    settings: dict[str, float | str] = {}
    if hidden:
        settings[FIRST_WIDTH] = hidden[0][0]
        settings[ACTIVATION] = "+".join(dict.fromkeys(name for _, name in hidden))
    for key in varied:
        value: Any = record.configuration.get(key)
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        settings[SEARCHED[key]] = value if plain else "all" if value is None else str(value)
    return settings


def use_commands(config: Config, study: str) -> list[Command]:
    """Return what to type to use the choice, to train it again, and to make the report again."""
    root = own_root(config)
    model = Path(config.paths.root, "outputs", study, "model.npz").as_posix()
    reading = [f", {key}={json.dumps(value, ensure_ascii=False)}" for key, value in text_settings(config).items()]
    load = (
        "from pathlib import Path\n\n"
        "from dnnexp.prediction.rows import read_rows\nfrom dnnexp.predictor import Predictor\n\n"
        f"predictor = Predictor.load(Path({json.dumps(model, ensure_ascii=False)}))\n"
        f'rows = read_rows("new.csv", predictor{"".join(reading)})\n'
        "predicted = predictor.predict(rows)\n"
        "print(predictor.preprocessor.warnings())  # of categories and gaps that training did not have"
    )
    again = shlex.join(["python", "-m", "dnnexp.train", override("experiment", study), *root])
    report = shlex.join(["python", "-m", "dnnexp.report", override("study", study), *root])
    return [
        Command("Predict with it, preprocessing inside, in Python:", load),
        Command("Train it again: the score is that of its screening, the test score the champion's:", again),
        Command("Make this report again from what is stored:", report),
    ]
