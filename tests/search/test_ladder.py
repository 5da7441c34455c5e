from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_records import depth_of, record

from dnnexp.search.ladder import Confirm, Done, Rescore, Screen, Wait, climb, next_work
from dnnexp.search.records import STAGES, STATES, TrialRecord
from dnnexp.search.schema import LADDER, SearchConfig
from dnnexp.search.space import grow

CONFIG = SearchConfig(trials_per_depth=3, max_depth=64, patience=2, rescore=0)


def confirmed(choice: TrialRecord) -> TrialRecord:
    return record(choice.depth, 0, stage="confirm", claim=choice.origin)


def test_it_begins_with_one_hidden_layer_and_no_seed():
    assert next_work([], CONFIG) == Screen(1, None)


def test_a_depth_is_screened_until_its_budget_is_given_out_and_waited_for_until_it_has_ended():
    two = depth_of(1, 0.8)[:2]
    assert next_work(two, CONFIG) == Screen(1, None)
    assert next_work([*two, record(1, 2, None)], CONFIG) == Wait(1, "screen")
    assert next_work([*two, record(1, 2, None, state="failed")], CONFIG) == Screen(1, None)


def test_the_next_depth_is_seeded_with_the_winner_of_the_one_before():
    records = depth_of(1, 0.8)
    winner = record(1, 2, 0.8)
    records[2] = replace(winner, params=winner.params | {"width_1": 99})
    work = next_work(records, CONFIG)
    assert work == Screen(2, grow(records[2].params, 1, 2, CONFIG.space))
    assert isinstance(work, Screen)
    assert work.seed is not None
    assert (work.seed["width_1"], work.seed["width_2"]) == (99, 99)


def climb_surface(worth: dict[int, float], config: SearchConfig) -> tuple[list[int], Done, TrialRecord]:
    """Walk a whole ladder on which the best trial of a depth scores what it is worth; return (depths, end, choice)."""
    records: list[TrialRecord] = []
    depths = []
    for _ in range(200):
        ladder = climb(random.Random(len(records)).sample(records, len(records)), config)
        match ladder.work:
            case Screen(depth=depth):
                depths += [depth] if depth not in depths else []
                done = sum(r.depth == depth for r in records)
                records.append(depth_of(depth, worth[depth])[done])
            case Confirm(source=source):
                records.append(confirmed(source))
            case Done() as end:
                assert ladder.choice is not None
                assert ladder.confirmation is not None
                assert ladder.reason == end.reason
                return depths, end, ladder.choice
            case other:
                raise AssertionError(other)
    raise AssertionError("the ladder does not end")


def test_where_depth_brings_nothing_it_stops_by_patience_and_chooses_the_shallowest():
    depths, end, choice = climb_surface(dict.fromkeys(LADDER, 0.8), CONFIG)
    assert depths == [1, 2, 3]
    assert choice.depth == 1
    assert end.reason == "2 consecutive depths, 2 and 3, gained no more than one standard error"


def test_where_depth_is_needed_it_climbs_to_where_it_pays_and_no_further():
    depths, _, choice = climb_surface({d: 0.5 + 0.05 * min(d, 6) for d in LADDER}, CONFIG)
    assert depths == [1, 2, 3, 4, 6, 8, 12]
    assert choice.depth == 6


def test_one_depth_without_a_gain_is_forgiven_if_the_next_one_gains():
    depths, _, choice = climb_surface({1: 0.6, 2: 0.6} | dict.fromkeys(LADDER[2:], 0.7), CONFIG)
    assert depths == [1, 2, 3, 4, 6]
    assert choice.depth == 3


def test_depths_that_creep_up_by_less_than_a_standard_error_each_are_no_gain():
    depths, _, choice = climb_surface({d: 0.8 + 1e-5 * d for d in LADDER}, CONFIG)
    assert depths == [1, 2, 3]
    assert choice.depth == 1


def test_a_gain_below_min_gain_is_none():
    worth = {d: 0.5 + 0.01 * d for d in LADDER}
    depths, end, _ = climb_surface(worth, replace(CONFIG, min_gain=0.02, patience=1))
    assert depths == [1, 2]
    assert end.reason == "depth 2 gained no more than the larger of search.min_gain = 0.02 and one standard error"


