from __future__ import annotations

import math
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
from response_surface import FOLD_EFFECTS, Scored, begin, scorer, scorers, sweep

from dnnexp.config.schema import sqlite_url
from dnnexp.search.ladder import Climb, Done
from dnnexp.search.records import TrialRecord
from dnnexp.search.sampling import SAMPLER_KINDS
from dnnexp.search.space import grow
from dnnexp.search.studies import Studies
from dnnexp.search.sweep import Listeners, Scorers, Sweep
from dnnexp.search.worker import Worker, climb_ladder


@pytest.fixture
def url(tmp_path: Path) -> str:
    return sqlite_url(tmp_path / "optuna.db")


@pytest.fixture
def others(url: str) -> Iterator[Studies]:
    """What another worker sees of the same sweep."""
    with sweep(url).studies() as studies:
        yield studies


def run(url: str, kind: str = "linear", **changes: Any) -> list[TrialRecord]:
    told = sweep(url, **changes)
    assert isinstance(climb_ladder(told, scorers(kind)).work, Done)
    return stored(told)


def stored(told: Sweep) -> list[TrialRecord]:
    with told.studies() as studies:
        return studies.read_all()


def drawn(records: list[TrialRecord]) -> list[tuple[Any, ...]]:
    """What must be the same bits: who, what was drawn, what it scored."""
    return [(r.key, r.state, r.params, r.scores, r.score) for r in records if r.state != "failed"]


def test_where_depth_is_worth_nothing_the_sweep_stops_at_the_shallowest(url: str):
    told = sweep(url, trials=5)
    ladder = climb_ladder(told, scorers("linear"))
    assert [summary.depth for summary in ladder.summaries] == [1, 2]
    assert ladder.choice is not None
    assert ladder.choice.depth == 1
    assert ladder.confirmation is not None
    assert (ladder.confirmation.score, ladder.confirmation.test_scores) == (0.91, (0.9, 0.92))


def test_where_depth_is_needed_the_sweep_climbs(url: str):
    told = sweep(url, trials=5, max_depth=6)
    ladder = climb_ladder(told, scorers("deep"))
    assert [summary.depth for summary in ladder.summaries] == [1, 2, 3, 4, 6]
    assert all(summary.gain is not None and summary.gain.excludes_zero for summary in ladder.summaries[1:4])
    assert ladder.choice is not None
    assert ladder.choice.depth == 4


def test_every_depth_has_its_budget_exactly_and_the_choice_is_confirmed_once(url: str):
    records = run(url, "deep", trials=3, max_depth=3)
    counts = {
        (d, s): sum((r.depth, r.stage) == (d, s) for r in records) for d, s in {(r.depth, r.stage) for r in records}
    }
    assert counts == {(1, "screen"): 3, (2, "screen"): 3, (3, "screen"): 3, (3, "confirm"): 1}


def test_the_same_seed_draws_the_same_trials_bit_for_bit_and_another_does_not(tmp_path: Path):
    urls = [sqlite_url(tmp_path / f"{i}.db") for i in range(3)]
    first, again = (run(url, trials=12, max_depth=1) for url in urls[:2])  # beyond TPE's ten random trials
    assert drawn(first) == drawn(again)
    assert drawn(run(urls[2], trials=2, seed=1, max_depth=1))[:2] != drawn(first)[:2]


def test_random_search_draws_whatever_came_of_the_trials_before(tmp_path: Path):
    a = run(sqlite_url(tmp_path / "a.db"), "linear", trials=12, max_depth=1, sampler="random")
    b = run(sqlite_url(tmp_path / "b.db"), "deep", trials=12, max_depth=1, sampler="random")
    assert [r.params for r in a if r.stage == "screen"] == [r.params for r in b if r.stage == "screen"]


def test_the_first_trial_of_a_depth_is_the_winner_of_the_one_before(url: str):
    records = run(url, "deep", trials=4, max_depth=2)
    winner = max((r for r in records if r.depth == 1 and r.score is not None), key=lambda r: r.score or 0)
    first = next(r for r in records if r.depth == 2)
    assert first.params == grow(winner.params, 1, 2, sweep(url).config.space)
    assert first.configuration["model.widths"] == [winner.params["width_1"]] * 2


def test_a_budget_that_is_raised_is_filled_up_and_what_was_done_is_kept(url: str):
    before = run(url, trials=3)
    after = run(url, trials=5)
    screened = [r for r in after if r.stage == "screen"]
    assert len(screened) == 10
    assert set(map(repr, before)) <= set(map(repr, after))


def test_a_depth_that_cannot_be_trained_ends_the_sweep_and_is_not_called_worse(url: str):
    ladder = climb_ladder(sweep(url, trials=3), scorers("untrainable"))
    assert [summary.is_untrainable for summary in ladder.summaries] == [False, False, True]
    assert ladder.reason.startswith("depth 3 is untrainable in this space: 3 of 3 trials diverged")
    assert ladder.choice is not None
    assert ladder.choice.depth == 2


