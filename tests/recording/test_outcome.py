"""What a network makes of the test rows, from real networks trained a little."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from dnnexp.config import Composer
from dnnexp.data.sources import load
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.notation import number
from dnnexp.predictor import Predictor
from dnnexp.recording.outcome import boundary, outcome, right, shares, worst
from dnnexp.reporting.report.contents import Confusion, Residuals


def trained(*overrides: str) -> tuple[Predictor, Protocol]:
    config = Composer().compose([*overrides, "trainer.epochs=3", "model.width=8", "evaluation=holdout"])
    protocol = Protocol(load(config.data), config.data.test_size, config.evaluation, config.seed)
    return refit(config.configuration, protocol).predictor, protocol


@pytest.fixture(scope="module")
def digits() -> tuple[Predictor, Protocol]:
    return trained("data=digits")


@pytest.fixture(scope="module")
def flower() -> tuple[Predictor, Protocol]:
    return trained("data=planar_flower")


def rows_of_the_test(protocol: Protocol) -> tuple[pd.DataFrame, Any]:
    rows = protocol.split.test
    return protocol.dataset.X.iloc[rows], protocol.dataset.y[rows]


def test_the_confusion_matrix_counts_every_test_row_once(digits: tuple[Predictor, Protocol]) -> None:
    predictor, protocol = digits
    X, y = rows_of_the_test(protocol)
    found = outcome(predictor, protocol)
    assert isinstance(found, Confusion)
    assert found.counts.sum() == len(y)
    np.testing.assert_array_equal(found.counts.sum(axis=1), np.bincount(y, minlength=10))
    labels = np.array(protocol.dataset.classes)[y]
    assert right(found) == int((predictor.predict(X) == labels).sum())


def test_the_worst_of_classes_are_wrong_and_the_surest_come_first(digits: tuple[Predictor, Protocol]) -> None:
    predictor, protocol = digits
    found = worst(predictor, protocol)
    assert len(found) == 8
    assert all(example.actual != example.predicted for example in found)
    sure = [float(example.note.removeprefix("probability ")) for example in found]
    assert sure == sorted(sure, reverse=True)
    X, y = rows_of_the_test(protocol)
    wrong = predictor.predict(X) != np.array(protocol.dataset.classes)[y]
    assert sure[0] == round(float(predictor.predict_proba(X)[wrong].max()), 2)


def test_pictures_are_those_of_their_rows(digits: tuple[Predictor, Protocol]) -> None:
    predictor, protocol = digits
    example = worst(predictor, protocol)[0]
    assert example.pixels is not None
    assert example.pixels.shape == (8, 8)
    assert example.pixels.dtype == np.uint8
    pixels = protocol.dataset.X.iloc[int(example.name.removeprefix("row ")) - 1].to_numpy().reshape(8, 8)
    np.testing.assert_allclose(example.pixels, 255 * pixels / pixels.max(), atol=0.5)
    assert not example.values


def test_the_worst_of_a_quantity_are_furthest_off() -> None:
    predictor, protocol = trained("data=diabetes")
    X, y = rows_of_the_test(protocol)
    off = y[:, 0] - predictor.predict(X)[:, 0]
    found = worst(predictor, protocol)
    assert found[0].note == f"off by {number(off[np.abs(off).argmax()])}"
    assert list(found[0].values) == [str(name) for name in protocol.dataset.X.columns[:8]]
    residuals = outcome(predictor, protocol)
    assert isinstance(residuals, Residuals)
    np.testing.assert_allclose(residuals.actual - residuals.predicted, off)
    assert right(residuals) is None
    assert boundary(predictor, protocol) is None
    assert shares(protocol.dataset) == {}


def test_the_boundary_says_what_the_network_says(flower: tuple[Predictor, Protocol]) -> None:
    predictor, protocol = flower
    found = boundary(predictor, protocol)
    assert found is not None
    height, width = found.predicted.shape
    xs, ys = np.linspace(*found.x, width), np.linspace(*found.y, height)
    rng = np.random.default_rng(0)
    for i, j in zip(rng.integers(0, height, 50), rng.integers(0, width, 50), strict=True):
        point = pd.DataFrame([[xs[j], ys[i]]], columns=protocol.dataset.X.columns)
        assert protocol.dataset.classes[found.predicted[i, j]] == predictor.predict(point)[0]
        assert found.certainty[i, j] == pytest.approx(predictor.predict_proba(point).max(), abs=1e-6)
    assert (found.certainty >= 0.5).all()
    assert len(found.points) == len(found.actual) == len(protocol.split.test)


def test_more_than_two_columns_have_no_boundary(digits: tuple[Predictor, Protocol]) -> None:
    assert boundary(*digits) is None


def test_shares_count_all_rows(flower: tuple[Predictor, Protocol]) -> None:
    dataset = flower[1].dataset
    assert sum(shares(dataset).values()) == len(dataset.X)
