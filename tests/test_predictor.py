"""Predictors come back from their file as they went in, and nothing else is taken for one."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DataError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.model_file import pack
from dnnexp.predictor import ModelCard, ModelFileError, Predictor
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


def packed(description: object, theta: np.ndarray) -> bytes:
    """Return a file whose checksum holds, whatever its description is."""
    text = np.frombuffer(json.dumps(description).encode(), np.uint8)
    buffer = io.BytesIO()
    facts = json.dumps([len(text), theta.dtype.str, theta.shape]).encode()
    digest = hashlib.sha256(facts + text.tobytes() + theta.tobytes()).digest()
    np.savez(buffer, description=text, theta=theta, sha256=np.frombuffer(digest, np.uint8))
    return buffer.getvalue()


DAMAGE: dict[str, tuple[tuple[str | int, ...], object]] = {
    "no units": (("architecture", "n", 1), 0),
    "units that are a text": (("architecture", "n", 1), "64"),
    "units that are true": (("architecture", "n", 1), True),
    "an unknown activation": (("architecture", "activations", 0), "magic"),
    "too many activations": (("architecture", "activations"), ["relu", "relu"]),
    "an unknown output": (("architecture", "output"), "magic"),
    "an unknown normalisation": (("architecture", "normalization"), []),
    "an unknown key": (("architecture", "magic"), 1),
    "an unknown scaling": (("preprocessor", "scaling"), None),
    "a column that is no text": (("preprocessor", "columns", 0), ["a"]),
    "fewer columns": (("preprocessor", "columns"), []),
    "a scale that is no number": (("preprocessor", "scale", 0), None),
    "a scale below 0": (("preprocessor", "scale", 0), -1.0),
    "an unknown task": (("code", "task"), "magic"),
    "a class that is no text": (("code", "classes", 0), {}),
    "fewer classes": (("code", "classes"), ["a"]),
    "a column of another kind": (("columns", 0, 1), "category"),
    "a column without a type": (("columns", 0), ["a"]),
    "a target that is no text": (("targets",), [None]),
    "no provenance": (("provenance",), None),
    "no preprocessor": (("preprocessor",), None),
    "a list for all": ((), [1]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_description_that_cannot_be_is_refused_when_it_is_read(damage: str, tmp_path: Path) -> None:
    path, (keys, value) = tmp_path / "model.npz", DAMAGE[damage]
    fit("iris")[0].save(path)
    with np.load(path) as file:
        theta, whole = file["theta"], {"": json.loads(file["description"].tobytes())}
    *outer, last = ("", *keys)
    part: Any = whole
    for key in outer:
        part = part[key]
    part[last] = value
    path.write_bytes(pack(whole[""], theta) if isinstance(whole[""], dict) else packed([1], theta))
    with pytest.raises(ModelFileError, match=r"model\.npz: ") as refusal:
        Predictor.load(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("shape", ["(1, 1000000000000)", "(99999999999999999999, 2)", "(-1, 5)", "(2, 2)"])
def test_a_file_that_claims_more_than_it_holds_is_refused_before_memory_is_taken(shape: str, tmp_path: Path) -> None:
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(tmp_path / "model.npz", "w") as archive:
        for name in ("theta.npy", "description.npy"):
            archive.writestr(name, array)
    with pytest.raises(ModelFileError, match=r"model\.npz: "):
        Predictor.load(tmp_path / "model.npz")


def test_a_file_with_flipped_bytes_is_the_same_model_or_refused(tmp_path: Path) -> None:
    predictor, protocol = fit("iris")
    path, rng = tmp_path / "model.npz", np.random.default_rng(0)
    predictor.save(path)
    whole = path.read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole), size=4):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            loaded = Predictor.load(path)
        except ModelFileError:
            continue
        np.testing.assert_array_equal(loaded.outputs(protocol.dataset.X), predictor.outputs(protocol.dataset.X))


def test_a_network_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    predictor, _ = fit("iris")
    dataclasses.replace(predictor, theta=predictor.theta * np.nan).save(tmp_path / "model.npz")
    with pytest.raises(ModelFileError, match="need finite parameters"):
        Predictor.load(tmp_path / "model.npz")


def test_it_says_where_it_comes_from_and_names_what_it_reads_after_a_round_trip(tmp_path: Path) -> None:
    predictor, protocol = fit("diabetes")
    card = ModelCard(("progression",), {"age": "float64"}, {"study": "s", "test_score": 0.5, "metric": "r2"})
    dataclasses.replace(predictor, card=card).save(tmp_path / "model.npz")
    loaded = Predictor.load(tmp_path / "model.npz")
    assert loaded.card.provenance == {"study": "s", "test_score": 0.5, "metric": "r2"}
    assert loaded.targets == ("progression",)
    assert loaded.card.dtypes["age"] == "float64"
    assert loaded.kinds == dict.fromkeys(protocol.dataset.X.columns, "number")
    assert loaded.description == "regression of progression, 10 columns, 1 hidden layer, study s"


def test_the_table_has_a_prediction_and_the_probability_of_each_class() -> None:
    predictor, protocol = fit("breast_cancer")
    X = protocol.dataset.X
    table = predictor.table(X)
    assert list(table) == ["prediction", "probability_benign", "probability_malignant"]
    np.testing.assert_array_equal(table["prediction"], predictor.predict(X))
    np.testing.assert_array_equal(table["probability_malignant"], predictor.predict_proba(X)[:, 1])
    assert list(predictor.table(X, probabilities=False)) == ["prediction"]


def test_a_prediction_that_is_no_number_is_an_error_that_names_the_row() -> None:
    predictor, protocol = fit("iris")
    wild = dataclasses.replace(predictor, theta=np.full_like(predictor.theta, 1e38))
    X = protocol.dataset.X.copy()
    X.iloc[:2] = predictor.preprocessor.mean
    with pytest.raises(DataError, match="input: row 1 is too far from the training data"):
        wild.outputs(X)
