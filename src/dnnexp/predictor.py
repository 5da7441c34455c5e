"""A predictor: everything between a table of inputs and predictions, and the file it is kept in."""

from __future__ import annotations

import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dnnexp.data.preprocessing import Preprocessor
from dnnexp.data.schema import SCALINGS, TASKS
from dnnexp.data.target_code import TargetCode
from dnnexp.errors import DnnexpError
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.architecture import RESIDUALS, Architecture
from dnnexp.network.inference import logits, outputs
from dnnexp.network.losses import OUTPUTS
from dnnexp.network.normalization import NORMALIZATIONS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModelFileError", "Predictor"]

Array = npt.NDArray[Any]
FORMAT = 1  # of the file
ARRAYS = ("description", "theta")  # the members of the file
LARGEST = 8 << 30  # bytes that a file may unpack to
DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,
    KeyError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)


class ModelFileError(DnnexpError):
    """A file that is no predictor, or is damaged; the message names the file and what is wrong."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """R networks of one shape with the preprocessing they were trained behind; their mean output is the prediction."""

    architecture: Architecture
    theta: Array  # (R, P)
    preprocessor: Preprocessor
    code: TargetCode

    def outputs(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return probabilities or standardised values (examples, n[L]), the mean over the networks.

        Raises DataError for a missing column, and for what is no finite number.
        """
        features = self.preprocessor.transform(X)
        X1 = np.ones((len(features), features.shape[1] + 1), self.theta.dtype)
        X1[:, :-1] = features
        A = outputs(logits(self.theta, self.architecture, X1), self.architecture)
        return np.asarray(A.mean(axis=0, dtype=np.float64).T)

    def predict(self, X: pd.DataFrame) -> Array:
        """Return class labels (examples,), labels 0 and 1 (examples, labels), or values in the target's units."""
        return self.code.decode(self.outputs(X))

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the probability of each class or label (examples, n). Raises DnnexpError for a regression."""
        if self.code.task == "regression":
            raise DnnexpError("predict_proba: a regression has no classes, use predict")
        A = self.outputs(X)
        return np.hstack([1 - A, A]) if self.code.task == "binary" else A

    def save(self, path: Path) -> None:
        """Write the predictor to an .npz file: arrays and JSON, nothing that executes."""
        description = {
            "format": FORMAT,
            "architecture": self.architecture._asdict(),
            "preprocessor": self.preprocessor.state(),
            "code": self.code.state(),
        }
        text = np.frombuffer(json.dumps(description).encode(), np.uint8)
        with path.open("wb") as file:
            np.savez(file, theta=self.theta, description=text)

    @classmethod
    def load(cls, path: Path) -> Predictor:
        """Return the predictor that `save` wrote, to the same bits. Raises ModelFileError for anything else."""
        arrays = _read_arrays(path)
        try:
            architecture, preprocessor, code = _read_description(arrays["description"].tobytes())
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
            raise ModelFileError(f"{path}: not a dnnexp model, its description cannot be read: {error}") from None
        theta = arrays["theta"]
        if theta.ndim != 2 or theta.shape[1] != size or theta.dtype.kind != "f" or not len(theta):
            law = f"theta of shape (networks, {size}) in floats"
            raise ModelFileError(f"{path}: need {law}, got {theta.shape} in {theta.dtype}")
        if not np.isfinite(theta).all():
            raise ModelFileError(f"{path}: need finite parameters, got a NaN or an infinity")
        return cls(architecture, theta, preprocessor, code)


def _read_description(text: bytes) -> tuple[Architecture, Preprocessor, TargetCode]:
    """Return the parts that `save` described in JSON; raise one error or another for anything else."""
    description = json.loads(text)
    if description["format"] != FORMAT:
        raise ValueError(f"need format {FORMAT}, got {description['format']}")
    shape = description["architecture"]
    architecture = Architecture(**{**shape, "n": tuple(shape["n"]), "activations": tuple(shape["activations"])})
    preprocessor = Preprocessor.from_state(description["preprocessor"])
    code = TargetCode.from_state(description["code"])
    _require_sound(architecture, preprocessor, code)
    return architecture, preprocessor, code


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


def _read_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of the file, after a look at how large it says they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist())
            size = sum(info.file_size for info in archive.infolist())
            said = sum(_bytes_said(archive, name) for name in names if name.endswith(".npy"))
        if names != [f"{name}.npy" for name in ARRAYS]:
            raise ModelFileError(f"{path}: not a dnnexp model, need {list(ARRAYS)}, got {names}")
        if max(size, said) > LARGEST:
            raise ModelFileError(f"{path}: unpacks to {max(size, said)} bytes, need at most {LARGEST}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in ARRAYS}
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except DAMAGE as error:
        raise ModelFileError(f"{path}: not a dnnexp model, or damaged: {error}") from None


def _bytes_said(archive: zipfile.ZipFile, name: str) -> int:
    """Return how many bytes the array takes by its own header, before anything is allocated for it."""
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    return math.prod(shape) * dtype.itemsize
