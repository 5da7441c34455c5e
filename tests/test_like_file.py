"""A file like the one that was trained on is read alike by the command and the code that are printed."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp import predict, train
from dnnexp.config import Composer
from dnnexp.errors import DataError
from dnnexp.prediction.rows import read_rows
from dnnexp.predictor import Predictor
from dnnexp.recording.report import use_commands

RNG = np.random.default_rng(0)
HEAD = "Straße~PLZ~Eintritt~Umsatz~y"
ROWS = [
    f"{'äöü'[i % 3]}~{['01067', '1067', '99'][i % 3]}~{1 + i % 28:02}.0{1 + i % 9}.2020~{1 + i % 9}.{100 + i},5~{i % 4}"
    for i in RNG.permutation(120)
]
TRAINED = (
    "data=csv", "data.path=alt.csv", "data.target=y", "data.task=regression", "data.categories=[PLZ]",
    "data.encoding=latin-1", 'data.separator="~"', "tracking=none", "trainer.epochs=5",
)  # fmt: skip


def test_the_command_and_the_code_read_dates_zeros_commas_and_letters_as_training_did(
    empty_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("alt.csv").write_text("\n".join([HEAD, *ROWS]) + "\n", encoding="latin-1")
    new = ["ä~01067~01.01.2020~7.685~0", "ö~1067~28.09.2020~862,5~0", "x~02000~13.12.2021~1,5~0"]
    Path("new.csv").write_text("\n".join([HEAD, *new]) + "\n", encoding="latin-1")
    assert train.main(TRAINED) == 0
    printed = capsys.readouterr().out
    program, *arguments = shlex.split(printed.partition("Predict with it: python -m ")[2].splitlines()[0])
    assert program == "dnnexp.predict"
    assert predict.main(arguments) == 0
    warned = " ".join(capsys.readouterr().err.split())
    assert "column 'PLZ': 1 value that the training rows did not have" in warned
    written = pd.read_csv("predictions.csv")["prediction"]

    model = Path(printed.partition("The model: ")[2].splitlines()[0])
    predictor = Predictor.load(model)
    rows = read_rows("new.csv", predictor, "~", "latin-1")
    assert rows["PLZ"].tolist() == ["01067", "1067", "02000"]
    assert rows["Umsatz"].tolist() == [7685, 862.5, 1.5]
    assert rows["Eintritt"].tolist() == [18262, 18533, 18974]  # (date(2020, 1, 1) - date(1970, 1, 1)).days, …
    np.testing.assert_allclose(predictor.predict(rows)[:, 0], written, rtol=1e-6)

    Path("runs/outputs/s").mkdir(parents=True)
    shutil.copy(model, "runs/outputs/s/model.npz")
    names: dict[str, object] = {}
    exec(use_commands(Composer().compose(TRAINED), "s")[0].text, names)
    np.testing.assert_allclose(np.ravel(names["predicted"]), written, rtol=1e-6)
    assert "PLZ" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"nothing\.csv: cannot be read"):
        read_rows("nothing.csv", predictor)
