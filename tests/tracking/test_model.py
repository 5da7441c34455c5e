from __future__ import annotations

import json
import os
import sqlite3
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
from dnnexp.tracking.records import ModelRecord, RunRecord
from dnnexp.tracking.store import TrackingError

INPUTS = pd.DataFrame({"length": [1.5, -0.5, 0.25, 2.0], "petals": [3.0, 5.0, 4.0, 6.0]})
EXAMPLE = INPUTS.to_json(orient="split", index=False)
LOAD = """
import sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas
inputs = pandas.read_json(sys.argv[2], orient="split", dtype="float64")
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
def logged(recorder: Recorder, predictor: Predictor) -> str:
    """The id of a run that has logged the predictor."""
    run_id = recorder.record(RunRecord("k", "champion"))
    assert run_id is not None, recorder.trouble
    assert log_model(recorder.connect(), run_id, record_of(predictor)) == f"runs:/{run_id}/model"
    return run_id


def record_of(predictor: Predictor, registered: str = "") -> ModelRecord:
    return ModelRecord(predictor.to_bytes(), EXAMPLE, registered)


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


def in_another_process(script: str, address: str, uri: str) -> list[str]:
    """Return the lines that the script prints; `model` is loaded in it, with pickle switched off."""
    begin = "import sys, warnings\nwarnings.simplefilter('ignore')\nimport mlflow, numpy, pandas\n"
    load = "model = mlflow.pyfunc.load_model(sys.argv[1])\n"
    answer = subprocess.run(
        [sys.executable, "-c", begin + load + script, address],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.splitlines()


CALLS = """
inputs = pandas.DataFrame({"length": [1.5, -0.5], "petals": [3.0, 5.0]})
print(model.metadata.signature.inputs.to_dict(), model.metadata.signature.params.to_dict())
print(model.predict(inputs, params={"probabilities": True}).to_json(orient="values", double_precision=15))
print(model.predict(inputs[["petals", "length"]].assign(other="x")).tolist())
print(model.predict(model.input_example).tolist())
for wrong in (inputs.drop(columns="petals"), inputs.assign(petals="a"), inputs.assign(petals=numpy.inf)):
    try:
        model.predict(wrong)
    except mlflow.exceptions.MlflowException as error:
        print(" ".join(str(error).split()))
"""


def test_its_signature_and_what_it_says_to_other_inputs(
    logged: str, predictor: Predictor, uri: str, recorder: Recorder
) -> None:
    signature, shares, reordered, example, missing, worded, infinite = in_another_process(
        CALLS, f"runs:/{logged}/model", uri
    )
    double = "{'type': 'double', 'name': '%s', 'required': True}"
    assert signature.startswith(f"[{double % 'length'}, {double % 'petals'}] [{{'name': 'probabilities'")
    expected = predictor.predict_proba(INPUTS[:2])
    for row, label, (no, yes) in zip(json.loads(shares), predictor.predict(INPUTS[:2]), expected, strict=True):
        assert row == [label, pytest.approx(no, abs=1e-14), pytest.approx(yes, abs=1e-14)]
    assert reordered == str(predictor.predict(INPUTS[:2]).tolist())
    assert example == str(predictor.predict(INPUTS).tolist())
    assert "missing inputs ['petals']" in missing
    assert "column petals" in worded
    assert infinite.startswith("input: column 'petals', row 1: an infinite value")


def test_a_process_killed_while_it_logs_leaves_no_second_model(recorder: Recorder, predictor: Predictor) -> None:
    run_id = recorder.record(RunRecord("k", "champion"))
    assert run_id is not None
    store = recorder.connect()
    experiment_id = store.client.get_run(run_id).info.experiment_id
    for _ in range(2):  # killed before anything was written; and two at once
        store.client.create_logged_model(experiment_id, "model", run_id, model_type="pyfunc")
    for _ in range(2):
        log_model(store, run_id, record_of(predictor))
    (model,) = store.client.search_logged_models([experiment_id])
    assert (model.status, model.source_run_id) == ("READY", run_id)
    assert [output.model_id for output in store.client.get_run(run_id).outputs.model_outputs] == [model.model_id]


def test_a_process_killed_after_the_files_were_written_is_gone_on_from(
    logged: str, recorder: Recorder, predictor: Predictor, root: Path
) -> None:
    with sqlite3.connect(root / "mlflow.db") as database:  # as it was before the run was told of its model
        database.execute("delete from inputs where destination_type = 'MODEL_OUTPUT'")
    store = recorder.connect()
    assert not store.client.get_run(logged).outputs.model_outputs
    log_model(store, logged, record_of(predictor))
    assert len(store.client.get_run(logged).outputs.model_outputs) == 1
    assert len(store.client.search_logged_models([store.client.get_run(logged).info.experiment_id])) == 1


def test_a_model_that_mlflow_does_not_take_waits_with_its_run_and_both_are_sent(
    uri: str, root: Path, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    away = Recorder(uri, root, "digits")
    away.uri = "http://127.0.0.1:9"
    assert away.record(RunRecord("k", "a network", model=record_of(predictor, "flowers"))) is None
    back = Recorder(uri, root, "digits")
    assert back.send_unsent() == 1
    assert len(back.unsent) == 0
    file = fetch_predictor(back.connect(), "models:/flowers@champion", tmp_path / "fetched")
    assert file.read_bytes() == predictor.to_bytes()


def test_a_run_whose_model_could_not_be_written_is_kept_until_it_has_it(
    recorder: Recorder, predictor: Predictor, root: Path, tmp_path: Path
) -> None:
    models = root / "artifacts" / "models"
    models.parent.mkdir(exist_ok=True)
    models.write_text("a file where the folder should be")
    record = RunRecord("k", "a network", model=record_of(predictor))
    assert recorder.record(record) is None
    assert [run.key for run in recorder.unsent.waiting()] == ["k"]
    models.unlink()
    assert recorder.send_unsent() == 1
    (run,) = recorder.connect().client.search_runs([recorder.connect().experiment("digits")])
    file = fetch_predictor(recorder.connect(), f"runs:/{run.info.run_id}/model", tmp_path / "fetched")
    assert file.read_bytes() == predictor.to_bytes()
