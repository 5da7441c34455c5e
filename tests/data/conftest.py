"""Files and tables that the tests of the data floor share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dnnexp.data.dataset import Dataset, assemble
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.errors import DnnexpError

SHARED = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture
def shared() -> Callable[[str], str]:
    """Give the path of a real data set that is not part of the project, or skip the test where it is absent."""

    def path(name: str) -> str:
        if not (SHARED / name).is_file():
            pytest.skip(f"no {name} beside this checkout")
        return str(SHARED / name)

    return path


@pytest.fixture
def refusal() -> Callable[..., str]:
    """Give the one line that a configuration's data are refused with."""

    def refused(**settings: object) -> str:
        with pytest.raises(DnnexpError) as caught:
            load(DataConfig(**settings))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refused


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., str]:
    """Write a CSV file of twelve good rows, columns a, b and y, with some lines replaced (the header is line 1)."""

    def write(lines: dict[int, str] | None = None, name: str = "table.csv", **encoding: str) -> str:
        text = ["a,b,y"] + [f"{i},{i * i % 7}.5,{i * 0.25}" for i in range(12)]
        for number, line in (lines or {}).items():
            text[number - 1] = line
        path = tmp_path / name
        path.write_text("\n".join(text) + "\n", **({"encoding": "utf-8"} | encoding))
        return str(path)

    return write


@pytest.fixture
def classified() -> Callable[..., Dataset]:
    """Make a data set of one column whose target has as many rows of each class as asked."""

    def make(*sizes: int, test_rows: np.ndarray | None = None) -> Dataset:
        labels = np.repeat([f"class {i}" for i in range(len(sizes))], sizes)
        return assemble(
            "made", np.arange(len(labels))[:, None], ["x"], labels, ["y"], origin="made", test_rows=test_rows
        )

    return make


@pytest.fixture
def table() -> pd.DataFrame:
    """Give 50 rows of three columns of very different sizes, and a constant one."""
    rng = np.random.default_rng(5)
    values = rng.standard_normal((50, 4)) * [1, 1e-6, 1e6, 0] + [0, 1, -3e6, 0.1]
    return pd.DataFrame(values, columns=list("abcd"))
