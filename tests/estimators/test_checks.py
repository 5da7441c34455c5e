"""scikit-learn's own checks, all of them: none is expected to fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from dnnexp import DNNClassifier, DNNRegressor
from dnnexp.config import Composer
from dnnexp.config.schema import flatten

ESTIMATORS = [DNNClassifier(), DNNRegressor()]


@pytest.mark.filterwarnings("ignore")  # the checks provoke warnings, their own too
@parametrize_with_checks(ESTIMATORS)  # type: ignore[untyped-decorator]
def test_every_check_of_scikit_learn_passes(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=["classifier", "regressor"])
def test_the_defaults_are_those_of_the_commands(estimator: DNNClassifier | DNNRegressor) -> None:
    ours, theirs = flatten(estimator.configuration), flatten(Composer().compose(["data=iris"]).configuration)
    differing = {key for key in ours if ours[key] != theirs[key]}
    said = {"model.widths", "model.activations"}  # a list for the one width and activation of each layer
    unlike = said if isinstance(estimator, DNNClassifier) else {*said, "trainer.loss", "trainer.label_smoothing"}
    assert differing == unlike
    assert estimator.configuration.model.hidden == Composer().compose().configuration.model.hidden


def test_the_package_is_imported_without_scikit_learn() -> None:
    script = "import sys, dnnexp; print(sorted({'sklearn', 'pandas', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=os.environ, check=True)
    assert done.stdout == "[]\n"
