"""The baselines of a sweep: the best is scored again, and all of it survives being stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.baselines import score_baselines, score_yardsticks
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.yardsticks import Baseline, Yardsticks, from_plain, to_plain


def test_the_best_is_scored_again_on_the_fresh_folds_and_stored_to_the_bit() -> None:
    config = EvaluationConfig(folds=3, rescore_folds=2, rescore_repeats=2)
    protocol = Protocol(load(DataConfig("iris")), 0.2, config, 0)
    found = score_yardsticks(protocol, again=True)
    assert [base.name for base in found.screened] == ["majority class", "linear", "boosted trees"]
    best = max(found.screened, key=lambda base: base.scores.mean())
    assert found.rescored is not None
    assert found.rescored.name == best.name
    again = {base.name: base.scores for base in score_baselines(protocol, protocol.rescoring.folds)}
    np.testing.assert_array_equal(found.rescored.scores, again[best.name])
    assert [base.name for base in found.judged] == [base.name for base in found.screened]
    lengths = {base.name: len(base.scores) for base in found.judged}
    assert lengths == {base.name: 4 if base.name == best.name else 3 for base in found.screened}
    stored = from_plain(json.loads(json.dumps(to_plain(found))))
    for one, other in zip((*found.screened, found.rescored), (*stored.screened, stored.rescored), strict=True):
        assert other is not None
        np.testing.assert_array_equal(one.scores, other.scores)
        assert one._replace(scores=np.zeros(0))[2:] == other._replace(scores=np.zeros(0))[2:]


def test_what_could_not_be_scored_is_stored_as_that_and_is_not_the_best() -> None:
    lost = Baseline("linear", np.full(3, np.nan), np.nan, 80.0, 20.0, 0.1, "singular")
    mean = Baseline("mean", np.full(3, 5.0), 5.0, 80.0, 20.0, 0.1, "")
    stored = from_plain(json.loads(json.dumps(to_plain(Yardsticks((lost, mean))), allow_nan=False)))
    assert np.isnan(stored.screened[0].scores).all()
    assert stored.screened[0].trouble == "singular"
    best = stored.best(greater_is_better=False)
    assert best is not None
    assert best.name == "mean"
    assert Yardsticks((lost,)).best(greater_is_better=True) is None
    assert from_plain(None) == Yardsticks()


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_the_best_follows_the_direction_of_the_metric(greater_is_better: bool) -> None:
    bases = tuple(Baseline(str(v), np.full(2, v), v, 80.0, 20.0, 0.1, "") for v in (1.0, 3.0, 2.0))
    best = Yardsticks(bases).best(greater_is_better=greater_is_better)
    assert best is not None
    assert best.name == ("3.0" if greater_is_better else "1.0")
