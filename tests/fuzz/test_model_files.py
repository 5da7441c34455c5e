"""Whatever a model file says of itself, it is read and predicts, or is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_tables import sound_line

from dnnexp import DNNClassifier, DNNRegressor
from dnnexp.errors import DnnexpError
from dnnexp.model_file import pack, read_model_file
from dnnexp.prediction.rows import Wanted, open_rows
from dnnexp.predictor import ModelCard, Predictor

HOSTILE = [
    None, True, -1, 0, 1, 2**62, 10**400, 1e308, float("1e-320"), "", "x", "%Q", "\x1b[2J", [], {}, [[]], [None],
    [1, 2], ["a", "a"], {"a": 1}, [[1.0, 2.0]], "é" * 5000, [0] * 5000,
]  # fmt: skip


MODELS = 4


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of each task, and rows for them."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.standard_normal(30), "b": rng.choice(["x", "y", "z"], 30), "day": np.arange(30.0)})
    X.loc[3, "a"] = np.nan
    X.assign(day=pd.date_range("2024-01-01", periods=30).strftime("%d.%m.%Y")).to_csv(folder / "rows.csv", index=False)
    small: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 1, "random_state": 0}
    targets = (np.arange(30) % 3, np.arange(30) % 2, np.stack([np.arange(30) % 2, np.arange(30) % 3 == 0], 1))
    fitted = [DNNClassifier(**small).fit(X, y) for y in targets] + [DNNRegressor(**small).fit(X, rng.random((30, 2)))]
    for i, estimator in enumerate(fitted):
        part = estimator.predictor_
        card = ModelCard(notations={"day": "%d.%m.%Y"}, provenance={"study": "s", "test_score": 0.5})
        Predictor(part.architecture, part.theta, part.preprocessor, part.code, card).save(folder / f"model{i}.npz")
    return folder


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every part of a JSON value, itself left out."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(*path, key), *places(value[key], (*path, key))]]


def is_read_or_refused(folder: Path, choice: tuple[int, int, int, bool]) -> None:
    """Change one part of a model's description, save it with a valid checksum, and predict with what is loaded."""
    description, theta = read_model_file(folder / f"model{choice[0]}.npz")
    description = {key: value for key, value in description.items() if key not in ("format", "dnnexp")}
    *above, last = places(description)[choice[1] % len(places(description))]
    held: Any = description
    for key in above:
        held = held[key]
    if choice[3]:
        del held[last]
    else:
        held[last] = HOSTILE[choice[2]]
    path = folder / "changed.npz"
    path.write_bytes(pack(description, theta))
    try:
        predictor = Predictor.load(path)
    except DnnexpError as error:
        sound_line(error, "changed.npz: ")
        return
    try:
        for part in open_rows(
            folder / "rows.csv", Wanted(predictor.kinds, [], predictor.card.notations), 7, None, None
        ):
            for values in predictor.table(part.inputs, part.row_name).values():
                assert values.dtype.kind != "f" or np.isfinite(values).all()
    except DnnexpError as error:
        sound_line(error)
    assert predictor.description


CHOICES = st.tuples(st.integers(0, MODELS - 1), st.integers(0, 199), st.integers(0, len(HOSTILE) - 1), st.booleans())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(choice=CHOICES)
def test_a_model_file_that_was_changed_predicts_or_is_refused(models, choice):
    is_read_or_refused(models, choice)


@pytest.mark.slow
@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
@given(choice=CHOICES)
def test_a_model_file_that_was_changed_anywhere_predicts_or_is_refused(models, choice):
    is_read_or_refused(models, choice)
