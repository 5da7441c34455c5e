"""Several seeds on the test rows: each network as if it had been alone."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.several_seeds import SeveralSeeds, refit_seeds
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.fit import Length
from dnnexp.training.schema import TrainerConfig


def protocol_of(name: str) -> Protocol:
    return Protocol(load(DataConfig(name)), 0.2, EvaluationConfig(), 0)


def configuration(lr: float = 3e-3, class_weight: str = "none") -> Configuration:
    trainer = TrainerConfig(epochs=10, class_weight=class_weight)
    return Configuration(ModelConfig(depth=2, width=9), OptimizerConfig(lr=lr), trainer=trainer)


def confirmed(protocol: Protocol, seeds: int, lr: float = 3e-3) -> SeveralSeeds:
    return refit_seeds(configuration(lr), protocol, Length(20, 40), seeds)


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "diabetes"])
def test_the_first_of_several_is_the_network_that_is_refitted_alone_to_the_bit(name: str) -> None:
    protocol = protocol_of(name)
    alone = refit(configuration(), protocol, Length(20, 40))
    several, one = confirmed(protocol, 4), confirmed(protocol, 1)
    assert several.evaluation.test_scores[0] == one.evaluation.test_scores[0] == alone.test_score
    assert len(set(several.evaluation.test_scores)) > 1 or name == "wine"
    X = protocol.dataset.X.iloc[protocol.split.test]
    expected = alone.predictor.outputs(X)
    if name == "diabetes":
        expected = alone.predictor.predict(X)
    np.testing.assert_allclose(several.predictions[0], expected, rtol=1e-12)


@pytest.mark.parametrize("name", ["wine", "breast_cancer"])
def test_balanced_classes_are_as_much_a_network_of_several_as_of_one_alone(name: str) -> None:
    protocol, balanced = protocol_of(name), configuration(class_weight="balanced")
    alone = refit(balanced, protocol, Length(20, 40))
    several = refit_seeds(balanced, protocol, Length(20, 40), 3)
    expected = alone.predictor.outputs(protocol.dataset.X.iloc[protocol.split.test])
    np.testing.assert_allclose(several.predictions[0], expected, rtol=1e-12)
    one = refit_seeds(balanced, protocol, Length(20, 40), 1)
    assert several.predictions[0].tobytes() == one.predictions[0].tobytes()


def test_scores_can_be_computed_again_from_what_each_seed_predicts() -> None:
    for name in ("wine", "breast_cancer", "diabetes"):
        protocol = protocol_of(name)
        several = confirmed(protocol, 3)
        rows = len(protocol.split.test)
        assert several.predictions.shape == (3, *several.targets.shape)
        assert len(several.targets) == rows
        scores = protocol.metric.function(several.predictions.swapaxes(1, 2), several.targets.T, np.ones(rows))
        np.testing.assert_allclose(scores, several.evaluation.test_scores, rtol=1e-12)
        metric = f"test/{protocol.metric_name}"
        assert several.evaluation.metrics[metric] == pytest.approx(scores.mean())
        assert several.evaluation.metrics[f"{metric}_sd"] == pytest.approx(scores.std(ddof=1))


def test_the_limits_hold_the_mean_and_the_first_networks_own_score() -> None:
    for name in ("wine", "breast_cancer", "diabetes"):
        protocol = protocol_of(name)
        several = confirmed(protocol, 3)
        metrics, metric = several.evaluation.metrics, protocol.metric_name
        assert metrics[f"test/{metric}_low"] < metrics[f"test/{metric}"] < metrics[f"test/{metric}_high"]
        assert metrics[f"first/{metric}_low"] < several.evaluation.test_scores[0] < metrics[f"first/{metric}_high"]
        assert confirmed(protocol, 3).evaluation.metrics == metrics


def test_where_the_first_diverges_the_evaluation_says_so() -> None:
    lost = confirmed(protocol_of("wine"), 2, lr=1e30).evaluation
    assert lost.diverged.startswith("diverged in epoch 1")
    assert "lower optimizer.lr" in lost.diverged
    assert np.isnan(lost.test_scores).all()
    assert not [name for name in lost.metrics if name.endswith(("_low", "_high"))]
