"""New rows from the command line to a file of predictions, or to one line that says why not."""

from __future__ import annotations

import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris

from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.predict import main
from dnnexp.predictor import ModelCard, Predictor
from dnnexp.training.schema import TrainerConfig

IRIS = load_iris(as_frame=True).frame


@pytest.fixture(scope="module")
def predictors() -> dict[str, Predictor]:
    made = {}
    for name in ("iris", "diabetes"):
        dataset = load(DataConfig(name))
        protocol = Protocol(dataset, 0.2, EvaluationConfig("none"), 0)
        predictor = refit(Configuration(trainer=TrainerConfig(epochs=5)), protocol).predictor
        made[name] = dataclasses.replace(predictor, card=ModelCard(dataset.target_names))
    return made


@pytest.fixture(autouse=True)
def _files(empty_folder: Path, predictors: dict[str, Predictor]) -> None:
    """A model and a file of rows in an empty working directory."""
    predictors["iris"].save(Path("model.npz"))
    IRIS.to_csv("new.csv", index=False)


def predict(*overrides: str) -> int:
    return main(["source=model.npz", "data.path=new.csv", "output=out.csv", *overrides])


def refusal(capsys: pytest.CaptureFixture[str], *overrides: str) -> str:
    before = sorted(os.listdir())
    assert predict(*overrides) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert sorted(os.listdir()) == before
    return err


