"""Networks that are scored side by side have the scores that they have alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sklearn.metrics as sk

import dnnexp.evaluation.scoring as scoring
from dnnexp.config import Composer
from dnnexp.evaluation.threshold import Outputs
from dnnexp.network.architecture import Architecture
from dnnexp.network.losses import LOSSES
from dnnexp.network.parameters import initialize
from dnnexp.study import make_protocol

LENGTHS = (40, 41, 40, 63, 41, 40)
BROKEN = 2  # the network whose outputs are not finite


class Scored:
    """Random networks on a data set, each with rows of its own: what they say, and their scores."""

    def __init__(self, data: str, thresholds: bool = False) -> None:
        rng = np.random.default_rng(0)
        config = Composer().compose([f"data={data}"])
        protocol = make_protocol(config)
        self.metrics, dataset = protocol.metrics, protocol.dataset
        rows = [rng.choice(len(dataset.X), length, replace=False) for length in LENGTHS]
        prepared = protocol.prepare(config.configuration.preprocessing, rows, "float32")
        outputs = prepared.examples.Y.shape[1]
        kind = LOSSES[protocol.loss(None)].output
        architecture = Architecture((prepared.examples.X1.shape[1] - 1, 8, outputs), ("tanh",), kind)
        theta = np.stack([initialize(architecture, rng) for _ in LENGTHS]).astype(np.float32)
        theta[BROKEN, 0] = np.nan
        cut = [rng.uniform(0.2, 0.8, outputs) for _ in LENGTHS] if thresholds else []
        given: tuple[Any, ...] = (theta, architecture, prepared, dataset, rows)
        self.scores = scoring.score(*given, self.metrics, cut)
        self.said: list[Outputs] = scoring.out_of_fold(*given)
        self.codes, self.y, self.cut = prepared.codes, dataset.y, cut

    def expected(self, name: str, of_one: Any) -> None:
        expected = [np.nan if r == BROKEN else of_one(r) for r in range(len(LENGTHS))]
        np.testing.assert_allclose(self.scores[name], expected, rtol=1e-12)


def test_classes_are_scored_as_scikit_learn_scores_one_network_after_the_other() -> None:
    digits = Scored("digits")
    truth = [said.Y.argmax(axis=0) for said in digits.said]
    answer = [said.A.argmax(axis=0) for said in digits.said]
    digits.expected("accuracy", lambda r: sk.accuracy_score(truth[r], answer[r]))
    digits.expected("balanced_accuracy", lambda r: sk.balanced_accuracy_score(truth[r], answer[r]))
    digits.expected("average_precision", lambda r: sk.average_precision_score(digits.said[r].Y.T, digits.said[r].A.T))
    digits.expected("roc_auc", lambda r: sk.roc_auc_score(digits.said[r].Y.T, digits.said[r].A.T))


def test_each_network_decides_at_the_threshold_that_was_tuned_for_it() -> None:
    cancer = Scored("breast_cancer", thresholds=True)
    truth = [said.Y[0] > 0.5 for said in cancer.said]
    answer = [said.A[0] > cancer.cut[r] for r, said in enumerate(cancer.said)]
    cancer.expected("accuracy", lambda r: sk.accuracy_score(truth[r], answer[r]))
    cancer.expected("f1", lambda r: sk.f1_score(truth[r], answer[r]))
    cancer.expected("roc_auc", lambda r: sk.roc_auc_score(truth[r], cancer.said[r].A[0]))


def test_quantities_are_scored_in_the_units_of_the_target() -> None:
    diabetes = Scored("diabetes")
    given = [(diabetes.y[said.rows], diabetes.codes[r].decode(said.A.T)) for r, said in enumerate(diabetes.said)]
    diabetes.expected("r2", lambda r: sk.r2_score(*given[r]))
    diabetes.expected("mae", lambda r: sk.mean_absolute_error(*given[r]))
    diabetes.expected("rmse", lambda r: sk.root_mean_squared_error(*given[r]))


@pytest.mark.parametrize("data", ["digits", "diabetes"])
def test_how_many_are_scored_at_a_time_changes_no_bit(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    together = Scored(data).scores
    monkeypatch.setattr(scoring, "AT_ONCE", 1)
    alone = Scored(data).scores
    for name, scores in together.items():
        np.testing.assert_array_equal(scores, alone[name], err_msg=name)