@pytest.mark.parametrize(("min_gain", "said"), [(0.0, "gained nothing"), (0.02, "gained no more than search.min_gain")])
def test_where_one_score_is_all_there_is_no_standard_error_is_given_as_the_reason(min_gain: float, said: str):
    records = [record(depth, 0, 0.8, scores=(0.8,)) for depth in (1, 2, 3)]
    ended = climb(records, replace(CONFIG, trials_per_depth=1, min_gain=min_gain))
    assert ended.reason.startswith(f"2 consecutive depths, 2 and 3, {said}")
    assert "error" not in ended.reason


def test_the_ladder_ends_at_max_depth():
    depths, end, choice = climb_surface({d: 0.01 * d for d in LADDER}, replace(CONFIG, max_depth=7))
    assert depths == [1, 2, 3, 4, 6]
    assert choice.depth == 6
    assert end.reason == "search.max_depth = 7 was reached"


def test_where_less_is_better_the_ladder_climbs_down():
    def errors(depth: int, error: float) -> list[TrialRecord]:
        return [replace(r, greater_is_better=False) for r in depth_of(depth, error)]

    records = errors(1, 0.5) + errors(2, 0.3)
    ladder = climb(records, CONFIG)
    assert ladder.work == Screen(3, grow(record(2, 0).params, 2, 3, CONFIG.space))
    assert ladder.summaries[1].gain is not None
    assert ladder.summaries[1].gain.estimate == pytest.approx(0.2, abs=1e-3)
    assert ladder.summaries[1].score == pytest.approx(0.28)  # in the metric's own units, of the lowest error


def test_a_depth_where_most_trials_diverge_is_untrainable_not_worse():
    gone = [record(2, n, None, state="diverged") for n in range(2)]
    ladder = climb([*depth_of(1, 0.8), *gone, record(2, 2, 0.3)], CONFIG)
    assert ladder.reason.startswith("depth 2 is untrainable in this space: 2 of 3 trials diverged")
    assert ladder.summaries[1].is_untrainable
    assert isinstance(ladder.work, Confirm)
    assert ladder.work.depth == 1


def test_a_depth_where_most_networks_learn_nothing_is_untrainable_if_a_shallower_one_learned():
    idle = [replace(r, learned=0.0) for r in depth_of(2, 0.3)]
    ladder = climb([*depth_of(1, 0.8), *idle[:2], record(2, 2, None, state="pruned", learned=0.0)], CONFIG)
    assert ladder.reason == (
        "depth 2 is untrainable in this space: 0 of 3 trials diverged, and 2 of the 2 that were completed were never "
        "better than a constant answer, which does not say that the depth is worse"
    )
    assert climb([*depth_of(1, 0.8), *idle], CONFIG).reason == (
        "depth 2 is untrainable in this space: 3 of 3 trials did not train (0 diverged, 3 were never better than a "
        "constant answer), which does not say that the depth is worse"
    )
    assert ladder.choice == record(1, 2, 0.8)
    nothing_yet = [replace(r, learned=0.2) for r in depth_of(1, 0.3)]
    assert climb([*nothing_yet, *idle], CONFIG).work == Screen(3, grow(idle[2].params, 2, 3, CONFIG.space))


def test_what_was_pruned_before_it_learned_does_not_make_a_depth_untrainable():
    pruned = [record(2, n, None, state="pruned", learned=0.0) for n in range(2)]
    assert not climb([*depth_of(1, 0.8), *pruned, record(2, 2, 0.7)], CONFIG).reason


def test_pruned_trials_have_trained_and_a_few_that_diverged_do_not_end_the_growing():
    config = replace(CONFIG, trials_per_depth=20)
    first = [record(1, n, 0.8 - 0.001 * n) for n in range(20)]
    second = [record(2, n, None, state="pruned", learned=1.0) for n in range(12)]
    second += [record(2, n, None, state="diverged") for n in range(12, 17)]
    second += [record(2, n, 0.85) for n in range(17, 20)]
    ladder = climb([*first, *second], config)
    assert not ladder.summaries[1].is_untrainable
    assert ladder.work == Screen(3, grow(second[17].params, 2, 3, config.space))


def test_when_the_time_is_used_up_nothing_is_begun_and_what_runs_is_waited_for():
    config = replace(CONFIG, max_minutes=1.0)
    records = [replace(r, seconds=12.0) for r in [*depth_of(1, 0.8), record(2, 0, 0.8)]]
    assert isinstance(next_work(records, config), Screen)
    records.append(replace(record(2, 1, 0.9), seconds=12.0))
    assert next_work([*records, record(2, 2, None)], config) == Wait(2, "screen")
    ladder = climb(records, config)
    assert ladder.reason == "search.max_minutes = 1 of training were used up, with 2 of 3 trials at depth 2"
    assert ladder.work == Confirm(2, records[-1])
    assert climb(records[:3], replace(config, max_minutes=0.5)).reason == (
        "search.max_minutes = 0.5 of training were used up"
    )
    assert isinstance(next_work([*records, replace(confirmed(records[-1]), seconds=60.0)], config), Done)