def test_each_row_gets_its_prediction_and_probabilities_and_the_target_is_ignored(
    predictors: dict[str, Predictor], capsys: pytest.CaptureFixture[str]
) -> None:
    assert predict("prediction.rows=40", "prediction.keep=[target]") == 0
    printed = capsys.readouterr().out
    assert "new.csv: 1 column not used" not in printed
    assert "150 predictions: out.csv" in printed
    out = pd.read_csv("out.csv")
    X = IRIS.drop(columns="target")
    assert list(out.columns) == ["target", "prediction", *(f"probability_{name}" for name in load_iris().target_names)]
    np.testing.assert_array_equal(out["prediction"], predictors["iris"].predict(X))
    np.testing.assert_allclose(out.iloc[:, 2:], predictors["iris"].predict_proba(X), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(out["target"], IRIS["target"])
    assert predict("prediction.probabilities=false") == 0
    assert "new.csv: 1 column not used: 'target'" in capsys.readouterr().out
    assert list(pd.read_csv("out.csv").columns) == ["prediction"]


def test_columns_in_another_order_and_rows_at_a_time_change_nothing(predictors: dict[str, Predictor]) -> None:
    assert predict() == 0
    whole = Path("out.csv").read_text()
    IRIS[IRIS.columns[::-1]].to_csv("new.csv", index=False)
    assert predict("output=other.csv") == 0
    assert Path("other.csv").read_text() == whole


def test_a_regression_writes_values_in_the_targets_units(predictors: dict[str, Predictor]) -> None:
    predictors["diabetes"].save(Path("model.npz"))
    load_diabetes(as_frame=True).data.to_parquet("new.parquet")
    assert predict("data.path=new.parquet", "output=out.parquet") == 0
    out = pd.read_parquet("out.parquet")
    expected = predictors["diabetes"].predict(load_diabetes(as_frame=True).data)[:, 0]
    np.testing.assert_allclose(out["prediction"], expected, rtol=1e-5)
    assert list(out.columns) == ["prediction"]


def test_standard_output_has_predictions_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert predict("output=-") == 0
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 151
    assert printed.out.startswith("prediction,probability_setosa")
    assert "150 rows in" in printed.err
    assert sorted(os.listdir()) == ["model.npz", "new.csv"]


def test_wrong_rows_are_refused_in_one_line_and_nothing_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    text = IRIS.to_csv(index=False)
    last = len(text.splitlines())
    number = f"column 'petal width (cm)', line {last}: need a number, got 'wide'"
    wrong = {
        text.replace("sepal width (cm)", "width"): "new.csv: column 'sepal width (cm)' is missing",
        re.sub(r",([^,\n]*),2\n$", ",wide,2\n", text): number,
        re.sub(r",([^,\n]*),2\n$", ",inf,2\n", text): f"column 'petal width (cm)', line {last}: an infinite value",
        re.sub(r",2\n$", "\n", text): f"new.csv: line {last} has 4 cells, the header has 5",
        text.splitlines()[0]: "new.csv: there is no row below the header",
    }
    for content, words in wrong.items():
        Path("new.csv").write_text(content)
        assert words in refusal(capsys, "prediction.rows=50")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["source=nothing"], "source: no file nothing, and no model of a study of that name under"),
        (["source=new.csv"], "new.csv: not a dnnexp model, or damaged"),
        (["source=models:/iris@champion"], "there is no such file; name the store with paths.root=FOLDER"),
        (["source=runs:/0123/model"], "there is no such file; name the store with paths.root=FOLDER"),
        (["data.path=nwe.csv"], "data.path: no file nwe.csv, did you mean new.csv?"),
        (["output=new.csv"], "output: new.csv is data.path itself"),
        (["output=out.xlsx"], "output: need a file ending in .csv"),
        (["output=nowhere/out.csv"], "output: no folder nowhere"),
        (["prediction.keep=[targte]"], "new.csv has no column 'targte', did you mean 'target'?"),
        (["prediction.rows=0"], "prediction.rows: need rows >= 1, got 0"),
        (["prediction.kep=[a]"], "did you mean 'prediction.keep'?"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line_and_nothing_is_left(
    overrides: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in refusal(capsys, *overrides)


def test_a_model_a_file_and_an_output_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    given = {"source": "source=model.npz", "data.path": "data.path=new.csv", "output": "output=out.csv"}
    for key in given:
        assert main([value for name, value in given.items() if name != key]) == 2
        assert capsys.readouterr().err.startswith(f"error: {key}: must be set, with {key}=VALUE")


def test_what_says_nothing_about_a_prediction_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert predict("model.depth=3", "data.target=target", "seed=1", "paths.root=elsewhere") == 0
    assert capsys.readouterr().err.startswith("warning: model.depth, data.target, seed: not used;")
    assert not Path("elsewhere").exists()


def test_a_column_is_not_kept_under_the_name_of_one_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    IRIS.rename(columns={"target": "prediction"}).to_csv("new.csv", index=False)
    assert "'prediction' is the name of a column that is written" in refusal(capsys, "prediction.keep=[prediction]")


def test_a_refusal_takes_about_a_second_and_loads_nothing_heavy() -> None:
    started = time.monotonic()
    command = [sys.executable, "-X", "importtime", "-m", "dnnexp.predict", "source=model.npz", "data.path=new.csv"]
    done = subprocess.run([*command, "output=out.xlsx"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert not re.search(r"\| +(pandas|mlflow|sklearn|pyarrow|matplotlib)$", done.stderr, re.MULTILINE)
    assert time.monotonic() - started < 5  # about 0.7 s on an idle machine


def test_what_train_prints_predicts_with_the_model_it_trained(capsys: pytest.CaptureFixture[str]) -> None:
    from dnnexp.train import main as train

    for overrides in (["tracking=none"], ["paths.root=a folder"]):
        assert train(["--quiet", "data=iris", "evaluation=none", "trainer.epochs=5", *overrides]) == 0
        printed = capsys.readouterr().out
        model = printed.partition("The model: ")[2].splitlines()[0]
        program, *arguments = shlex.split(printed.partition("Predict with it: python -m ")[2].splitlines()[0])
        assert (program, arguments[:2]) == ("dnnexp.predict", [f"source={model}", "data.path=new.csv"])
        assert main(["--quiet", *arguments]) == 0
        assert pd.read_csv("predictions.csv").shape == (150, 4)
        Path("predictions.csv").unlink()


@pytest.mark.slow
def test_ctrl_c_leaves_no_half_file() -> None:
    pd.concat([IRIS] * 2000).to_csv("new.csv", index=False)
    command = [sys.executable, "-m", "dnnexp.predict", "source=model.npz", "data.path=new.csv", "output=out.csv"]
    process = subprocess.Popen([*command, "prediction.rows=100"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(Path().glob(".out.csv.*.partial")) and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert (process.returncode, said) == (130, b"\nstopped.\n")
    assert sorted(os.listdir()) == ["model.npz", "new.csv"]


STATUS = Path("/proc/self/status")
PEAK = f"""
import re, sys
from dnnexp.predict import main
code = main(sys.argv[1:])
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", open("{STATUS}").read())[1]) // 1024)
sys.exit(code)
"""  # not getrusage, which counts the memory of the process that has started this one


@pytest.mark.slow
@pytest.mark.skipif(not STATUS.exists(), reason="the peak memory of a process is read from /proc")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_million_rows_take_the_memory_of_a_hundred_thousand(suffix: str) -> None:
    rng = np.random.default_rng(0)
    peaks = []
    for rows in (100_000, 1_000_000):
        frame = pd.DataFrame(rng.normal(4, 2, (rows, 4)).round(3), columns=IRIS.columns[:4])
        frame["id"] = np.arange(rows)
        if suffix == ".csv":
            frame.to_csv("new.csv", index=False)
        else:
            frame.to_parquet("new.parquet", row_group_size=50_000)
        files = [f"data.path=new{suffix}", f"output=out{suffix}", "prediction.keep=[id]", "source=model.npz"]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *files], capture_output=True, text=True, check=True, env=os.environ
        )
        peaks.append(int(done.stdout.splitlines()[-1]))
        assert f"{rows:,} predictions" in done.stdout
        out = pd.read_csv("out.csv") if suffix == ".csv" else pd.read_parquet("out.parquet")
        np.testing.assert_array_equal(out["id"], np.arange(rows))
        assert np.isfinite(out.iloc[:, 2:].to_numpy()).all()
    assert peaks[1] <= peaks[0] + 16  # MiB; the rows are ten times as many


@pytest.mark.parametrize("key", ["source", "output"])
def test_an_empty_name_is_one_that_must_be_set(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data.path=iris.csv", "source=model.npz", "output=out.csv", f"{key}="]) == 2
    assert capsys.readouterr().err.startswith(f"error: {key}: must be set, with {key}=VALUE")
