"""A model behind MLflow's server says what its file says, by the command that the documents give."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dnnexp.config import Composer
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.predictor import Predictor
from dnnexp.recording.ledger import open_recorder
from dnnexp.recording.models import find_predictor, model_record, with_card
from dnnexp.tracking.records import RunRecord
from dnnexp.training.schema import TrainerConfig

PATIENCE = 120  # seconds until the server answers

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("root")


@pytest.fixture(scope="module", params=["iris", "diabetes"])
def served(request: pytest.FixtureRequest, root: Path) -> Iterator[tuple[Predictor, Protocol, str, Path]]:
    """The predictor in memory, its data, the address of the server that has it, and the root of its registry."""
    name = request.param
    config = Composer().compose([f"data={name}", f"paths.root={root / name}"])
    protocol = Protocol(load(DataConfig(name)), 0.2, EvaluationConfig("none"), seed=0)
    predictor = with_card(refit(Configuration(trainer=TrainerConfig(epochs=5)), protocol), protocol, config, "s")
    recorder = open_recorder(config, protocol, "a command")
    model = model_record(predictor, protocol, "my-study")
    assert recorder.record(RunRecord("s/champion", "a network", role="champion", model=model)), recorder.trouble
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/my-study@champion"),
        *("--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)),
    ]
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": config.tracking_uri,
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        yield predictor, protocol, f"http://127.0.0.1:{port}/invocations", root / name
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer within {PATIENCE} s")


def post(url: str, body: Any, kind: str = "application/json") -> tuple[int, Any]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_file_registry_and_server_predict_the_same(
    served: tuple[Predictor, Protocol, str, Path], tmp_path: Path
) -> None:
    predictor, protocol, url, root = served
    X = protocol.dataset.X
    expected = next(iter(predictor.table(X).values())).tolist()
    predictor.save(tmp_path / "model.npz")
    config = Composer().compose([f"paths.root={root}"])
    for source in (str(tmp_path / "model.npz"), "models:/my-study@champion"):
        assert next(iter(find_predictor(config, source).table(X).values())).tolist() == expected
    backwards = X[X.columns[::-1]]
    split = {"columns": list(backwards.columns), "data": backwards.to_numpy().tolist()}
    assert post(url, {"dataframe_split": split}) == (200, {"predictions": expected})
    assert post(url, {"dataframe_records": X.to_dict("records")}) == (200, {"predictions": expected})
    status, answer = post(url, X.to_csv(index=False).encode(), "text/csv")
    assert status == 200
    if predictor.code.task == "regression":  # pandas reads decimal texts to the last digit but one
        np.testing.assert_allclose(answer["predictions"], expected, rtol=1e-5)
    else:
        assert answer == {"predictions": expected}


def test_a_classifier_says_names_and_probabilities_when_asked(
    served: tuple[Predictor, Protocol, str, Path],
) -> None:
    predictor, protocol, url, _ = served
    X = protocol.dataset.X
    split = {"columns": list(X.columns), "data": X.to_numpy().tolist()}
    status, answer = post(url, {"dataframe_split": split, "params": {"probabilities": True}})
    assert status == 200
    table = predictor.table(X)
    if predictor.code.task == "regression":  # has none, and is not asked for them
        assert answer["predictions"] == table["prediction"].tolist()
        return
    for name, column in table.items():
        assert [row[name] for row in answer["predictions"]] == column.tolist()
    assert set(table["prediction"]) <= set(protocol.dataset.classes)


def test_a_wrong_request_is_answered_in_words(served: tuple[Predictor, Protocol, str, Path]) -> None:
    _, protocol, url, _ = served
    X = protocol.dataset.X[:2]
    name = str(X.columns[0])
    rows = X.drop(columns=name)
    status, answer = post(url, {"dataframe_split": {"columns": list(rows.columns), "data": rows.to_numpy().tolist()}})
    assert status == 400
    assert f"missing inputs ['{name}']" in answer["message"]
    status, answer = post(url, X.assign(**{name: "inf"}).to_csv(index=False).encode(), "text/csv")
    assert status == 400
    assert f"input: column '{name}', row 1: an infinite value" in answer["message"]
