"""Models in MLflow: a predictor's file, logged with a run, registered, and found again. No pickle on any way."""

from __future__ import annotations

import importlib.metadata
import re
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelOutput
from mlflow.exceptions import MlflowException
from mlflow.models import Model, infer_signature

from dnnexp import __version__
from dnnexp.tracking.recorder import TROUBLE
from dnnexp.tracking.store import Store, TrackingError, one_line

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow warns of its own type hints while it is imported
    from mlflow.pyfunc import save_model

__all__ = ["fetch_predictor", "log_model", "register"]

NAME = "model"
FILE = "predictor.npz"
CODE = Path(__file__).with_name("pyfunc_code.py")
EXAMPLES = 5  # rows of the input example
REQUIRED = ("mlflow", "numpy", "pandas")
NOT_IN_NAMES = re.compile(r"[/:]+")


def log_model(
    store: Store, run_id: str, predictor_file: Path, inputs: pd.DataFrame, predictions: npt.NDArray[Any]
) -> str:
    """Log a predictor's file as the model of a run and return its address, runs:/ID/model.

    inputs and predictions: some rows, from which the signature and the input example are taken. Raises TrackingError.
    """
    try:
        run = store.client.get_run(run_id)
        model = store.client.create_logged_model(run.info.experiment_id, NAME, run_id, model_type="pyfunc")
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of whole numbers in signatures, and of how MLflow uses pandas
            # a column of whole numbers is signed as such: MLflow would not let int64 pass where it expects float64
            save_model(
                Path(folder, NAME),
                python_model=str(CODE),
                artifacts={"predictor": str(predictor_file)},
                signature=infer_signature(inputs, predictions),
                input_example=inputs.head(EXAMPLES),
                pip_requirements=_requirements(),
                mlflow_model=Model(
                    artifact_path=model.artifact_location,
                    run_id=run_id,
                    model_id=model.model_id,
                    model_uuid=model.model_id,
                ),
            )
            store.client.log_model_artifacts(model.model_id, str(Path(folder, NAME)))
        store.client.finalize_logged_model(model.model_id, "READY")
        store.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    except TROUBLE as error:
        raise TrackingError(f"model of run {run_id}: {one_line(error)}") from error
    return f"runs:/{run_id}/{NAME}"


def register(store: Store, run_id: str, name: str, alias: str = "champion") -> str:
    """Register the model of a run under the name, with the alias, and return its address, models:/NAME@ALIAS.

    A model that is registered already keeps its version. Slashes and colons in the name become dashes.
    Raises TrackingError.
    """
    name = NOT_IN_NAMES.sub("-", name)
    client = store.client
    try:
        model = _model_of(store, run_id)
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        versions = client.search_model_versions(f"name = {_quoted(name)}")
        version = next((v for v in versions if v.run_id == run_id), None)
        if version is None:
            location = str(model.artifact_location)
            version = client.create_model_version(name, location, run_id, model_id=model.model_id)
        client.set_registered_model_alias(name, alias, str(version.version))
    except TROUBLE as error:
        raise TrackingError(f"model {name!r}: {one_line(error)}") from error
    return f"models:/{name}@{alias}"


def fetch_predictor(store: Store, address: str, folder: Path) -> Path:
    """Fetch a logged model into the folder and return its predictor file there.

    address: models:/NAME@ALIAS, models:/NAME/VERSION, models:/ID or runs:/ID/model. Raises TrackingError.
    """
    try:
        location = _location(store, address)
        path = download_artifacts(location, dst_path=str(folder), tracking_uri=store.uri, registry_uri=store.uri)
    except TROUBLE as error:
        raise TrackingError(f"source: {address!r} cannot be fetched: {one_line(error)}") from error
    files = sorted(Path(path, "artifacts").glob("*.npz"))
    if len(files) != 1:
        raise TrackingError(f"source: {address!r} is not a model of dnnexp, it holds {len(files)} predictor files")
    return files[0]


def _location(store: Store, address: str) -> str:
    """Return where a model's files are; MLflow itself would look the name up in whatever store is its global one."""
    scheme, _, name = address.partition(":/")
    name, client = name.strip("/"), store.client
    if scheme == "models" and "@" in name:
        return str(client.get_model_version_by_alias(*name.rsplit("@", 1)).source)
    if scheme == "models" and "/" in name:
        return str(client.get_model_version(*name.rsplit("/", 1)).source)
    if scheme == "models" and name:
        return str(client.get_logged_model(name).artifact_location)
    if scheme == "runs" and name:
        return str(_model_of(store, name.split("/")[0]).artifact_location)
    raise TrackingError(f"need models:/NAME@ALIAS, models:/NAME/VERSION or runs:/ID/model, got {address!r}")


def _model_of(store: Store, run_id: str) -> LoggedModel:
    """Return the model that a run logged last."""
    outputs = store.client.get_run(run_id).outputs
    if outputs is None or not outputs.model_outputs:
        raise TrackingError(f"run {run_id} has no model")
    return store.client.get_logged_model(outputs.model_outputs[-1].model_id)


def _requirements() -> list[str]:
    """Return what loads the model, pinned: inferring it would take MLflow seconds and a process."""
    return [f"dnnexp=={__version__}", *(f"{name}=={importlib.metadata.version(name)}" for name in REQUIRED)]


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"
