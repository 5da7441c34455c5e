"""The ways to scale; standard, global and none are in test_preprocessing.py."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.preprocessing import RobustScaler

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.preprocessing.scaling import SCALERS
from dnnexp.data.preprocessing.selection import IMPORTANCES
from dnnexp.data.schema import SCALINGS, SELECTORS, PreprocessingConfig

ROBUST = PreprocessingConfig("robust")


def test_the_schema_names_what_there_is() -> None:
    assert tuple(SCALERS) == SCALINGS
    assert tuple(IMPORTANCES) == SELECTORS


def test_robust_scaling_is_scikit_learns_bent_smoothly_at_three(table: pd.DataFrame) -> None:
    columns = table[["a", "b", "c"]]
    x = RobustScaler().fit(columns[:30]).transform(columns)
    features = Preprocessor.fit(ROBUST, columns[:30]).transform(columns)
    np.testing.assert_allclose(features, x / np.sqrt(1 + (x / 3) ** 2), rtol=1e-9, atol=1e-9)


def test_an_outlier_moves_nothing_and_stays_within_three() -> None:
    x = np.arange(101.0)
    with_outlier = np.append(x, 1e12)
    before = Preprocessor.fit(ROBUST, pd.DataFrame({"x": x})).transform(pd.DataFrame({"x": x}))
    after = Preprocessor.fit(ROBUST, pd.DataFrame({"x": with_outlier})).transform(pd.DataFrame({"x": with_outlier}))
    np.testing.assert_allclose(after[:101], before, atol=0.02)
    assert 2.99 < after[101, 0] <= 3


def test_where_the_quartiles_are_equal_half_the_range_is_the_scale() -> None:
    frame = pd.DataFrame({"x": [0.0] * 9 + [4.0]})
    features = Preprocessor.fit(ROBUST, frame).transform(frame)
    np.testing.assert_allclose(features[9], 2 / np.sqrt(1 + (2 / 3) ** 2))
    assert not features[:9].any()
