"""Predictors come back from their file as they went in, and nothing else is taken for one."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DataError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.predictor import ModelFileError, Predictor
from dnnexp.training.schema import TrainerConfig


def fit(name: str) -> tuple[Predictor, Protocol]:
    protocol = Protocol(load(DataConfig(name)), 0.2, EvaluationConfig("none"), 0)
    return refit(Configuration(trainer=TrainerConfig(epochs=3)), protocol).predictor, protocol


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes"])
def test_predictions_are_the_same_bits_after_a_round_trip_through_a_file(name: str, tmp_path: Path) -> None:
    predictor, protocol = fit(name)
    predictor.save(tmp_path / "model.npz")
    loaded = Predictor.load(tmp_path / "model.npz")
    X = protocol.dataset.X
    np.testing.assert_array_equal(loaded.predict(X), predictor.predict(X))
    np.testing.assert_array_equal(loaded.outputs(X), predictor.outputs(X))


def test_probabilities_are_one_for_each_class_and_sum_to_one() -> None:
    for name, classes in (("iris", 3), ("breast_cancer", 2)):
        predictor, protocol = fit(name)
        probabilities = predictor.predict_proba(protocol.dataset.X)
        assert probabilities.shape == (len(protocol.dataset.X), classes)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
        labels = np.array(predictor.code.classes)[probabilities.argmax(axis=1)]
        np.testing.assert_array_equal(labels, predictor.predict(protocol.dataset.X))


def test_columns_in_another_order_are_found_by_name_and_a_missing_one_is_named() -> None:
    predictor, protocol = fit("wine")
    X = protocol.dataset.X
    np.testing.assert_array_equal(predictor.predict(X[X.columns[::-1]]), predictor.predict(X))
    with pytest.raises(DataError, match=f"column {X.columns[2]!r} is missing"):
        predictor.predict(X.drop(columns=X.columns[2]))


def test_what_is_no_model_file_is_refused_and_nothing_in_it_runs(tmp_path: Path) -> None:
    target = tmp_path / "ran"

    class Malicious:
        def __reduce__(self) -> tuple[object, tuple[str, str]]:
            return (exec, (f"open({str(target)!r}, 'w')",))

    path = tmp_path / "model.npz"
    path.write_bytes(pickle.dumps(Malicious()))
    with pytest.raises(ModelFileError, match=r"model\.npz: not a dnnexp model"):
        Predictor.load(path)

    objects = np.empty(1, object)
    objects[0] = Malicious()
    buffer = io.BytesIO()
    np.save(buffer, objects, allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("theta.npy", buffer.getvalue())
        archive.writestr("description.npy", buffer.getvalue())
    with pytest.raises(ModelFileError, match=r"model\.npz: not a dnnexp model, or damaged"):
        Predictor.load(path)
    assert not target.exists()
    with pytest.raises(ModelFileError, match=r"nothing\.npz: no such file"):
        Predictor.load(tmp_path / "nothing.npz")


def test_a_file_of_the_wrong_sizes_is_refused(tmp_path: Path) -> None:
    predictor, _ = fit("iris")
    Predictor(predictor.architecture, predictor.theta[:, :-1], predictor.preprocessor, predictor.code).save(
        tmp_path / "short.npz"
    )
    with pytest.raises(ModelFileError, match=rf"need theta of shape \(networks, {predictor.architecture.parameters}\)"):
        Predictor.load(tmp_path / "short.npz")
