"""The sentences of the answer, from records made by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from trial_records import WOBBLE, depth_of, record

from dnnexp.evaluation.yardsticks import Baseline, Yardsticks
from dnnexp.search.answer import answer, inputs_sentence, short_verdict, verdict
from dnnexp.search.ladder import Climb, climb
from dnnexp.search.records import TrialRecord
from dnnexp.search.schema import SearchConfig
from dnnexp.search.yardsticks import lead


def built(trial: TrialRecord, **fields: Any) -> TrialRecord:
    """The trial with the network that it was of."""
    network = {
        "model.widths": [32] * trial.depth,
        "model.activations": None,
        "model.activation": "relu",
        "optimizer.lr": trial.params["lr"],
    }
    return replace(trial, configuration=network, metric="accuracy", **fields)


def confirmation(source: TrialRecord, score: float | None = 0.75, **fields: Any) -> TrialRecord:
    usual = {"stage": "confirm", "number": 0, "claim": source.number, "scores": (), "score": score}
    return replace(source, **(usual | fields))


def sentences(trials: list[TrialRecord], confirmed: TrialRecord, depths: int) -> list[str]:
    config = SearchConfig(trials_per_depth=len(trials) // depths, max_depth=depths, patience=depths, rescore=0)
    return answer(climb([*trials, confirmed], config), test_rows=36, development_rows=142)


def test_the_answer_says_the_choice_its_score_and_what_each_layer_gained() -> None:
    trials = [built(trial) for depth in (1, 2) for trial in depth_of(depth, 0.7 + 0.1 * depth)]
    said = sentences(trials, confirmation(trials[5]), depths=2)
    assert said[0] == "Use d2-32x32-relu-lr7.1e-3: 2 hidden layers, 202 parameters."
    assert said[1].startswith("On development data it has accuracy 0.9000 ± 0.0")
    assert said[1].endswith(" (mean over 5 folds ± corrected standard error).")
    assert said[2] == "Refitted on all 142 development rows, it has test accuracy 0.7500 on 36 rows that chose nothing."
    assert said[3].startswith("Depth 2: gain +0.10000 ± 0.00067")
    assert " over depth 1, better (95% interval +0.0" in said[3]
    assert said[4].startswith("Tried: 6 configurations at depths 1, 2. Growing stopped because search.max_depth = 2")


def test_a_score_of_one_held_out_part_claims_no_uncertainty() -> None:
    trials = [built(record(depth, 0, 0.8), scores=(score,), score=score) for depth, score in ((1, 0.8), (2, 0.8))]
    said = sentences(trials, confirmation(trials[0]), depths=2)
    assert said[1] == (
        "On development data it has accuracy 0.8000 on 20 held-out rows; one score says nothing about its uncertainty."
    )
    assert "Depth 2: gain +0.0000 over depth 1, one score each says nothing about the uncertainty." in said
    assert not any("nan" in sentence for sentence in said)
    assert sentences(trials[:1], confirmation(trials[0]), depths=1)[-1].startswith("Tried: 1 configuration at depth 1.")


def test_where_less_is_better_a_gain_is_positive_where_the_score_falls() -> None:
    trials = [
        built(trial, greater_is_better=False) for depth in (1, 2) for trial in depth_of(depth, 0.7 - 0.1 * depth, 1)
    ]
    climbed = climb([*trials, confirmation(trials[1])], SearchConfig(trials_per_depth=1, max_depth=2, rescore=0))
    assert climbed.choice == trials[1]
    assert verdict(climbed.summaries[1]).startswith("gain +0.10000 ± 0.00067 ")
    assert short_verdict(climbed.summaries[1]) == "better"


def test_what_was_scored_again_is_answered_with_how_much_better_its_screening_looked() -> None:
    screened = [built(trial) for trial in depth_of(1, 0.8)]
    fresh = [
        replace(
            screened[n], stage="rescore", number=2 - n, claim=n, score=score, scores=(score - 0.01, score + 0.01) * 10
        )
        for n, score in ((2, 0.77), (1, 0.78))
    ]
    config = SearchConfig(trials_per_depth=3, max_depth=1, rescore=2)
    climbed = climb([*screened, *fresh, confirmation(screened[1])], config)
    assert (climbed.choice, climbed.screened) == (fresh[1], screened[1])
    assert climbed.optimism == pytest.approx(0.79 - 0.78)
    assert climbed.summaries[0].optimism == pytest.approx(0.01)
    said = answer(climbed, test_rows=36, development_rows=142)
    assert said[1].startswith("On development data it has accuracy 0.7800 ± 0.0")
    assert said[1].endswith("(mean over 20 fresh folds ± corrected standard error).")
    errors = [np.std(run.scores, ddof=1) * math.sqrt(1 / len(run.scores) + 20 / 80) for run in (screened[1], fresh[1])]
    freedom = sum(e**2 for e in errors) ** 2 / sum(e**4 / d for e, d in zip(errors, (4, 19), strict=True))  # Welch
    margin = stats.t.ppf(0.975, freedom) * math.hypot(*errors)
    assert said[2] == (
        "Screening had picked it with 0.7900 over 5 folds; scored again on fresh folds it has 0.0100 less "
        f"(95% interval {0.01 - margin:+.4f} to {0.01 + margin:+.4f}): no flattery can be told from chance."
    )
    assert "the best of each scored again on fresh folds and seeds" in said[-1]


def scored_again_as(screening: list[float], fresh: list[float], *, greater: bool = True) -> str:
    """Return what is said of a single trial that was screened with these scores and scored again with those."""
    screened = replace(built(record(1, 0)), scores=tuple(screening), score=sum(screening) / len(screening))
    screened = replace(screened, greater_is_better=greater)
    again = replace(screened, stage="rescore", claim=0, scores=tuple(fresh), score=sum(fresh) / len(fresh))
    config = SearchConfig(trials_per_depth=1, max_depth=1, rescore=1)
    return answer(climb([screened, again, confirmation(screened)], config), test_rows=36, development_rows=142)[2]


def test_where_less_is_better_a_score_that_rose_on_fresh_folds_is_the_worse_one() -> None:
    said = scored_again_as([0.48, 0.52] * 3, [0.52, 0.54] * 10, greater=False)
    assert said.startswith(
        "Screening had picked it with 0.5000 over 6 folds; scored again on fresh folds it has 0.0300 "
    )
    assert "it has 0.0300 more (95% interval -" in said
    assert said.endswith("): no flattery can be told from chance.")


def test_a_fall_beyond_chance_and_a_rise_are_said_as_they_are() -> None:
    fell = scored_again_as([0.899, 0.901] * 3, [0.799, 0.801] * 10)
    assert "it has 0.1000 less (95% interval +0.09" in fell
    assert "chance" not in fell
    rose = scored_again_as([0.78, 0.82] * 3, [0.80, 0.84] * 10)
    assert "it has 0.0200 more (95% interval -0.0" in rose
    assert rose.endswith("): no flattery can be told from chance.")


def test_of_one_screening_score_the_difference_is_all_that_is_said() -> None:
    assert scored_again_as([0.8], [0.74, 0.76]) == (
        "Screening had picked it with 0.8000 over 1 fold; scored again on fresh folds it has 0.0500 less."
    )


def test_several_seeds_are_answered_by_their_mean_and_the_champions_own_score() -> None:
    trials = [built(trial) for trial in depth_of(1, 0.8)]
    scores = {"test_scores": (0.7, math.nan, 0.8), "metrics": {"test/accuracy_sd": 0.0707}}
    said = sentences(trials, confirmation(trials[2], 0.75, **scores), depths=1)
    assert said[2] == (
        "Refitted on all 142 development rows, it has test accuracy 0.7500 ± 0.0707 (mean ± sd over 2 seeds) on 36 "
        "rows that chose nothing. 1 network of 3 diverged."
    )
    assert said[3] == "The champion, the network of the first seed, has test accuracy 0.7000."
    interval = {"test/accuracy_low": 0.65, "test/accuracy_high": 0.85}
    scores["metrics"] |= interval  # type: ignore[operator]
    assert "95% interval 0.6500 to 0.8500" in sentences(trials, confirmation(trials[2], 0.75, **scores), depths=1)[2]


def test_why_there_is_no_interval_of_the_test_score_is_said() -> None:
    few = " No interval: these rows are too few for one, or their groups, or those of a class, or weigh too unevenly."
    biased = " No interval: a calibration error is the larger the fewer rows it is of, and draws of these are of fewer."
    for metric, why in (("accuracy", few), ("calibration_error", biased)):
        trials = [replace(built(trial), metric=metric) for trial in depth_of(1, 0.8)]
        for scores in ((0.7,), (0.7, 0.8)):
            known = {f"test/{metric}": 0.75, f"test/{metric}_sd": 0.05}
            found = confirmation(trials[2], test_scores=scores, metrics=known)
            assert sentences(trials, found, depths=1)[2].endswith(why)
            known |= {f"test/{metric}_low": 0.6, f"test/{metric}_high": 0.9}
            assert "No interval" not in sentences(trials, confirmation(trials[2], metrics=known), depths=1)[2]


def test_what_the_test_rows_chose_is_called_optimistic_with_the_gap_that_was_measured() -> None:
    tested = {0: 0.75, 1: 0.85, 2: 0.78}
    trials = [built(trial, test_scores=(tested[trial.number],) * 5) for trial in depth_of(1, 0.8)]
    config = SearchConfig(trials_per_depth=3, max_depth=1, selection="test")
    climbed = climb([*trials, confirmation(trials[1], 0.84, test_scores=(0.84, 0.84))], config)
    assert climbed.screened == trials[1]  # the best by the test rows
    assert climbed.honest == trials[2]  # the best by development data
    assert climbed.optimism == pytest.approx(0.85 - 0.78)
    said = answer(climbed, test_rows=36, development_rows=142)
    assert said[1] == "Optimistic: depth and network were chosen by the test rows (search.selection=test)."
    assert "mean test accuracy 0.8500 on the 36 rows that chose it" in said[2]
    assert said[3].startswith("On development data it has accuracy 0.7900 ± 0.0")
    assert "development data chooses d1-32-relu-lr1e-2, with test accuracy 0.7800" in said[4]
    assert said[5] == "Choosing by the test rows makes the figure look better by 0.0700."
    assert "on 36 rows that chose it (optimistic)" in said[6]
    held_out = [replace(trial, scores=trial.scores[:1], test_scores=trial.test_scores[:1]) for trial in trials]
    climbed = climb([*held_out, confirmation(trials[1], 0.84, test_scores=(0.84, 0.84))], config)
    one = answer(climbed, test_rows=36, development_rows=142)
    assert one[2] == "Its network has test accuracy 0.8500 on the 36 rows that chose it."


def test_a_choice_that_cannot_be_refitted_is_said_to_have_no_model() -> None:
    trials = [built(trial) for trial in depth_of(1, 0.8)]
    lost = confirmation(trials[2], None, state="diverged", reason="diverged in epoch 3, layer 1; lower optimizer.lr")
    said = sentences(trials, lost, depths=1)
    assert said[2] == (
        "Refitted on all 142 development rows, it could not be trained, and there is no model: "
        "diverged in epoch 3, layer 1; lower optimizer.lr."
    )


def baseline(name: str, scores: list[float]) -> Baseline:
    return Baseline(name, np.array(scores), 0.7, 80.0, 20.0, 0.1, "")


def test_the_choice_is_compared_with_the_best_that_needs_no_network_on_the_same_folds() -> None:
    trials = [built(trial) for trial in depth_of(1, 0.8)]
    chosen, weak = trials[2], baseline("majority class", [0.1] * 5)
    climbed = climb([*trials, confirmation(chosen)], SearchConfig(trials_per_depth=3, max_depth=1, rescore=0))
    for shift, verdict_said in ((0.2, "is better than linear"), (-0.1, "is worse than linear")):
        scores = np.array(chosen.scores) - shift + WOBBLE
        strong = baseline("linear", scores.tolist())
        said = answer(climbed, 36, 142, Yardsticks((weak, strong)))
        assert f"For comparison, without a network: majority class 0.1000, linear {0.8 - shift:.4f}." in said
        assert f"The network {verdict_said}, the best of these (gain {shift:+.5f} ± 0.00067 on the same folds, " in (
            next(sentence for sentence in said if sentence.startswith("The network"))
        )
    even = baseline("linear", [score + wobble for score, wobble in zip(chosen.scores, (1, -1, 0, 1, -1), strict=True)])
    assert any("cannot be told apart from linear" in s for s in answer(climbed, 36, 142, Yardsticks((weak, even))))


def test_what_baselines_scored_is_said_with_the_folds_that_it_was_scored_on() -> None:
    climbed, _ = scored_again()
    linear, trees = baseline("linear", [0.79] * 5), baseline("boosted trees", [0.78] * 5)
    rescored = linear._replace(scores=np.array([0.74, 0.76] * 10))
    said = answer(climbed, 36, 142, Yardsticks((linear, trees), rescored))
    assert (
        "For comparison, without a network: linear 0.7900, boosted trees 0.7800 over the 5 folds of the screening; "
        "linear 0.7500 over the 20 fresh folds."
    ) in said
    assert any(" linear, the best of these (gain +0.0300" in sentence for sentence in said)


def test_a_baseline_that_could_not_be_scored_again_is_compared_as_both_were_screened() -> None:
    climbed, screened = scored_again()
    linear = baseline("linear", [score - 0.01 - wobble for score, wobble in zip(screened.scores, WOBBLE, strict=True)])
    lost = linear._replace(scores=np.array([0.7, np.nan] * 10), trouble="out of memory")
    for yardsticks in (Yardsticks((linear,), lost), Yardsticks((linear,))):
        said = answer(climbed, 36, 142, yardsticks)
        assert f"For comparison, without a network: linear {linear.scores.mean():.4f}." in said
        assert any("as both were screened, which flatters the network, 95%" in sentence for sentence in said)
        assert not any("nan" in sentence for sentence in said)
        assert yardsticks.judged == [linear]


def scored_again() -> tuple[Climb, TrialRecord]:
    """Return the climb of a single trial that was scored again, and the trial."""
    (screened,) = [built(trial) for trial in depth_of(1, 0.8, 1)]
    fresh = replace(screened, stage="rescore", number=0, claim=0, score=0.78, scores=(0.77, 0.79) * 10)
    config = SearchConfig(trials_per_depth=1, max_depth=1, rescore=1)
    return climb([screened, fresh, confirmation(screened)], config), screened


def test_a_depth_of_which_nothing_could_be_trained_is_part_of_the_answer() -> None:
    good = [built(trial) for trial in depth_of(1, 0.8)]
    lost = [
        replace(built(trial), state="diverged", score=None, scores=(), reason="diverged in epoch 1")
        for trial in depth_of(2, 0.8)
    ]
    said = sentences([*good, *lost], confirmation(good[2]), depths=2)
    assert "Depth 2: no network was completed, 3 of 3 trials diverged." in said


def test_where_the_choice_was_scored_again_so_was_the_baseline_that_it_is_compared_with() -> None:
    screened = [built(trial) for trial in depth_of(1, 0.8, 1)]
    fresh = replace(screened[0], stage="rescore", number=0, claim=0, score=0.78, scores=(0.77, 0.79) * 10)
    climbed = climb(
        [*screened, fresh, confirmation(screened[0])], SearchConfig(trials_per_depth=1, max_depth=1, rescore=1)
    )
    linear = baseline("linear", [0.99] * 5)
    found = lead(climbed, Yardsticks((linear,), linear._replace(scores=np.array([0.75, 0.77] * 10))))
    assert found is not None
    assert found.gain.estimate == pytest.approx(0.02)
    as_screened = lead(climbed, Yardsticks((linear,)))  # a study whose baselines were screened alone
    assert as_screened is not None
    assert as_screened.gain.estimate == pytest.approx(sum(screened[0].scores) / 5 - 0.99)
    assert lead(climbed, Yardsticks()) is None


def test_fresh_folds_with_fewer_rows_to_learn_from_are_said_to_have_them() -> None:
    screened = built(record(1, 0, 0.8), scores=(0.8,), score=0.8)
    fresh = replace(screened, stage="rescore", claim=0, scores=(0.74, 0.76), score=0.75, n_train=50.0)
    trials = [screened, fresh, confirmation(screened)]
    climbed = climb(trials, SearchConfig(trials_per_depth=1, max_depth=1, rescore=1))
    said = answer(climbed, test_rows=36, development_rows=142)
    assert (
        "Screening had picked it with 0.8000 over 1 fold; scored again on fresh folds, with fewer rows to learn from "
        "(50 instead of 80), it has 0.0500 less."
    ) in said


def test_one_column_is_said_to_be_one() -> None:
    assert inputs_sentence(["a"], 1, "standard") == "It reads its one column; standard scaling."
    assert inputs_sentence(["a", "b"], 2, "none") == "It reads all 2 columns; numbers as they are."
