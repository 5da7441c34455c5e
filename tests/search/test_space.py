from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnexp.config import Composer
from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.schema import DataConfig, PreprocessingConfig
from dnnexp.data.sources import load
from dnnexp.errors import ConfigError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.search.schema import LADDER, SpaceConfig
from dnnexp.search.space import flatten, grow, lr_bounds, settled, start, suggest, tapered

SPACE = SpaceConfig()
WIDE = SpaceConfig(
    per_layer_activation=True, dropout=[0.0, 0.5], batch_size=[16, 64], scaling=["standard", "robust"],
    skew=["none", "log"], columns=[None, 5],
)  # fmt: skip
SHALLOW = [depth for depth in LADDER if depth <= 64]


def draw(depth: int, seed: int, space: SpaceConfig = SPACE) -> tuple[dict[str, Any], Configuration]:
    """Return what a random trial of that depth chose, and the configuration it built."""
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    trial = study.ask()
    configuration = suggest(trial, depth, Configuration(), space)
    return trial.params, configuration


@pytest.mark.parametrize("depth", [1, 2, 6, 8, 64])
def test_the_configuration_is_the_network_that_was_chosen(depth: int):
    params, configuration = draw(depth, seed=depth)
    flat = flatten(configuration)
    assert len(configuration.model.hidden) == flat["model.depth"] == len(flat["model.widths"]) == depth
    assert all(name == params["activation"] for _, name in configuration.model.hidden)
    assert flat["model.activation"] == params["activation"]
    assert (flat["optimizer.lr"], flat["optimizer.weight_decay"]) == (params["lr"], params["weight_decay"])
    if depth <= 6:
        assert flat["model.widths"] == [params[f"width_{l}"] for l in range(1, depth + 1)]
    else:
        assert flat["model.widths"][0] == params["width"]
        assert flat["model.widths"][-1] == pytest.approx(params["width"] * params["taper"], abs=0.5)


def test_what_the_space_does_not_vary_stays_as_the_user_set_it():
    base = Configuration(model=ModelConfig(widths=[7, 7], gain=1.5), optimizer=OptimizerConfig("sgd", momentum=0.5))
    trial = optuna.trial.FixedTrial({"width_1": 20, "activation": "tanh", "lr": 5e-3, "weight_decay": 1e-3})
    configuration = suggest(trial, 1, base, SPACE)
    assert configuration.model == ModelConfig(depth=1, widths=[20], activation="tanh", gain=1.5)
    assert configuration.optimizer == OptimizerConfig("sgd", lr=5e-3, momentum=0.5, weight_decay=1e-3)
    assert base.model.widths == [7, 7]
    assert flatten(base)["data.preprocessing.scaling"] == "standard"


def test_weight_decay_can_be_left_out_of_the_space():
    space = SpaceConfig(weight_decay=None)
    params = {"width_1": 20, "activation": "tanh", "lr": 5e-3}
    configuration = suggest(optuna.trial.FixedTrial(params), 1, Configuration(), space)
    assert configuration.optimizer.weight_decay == Configuration().optimizer.weight_decay
    assert grow(params, 1, 2, space).keys() == {"width_1", "width_2", "activation", "lr"}


@pytest.mark.parametrize("space", [SPACE, WIDE])
@pytest.mark.parametrize("depth", [3, 12])
def test_all_trials_of_a_depth_have_the_same_parameters(depth: int, space: SpaceConfig):
    assert len({tuple(sorted(draw(depth, seed, space)[0])) for seed in range(5)}) == 1


@pytest.mark.parametrize("depth", [3, 8])
def test_training_and_preprocessing_are_chosen_too_where_the_space_has_them(depth: int):
    for seed in range(5):
        params, configuration = draw(depth, seed, WIDE)
        flat = flatten(configuration)
        assert flat["model.dropout"] == params["dropout"]
        assert flat["trainer.batch_size"] == params["batch_size"]
        assert flat["data.preprocessing.scaling"] == params["scaling"]
        assert flat["data.preprocessing.skew"] == params["skew"]
        assert flat["data.preprocessing.select"] == params["columns"]
        assert flat["data.preprocessing.categories"] == PreprocessingConfig().categories
        chosen = [name for _, name in configuration.model.hidden]
        own = [params[f"activation_{l}"] for l in range(1, depth + 1)] if depth <= 6 else [params["activation"]] * depth
        assert chosen == own


def test_what_has_one_choice_is_that_and_is_not_searched():
    space = SpaceConfig(batch_size=[16], scaling=["robust"], skew=["log"], columns=[7])
    params, configuration = draw(1, 0, space)
    assert params.keys() == {"width_1", "activation", "lr", "weight_decay"}
    assert configuration.trainer.batch_size == 16
    assert configuration.preprocessing == PreprocessingConfig("robust", "log", select=7)


def test_the_default_space_of_digits_searches_neither_scaling_nor_columns():
    digits = load(DataConfig("digits"))
    base = Configuration(preprocessing=PreprocessingConfig("global"))
    for configured in (base, Configuration()):
        space = settled(SPACE, configured, digits)
        assert space == SpaceConfig(scaling=None, columns=None)
        params, _ = draw(1, 0, space)
        assert params.keys() == {"width_1", "activation", "lr", "weight_decay"}


def numbers(columns: int) -> Dataset:
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(columns)]
    return assemble("made", rng.normal(size=(12, columns)), names, np.arange(12.0), ["y"], origin="made")


