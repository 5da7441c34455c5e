"""Numbers with gaps, categories and dates: what is learnt from a file is read the same from the next one, every way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.config import Composer
from dnnexp.predict import main as predict
from dnnexp.recording.models import find_predictor
from dnnexp.train import main as train

ROWS = 120


def table(seed: int, rows: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    island = rng.choice(["Biscoe", "Dream", "Torgersen"], rows)
    length = rng.normal(40, 5, rows).round(1)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 28, rows), "D")
    frame = pd.DataFrame({"island": island, "length": length, "flipper": rng.integers(170, 230, rows), "seen": days})
    frame["seen"] = frame["seen"].dt.strftime("%d/%m/%Y")
    frame["heavy"] = rng.random(rows) < 0.5
    frame["kind"] = np.where((length > 40) ^ (island == "Dream"), "short; tail", "long, tail")
    frame.loc[rng.choice(rows, 9, replace=False), "length"] = np.nan
    frame.loc[rng.choice(rows, 9, replace=False), "island"] = None
    return frame


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder that holds train.csv and the root of its runs, and the address of the model trained there."""
    folder = tmp_path_factory.mktemp("trained")
    table(0).to_csv(folder / "train.csv", index=False)
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert train(["--quiet", "data=csv", "data.path=train.csv", "data.target=kind", "trainer.epochs=30"]) == 0
    finally:
        os.chdir(here)
    (run,) = [path.name for path in (folder / "runs" / "artifacts").iterdir() if path.name != "models"]
    return folder, f"runs:/{run}/model"


@pytest.fixture(autouse=True)
def _there(trained: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained[0])


def predictions(address: str, *overrides: str) -> pd.DataFrame:
    assert predict(["--quiet", f"source={address}", "data.path=new.csv", "output=out.csv", *overrides]) == 0
    return pd.read_csv("out.csv")


def test_text_parquet_and_one_row_at_a_time_give_the_same(trained: tuple[Path, str]) -> None:
    new = table(1).drop(columns="kind")
    new.to_csv("new.csv", index=False)
    whole = predictions(trained[1])
    assert set(whole["prediction"]) == {"short; tail", "long, tail"}
    shares = whole[["probability_long, tail", "probability_short; tail"]]
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    pd.testing.assert_frame_equal(predictions(trained[1], "prediction.rows=1"), whole, check_exact=False, rtol=1e-5)
    new[new.columns[::-1]].to_csv("new.csv", index=False, sep=";", decimal=",")
    pd.testing.assert_frame_equal(predictions(trained[1]), whole)
    new["island"] = new["island"].astype("category")
    new.to_parquet("new.parquet")
    pd.testing.assert_frame_equal(predictions(trained[1], "data.path=new.parquet"), whole)


def test_what_the_training_rows_did_not_have_is_predicted_and_said(
    trained: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    new = table(2)
    new.loc[:4, "island"] = "Atlantis"
    new.loc[:6, "flipper"] = np.nan
    new.to_csv("new.csv", index=False)
    out = predictions(trained[1], "prediction.rows=50")
    assert np.isfinite(out.iloc[:, 1:].to_numpy()).all()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "'flipper': 7 missing values" in said[0]
    assert "'island': 5 values that the training rows did not have" in said[1]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("length", "long", "column 'length', line 9: need a number, got 'long'"),
        ("seen", "03/14/2020", "column 'seen', line 9: need a date written like the others"),
        ("length", "inf", "column 'length', line 9: an infinite value"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(
    column: str, value: str, words: str, trained: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    new = table(3).astype({column: object})
    new.loc[7, column] = value
    new.to_csv("new.csv", index=False)
    Path("out.csv").unlink(missing_ok=True)
    overrides = [f"source={trained[1]}", "data.path=new.csv", "output=out.csv"]
    assert predict(["--quiet", *overrides]) == 2
    assert words in capsys.readouterr().err
    assert not Path("out.csv").exists()


def test_a_date_is_read_as_it_was_written_in_training_even_where_it_could_be_another(trained: tuple[Path, str]) -> None:
    early = table(4)[lambda frame: frame["seen"].str[:2].astype(int) <= 12].reset_index(drop=True)
    early.to_csv("new.csv", index=False)
    alone = predictions(trained[1])
    pd.concat([early, table(4)]).to_csv("new.csv", index=False)
    together = predictions(trained[1]).iloc[: len(early)]
    np.testing.assert_allclose(alone.iloc[:, 1:], together.iloc[:, 1:], rtol=1e-5)


LOAD = """
import json, sys, warnings
warnings.simplefilter("ignore")
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pandas.DataFrame(json.loads(sys.argv[2]))
rows["length"] = rows["length"].astype("float64")
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    answers = model.predict(rows, params={"probabilities": True})
print(json.dumps(answers.to_dict("list")))
print([str(warning.message) for warning in warned if warning.category is UserWarning])
print(model.metadata.signature.inputs.to_dict())
"""


def test_mlflow_takes_gaps_in_any_column_and_says_the_same(trained: tuple[Path, str]) -> None:
    folder, address = trained
    predictor = find_predictor(Composer().compose([]), address)
    X = pd.DataFrame(
        {
            "island": ["Dream", None, "Atlantis"],
            "length": [None, 41.5, 38.0],
            "flipper": [200.0, None, 180.0],
            "seen": [18280.0, 18270.0, None],
            "heavy": [1.0, None, 0.0],
        }
    )
    rows = json.dumps({name: [None if pd.isna(cell) else cell for cell in column] for name, column in X.items()})
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, address, rows],
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/runs/mlflow.db",
            "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    said, warned, signature = answer.stdout.splitlines()
    expected = predictor.table(X)
    for name, column in json.loads(said).items():
        assert column == expected[name].tolist()
    assert "values that the training rows did not have, read as unknown: 'island' (1)" in warned
    assert "{'type': 'string', 'name': 'island', 'required': True}" in signature
    assert "{'type': 'double', 'name': 'length', 'required': True}" in signature
