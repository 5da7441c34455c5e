"""Long tails straightened."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kstest, norm, rankdata
from sklearn.preprocessing import QuantileTransformer

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import SCALINGS, SKEWS, PreprocessingConfig


def features(skew: str, fitted_on: np.ndarray, values: np.ndarray | None = None) -> np.ndarray:
    fitted = Preprocessor.fit(PreprocessingConfig("none", skew), pd.DataFrame({"x": fitted_on}))
    return fitted.transform(pd.DataFrame({"x": fitted_on if values is None else values}))[:, 0]


def test_log_is_the_signed_logarithm_of_one_and_the_size() -> None:
    np.testing.assert_allclose(
        features("log", np.array([0.0, np.e - 1, 1 - np.e, 99.0])), [0, 1, -1, np.log(100)], rtol=1e-15
    )


def test_quantile_is_the_normal_score_of_the_rank() -> None:
    x = np.random.default_rng(0).lognormal(0, 3, 80)
    np.testing.assert_allclose(features("quantile", x), norm.ppf((rankdata(x) - 0.5) / 80), rtol=1e-9, atol=1e-12)


def test_quantile_of_many_rows_is_scikit_learns_within_its_tails_and_looks_normal() -> None:
    x = np.random.default_rng(1).lognormal(0, 3, 5000)
    scores = features("quantile", x)
    theirs = QuantileTransformer(n_quantiles=1000, output_distribution="normal").fit_transform(x[:, None])[:, 0]
    middle = np.abs(theirs) < 2
    np.testing.assert_allclose(scores[middle], theirs[middle], atol=0.03)
    assert kstest(scores, "norm").statistic < 0.01


def test_equal_values_get_equal_scores_and_order_is_kept() -> None:
    x = np.random.default_rng(2).integers(0, 4, 500).astype(float)
    at = np.linspace(-1, 5, 200)
    scores = features("quantile", x, at)
    assert (np.diff(scores) >= 0).all()
    assert len(np.unique(features("quantile", x))) == 4
    assert scores[0] == scores[30] < 0 < scores[-30] == scores[-1]  # level beyond what the training rows had


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("skew", SKEWS)
@given(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=15), st.data())
@settings(max_examples=60, deadline=None)
def test_any_finite_numbers_give_finite_features_that_survive_json_to_the_bit(
    skew: str, scaling: str, column: list[float], data: st.DataObject
) -> None:
    later = data.draw(st.lists(st.floats(allow_infinity=False), min_size=1, max_size=15))
    fitted = Preprocessor.fit(PreprocessingConfig(scaling, skew), pd.DataFrame({"x": np.array(column)}))
    frame = pd.DataFrame({"x": np.array(later)})
    assert np.isfinite(fitted.transform(frame).astype(np.float32)).all()
    restored = Preprocessor.from_state(json.loads(json.dumps(fitted.state(), allow_nan=False)))
    assert restored.transform(frame).tobytes() == fitted.transform(frame).tobytes()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "points", [[0, 1e-320, 1], [-1.7e308, 0, 1.7e308], [5e-324, 1e-323, 1.5e-323], [1, 1, 1 + 2e-16]]
)
def test_points_that_cannot_be_told_apart_are_one(points: list[float]) -> None:
    scores = features("quantile", np.array(points), np.array([*points, -1e308, 1e308, 5e-321]))
    assert np.isfinite(scores).all()
    assert scores[0] <= scores[1] <= scores[2]
