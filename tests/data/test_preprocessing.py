from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

from dnnexp.data.moments import LIMIT
from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import SCALINGS, PreprocessingConfig
from dnnexp.errors import DataError

STANDARD = PreprocessingConfig("standard")


def through_json(state: dict[str, object]) -> dict[str, object]:
    restored: dict[str, object] = json.loads(json.dumps(state, allow_nan=False))
    return restored


def test_standard_scaling_is_scikit_learns(table: pd.DataFrame) -> None:
    fitted = Preprocessor.fit(STANDARD, table[:30])
    expected = StandardScaler().fit(table[["a", "b", "c"]][:30]).transform(table[["a", "b", "c"]])
    np.testing.assert_allclose(fitted.transform(table)[:, :3], expected, rtol=1e-9, atol=1e-9)


def test_global_scaling_has_one_mean_and_one_scale(table: pd.DataFrame) -> None:
    values = table[["a", "b"]].to_numpy()
    features = Preprocessor.fit(PreprocessingConfig("global"), table[["a", "b"]]).transform(table[["a", "b"]])
    np.testing.assert_allclose(features, (values - values.mean()) / values.std(), rtol=1e-12)


def test_no_scaling_leaves_the_bits_alone(table: pd.DataFrame) -> None:
    features = Preprocessor.fit(PreprocessingConfig("none"), table).transform(table)
    np.testing.assert_array_equal(features, table.to_numpy())


@pytest.mark.parametrize("scaling", ["standard", "robust", "global"])
def test_a_constant_column_becomes_zero_also_where_it_varies_later(table: pd.DataFrame, scaling: str) -> None:
    fitted = Preprocessor.fit(PreprocessingConfig(scaling), table)
    features = fitted.transform(table.assign(d=np.arange(50.0)))
    assert (features[:, 3] == 0).all()
    assert features[:, :3].all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_only_the_rows_handed_in_are_fitted_on(table: pd.DataFrame, scaling: str) -> None:
    config = PreprocessingConfig(scaling)
    changed = table.copy()
    changed.iloc[30:] = 77.0
    first, second = Preprocessor.fit(config, table[:30]), Preprocessor.fit(config, changed[:30])
    assert first.state() == second.state()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_preprocessor_survives_json_to_the_bit(table: pd.DataFrame, scaling: str) -> None:
    fitted = Preprocessor.fit(PreprocessingConfig(scaling), table[:30])
    restored = Preprocessor.from_state(through_json(fitted.state()))
    assert restored.transform(table).tobytes() == fitted.transform(table).tobytes()
    assert restored.feature_names == ("a", "b", "c", "d")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("size", [1.7e308, 1e200, 1e-200, 1e-307, 5e-324])
def test_numbers_at_the_ends_of_the_float_range_give_finite_features(size: float, scaling: str) -> None:
    signs = np.array([1.0, -1.0] * 10)[:, None]
    frame = pd.DataFrame(size * signs, columns=["x"])
    features = Preprocessor.fit(PreprocessingConfig(scaling), frame).transform(frame)
    assert np.isfinite(features.astype(np.float32)).all()
    if scaling in ("standard", "global") and size > 1e-307:
        np.testing.assert_allclose(features, signs)


@pytest.mark.filterwarnings("error")
def test_a_value_far_outside_the_training_rows_counts_by_its_logarithm(table: pd.DataFrame) -> None:
    fitted = Preprocessor.fit(STANDARD, table)
    features = fitted.transform(table[:1].assign(a=1e308, b=-1e308))
    most = 4 + np.log(1 + LIMIT - 4)
    assert np.allclose(features[0, :2], [most, -most])


def test_features_are_contiguous_rows_of_float64(table: pd.DataFrame) -> None:
    features = Preprocessor.fit(STANDARD, table).transform(table.astype(np.float32).iloc[[3, 1]])
    assert features.dtype == np.float64
    assert features.flags.c_contiguous
    assert features.shape == (2, 4)


def test_columns_are_found_by_name(table: pd.DataFrame) -> None:
    fitted = Preprocessor.fit(STANDARD, table)
    shuffled = table[["c", "a", "d", "b"]].assign(new=1.0)
    np.testing.assert_array_equal(fitted.transform(shuffled), fitted.transform(table))


def test_booleans_and_nullable_numbers_are_numbers() -> None:
    frame = pd.DataFrame({"flag": [True, False] * 2, "count": pd.array([1, 2, 3, 4], dtype="Int64")})
    features = Preprocessor.fit(PreprocessingConfig("none"), frame).transform(frame)
    np.testing.assert_array_equal(features, [[1, 1], [0, 2], [1, 3], [0, 4]])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="b"), "input: column 'b' is missing, choices: a, c, d"),
        (lambda t: t.assign(b=["old"] * 50), "input: column 'b' must hold numbers, got 'old' in row 1"),
        (lambda t: t.assign(c=pd.Timestamp(0)), "input: column 'c' must hold numbers"),
        (
            lambda t: t.assign(b=t["b"].astype(object).where(t.index != 7, "?")),
            "input: column 'b' must hold numbers, got '?' in row 8",
        ),
        (lambda t: t.assign(c=t["c"].where(t.index != 7, np.inf)), "input: column 'c', row 8: an infinite value"),
        (lambda t: t.set_axis(["a", "a", "b", "c"], axis=1), "input: column 'a' is there more than once"),
        (lambda t: t[:0], "input: need at least one row, got none"),
    ],
)
def test_rows_that_cannot_be_transformed_are_refused(table: pd.DataFrame, change: object, message: str) -> None:
    fitted = Preprocessor.fit(STANDARD, table)
    with pytest.raises(DataError) as caught:
        fitted.transform(change(table))  # type: ignore[operator]
    assert str(caught.value).startswith(message)


def test_a_damaged_state_is_refused(table: pd.DataFrame) -> None:
    state = Preprocessor.fit(STANDARD, table).state()
    with pytest.raises(DataError, match="need 4 finite numbers as 'centre', got shape"):
        Preprocessor.from_state(state | {"centre": [0.0]})
    with pytest.raises(DataError, match="need 4 finite numbers as 'scale'"):
        Preprocessor.from_state(state | {"scale": [1.0, 1.0, 1.0, float("nan")]})


def test_standard_scaling_goes_on_from_four_deviations_as_their_logarithm() -> None:
    fitted = Preprocessor.fit(STANDARD, pd.DataFrame({"a": [-1.0, 1.0]}))  # mean 0, standard deviation 1
    features = fitted.transform(pd.DataFrame({"a": [3.9, 4.0, 5.0, -5.0, 3 + np.e]}))
    assert np.allclose(features[:, 0], [3.9, 4.0, 4 + np.log(2), -4 - np.log(2), 5.0])
