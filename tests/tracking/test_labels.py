from __future__ import annotations

import pytest

from dnnexp.tracking.labels import activation_text, built_params, run_name, short_number


@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        ([(64, "relu"), (64, "relu"), (32, "relu")], "d3-64x64x32-relu-lr3e-3-t042"),
        ([(20, "relu"), (7, "tanh")], "d2-20x7-relu+tanh-lr3e-3-t042"),
        ([(64, "relu")] * 12, "d12-64*12-relu-lr3e-3-t042"),
        ([(units, "gelu") for units in range(100, 50, -1)], "d50-100to51-gelu-lr3e-3-t042"),
        ([], "d0-linear-lr3e-3-t042"),
    ],
)
def test_a_name_says_the_network(hidden: list[tuple[int, str]], name: str) -> None:
    assert run_name(hidden, 3e-3, "t042") == name


@pytest.mark.parametrize(
    ("value", "text"), [(0.003, "3e-3"), (0.00123, "1.2e-3"), (0.25, "0.25"), (1.0, "1"), (0.05, "0.05"), (0.0, "0")]
)
def test_numbers_in_names_are_short(value: float, text: str) -> None:
    assert short_number(value) == text


def test_parameters_are_those_of_the_network_that_was_built() -> None:
    config = {"model.depth": None, "model.width": 64, "model.activations": None, "optimizer.lr": 0.01, "seed": 0}
    assert built_params(config, [(20, "relu"), (30, "relu")], 1234) == {
        "optimizer.lr": 0.01,
        "seed": 0,
        "model.depth": 2,
        "model.widths": "20x30",
        "model.activation": "relu",
        "model.widest": 30,
        "model.parameters": 1234,
        "optimizer.lr_log10": -2.0,
    }


def test_activations_that_differ_are_named_layer_by_layer() -> None:
    assert activation_text([(8, "relu"), (8, "relu")]) == "relu"
    assert activation_text([(8, "relu"), (8, "tanh"), (8, "relu")]) == "relu+tanh+relu"
    assert activation_text([]) == ""
