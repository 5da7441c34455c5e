from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.data.target_code import TargetCode
from dnnexp.network.architecture import Architecture
from dnnexp.predictor import Predictor
from dnnexp.tracking.model import fetch_predictor, log_model, register
from dnnexp.tracking.recorder import Recorder
from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.store import TrackingError

INPUTS = pd.DataFrame({"length": [1.5, -0.5, 0.25, 2.0], "petals": [3, 5, 4, 6]})
LOAD = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas
inputs = pandas.read_json(sys.argv[2], orient="split")
model = mlflow.pyfunc.load_model(sys.argv[1])
print(model.predict(inputs).tolist(), model.metadata.signature.inputs.input_names())
"""


@pytest.fixture
def predictor() -> Predictor:
    y = np.array([0, 1, 0, 1])
    shape = Architecture((2, 3, 1), ("tanh",), "sigmoid")
    theta = np.random.default_rng(3).normal(size=(2, shape.parameters))
    preprocessor = Preprocessor.fit(PreprocessingConfig(), INPUTS)
    return Predictor(shape, theta, preprocessor, TargetCode.fit("binary", ("no", "yes"), y))


@pytest.fixture
def logged(recorder: Recorder, predictor: Predictor, tmp_path: Path) -> str:
    """The id of a run that has logged the predictor."""
    run_id = recorder.record(RunRecord("k", "champion"))
    assert run_id is not None, recorder.trouble
    file = tmp_path / "predictor.npz"
    predictor.save(file)
    assert log_model(recorder.connect(), run_id, file, INPUTS, predictor.predict(INPUTS)) == f"runs:/{run_id}/model"
    return run_id


def test_it_loads_in_another_process_without_pickle_and_predicts_the_same(
    logged: str, recorder: Recorder, predictor: Predictor, uri: str, tmp_path: Path
) -> None:
    address = register(recorder.connect(), logged, "flowers")
    assert address == "models:/flowers@champion"
    INPUTS.to_json(tmp_path / "inputs.json", orient="split")
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, address, str(tmp_path / "inputs.json")],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == f"{predictor.predict(INPUTS).tolist()} ['length', 'petals']"


def test_no_file_of_a_model_is_a_pickle(logged: str, root: Path) -> None:
    names = {path.name for path in (root / "artifacts" / "models").rglob("*") if path.is_file()}
    assert {"predictor.npz", "pyfunc_code.py", "MLmodel", "input_example.json", "requirements.txt"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".cloudpickle"))]


def test_its_requirements_are_pinned(logged: str, root: Path) -> None:
    (file,) = (root / "artifacts" / "models").rglob("requirements.txt")
    lines = file.read_text().split()
    assert f"numpy=={np.__version__}" in lines
    assert all("==" in line for line in lines)


@pytest.mark.parametrize("address", ["models:/flowers@champion", "models:/flowers/1", "runs:/{run}/model"])
def test_its_predictor_file_comes_back_from_every_address(
    address: str, logged: str, recorder: Recorder, predictor: Predictor, tmp_path: Path
) -> None:
    store = recorder.connect()
    register(store, logged, "flowers")
    file = fetch_predictor(store, address.format(run=logged), tmp_path / "fetched")
    assert (Predictor.load(file).outputs(INPUTS) == predictor.outputs(INPUTS)).all()


def test_registering_the_same_model_again_makes_no_new_version(logged: str, recorder: Recorder) -> None:
    store = recorder.connect()
    for _ in range(2):
        assert register(store, logged, "a/b: it's") == "models:/a-b- it's@champion"
    assert [version.version for version in store.client.search_model_versions('name = "a-b- it\'s"')] == [1]


@pytest.mark.parametrize("address", ["models:/nothing@champion", "runs:/0123/model", "model.npz", "models:/flowers/9"])
def test_what_is_not_there_is_said_in_one_line(address: str, recorder: Recorder, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=f"source: '{address}' cannot be fetched: ") as error:
        fetch_predictor(recorder.connect(), address, tmp_path)
    assert "\n" not in str(error.value)


def test_a_run_without_a_model_cannot_be_registered(recorder: Recorder) -> None:
    run_id = recorder.record(RunRecord("k", "n"))
    assert run_id is not None
    with pytest.raises(TrackingError, match=f"run {run_id} has no model"):
        register(recorder.connect(), run_id, "flowers")


def test_mlflow_says_nothing_on_the_terminal(
    logged: str, recorder: Recorder, capfd: pytest.CaptureFixture[str]
) -> None:
    register(recorder.connect(), logged, "flowers")
    assert capfd.readouterr() == ("", "")