def test_a_larger_budget_of_trials_does_not_reopen_what_the_time_has_closed():
    config = replace(CONFIG, max_minutes=1.0, trials_per_depth=9, patience=1)
    records = [replace(r, seconds=20.0) for r in [*depth_of(1, 0.8), *depth_of(2, 0.8)]]
    ladder = climb(records, config)
    assert [summary.depth for summary in ladder.summaries] == [1, 2]
    assert isinstance(ladder.work, Confirm)


def by_test_and_by_folds(depth: int, test: float, score: float) -> list[TrialRecord]:
    """Three trials whose test scores rise as their development scores fall."""
    return [replace(r, test_scores=(test - 0.01 * r.number,) * 5) for r in depth_of(depth, score)]


def test_chosen_by_the_test_rows_the_ladder_grows_and_chooses_by_their_means_and_seeds_by_development_data():
    config = replace(CONFIG, selection="test", patience=1, rescore=3)
    records = by_test_and_by_folds(1, 0.7, 0.8)
    work = next_work(records, config)
    assert work == Screen(2, grow(records[2].params, 1, 2, config.space))  # not scored again, seeded by the honest best
    records += by_test_and_by_folds(2, 0.9, 0.6)
    assert isinstance(next_work(records, config), Screen)  # grew by the test rows where development data had stopped
    records += by_test_and_by_folds(3, 0.8, 0.9)
    ladder = climb(records, config)
    assert ladder.work == Confirm(2, records[3])
    assert ladder.choice is not None
    assert (ladder.choice.score, ladder.choice.scores) == (pytest.approx(0.9), (pytest.approx(0.9),))
    assert ladder.honest == records[8]
    assert ladder.optimism == pytest.approx(0.9 - 0.78)


def test_under_development_no_test_score_has_a_say():
    records = by_test_and_by_folds(1, 0.7, 0.8) + by_test_and_by_folds(2, 0.9, 0.8) + by_test_and_by_folds(3, 0.9, 0.8)
    blind = [replace(r, test_scores=()) for r in records]
    shown, hidden = climb(records, CONFIG), climb(blind, CONFIG)
    assert shown.choice is not None
    assert hidden.choice is not None
    assert (shown.choice.key, shown.reason, shown.honest) == (hidden.choice.key, hidden.reason, None)


def test_where_nothing_can_be_trained_it_ends_without_a_choice():
    ladder = climb([record(1, n, None, state="diverged") for n in range(3)], CONFIG)
    assert isinstance(ladder.work, Done)
    assert ladder.work.reason.startswith("no network could be trained: depth 1 is untrainable")
    assert ladder.choice is None


def test_the_choice_is_confirmed_once_whoever_looks():
    records = depth_of(1, 0.8) + depth_of(2, 0.8) + depth_of(3, 0.8)
    work = next_work(records, CONFIG)
    assert isinstance(work, Confirm)
    mine = record(1, 0, None, stage="confirm", claim=None)
    assert next_work([*records, mine], CONFIG) == Wait(
        1, "confirm"
    )  # it may be of the choice: nothing is begun beside it
    mine = replace(mine, claim=work.source.origin)
    assert next_work([*records, mine], CONFIG) == Wait(1, "confirm")
    assert next_work([*records, replace(mine, state="failed")], CONFIG) == work
    assert isinstance(next_work([*records, confirmed(work.source)], CONFIG), Done)


def test_a_larger_budget_opens_the_finished_depths_again():
    records = depth_of(1, 0.8) + depth_of(2, 0.8) + depth_of(3, 0.8)
    records.append(confirmed(next_work(records, CONFIG).source))  # type: ignore[union-attr]
    assert isinstance(next_work(records, CONFIG), Done)
    assert next_work(records, replace(CONFIG, trials_per_depth=4)) == Screen(1, None)


def test_a_confirmation_of_an_earlier_choice_does_not_confirm_another():
    records = depth_of(1, 0.8) + depth_of(2, 0.8) + depth_of(3, 0.8)
    choice = next_work(records, CONFIG).source  # type: ignore[union-attr]
    other = record(1, 0, stage="confirm", claim=choice.number + 1)
    assert isinstance(next_work([*records, other], CONFIG), Confirm)


