"""What was measured inside a network can be seen, read as a table, and compared in MLflow without drowning it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from dnnexp.reporting.health import health_csv, health_figure, sparse_curves

MEASURES = ("gradient_norm", "update_ratio", "activation_rms", "dead_share")


def made(layers: int, epochs: int) -> dict[str, np.ndarray]:
    """Return curves of that many layers, the last one the output, whose values are l + epoch / 1000."""
    values = np.arange(1, epochs + 1) / 1000
    return {
        f"health/{measure}/l{l:03d}": l + values
        for measure in MEASURES
        for l in range(1, layers + (measure in ("gradient_norm", "update_ratio")))
    }


@pytest.mark.parametrize(("layers", "epochs"), [(1, 1), (2, 30), (24, 5), (25, 60), (1001, 3)])
def test_a_figure_is_drawn_for_every_depth(layers: int, epochs: int) -> None:
    content = health_figure(made(layers, epochs))
    assert len(content) < 60_000
    image = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)
    assert image.shape[1] > image.shape[0] > 400


@pytest.mark.parametrize("value", [0.0, 1e-300, 1e308, float("inf"), float("nan")])
@pytest.mark.filterwarnings("error")
def test_a_figure_is_drawn_whatever_became_of_the_networks(value: float) -> None:
    health_figure(made(3, 4) | {"health/gradient_norm/l002": np.array([1.0, 2.0, value, value])})
    health_figure({name: np.full(2, value) for name in made(3, 2)})


def test_the_first_layer_is_the_darkest_and_the_output_the_lightest() -> None:
    flat = {"health/gradient_norm/l001": np.full(9, 1.0), "health/gradient_norm/l002": np.full(9, 2.0)}
    image = np.asarray(Image.open(io.BytesIO(health_figure(flat))).convert("RGB")).astype(int)
    panel = image[: image.shape[0] // 2, : image.shape[1] // 2]
    dark, light = (np.argwhere(np.abs(panel - color).max(axis=2) < 12)[:, 0] for color in ((68, 1, 84), (253, 231, 37)))
    assert dark.mean() > light.mean()  # rows are counted from the top


def test_the_table_has_every_layer_at_every_epoch() -> None:
    rows = list(csv.DictReader(io.StringIO(health_csv(made(3, 2)))))
    assert [(row["epoch"], row["layer"]) for row in rows] == [(e, l) for e in "12" for l in "123"]
    assert {name: rows[3][name] for name in MEASURES} == dict.fromkeys(MEASURES, "1.002")
    assert [rows[5][name] for name in MEASURES] == ["3.002", "3.002", "", ""]


def test_of_many_layers_and_epochs_mlflow_is_told_evenly_spaced_ones() -> None:
    few = sparse_curves(made(12, 100))
    assert len(few) == 12 + 12 + 11 + 11
    assert few["health/dead_share/l011"] == {epoch: 11 + epoch / 1000 for epoch in range(1, 101)}
    many = sparse_curves(made(1001, 1000))
    kept = [int(name[-4:].strip("l")) for name in many if "gradient_norm" in name]
    assert (kept[0], kept[-1], len(kept)) == (1, 1001, 12)
    assert set(np.diff(kept)) <= {90, 91}
    steps = list(many["health/gradient_norm/l001"])
    assert (steps[0], steps[-1], len(steps)) == (1, 1000, 100)
    assert sparse_curves({}) == {}
