from __future__ import annotations

import subprocess
import sys

import pytest

from dnnexp.data.schema import DataConfig, PreprocessingConfig
from dnnexp.errors import ConfigError


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"name": "digit"}, "data.name: unknown choice 'digit', did you mean 'digits'?"),
        ({"task": "regresion"}, "data.task: unknown choice 'regresion', did you mean 'regression'?"),
        ({"test_size": 0.0}, "data.test_size: need 0 < test_size < 1, got 0.0"),
        ({"test_size": float("nan")}, "data.test_size: need 0 < test_size < 1, got nan"),
        ({"examples": 9}, "data.examples: need 10 <= examples <= 1000000000, got 9"),
        ({"noise": -0.1}, "data.noise: need noise >= 0, got -0.1"),
        ({"noise": float("inf")}, "data.noise: need noise >= 0, got inf"),
        ({"seed": -1}, "data.seed: need seed >= 0, got -1"),
        ({"columns": 4}, "data.columns: need 5 <= columns <= 1000000000, got 4"),
        ({"rows": 9}, "data.rows: need rows >= 10, got 9"),
        (
            {"separator": "ab"},
            "data.separator: need one character, no letter, digit or quotation mark, or one of comma",
        ),
        ({"separator": "1"}, "data.separator: need one character"),
        ({"encoding": "utf-9"}, "data.encoding: need the name of an encoding of text, got 'utf-9'"),
        ({"encoding": "hex"}, "data.encoding: need the name of an encoding of text, got 'hex'"),
        (
            {"numbers": ["a", "b"], "categories": ["b"]},
            "data.numbers: need columns that are no data.categories, got ['b",
        ),
        (
            {"split": "s", "test_path": "t"},
            "data.split and data.test_path: need one of the two to say the official test",
        ),
        ({"group": "g", "time": "t"}, "data.group and data.time: need one of the two to say what divides the rows"),
        ({"bits": 40}, "data.bits: need 4 <= bits <= 16, got 40"),
        ({"compositions": 0}, "data.compositions: need 1 <= compositions <= 20, got 0"),
    ],
)
def test_an_impossible_setting_is_refused_with_its_key_and_law(setting: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        DataConfig(**setting)
    assert str(caught.value).startswith(message)


def test_an_unknown_scaling_is_refused_with_the_nearest() -> None:
    with pytest.raises(
        ConfigError, match=r"data.preprocessing.scaling: unknown choice 'standart', did you mean 'standard'"
    ):
        PreprocessingConfig("standart")


def test_settings_are_checked_and_a_file_is_missed_without_importing_pandas_or_scikit_learn() -> None:
    program = """
import sys
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DataError
try:
    load(DataConfig(name="csv", path="no/such/file.csv", target="y"))
except DataError:
    print(sorted({"pandas", "sklearn", "scipy"} & set(sys.modules)))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
