"""Whatever an estimator is given, it predicts finite numbers or known classes, or says why not."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odd_tables import COLUMNS, odd_tables

from dnnexp.estimators import DNNClassifier, DNNRegressor

pytestmark = pytest.mark.filterwarnings("ignore:The number of unique classes")  # advice of scikit-learn's

ROWS = st.sampled_from([0, 1, 2, 9, *range(10, 41)])
SMALL: dict[str, Any] = {"hidden_layer_sizes": (3,), "max_iter": 1, "random_state": 0}


def fits_and_predicts_or_says_why_not(drawn: tuple[pd.DataFrame, Any, np.random.Generator]) -> None:
    table, target, rng = drawn
    for kind in (DNNClassifier, DNNRegressor):
        estimator = kind(**SMALL, early_stopping=bool(rng.random() < 0.2))
        try:
            estimator.fit(table, target)
        except (ValueError, TypeError) as error:
            said(error)
            continue
        changed = table.iloc[rng.permutation(len(table))]
        for column in np.flatnonzero(rng.random(changed.shape[1]) < 0.3):
            name = list(COLUMNS)[rng.integers(len(COLUMNS))]
            parts = [changed.iloc[:, i] for i in range(changed.shape[1])]
            parts[column] = pd.Series(COLUMNS[name](rng, len(table))).set_axis(changed.index)
            changed = pd.concat(parts, axis=1).set_axis(table.columns, axis=1)
        for rows in (table, changed):
            with warnings.catch_warnings():
                if rows is not table:  # what is fitted on is no news
                    warnings.filterwarnings("ignore", "input: .* the training rows")
                predicts_or_says_why_not(estimator, rows, fitted_on=rows is table)


def predicts_or_says_why_not(estimator: Any, rows: pd.DataFrame, *, fitted_on: bool) -> None:
    try:
        predicted = estimator.predict(rows)
    except (ValueError, TypeError) as error:
        said(error, fitted_on=fitted_on)
        return
    assert len(predicted) == len(rows)
    if isinstance(estimator, DNNClassifier):
        assert set(predicted.tolist()) <= set(estimator.classes_.tolist())
        assert np.allclose(estimator.predict_proba(rows).sum(axis=1), 1)
    else:
        assert np.isfinite(predicted).all()


def said(error: Exception, *, fitted_on: bool = False) -> None:
    """Fail for an error that says nothing, or that comes for the very rows that an estimator was fitted on."""
    assert str(error).strip()
    assert not fitted_on, error


@settings(max_examples=40, deadline=None, derandomize=True)
@given(odd_tables(tuple(COLUMNS), ROWS, doubled=True))
def test_an_estimator_predicts_or_says_why_not(drawn):
    fits_and_predicts_or_says_why_not(drawn)


@pytest.mark.slow
@settings(max_examples=700, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(odd_tables(tuple(COLUMNS), ROWS, doubled=True))
def test_an_estimator_predicts_or_says_why_not_of_hundreds_of_tables(drawn):
    fits_and_predicts_or_says_why_not(drawn)
