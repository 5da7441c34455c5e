from __future__ import annotations

import csv
import io

import numpy as np

from dnnexp.evaluation.range_test import RangeResult, propose, smooth
from dnnexp.reporting.rates import rate_csv, rate_sentences, rate_table

NAN = float("nan")


def result(train: list[float], constant_cost: float = 2.0) -> RangeResult:
    rates = np.geomspace(1e-4, 10, len(train))
    cost = np.array(train)
    smooth_cost = smooth(cost, constant_cost)
    said = tuple("diverged in epoch 2, step 9: layer 1 has a NaN" if np.isnan(c) else "" for c in train)
    proposal = propose(rates, smooth_cost, constant_cost)
    return RangeResult(rates, cost, cost, smooth_cost, said, constant_cost, proposal, 288, 96, 32, 1150, 288, 0.1)


FOUND = result([1.99, 1.8, 0.5, 0.3, 0.5, 2.5])


def test_the_proposal_stands_in_the_table_between_the_rates_around_it() -> None:
    lines = rate_table(FOUND)
    assert lines[0].split() == ["learning", "rate", "training", "cost", "held", "back"]
    (at,) = [i for i, line in enumerate(lines) if line.endswith("proposed")]
    before, proposed, after = (float(lines[i].split()[0]) for i in (at - 1, at, at + 1))
    assert before < proposed <= after
    assert [line.split()[-1] for line in (lines[1], lines[-1])] == ["low", "high"]


def test_the_sentences_say_the_rule_and_where_learning_begins_and_ends() -> None:
    said = " ".join(rate_sentences(FOUND))
    assert said.startswith(f"Proposed: optimizer.lr={FOUND.proposal:.2g}, where the training cost is lowest after 288")
    assert "up to 1.0e-03 too low, from 1.0e+01 on too high" in said


def test_a_divergence_is_said_with_its_place() -> None:
    said = " ".join(rate_sentences(result([1.99, 1.0, 0.3, 0.3, 0.4, NAN])))
    assert "from 1.0e+01 on too high" in said
    assert "At 1.0e+01 the network diverged in epoch 2, step 9: layer 1 has a NaN." in said


def test_where_nothing_learns_no_rate_is_proposed_and_the_numbers_say_why() -> None:
    said = " ".join(rate_sentences(result([1.999, 1.998, 1.999, NAN])))
    assert said.startswith("No learning rate proposed: in 288 steps none of 4 networks became clearly better than a")
    assert "(training cost 2.0000, lowest 1.9985)" in said
    assert not any("proposed" in line for line in rate_table(result([1.999, 1.998, 1.999, NAN])))


def test_a_proposal_at_the_end_of_the_ladder_is_said_to_be_that() -> None:
    assert "lower trainer.lowest" in " ".join(rate_sentences(result([0.3, 0.9, 1.5, 1.9])))
    assert "raise trainer.highest" in " ".join(rate_sentences(result([1.9, 1.5, 0.9, 0.3])))


def test_the_csv_has_every_rate_and_leaves_out_costs_of_what_diverged() -> None:
    rows = list(csv.DictReader(io.StringIO(rate_csv(result([1.99, 1.0, 0.3, 0.3, 0.4, NAN])))))
    assert [float(row["learning_rate"]) for row in rows] == [1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0]
    assert (rows[2]["train_cost"], rows[5]["train_cost"], rows[5]["state"]) == ("0.3", "", "diverged")
