from __future__ import annotations

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.evaluation.stack import network_shape
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.search.residual import made_trainable, note_on_depth
from dnnexp.search.schema import SearchConfig, SpaceConfig
from dnnexp.search.space import lr_bounds, tapered
from dnnexp.training.schema import TrainerConfig


def deep(depth: int, activation: str, taper: float = 0.25, **model: object) -> Configuration:
    widths = tapered(48, taper, depth)
    return Configuration(ModelConfig(widths=widths, activation=activation, **model))  # type: ignore[arg-type]


def test_a_deep_rectifier_is_residual_in_nearly_all_layers_and_still_tapers() -> None:
    protocol = Protocol(load(DataConfig("wine")), 0.2, EvaluationConfig(), 0)
    built = made_trainable(deep(32, "relu"), SpaceConfig())
    shape = network_shape(built, protocol)
    assert built.model.residual == "rezero"
    assert sum(shape.is_residual(l) for l in range(1, shape.L)) == 32 - 4
    assert (shape.n[1], shape.n[32]) == (48, tapered(48, 0.25, 32)[24])
    assert list(shape.n[1:-1]) == sorted(shape.n[1:-1], reverse=True)


@pytest.mark.parametrize("configuration", [deep(23, "relu"), deep(64, "tanh"), deep(64, "relu", residual="rezero")])
def test_what_trains_as_it_is_stays_as_it_is(configuration: Configuration) -> None:
    assert made_trainable(configuration, SpaceConfig()) == configuration


def test_a_mix_of_rectifiers_is_residual_too_and_beside_another_activation_none_is() -> None:
    space, widths = SpaceConfig(rezero_depth=4, rezero_blocks=2), [32, 16, 8, 4]
    rectifiers = ["relu", "gelu", "silu", "relu"]
    built = made_trainable(Configuration(ModelConfig(widths=widths, activations=rectifiers)), space)
    assert built.model.residual == "rezero"
    assert built.model.hidden == ((32, "relu"), (32, "gelu"), (8, "silu"), (8, "relu"))
    mixed = Configuration(ModelConfig(widths=widths, activations=[*rectifiers[:3], "tanh"]))
    assert made_trainable(mixed, space) == mixed


def test_from_which_depth_and_in_how_many_blocks_is_set_by_the_space() -> None:
    early = made_trainable(deep(8, "relu"), SpaceConfig(rezero_depth=8, rezero_blocks=2))
    assert early.model.residual == "rezero"
    assert len(set(early.model.widths or ())) == 2
    assert made_trainable(deep(64, "relu"), SpaceConfig(rezero_depth=None)) == deep(64, "relu")
    assert note_on_depth(SearchConfig(max_depth=128, space=SpaceConfig(rezero_depth=None)), "none") == ""
    note = note_on_depth(SearchConfig(max_depth=8, space=SpaceConfig(rezero_depth=8, rezero_blocks=2)), "none")
    assert note.startswith("from 8 hidden layers on")
    assert "in 2 blocks" in note


def test_a_sweep_that_may_grow_deep_says_what_it_does_there() -> None:
    assert note_on_depth(SearchConfig(), "none") == ""
    assert "networks of relu, gelu, silu are built with model.residual=rezero" in note_on_depth(
        SearchConfig(max_depth=128), "none"
    )
    assert note_on_depth(SearchConfig(max_depth=128), "rezero") == ""
    assert note_on_depth(SearchConfig(max_depth=128, space=SpaceConfig(activation=["tanh"])), "none") == ""


@pytest.mark.slow
@pytest.mark.parametrize("activation", SpaceConfig().activation)
@pytest.mark.parametrize("depth", [32, 128])
def test_the_networks_of_the_space_train_at_any_depth(activation: str, depth: int) -> None:
    protocol = Protocol(load(DataConfig("digits")), 0.2, EvaluationConfig(folds=2), 0)
    low, high = lr_bounds(SpaceConfig(), depth)
    trainer = TrainerConfig(epochs=25)
    for taper in (1.0, 0.25):
        network = deep(depth, activation, taper)
        network.optimizer, network.trainer = OptimizerConfig(lr=float(np.sqrt(low * high))), trainer
        evaluation = cross_validate(made_trainable(network, SpaceConfig()), protocol)
        assert evaluation.learned == 1
        assert evaluation.scores.mean() > 0.8
