"""What a model file says of preprocessing is taken only where it can be."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import PreprocessingConfig
from dnnexp.errors import DataError

TABLE = pd.DataFrame({
    "n": [1.0, 2.0, np.nan, 4.0, 5.0], "c": ["a", "b", None, "a", "c"], "m": [3.0, 1.0, 4.0, 1.0, 5.0],
})  # fmt: skip
STATE = json.loads(json.dumps(Preprocessor.fit(PreprocessingConfig(skew="quantile", categories=3), TABLE).state()))
DAMAGE: dict[str, Any] = {
    "columns": [None, "n", [], ["n", "c"], ["n", "n", "m"], ["n", "c", 3], {"n": 1}],
    "kinds": [None, ["number"], ["number", "number", "number"], ["number", "word", "number"], [[], [], []], "number"],
    "median": [None, [1.0], [1.0, None], [1.0, "2"], [1.0, True], [1.0, float("nan")], [10**400, 1], "12"],
    "gaps": [None, [True], [1, 0], ["true", "false"]],
    "skew": [None, "log2", ["quantile"], "none", "log"],
    "knots": [None, [], [[[1.0], [0.0]]], [[[1.0], [0.0]], [[1.0, 1.0], [0.0, 1.0]]], [[[1.0], [0.0]], [[], []]],
              [[[1.0], [0.0]], [[2.0, 1.0], [0.0, 1.0]]], [[[1.0], [0.0]], [[1.0, 2.0], [1.0, 0.0]]], [1, 2]],
    "scaling": [None, "roboust", 3],
    "centre": [None, [0.0], [0.0, float("inf")]],
    "scale": [None, [1.0, -1.0], [1.0]],
    "categories": [None, [], [[]], [["a", "a"]], [["a", 1]], [[None, None]], [[["a"]]], ["ab"]],
    "others": [None, [], [0], True],
}  # fmt: skip


def test_the_state_is_itself_sound() -> None:
    restored = Preprocessor.from_state(copy.deepcopy(STATE))
    assert restored.state() == STATE


@pytest.mark.parametrize(("key", "i"), [(key, i) for key, values in DAMAGE.items() for i in range(len(values))])
def test_a_part_that_cannot_be_is_refused_by_name(key: str, i: int) -> None:
    with pytest.raises(DataError, match="^model state: need") as refusal:
        Preprocessor.from_state(STATE | {key: DAMAGE[key][i]})
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("key", [key for key in STATE if key != "rest"])  # which older models do not have
def test_a_part_that_is_missing_is_named(key: str) -> None:
    with pytest.raises(DataError, match=f"model state: need '{key}' among its parts"):
        Preprocessor.from_state({name: value for name, value in STATE.items() if name != key})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=6,
)


@given(st.sampled_from(list(STATE)), json_values)
@settings(max_examples=300, deadline=None)
def test_whatever_stands_in_a_part_it_is_refused_or_gives_finite_features(key: str, value: Any) -> None:
    try:
        restored = Preprocessor.from_state(STATE | {key: value})
    except DataError:
        return
    frame = TABLE.rename(columns=dict(zip(TABLE.columns, restored.columns, strict=True)))
    assert np.isfinite(restored.transform(frame)).all()
