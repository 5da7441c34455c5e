"""A predictor: everything between a table of inputs and predictions, and what is known of where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dnnexp.data.dataset import row_number
from dnnexp.data.dates import NOTATIONS
from dnnexp.data.numerals import DECIMAL_COMMA
from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import SCALINGS, TASKS
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DataError, DnnexpError
from dnnexp.model_file import ModelFileError, pack, read_model_file
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import RESIDUALS, Architecture
from dnnexp.network.inference import logits, outputs
from dnnexp.network.losses import OUTPUTS
from dnnexp.network.normalization import NORMALIZATIONS
from dnnexp.whole_file import write_whole

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModelCard", "ModelFileError", "Predictor"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ModelCard:
    """What a model says of itself, beyond what it needs to compute: names, types, and where it comes from."""

    targets: tuple[str, ...] = ()  # names of what is predicted
    dtypes: Mapping[str, str] = field(default_factory=dict)  # input column -> its dtype in the training data
    notations: Mapping[str, str] = field(default_factory=dict)  # input column -> how its dates or numbers were written
    provenance: Mapping[str, str | float] = field(default_factory=dict)  # study, data_sha256, metric, test_score, …


@dataclass(frozen=True, eq=False)
class Predictor:
    """R networks of one shape with the preprocessing they were trained behind; their mean output is the prediction."""

    architecture: Architecture
    theta: Array  # (R, P)
    preprocessor: Preprocessor
    code: TargetCode
    card: ModelCard = ModelCard()

    def outputs(self, X: pd.DataFrame, row_name: Callable[[int], str] = row_number) -> npt.NDArray[np.float64]:
        """Return probabilities or standardised values (examples, n[L]), the mean over the networks.

        row_name: how an error names a row. Raises DataError for a missing column, for what is no finite number, and for
        a row so far from the training data that the network's arithmetic ends in none.
        """
        features = self.preprocessor.transform(X)
        X1 = np.ones((len(features), features.shape[1] + 1), self.theta.dtype)
        X1[:, :-1] = features
        with np.errstate(over="ignore", invalid="ignore"):
            A = outputs(logits(self.theta, self.architecture, X1), self.architecture)
            mean = np.asarray(A.mean(axis=0, dtype=np.float64).T)
        is_finite = np.isfinite(mean).all(axis=1)
        if not is_finite.all():
            row = row_name(int(is_finite.argmin()))
            raise DataError(f"input: {row} is too far from the training data, its prediction is no finite number")
        return mean

    @property
    def kinds(self) -> dict[str, str]:
        """The input columns in their order, each a "number" or a "category"."""
        return dict(self.preprocessor.kinds)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of what is predicted: of the one column of classes, or of each number or label."""
        count = 1 if self.code.classes else self.code.outputs
        if len(self.card.targets) == count:
            return self.card.targets
        return ("target",) if count == 1 else tuple(f"target_{i}" for i in range(count))

    @property
    def description(self) -> str:
        """What it is, in one line."""
        many, depth = len(self.kinds), self.architecture.depth
        what = "regression" if self.code.task == "regression" else f"{self.code.task} classification"
        known = [f"{key} {self.card.provenance[key]}" for key in ("study", "data") if self.card.provenance.get(key)]
        return ", ".join(
            [
                f"{what} of {' and '.join(self.targets[:3])}{' …' * (len(self.targets) > 3)}",
                f"{many:,} column{'s' * (many != 1)}",
                f"{depth} hidden layer{'s' * (depth != 1)}",
                *known,
            ]
        )

    def predict(self, X: pd.DataFrame) -> Array:
        """Return class labels (examples,), labels 0 and 1 (examples, labels), or values in the target's units."""
        return self.code.decode(self.outputs(X))

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the probability of each class or label (examples, n). Raises DnnexpError for a regression."""
        if self.code.task == "regression":
            raise DnnexpError("predict_proba: a regression has no classes, use predict")
        return self._shares(self.outputs(X))

    def table(
        self, X: pd.DataFrame, row_name: Callable[[int], str] = row_number, *, probabilities: bool = True
    ) -> dict[str, Array]:
        """Return the columns that are written for rows, each (examples,), by name.

        `prediction`, or `prediction_TARGET` where there are several targets; with probabilities, unless it is a
        regression, `probability_CLASS` for each class or label.
        """
        A = self.outputs(X, row_name)
        predicted = self.code.decode(A)
        names = ["prediction"] if len(self.targets) == 1 else [f"prediction_{target}" for target in self.targets]
        columns = dict(zip(names, predicted.reshape(len(A), -1).T, strict=True))
        if probabilities and self.code.task != "regression":
            classes = self.code.classes or self.targets
            columns |= {f"probability_{name}": share for name, share in zip(classes, self._shares(A).T, strict=True)}
        return columns

    def _shares(self, A: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the probability of each class or label (examples, classes) for outputs A (examples, n[L])."""
        return np.hstack([1 - A, A]) if self.code.task == "binary" else A

    def to_bytes(self) -> bytes:
        """Return the content of the predictor's file: one array and JSON, nothing that executes."""
        provenance = {
            key: value
            for key, value in self.card.provenance.items()
            if not isinstance(value, float) or math.isfinite(value)
        }
        description = {
            "architecture": self.architecture._asdict(),
            "columns": [[name, kind, self.card.dtypes.get(name, "")] for name, kind in self.kinds.items()],
            "preprocessor": self.preprocessor.state(),
            "targets": list(self.card.targets),
            "notations": dict(self.card.notations),
            "code": self.code.state(),
            "provenance": provenance,
        }
        return pack(description, self.theta)

    def save(self, path: Path) -> None:
        """Write the predictor to an .npz file, whole or not at all."""
        write_whole(path, self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Return the predictor that `save` wrote, to the same bits. Raises ModelFileError for anything else."""
        description, theta = read_model_file(path)
        try:
            architecture, preprocessor, code, card = _parts(description)
            size = architecture.size
        except (
            DnnexpError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            ArithmeticError,
            RecursionError,
        ) as error:
            said = f"it lacks {error}" if isinstance(error, KeyError) else error
            raise ModelFileError(f"{path}: not a dnnexp model, its description cannot be read: {said}") from None
        if theta.ndim != 2 or theta.shape[1] != size or not len(theta):
            law = f"theta of shape (networks, {size})"
            raise ModelFileError(f"{path}: need {law}, got {theta.shape}")
        if not np.isfinite(theta).all():
            raise ModelFileError(f"{path}: need finite parameters, got a NaN or an infinity")
        return cls(architecture, theta, preprocessor, code, card)


def _parts(description: Mapping[str, Any]) -> tuple[Architecture, Preprocessor, TargetCode, ModelCard]:
    """Return the parts that `to_bytes` described in JSON; raise one error or another for anything else."""
    shape = description["architecture"]
    architecture = Architecture(**{**shape, "n": tuple(shape["n"]), "activations": tuple(shape["activations"])})
    preprocessor = Preprocessor.from_state(description["preprocessor"])
    code = TargetCode.from_state(description["code"])
    _require_sound(architecture, preprocessor, code)
    columns = description["columns"]
    if [(name, kind) for name, kind, _ in columns] != list(preprocessor.kinds.items()):
        raise ValueError("its columns are not those of its preprocessing")
    targets, notations, provenance = (description[key] for key in ("targets", "notations", "provenance"))
    names = (*targets, *(dtype for *_, dtype in columns), *notations, *notations.values(), *provenance)
    if not all(type(text) is str for text in names):
        raise ValueError("its names are no texts")
    if not (set(notations) <= set(preprocessor.kinds) and set(notations.values()) <= {*NOTATIONS, DECIMAL_COMMA}):
        raise ValueError("its dates or numbers are written in no notation that there is")
    card = ModelCard(tuple(targets), {name: dtype for name, _, dtype in columns}, dict(notations), dict(provenance))
    return architecture, preprocessor, code, card


def _require_sound(architecture: Architecture, preprocessor: Preprocessor, code: TargetCode) -> None:
    """Raise ValueError unless every part is of its type, one that is known, and fits its neighbours."""
    n, scales = architecture.n, np.concatenate([preprocessor.scale, code.scale])
    parts = {
        "n": all(type(units) is int and units >= 1 for units in n) and len(n) == len(architecture.activations) + 2,
        "activations": all(name in ACTIVATIONS for name in architecture.activations),
        "output": architecture.output in OUTPUTS,
        "normalization": architecture.normalization in ("none", *NORMALIZATIONS),
        "residual": architecture.residual in RESIDUALS,
        "alternating": type(architecture.alternating) is bool,
        "scaling": preprocessor.scaling in SCALINGS,
        "columns": all(type(name) is str for name in preprocessor.columns),
        "task": code.task in TASKS,
        "classes": all(type(name) is str for name in code.classes)
        and (code.task != "binary" or len(code.classes) == 2),
        "scale": bool((scales >= 0).all()),
    }
    for part, is_sound in parts.items():
        if not is_sound:
            raise ValueError(f"its {part} is none that there is")
    if (n[0], n[-1]) != (len(preprocessor.feature_names), code.outputs):
        raise ValueError(f"{n[0]} inputs and {n[-1]} outputs fit neither its columns nor its target")
