"""What a stranger reads in ten seconds: which network, how good, how much better than one layer, how sure."""

from __future__ import annotations

from dataclasses import replace

from made_contents import CHOICE, made

from dnnexp.reporting.report.contents import Contents, Depth, Estimate
from dnnexp.reporting.report.headline import Card, headline, metric_in_words

DEEP = replace(CHOICE, depth=3, widths="64x64x32", over_one_layer=Estimate(0.04, 0.005, 0.026, 0.054))


def cards(contents: Contents) -> dict[str, Card]:
    return {card.question: card for card in headline(contents).cards}


def test_four_questions_are_answered() -> None:
    top = headline(made())
    assert top.title == "Use one hidden layer: deeper networks are not clearly better"
    assert top.lead == (
        "Trained on the rest of the data, it reaches accuracy 0.9889 on 359 rows kept aside until the end: "
        "355 of 359 right."
    )
    said = cards(made())
    assert said["Which network?"].answer == "1 hidden layer"
    assert said["How good?"].answer == "0.9889"
    assert any(
        "chosen by another: 0.9875 ± 0.0061 on development data" in line
        for line in said["How sure of the score?"].behind
    )
    assert said["Do more layers help?"].answer == "not clearly"
    assert "2 hidden layers: -0.0010 ± 0.0040 over 1" in said["Do more layers help?"].behind
    assert said["How sure of the score?"].answer == "0.9706 to 1.0000"  # no accuracy is above 1
    assert "more layers: gains up to +0.0110 over the choice are not ruled out" in said["Do more layers help?"].behind


def test_what_is_not_ruled_out_is_a_gain_over_the_choice_not_over_the_best() -> None:
    one, *deeper = made().depths
    worse = [replace(depth, over_choice=Estimate(-0.02, 0.004, -0.031, -0.009)) for depth in deeper]
    behind = cards(made(depths=[one, *worse]))["Do more layers help?"].behind
    assert "more layers: gains over the choice are ruled out (95% intervals)" in behind
    unknown = [replace(depth, over_choice=None) for depth in deeper]
    assert not any("ruled out" in line for line in cards(made(depths=[one, *unknown]))["Do more layers help?"].behind)


def test_a_deep_choice_says_what_it_gains_over_one_layer() -> None:
    contents = made(choice=DEEP)
    assert headline(contents).title == "Use three hidden layers: clearly better than one"
    card = cards(contents)["Better than one layer?"]
    assert card.answer == "+0.0400 ± 0.0050"
    assert card.behind[-1] == "better (95% interval +0.0260 to +0.0540)"
    assert cards(contents)["Which network?"].behind[0] == "64 × 64 × 32 units, gelu; 4,810 parameters"


def test_a_gain_that_may_be_none_is_not_called_clear() -> None:
    contents = made(choice=replace(DEEP, over_one_layer=Estimate(0.03, 0.02, -0.025, 0.085)))
    assert headline(contents).title == "Use three hidden layers: perhaps better than one"
    assert "not distinguishable from no gain" in cards(contents)["Better than one layer?"].behind[-1]


def test_one_score_claims_no_certainty() -> None:
    alone = replace(CHOICE, score=Estimate(0.97, float("nan"), float("-inf"), float("inf")), folds=1)
    card = cards(made(choice=alone))["How sure of the score?"]
    assert (card.answer, card.behind[0]) == ("not known", "one score says nothing about its uncertainty")


def test_several_confirmed_seeds_give_the_interval_of_the_test() -> None:
    confirmed = replace(CHOICE, test=Estimate(0.9861, 0.003, 0.979, 0.992), test_seeds=(0.98, 0.99, 0.988))
    said = cards(made(choice=confirmed))
    assert headline(made(choice=confirmed)).lead == (
        "Trained on the rest of the data, it reaches accuracy 0.9861 on 359 rows kept aside until the end "
        "(mean of 3 trainings)."
    )
    assert said["How good?"].answer == "0.9861 ± 0.0030"
    assert "mean of 3 trainings" in said["How good?"].behind[0]
    assert said["How sure of the score?"].answer == "0.9790 to 0.9920"
    assert said["How sure of the score?"].behind[0] == "95% interval of its test accuracy"


def test_an_error_is_never_said_to_be_below_zero() -> None:
    contents = made(metric="rmse", greater_is_better=False, choice=replace(CHOICE, score=Estimate(2.0, 1.5, -2.2, 6.2)))
    assert cards(contents)["How sure of the score?"].answer == "0.0000 to 6.2000"


def test_baselines_are_compared_on_the_same_rows() -> None:
    behind = cards(made())["How good?"].behind
    assert behind[-1] == "for comparison, on the same test rows: majority 0.1000, linear 0.9600, boosted trees 0.9700"
    beside = replace(CHOICE, over_baseline=Estimate(0.01, 0.004, 0.002, 0.018), baseline="boosted trees")
    assert cards(made(choice=beside))["How good?"].behind[-1] == (
        "over boosted trees on development data, on the same folds: "
        "+0.0100 ± 0.0040, better (95% interval +0.0020 to +0.0180)"
    )


