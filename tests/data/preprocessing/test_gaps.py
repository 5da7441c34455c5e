"""Missing numbers: what stands in their place, and what says that they were missing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import SCALINGS, SKEWS, PreprocessingConfig


@pytest.fixture
def gappy() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    values = rng.normal(5, [1, 10, 100], (60, 3))
    values[rng.random((60, 3)) < [0.0, 0.3, 0.6]] = np.nan
    return pd.DataFrame(values, columns=list("abc"))


def test_gaps_are_filled_as_scikit_learn_fills_them_and_told_by_an_indicator(gappy: pd.DataFrame) -> None:
    fitted = Preprocessor.fit(PreprocessingConfig(), gappy[:40])
    features = fitted.transform(gappy)
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(gappy[:40])
    np.testing.assert_allclose(features[:, :3], steps.transform(gappy), rtol=1e-9, atol=1e-9)
    assert fitted.feature_names == ("a", "b", "c", "b is missing", "c is missing")
    np.testing.assert_array_equal(features[:, 3:], gappy[["b", "c"]].isna())


def test_a_gap_where_the_training_rows_had_none_is_filled_and_counted(gappy: pd.DataFrame) -> None:
    fitted = Preprocessor.fit(PreprocessingConfig(scaling="none"), gappy[:40])
    features = fitted.transform(gappy[:5].assign(a=[1.0, np.nan, 3.0, np.nan, np.nan]))
    assert features[1, 0] == np.median(gappy["a"][:40])
    assert fitted.warnings() == [
        "input: column 'a': 3 missing values, where the training rows had none: the median is taken"
    ]


def test_what_the_training_rows_had_no_like_of_is_warned_of_in_one_line(gappy: pd.DataFrame) -> None:
    columns = {f"k{i:02}": np.where(gappy.index % 2, "a", "b").astype(object) for i in range(25)}
    fitted = Preprocessor.fit(PreprocessingConfig(), gappy.assign(**columns)[:40])
    fitted.warn()
    fitted.transform(gappy.assign(a=np.nan, **dict.fromkeys(columns, "c"))[:5])
    with pytest.warns(UserWarning, match="read as unknown") as caught:
        fitted.warn()
    (said,) = [str(warning.message) for warning in caught]
    assert said.startswith("input: values that the training rows did not have, read as unknown: 'k00' (5), 'k01' (5), ")
    assert "'k19' (5) and 5 more columns; missing values where the training rows had none, filled with the" in said
    assert said.endswith("median: 'a' (5)")


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("skew", SKEWS)
def test_a_column_of_gaps_only_is_zero_whatever_it_holds_later(scaling: str, skew: str, gappy: pd.DataFrame) -> None:
    empty = gappy.assign(d=np.nan, e=pd.Series([None] * 60, dtype=object))
    fitted = Preprocessor.fit(PreprocessingConfig(scaling, skew), empty)
    features = fitted.transform(empty.assign(d=7.0, e="x"))
    of_them = [i for i, name in enumerate(fitted.feature_names) if name in ("d", "d is missing", "e is missing")]
    assert len(of_them) == 2
    assert not features[:, of_them].any()
    assert np.isfinite(features).all()


@pytest.mark.filterwarnings("error")
def test_the_median_of_the_largest_floats_is_one_of_them() -> None:
    frame = pd.DataFrame({"x": [1.7e308, 1.6e308, np.nan] * 4})
    features = Preprocessor.fit(PreprocessingConfig("none"), frame).transform(frame)
    assert np.isfinite(features).all()
    state = Preprocessor.fit(PreprocessingConfig("none"), frame).state()
    assert state["median"] == [pytest.approx(1.65e308)]


def test_missing_values_of_every_type_are_missing() -> None:
    column = pd.Series([1.0, None, np.nan, pd.NA, 2, "3"], dtype=object)
    fitted = Preprocessor.fit(PreprocessingConfig("none"), pd.DataFrame({"x": [1.0, 2.0, np.nan]}))
    features = fitted.transform(pd.DataFrame({"x": column}))
    np.testing.assert_array_equal(features, [[1, 0], [1.5, 1], [1.5, 1], [1.5, 1], [2, 0], [3, 0]])