def test_the_best_of_a_depth_are_scored_again_and_the_depth_is_judged_by_that():
    config = replace(CONFIG, rescore=2)
    screened = depth_of(1, 0.8)
    works = []
    rescored: list[TrialRecord] = []
    for score in (0.7, 0.75):
        work = next_work([*screened, *rescored], config)
        assert isinstance(work, Rescore)
        works.append(work.source.number)
        rescored.append(record(1, len(rescored), score, stage="rescore", claim=work.source.number))
    assert works == [2, 1]  # from the best on
    ladder = climb([*screened, *rescored], config)
    assert isinstance(ladder.work, Screen)
    assert ladder.work.depth == 2
    assert ladder.summaries[0].best == rescored[1]
    assert ladder.summaries[0].score == 0.75
    running = replace(rescored[1], state="running")
    assert next_work([*screened, rescored[0], running], config) == Wait(1, "rescore")


def test_a_rescored_choice_is_confirmed_by_the_number_of_its_screened_trial():
    config = replace(CONFIG, rescore=1, max_depth=1)
    records = [*depth_of(1, 0.8), record(1, 0, 0.7, stage="rescore", claim=2)]
    work = next_work(records, config)
    assert isinstance(work, Confirm)
    assert work.source == records[2]  # as it was screened: its folds say how long, as those of `dnnexp.train` do
    assert isinstance(next_work([*records, confirmed(work.source)], config), Done)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_winner_was_flattered_by_how_much_better_it_was_screened_whatever_the_metric(sign: int):
    screened = record(1, 0, 0.8, greater_is_better=sign > 0)
    again = record(1, 0, 0.8 - 0.02 * sign, stage="rescore", claim=0, greater_is_better=sign > 0)
    found = climb([screened, again], replace(CONFIG, trials_per_depth=1, max_depth=1, rescore=1)).flattery
    assert found is not None
    assert found.estimate == pytest.approx(0.02)
    assert found.low < 0.02 < found.high
    assert climb([screened], replace(CONFIG, trials_per_depth=1, max_depth=1)).flattery is None


def test_a_depth_without_a_network_is_not_said_to_have_gained_little():
    pruned = [record(2, n, None, state="pruned") for n in range(3)]
    reason = climb([*depth_of(1, 0.8), *pruned, *depth_of(3, 0.7)], CONFIG).reason
    assert reason == (
        "2 consecutive depths, 2 and 3, brought no gain: depth 2 has no network that was completed, "
        "depth 3 gained no more than one standard error"
    )
    alone = climb([*depth_of(1, 0.8), *pruned], replace(CONFIG, patience=1)).reason
    assert alone == "depth 2 has no network that was completed"


@st.composite
def any_records(draw: st.DrawFn) -> list[TrialRecord]:
    """Whatever a storage could hold, possible or not."""
    records = []
    for depth in LADDER[: draw(st.integers(0, 4))]:
        for stage in STAGES:
            for number in range(draw(st.integers(0, 6 if stage == "screen" else 2))):
                state = draw(st.sampled_from(STATES))
                score = draw(st.floats(0, 1)) if state == "complete" else None
                claim = number if stage == "screen" else draw(st.sampled_from([None, 0, 1, 2]))
                claim = 0 if claim is None and state != "running" else claim
                records.append(record(depth, number, score, stage=stage, state=state, claim=claim))
    return records


@given(any_records(), st.integers(1, 4), st.integers(0, 2), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_whatever_is_stored_the_order_does_not_matter_and_no_budget_is_exceeded(
    records: list[TrialRecord], budget: int, rescore: int, rng: random.Random
):
    config = replace(CONFIG, trials_per_depth=budget, rescore=rescore)
    work = next_work(records, config)
    assert next_work(rng.sample(records, len(records)), config) == work
    assert next_work(records + records, config) == work
    if isinstance(work, Screen):
        assert sum(r.state != "failed" for r in records if (r.depth, r.stage) == (work.depth, "screen")) < budget
    if isinstance(work, Rescore | Confirm):
        same = [r for r in records if (r.depth, r.stage) == (work.depth, work.stage) and r.state != "failed"]
        assert not [r for r in same if r.claim in (None, work.source.origin)]
        assert work.source.state == "complete"
    if isinstance(work, Wait):
        assert any(r.state == "running" and (r.depth, r.stage) == (work.depth, work.stage) for r in records)