def test_a_trial_that_diverges_is_pruned_with_the_last_score_it_had_and_never_nan(url: str):
    told = sweep(url, trials=8, max_depth=1)
    climb_ladder(told, scorers("diverging"))
    diverged = [r for r in stored(told) if r.state == "diverged"]
    assert 0 < len(diverged) < 8
    with told.studies() as studies:
        trials = studies.open(1, "screen").trials
    for trial in diverged:
        assert trial.reason == "epoch 3, layer 1: the loss is nan"
        assert (trial.score, trial.scores) == (None, ())
        assert trial.configuration["optimizer.lr"] == trial.params["lr"]
        kept = trials[trial.number]
        assert kept.state == optuna.trial.TrialState.PRUNED
        assert list(kept.intermediate_values) == [2]  # it diverged in epoch 3
        assert kept.value is not None
        assert math.isfinite(kept.value)


def test_a_score_that_is_not_finite_counts_as_diverged(url: str):
    def screen(configuration: Any, on_epoch: Any) -> Scored:
        scored = scorer("linear")(configuration)
        return scored._replace(scores=scored.scores * [1, 1, math.nan, 1, 1])

    ladder = climb_ladder(sweep(url), scorers("linear")._replace(screen=screen))  # type: ignore[arg-type]
    assert isinstance(ladder.work, Done)
    assert ladder.choice is None
    assert ladder.summaries[0].diverged == 4


def test_with_the_median_pruner_bad_trials_end_early_and_are_not_chosen(url: str):
    records = run(url, trials=10, max_depth=1, pruner="median")
    pruned = [r for r in records if r.state == "pruned"]
    assert pruned
    assert all(r.epochs in (3, 4, 6) and r.score is None for r in pruned)  # the rungs after the warm-up


def test_the_best_are_scored_again_when_asked_for(url: str):
    records = run(url, "deep", trials=4, max_depth=2, rescore=2)
    rescored = [r for r in records if r.stage == "rescore"]
    assert [r.depth for r in rescored] == [1, 1, 2, 2]
    for trial in rescored:
        source = next(r for r in records if (r.depth, r.stage, r.number) == (trial.depth, "screen", trial.claim))
        assert trial.params == source.params
        assert trial.configuration == source.configuration
        assert len(trial.scores) == 20


def test_listeners_hear_of_every_trial_epoch_and_step_of_the_ladder(url: str):
    trials: list[TrialRecord] = []
    epochs: list[tuple[Any, ...]] = []
    climbs: list[Climb] = []
    told = sweep(url, trials=2, max_depth=1)
    climb_ladder(told, scorers("linear"), Listeners(trials.append, lambda *news: epochs.append(news), climbs.append))
    assert [(r.stage, r.number) for r in trials] == [("screen", 0), ("screen", 1), ("confirm", 0)]
    assert drawn(trials) == drawn(stored(told))
    assert epochs[0][:3] == (1, "screen", 0)
    assert climbs[-1].choice is not None
    assert len(climbs) == 4