@pytest.mark.parametrize(
    ("columns", "choices"),
    [
        (1, None), (10, None), (11, [None, 5]), (20, [None, 5, 10]), (50, [None, 5, 10, 20]),
        (784, [None, 5, 20, 50, 200]), (5000, [None, 5, 50, 200, 2000]),
    ],
)  # fmt: skip
def test_how_many_columns_may_be_kept_goes_by_how_many_there_are(columns: int, choices: list[int | None] | None):
    space = settled(SPACE, Configuration(), numbers(columns))
    assert (space.columns, space.scaling) == (choices, ["standard", "robust"])
    assert settled(space, Configuration(), numbers(columns)) == space


def test_what_is_configured_is_not_searched_by_default():
    base = Configuration(preprocessing=PreprocessingConfig("none", select=3))
    space = settled(SPACE, base, numbers(50))
    assert (space.columns, space.scaling) == (None, None)
    said = SpaceConfig(columns=[None, 50], scaling=["global", "none"])
    assert settled(said, base, numbers(50)) == said


def test_more_columns_than_there_are_are_refused():
    with pytest.raises(ConfigError, match=r"search.space.columns\[1\]: need at most 12, the columns of made, got 13"):
        settled(SpaceConfig(columns=[None, 13]), Configuration(), numbers(12))


def test_a_winner_with_activations_of_its_own_repeats_the_last_and_keeps_it_beyond_six_layers():
    carried = {"dropout": 0.1, "batch_size": 16, "scaling": "robust", "skew": "log", "columns": None}
    winner = {"width_1": 20, "width_2": 30, "activation_1": "relu", "activation_2": "tanh", "lr": 1e-2}
    three = grow(winner | carried, 2, 3, WIDE)
    assert [three[f"activation_{l}"] for l in (1, 2, 3)] == ["relu", "tanh", "tanh"]
    assert carried.items() <= three.items()
    assert "activation" not in three
    assert grow(winner, 2, 8, WIDE)["activation"] == "tanh"


@pytest.mark.parametrize(("most", "depths"), [(1, (1, 2)), (3, (3, 4)), (12, (8, 12))])
def test_to_which_depth_layers_have_widths_of_their_own_is_set(most: int, depths: tuple[int, int]):
    space = SpaceConfig(per_layer_depth=most)
    for depth in depths:
        params, _ = draw(depth, 0, space)
        assert ("width_1" in params) == (depth <= most)
        assert grow(draw(1, 0, space)[0], 1, depth, space).keys() == params.keys()


def test_the_learning_rate_falls_with_depth_as_adam_wants_it():
    assert lr_bounds(SPACE, 1) == tuple(SPACE.lr)
    low, high = lr_bounds(SPACE, 100)
    assert (low, high) == pytest.approx((1e-4, 3e-3))  # 3e-4 trains 100 layers of tanh
    assert lr_bounds(SpaceConfig(lr_exponent=1.5), 100)[0] == pytest.approx(1e-6)


def test_widths_taper_geometrically():
    assert tapered(64, 0.25, 3) == [64, 32, 16]
    assert tapered(64, 1.0, 8) == [64] * 8
    assert min(tapered(16, 0.01, 9)) == 1


def test_a_winner_grows_by_repeating_its_last_layer_with_a_smaller_learning_rate():
    winner = {"width_1": 64, "width_2": 32, "activation": "tanh", "lr": 8e-3, "weight_decay": 1e-4}
    assert grow(winner, 2, 4, SPACE) == {
        "width_1": 64, "width_2": 32, "width_3": 32, "width_4": 32,
        "activation": "tanh", "lr": pytest.approx(8e-3 / math.sqrt(2)), "weight_decay": 1e-4,
    }  # fmt: skip


def test_beyond_six_layers_a_winner_keeps_its_first_and_last_width():
    six = {f"width_{l}": width for l, width in enumerate([64, 100, 50, 40, 40, 32], start=1)}
    winner = six | {"activation": "relu", "lr": 1e-2, "weight_decay": 1e-4}
    eight = grow(winner, 6, 8, SPACE)
    assert (eight["width"], eight["taper"]) == (64, 0.5)
    assert grow(eight, 8, 16, SPACE)["taper"] == 0.5


@given(st.sampled_from(SHALLOW), st.sampled_from(SHALLOW), st.integers(0, 1000), st.sampled_from([SPACE, WIDE]))
@settings(max_examples=60, deadline=None)
def test_whatever_grows_is_inside_the_space_it_grows_into(a: int, b: int, seed: int, space: SpaceConfig):
    depth, deeper = sorted((a, b))
    params, _ = draw(depth, seed, space)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler())
    study.enqueue_trial(grow(params, depth, deeper, space))
    trial = study.ask()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Optuna warns where a fixed value is outside
        configuration = suggest(trial, deeper, Configuration(), space)
    assert trial.params == grow(params, depth, deeper, space)
    assert len(configuration.model.hidden) == deeper


def test_a_search_starts_with_what_is_shipped_to_the_letter():
    config = Composer().compose([])
    base, params = config.configuration, start(config.configuration, config.search.space)
    first = suggest(optuna.trial.FixedTrial(params), 1, base, config.search.space)
    assert first.model.hidden == base.model.hidden
    assert (first.optimizer, first.trainer, first.preprocessing) == (base.optimizer, base.trainer, base.preprocessing)


def test_a_configuration_outside_of_the_space_starts_at_its_edge():
    model = ModelConfig(widths=[500, 20], activation="sigmoid", dropout=0.7)
    base = Configuration(model=model, preprocessing=PreprocessingConfig(scaling="none", select=5))
    params = start(base, WIDE)
    assert (params["width_1"], params["activation_1"], params["dropout"]) == (128, "relu", 0.5)
    assert (params["scaling"], params["columns"], params["skew"]) == ("standard", 5, "none")
    assert suggest(optuna.trial.FixedTrial(params), 1, base, WIDE).model.hidden == ((128, "relu"),)
