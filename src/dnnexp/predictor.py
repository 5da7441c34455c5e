"""A predictor: everything between a table of inputs and predictions, and the file it is kept in."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dnnexp.data.preprocessing import Preprocessor, TargetCode
from dnnexp.errors import DnnexpError
from dnnexp.network.architecture import Architecture
from dnnexp.network.inference import logits, outputs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ModelFileError", "Predictor"]

Array = npt.NDArray[Any]
FORMAT = 1  # of the file
ARRAYS = ("description", "theta")  # the members of the file
LARGEST = 8 << 30  # bytes that a file may unpack to


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
        """Return class labels (examples,), or values in the target's units (examples, targets)."""
        return self.code.decode(self.outputs(X))

    def predict_proba(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Return the probability of each class (examples, classes). Raises DnnexpError for a regression."""
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
            description = json.loads(arrays["description"].tobytes())
            if description["format"] != FORMAT:
                raise ModelFileError(f"{path}: need model format {FORMAT}, got {description['format']}")
            shape = description["architecture"]
            architecture = Architecture(**{**shape, "n": tuple(shape["n"]), "activations": tuple(shape["activations"])})
            preprocessor = Preprocessor.from_state(description["preprocessor"])
            code = TargetCode.from_state(description["code"])
        except (ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"{path}: not a dnnexp model, its description cannot be read: {error}") from None
        theta = arrays["theta"]
        if theta.ndim != 2 or theta.shape[1] != architecture.size or theta.dtype.kind != "f":
            law = f"theta of shape (networks, {architecture.size}) in floats"
            raise ModelFileError(f"{path}: need {law}, got {theta.shape} in {theta.dtype}")
        return cls(architecture, theta, preprocessor, code)


def _read_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of the file, after a look at how large it says they are."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist())
            size = sum(info.file_size for info in archive.infolist())
        if names != [f"{name}.npy" for name in ARRAYS]:
            raise ModelFileError(f"{path}: not a dnnexp model, need {list(ARRAYS)}, got {names}")
        if size > LARGEST:
            raise ModelFileError(f"{path}: unpacks to {size} bytes, need at most {LARGEST}")
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in ARRAYS}
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path}: not a dnnexp model, or damaged: {error}") from None
