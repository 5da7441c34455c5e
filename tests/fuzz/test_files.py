"""Whatever file is named, it is read, trained on and predicted from, or refused in one line."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_tables import COLUMNS, FILED, TEXTS, odd_tables, sound_line

from dnnexp.data.dataset import Dataset
from dnnexp.data.schema import DataConfig, PreprocessingConfig
from dnnexp.data.sources import load
from dnnexp.errors import DnnexpError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.prediction.rows import Wanted, open_rows
from dnnexp.predictor import ModelCard, Predictor
from dnnexp.training.schema import TrainerConfig

ROWS = st.sampled_from([0, 1, 2, 9, *range(10, 41)])
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252", "utf-32")
EDITS = [
    b",",
    b"\n",
    b'"',
    b";",
    b"\t",
    b"\x00",
    b"\xff",
    b"\r",
    b"a",
    b"1e999",
    b"nan",
    b"\xef\xbb\xbf",
    b"\n\n",
    b"'",
]


def trains_and_predicts(dataset: Dataset, path: Path, rng: np.random.Generator, **settings: Any) -> None:
    """Train a small network on the data; it must predict the file that they are of, then one that was changed."""
    scaling = ("standard", "robust", "global", "none")[rng.integers(4)]
    skew = ("none", "log", "quantile")[rng.integers(3)]
    configuration = Configuration(
        model=ModelConfig(widths=[3], activations=["relu"]),
        trainer=TrainerConfig(epochs=1),
        preprocessing=PreprocessingConfig(scaling=scaling, skew=skew),
    )
    try:
        protocol = Protocol(dataset, 0.2, EvaluationConfig(folds=2), 0)
    except DnnexpError as error:
        sound_line(error)
        return
    found = cross_validate(configuration, protocol)
    assert found.diverged or np.isfinite(found.scores).all(), found
    trained = refit(configuration, protocol).predictor
    predictor = Predictor(
        trained.architecture, trained.theta, trained.preprocessor, trained.code, ModelCard(notations=dataset.notations)
    )
    predicts(predictor, path, **settings)
    changed = path.with_name("changed" + path.suffix)
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        frame.isetitem(rng.integers(frame.shape[1]), TEXTS[rng.integers(len(TEXTS))])
        frame.to_parquet(changed)
    else:
        changed.write_bytes(edited(path.read_bytes(), rng))
    try:
        predicts(predictor, changed, **settings)
    except DnnexpError as error:
        sound_line(error)


def predicts(predictor: Predictor, path: Path, encoding: str | None = None, separator: str | None = None) -> None:
    """Predict the file some rows at a time, as the command does; every number must be finite."""
    for part in open_rows(path, Wanted(predictor.kinds, [], predictor.card.notations), 7, separator, encoding):
        for name, values in predictor.table(part.inputs, part.row_name).items():
            assert len(values) == len(part.inputs)
            if values.dtype.kind == "f":
                assert np.isfinite(values).all(), name


def edited(content: bytes, rng: np.random.Generator) -> bytes:
    """Return the content with a few places of it replaced, doubled or left out."""
    for _ in range(rng.integers(1, 4)):
        start, length = rng.integers(0, len(content) + 1), rng.integers(0, 5)
        content = content[:start] + EDITS[rng.integers(len(EDITS))] + content[start + length :]
    return content


def a_text_file_is_read_or_refused(drawn: tuple[pd.DataFrame, Any, np.random.Generator], folder: Path) -> None:
    table, target, rng = drawn
    encoding = ENCODINGS[min(rng.integers(0, 12), len(ENCODINGS) - 1)] if rng.random() < 0.4 else "utf-8"
    separator = ",;\t|"[rng.integers(4)]
    text = table.assign(**{"the target": target}).to_csv(sep=separator, index=bool(rng.random() < 0.1))
    content = text.encode(encoding, "replace")
    if rng.random() < 0.3:
        content = edited(content, rng)
    path = folder / "table.csv"
    path.write_bytes(gzip.compress(content, 1) if rng.random() < 0.1 else content)
    named = None if encoding.startswith("utf-8") else encoding
    config = DataConfig(
        name="csv", path=str(path), target="the target", encoding=named,
        drop_missing_target=bool(rng.random() < 0.5), allow_leaks=bool(rng.random() < 0.5),
    )  # fmt: skip
    try:
        dataset = load(config)
    except DnnexpError as error:
        sound_line(error, "table.csv")
        return
    trains_and_predicts(dataset, path, rng, encoding=named)


def a_parquet_file_is_read_or_refused(drawn: tuple[pd.DataFrame, Any, np.random.Generator], folder: Path) -> None:
    table, target, rng = drawn
    path = folder / "table.parquet"
    try:
        table.assign(**{"the target": target}).to_parquet(path)
    except (ValueError, TypeError, OverflowError, NotImplementedError):
        return  # nothing that Parquet can hold
    if rng.random() < 0.2:
        path.write_bytes(edited(path.read_bytes(), rng))
    config = DataConfig(
        name="parquet", path=str(path), target="the target",
        drop_missing_target=bool(rng.random() < 0.5), allow_leaks=bool(rng.random() < 0.5),
    )  # fmt: skip
    try:
        dataset = load(config)
    except DnnexpError as error:
        sound_line(error, "table.parquet")
        return
    trains_and_predicts(dataset, path, rng)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files are overwritten by each example."""
    return tmp_path_factory.mktemp("files")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(odd_tables(tuple(FILED), ROWS))
def test_a_text_file_is_read_trained_on_and_predicted_or_refused(folder, drawn):
    a_text_file_is_read_or_refused(drawn, folder)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(odd_tables(tuple(COLUMNS), ROWS))
def test_a_parquet_file_is_read_trained_on_and_predicted_or_refused(folder, drawn):
    a_parquet_file_is_read_or_refused(drawn, folder)


@pytest.mark.slow
@settings(max_examples=800, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_tables(tuple(FILED), ROWS))
def test_hundreds_of_text_files_are_read_trained_on_and_predicted_or_refused(folder, drawn):
    a_text_file_is_read_or_refused(drawn, folder)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd_tables(tuple(COLUMNS), ROWS))
def test_hundreds_of_parquet_files_are_read_trained_on_and_predicted_or_refused(folder, drawn):
    a_parquet_file_is_read_or_refused(drawn, folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["floats", "texts with gaps", "gaps"])
def test_5000_columns_are_read_trained_on_and_predicted(folder, kind):
    rng = np.random.default_rng(0)
    columns = {f"column {i}": FILED[kind](rng, 20) for i in range(5000)}
    path = folder / "table.csv"
    pd.DataFrame(columns).assign(**{"the target": np.arange(20) % 2}).to_csv(path, index=False)
    trains_and_predicts(load(DataConfig(name="csv", path=str(path), target="the target")), path, rng)