def test_a_worker_tells_of_what_it_ran_where_others_ended_the_stage_that_it_was_about_to_begin(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    whole, others = Worker.look, list[TrialRecord]()

    class EnoughError(Exception):
        pass

    def until_depth_two_is_done(trial: TrialRecord) -> None:
        others.append(trial)
        if [r.depth for r in others].count(2) == 2:
            raise EnoughError

    def look(worker: Worker, place: tuple[int, str] | None) -> Climb:
        one = worker.records.get((1, "screen"), [])
        if place is None and not others and sum(r.state == "complete" for r in one) == 2:
            monkeypatch.setattr(Worker, "look", whole)
            with pytest.raises(EnoughError):
                climb_ladder(told, scorers("linear"), Listeners(on_trial=until_depth_two_is_done))
        return whole(worker, place)

    mine: list[TrialRecord] = []
    told = sweep(url, trials=2, max_depth=2)
    monkeypatch.setattr(Worker, "look", look)
    climb_ladder(told, scorers("linear"), Listeners(on_trial=mine.append))
    assert [(r.depth, r.stage) for r in others] == [(2, "screen")] * 2
    assert [(r.depth, r.stage) for r in mine] == [(1, "screen")] * 2 + [(1, "confirm")]


def test_scores_are_judged_in_the_metrics_own_direction(url: str):
    def screen(configuration: Any, on_epoch: Any) -> Scored:
        scored = scorer("deep")(configuration)
        return scored._replace(scores=1 - scored.scores, greater_is_better=False, metric="rmse")

    told = replace(sweep(url, trials=4, max_depth=2), greater_is_better=False)
    ladder = climb_ladder(told, scorers("deep")._replace(screen=screen))  # type: ignore[arg-type]
    best = ladder.summaries[0].best
    assert best is not None
    assert best.score == min(r.score for r in stored(told) if r.depth == 1 and r.score is not None)
    assert ladder.choice is not None
    assert ladder.choice.depth == 2
    with told.studies() as studies:
        assert studies.open(1, "screen").direction == optuna.study.StudyDirection.MINIMIZE


def interrupting(after: int) -> Scorers:
    """Scorers that are stopped by Ctrl-C in the middle of a trial."""
    calls = []

    def screen(configuration: Any, on_epoch: Any) -> Scored:
        calls.append(configuration)
        if len(calls) > after:
            os.kill(os.getpid(), signal.SIGINT)
        return scorer("linear")(configuration, on_epoch)

    return scorers("linear")._replace(screen=screen)  # type: ignore[arg-type]


def test_an_interrupted_sweep_that_goes_on_is_the_sweep_that_was_not_interrupted(tmp_path: Path):
    whole = run(sqlite_url(tmp_path / "whole.db"), trials=12, max_depth=1)
    url = sqlite_url(tmp_path / "parts.db")
    for after in (0, 11):  # in the first trial, and where TPE has begun to learn
        with pytest.raises(KeyboardInterrupt, match="every finished trial of study 'study' is kept"):
            climb_ladder(sweep(url, trials=12, max_depth=1), interrupting(after))
    parts = run(url, trials=12, max_depth=1)
    assert [r.reason for r in parts if r.state == "failed"] == ["interrupted"] * 2
    assert [r[1:] for r in drawn(parts)] == [r[1:] for r in drawn(whole)]


def test_ctrl_c_between_trials_begins_no_other_trial(url: str):
    listeners = Listeners(on_trial=lambda trial: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        climb_ladder(sweep(url), scorers("linear"), listeners)
    assert [r.state for r in stored(sweep(url))] == ["complete"]


def test_an_error_in_scoring_fails_the_trial_and_is_not_swallowed(url: str):
    def screen(configuration: Any, on_epoch: Any) -> Scored:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        climb_ladder(sweep(url), scorers("linear")._replace(screen=screen))  # type: ignore[arg-type]
    (failed,) = stored(sweep(url))
    assert (failed.state, failed.reason) == ("failed", "ValueError: a bug")
    assert len([r for r in run(url, max_depth=2) if r.state != "failed"]) == 4 + 4 + 1


def test_a_worker_that_was_taken_for_dead_goes_on_with_another_trial(url: str, others: Studies):
    calls = []

    def screen(configuration: Any, on_epoch: Any) -> Scored:
        calls.append(configuration)
        if len(calls) == 2:  # meanwhile another worker finds no sign of life
            (running,) = [r for r in others.read(1, "screen") if r.state == "running"]
            others.storage.set_trial_state_values(others.trial_id(running), optuna.trial.TrialState.FAIL)
        return scorer("linear")(configuration, on_epoch)

    climb_ladder(sweep(url, max_depth=1), scorers("linear")._replace(screen=screen))  # type: ignore[arg-type]
    records = [r for r in others.read_all() if r.stage == "screen"]
    assert [r.state for r in records] == ["complete", "failed", "complete", "complete", "complete"]
    assert [r.claim for r in records] == [0, 1, 2, 3, 4]  # replaced by another draw, not retried


def test_a_worker_that_was_taken_for_dead_while_it_told_its_result_goes_on(
    url: str, others: Studies, monkeypatch: pytest.MonkeyPatch
):
    class Overtaken(optuna.samplers.RandomSampler):
        def after_trial(self, study: Any, trial: Any, state: Any, values: Any) -> None:
            if trial.number == 1:
                others.storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.FAIL)

    monkeypatch.setitem(SAMPLER_KINDS, "random", lambda seed, _is_alone: Overtaken(seed))
    climb_ladder(sweep(url, max_depth=1, sampler="random"), scorers("linear"))
    records = [r for r in others.read_all() if r.stage == "screen"]
    assert [r.state for r in records] == ["complete", "failed", "complete", "complete", "complete"]


def test_a_trial_whose_worker_died_before_its_first_sign_of_life_is_replaced(url: str):
    told = sweep(url, trials=2, max_depth=1, grace=1)
    with told.studies() as studies:
        begin(studies, 1)
    climb_ladder(told, scorers("linear"))
    records = [r for r in stored(told) if r.stage == "screen"]
    assert [r.state for r in records] == ["failed", "complete", "complete"]


def test_two_studies_in_one_file_do_not_touch(tmp_path: Path):
    url = sqlite_url(tmp_path / "both.db")
    told = [sweep(url, name, trials=4, max_depth=1, seed=seed) for seed, name in enumerate(["one", "two"])]
    threads = [threading.Thread(target=climb_ladder, args=(each, scorers("linear"))) for each in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed, (each, name) in enumerate(zip(told, ["one", "two"], strict=True)):
        alone = sweep(sqlite_url(tmp_path / f"{name}.db"), name, trials=4, max_depth=1, seed=seed)
        climb_ladder(alone, scorers("linear"))
        assert drawn(stored(each)) == drawn(stored(alone))


def test_rescoring_without_a_scorer_for_it_is_an_error_before_any_trial(url: str):
    with pytest.raises(ValueError, match="rescore"):
        climb_ladder(sweep(url, rescore=1), scorers("linear")._replace(rescore=None))


def test_the_made_up_evaluation_has_fields_that_the_real_one_has():
    from dnnexp.evaluation.cross_validation import Evaluation

    assert set(Scored._fields) <= set(Evaluation._fields)
    assert FOLD_EFFECTS.sum() == pytest.approx(0)
