"""The runs of networks that were trained on all development rows: the champion, and the best of each depth."""

from __future__ import annotations

import time
from dataclasses import replace

from dnnexp.config import Config
from dnnexp.config.experiment import experiment_text
from dnnexp.errors import DnnexpError
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import Refit
from dnnexp.evaluation.statistics import error_metric
from dnnexp.recording.models import model_record, with_card
from dnnexp.recording.single import dimensions_text, figures
from dnnexp.search.answer import OPTIMISTIC
from dnnexp.search.journal import Standing, StudyRuns, network_name, network_params, selection_tags
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.study import chosen_config, refit_choice
from dnnexp.tracking.links import run_link
from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.store import NOTE

__all__ = ["champion_key", "champion_run", "other_winners", "scores", "winner_key", "winner_run"]

TRAINED = "trained on all development rows"


def champion_key(study: StudyRuns, choice: TrialRecord) -> str:
    """Return the key of the champion's run."""
    return study.key("champion", f"d{choice.depth:02d}", f"t{choice.origin}")


def champion_run(config: Config, protocol: Protocol, study: StudyRuns, climb: Climb, refitted: Refit) -> RunRecord:
    """Return the run of the choice with its model, registered under the study's name.

    The test scores are its own, with the limits of their interval; confirm/… are the means over the seeds. What the
    test rows chose is not registered.
    """
    is_optimistic = config.search.selection == "test"
    choice = climb.screened if is_optimistic else climb.choice
    assert choice is not None
    confirmed = {} if climb.confirmation is None else climb.confirmation.metrics
    metrics = {
        **{name.replace("first/", "test/"): v for name, v in confirmed.items() if name.startswith("first/")},
        **{name.replace("test/", "confirm/"): v for name, v in confirmed.items() if name.startswith("test/")},
        **({} if climb.optimism is None else {f"optimism/{choice.metric}": climb.optimism}),
    }
    run = _run(champion_key(study, choice), "champion", config, study, choice, refitted)
    return replace(
        run,
        metrics={**run.metrics, **metrics},
        tags={**run.tags, NOTE: f"The network that study {run_link(study.name, study.key())} chose, {TRAINED}."},
        artifacts={**run.artifacts, **figures(refitted, protocol, curves_of(choice))},
        model=model_record(refitted.predictor, protocol, "" if is_optimistic else study.name),
    )


def other_winners(climb: Climb) -> list[Standing]:
    """Return the best network of each finished depth, but for the one that was chosen."""
    chosen = None if climb.choice is None else (climb.choice.depth, climb.choice.origin)
    bests = [
        Standing(s.screened, s.best if s.best.stage == "rescore" else s.screened)  # as development rows score it
        for s in climb.summaries
        if s.screened is not None and s.best is not None
    ]
    return [standing for standing in bests if (standing.judged.depth, standing.judged.origin) != chosen]


def winner_key(study: StudyRuns, winner: Standing) -> str:
    """Return the key of the run of a depth's best network."""
    return study.key("winner", f"d{winner.judged.depth:02d}", f"t{winner.judged.origin}")


def winner_run(config: Config, protocol: Protocol, study: StudyRuns, winner: Standing) -> RunRecord:
    """Train the best network of a depth on all development rows; return its run with the model.

    Training may diverge, as the rows are others than those of the folds: the run is then a failed one, and says why.
    """
    key, best = winner_key(study, winner), winner.judged
    note = f"The best network of its depth in study {run_link(study.name, study.key())}, {TRAINED}."
    try:
        refitted = refit_choice(config, protocol, winner.screened)
    except DnnexpError as error:
        run = _run(key, "winner", config, study, best, None)
        reason = {"dnnexp.state": "diverged", "dnnexp.reason": str(error), NOTE: note}
        return replace(run, status="FAILED", tags={**run.tags, **reason})
    run = _run(key, "winner", config, study, best, refitted)
    predictor = with_card(refitted, protocol, config, study.name)
    return replace(run, tags={**run.tags, NOTE: note}, model=model_record(predictor, protocol))


def scores(record: TrialRecord) -> dict[str, float]:
    """Return what the trial was chosen by: score/… over the folds, with the standard error where it is known."""
    own = {name: value for name, value in record.metrics.items() if name.startswith("score/")}
    return own | error_metric(record.metric, record.scores, record.n_train, record.n_score)


def curves_of(record: TrialRecord) -> dict[str, list[float]]:
    """Return the trial's curves by epoch, the mean over its folds."""
    return {name: list(curve) for name, curve in record.curves.items()}


def _run(
    key: str,
    role: str,
    config: Config,
    study: StudyRuns,
    source: TrialRecord,
    refitted: Refit | None,
) -> RunRecord:
    """Return the run of a network that was trained as the source, without its model.

    The curves are those of the folds, as on every other run: a network without rows to stop by has but one.
    """
    settings, ended = config.flat(), time.time()
    seconds = 0.0 if refitted is None else refitted.seconds
    metrics, artifacts = scores(source), {"config.yaml": experiment_text(chosen_config(config, source))}
    if refitted is not None:
        metrics |= refitted.metrics
        artifacts["dimensions.txt"] = dimensions_text(refitted.predictor.architecture)
    return RunRecord(
        key=key,
        name=network_name(source, role, *([OPTIMISTIC] if config.search.selection == "test" else [])),
        role=role,
        parent=study.key(),
        params=network_params(source, settings),
        metrics=metrics | {"seconds": seconds},
        curves=curves_of(source),
        tags=study.tags
        | {
            "dnnexp.role": role,
            "dnnexp.depth": str(source.depth),
            "dnnexp.trial": str(source.origin),
            "dnnexp.state": "complete",
        }
        | selection_tags(settings),
        artifacts=dict(artifacts),
        start_time=ended - seconds,
        end_time=ended,
    )