def test_a_gain_by_the_screening_is_said_to_flatter_the_network() -> None:
    beside = replace(CHOICE, over_baseline=Estimate(0.01), baseline="linear", is_flattered=True)
    assert (
        cards(made(choice=beside))["How good?"]
        .behind[-1]
        .startswith("over linear on development data, as both were screened, which flatters the network: +0.0100, one")
    )


def test_deeper_networks_that_could_not_be_trained_were_tried() -> None:
    one, two, three = made().depths
    lost = [replace(d, score=None, gain=None, verdict="no network was completed", diverged=20) for d in (two, three)]
    contents = made(depths=[one, *lost])
    assert headline(contents).title == "Use one hidden layer: deeper networks could not be trained"
    card = cards(contents)["Do more layers help?"]
    assert card.answer == "they could not be trained"
    assert card.behind[0] == "2 hidden layers: no network was completed, 20 of 20 trials diverged"
    card = cards(made(depths=[one, two, lost[1]]))["Do more layers help?"]
    assert card.answer == "not clearly"
    assert "3 hidden layers: no network was completed, 20 of 20 trials diverged" in card.behind


def test_a_deep_choice_beside_one_layer_that_could_not_be_trained_claims_no_gain() -> None:
    one, two, _ = made().depths
    contents = made(
        depths=[replace(one, score=None, gain=None), replace(two, gain=None)],
        choice=replace(DEEP, depth=2, over_one_layer=None),
    )
    assert headline(contents).title == "Use two hidden layers: the only depth that could be trained"
    assert cards(contents)["Better than one layer?"].answer == "not known"


OPTIMISTIC = replace(
    CHOICE,
    score=Estimate(0.9917),
    development=Estimate(0.9875, 0.0061),
    gap=0.0139,
    test=Estimate(0.9889, None, 0.979, 0.992),
    test_seeds=(0.98, 0.99),
)


def test_where_the_test_rows_chose_nothing_is_said_to_have_been_kept_aside() -> None:
    contents = made(choice=OPTIMISTIC, is_optimistic=True)
    top = headline(contents)
    assert top.title == "Use one hidden layer: optimistic, chosen by the test rows"
    assert top.lead == (
        "Optimistic: depth and network were chosen by the 359 test rows themselves. Trained on the rest of the data, "
        "it reaches accuracy 0.9889 (mean of 2 trainings) on them, and 0.9875 ± 0.0061 on development data "
        "(mean of 5 folds ± standard error)."
    )
    said = cards(contents)
    assert said["How good?"] == (
        "How good?",
        "0.9889, optimistic",
        (
            "test accuracy on the 359 rows that chose it, mean of 2 trainings",
            "0.9875 ± 0.0061 on development data (mean of 5 folds ± standard error)",
            "choosing by the test rows makes the figure look better by 0.0139",
            "for comparison, on the same test rows: majority 0.1000, linear 0.9600, boosted trees 0.9700",
        ),
    )
    assert said["How sure of the score?"].answer == "0.9790 to 0.9920, optimistic"
    assert "gains in optimistic test accuracy, ± standard error" in said["Do more layers help?"].behind
    deep = made(choice=replace(OPTIMISTIC, depth=2, over_one_layer=Estimate(0.01)), is_optimistic=True)
    assert cards(deep)["Better than one layer?"].answer == "+0.0100, optimistic"
    lost = made(choice=replace(OPTIMISTIC, test=None, reason="diverged in epoch 3"), is_optimistic=True)
    assert headline(lost).lead == (
        "Optimistic: depth and network were chosen by the 359 test rows, on which the networks of its folds have mean "
        "accuracy 0.9917. It could not be trained on all of the data: diverged in epoch 3."
    )
    assert cards(lost)["How good?"].answer == "0.9917, optimistic"


def test_one_depth_alone_is_no_answer_on_depth() -> None:
    only: list[Depth] = list(made().depths)[:1]
    contents = made(depths=only)
    assert headline(contents).title == "Use one hidden layer: the only depth tried"
    assert cards(contents)["Do more layers help?"].answer == "not tried"


def test_a_choice_without_a_model_says_why() -> None:
    lost = replace(CHOICE, test=None, right=None, reason="diverged in epoch 3")
    assert headline(made(choice=lost)).lead == (
        "On data it had not seen it reaches accuracy 0.9875 ± 0.0061. "
        "It could not be trained on all of the data: diverged in epoch 3."
    )


def test_metrics_are_explained_to_those_who_do_not_know_them() -> None:
    assert metric_in_words("accuracy", greater_is_better=True) == (
        "accuracy is the share of rows that are classified right; higher is better"
    )
    assert metric_in_words("brier", greater_is_better=False) == "brier: lower is better"
