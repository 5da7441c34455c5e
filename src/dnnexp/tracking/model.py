"""Models in MLflow: a predictor's file, logged with a run, registered, and found again. No pickle on any way."""

from __future__ import annotations

import importlib.metadata
import json
import tempfile
import warnings
from pathlib import Path

import pandas as pd
from mlflow.artifacts import download_artifacts
from mlflow.entities import LoggedModel, LoggedModelOutput, LoggedModelStatus
from mlflow.exceptions import MlflowException
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

from dnnexp import __version__
from dnnexp.data.kinds import CATEGORY, NUMBER
from dnnexp.predictor import Predictor
from dnnexp.tracking.addresses import registered_address, registered_name
from dnnexp.tracking.recorder import TROUBLE
from dnnexp.tracking.records import ModelRecord
from dnnexp.tracking.store import Store, TrackingError, one_line
from dnnexp.tracking.views import quoted

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow warns of its own type hints while it is imported
    from mlflow.pyfunc import save_model

__all__ = ["fetch_predictor", "log_model", "register"]

NAME = "model"
FILE = "predictor.npz"
CODE = Path(__file__).with_name("pyfunc_code.py")
TYPES = {NUMBER: DataType.double, CATEGORY: DataType.string}
REQUIRED = ("mlflow", "numpy", "pandas")


def log_model(store: Store, run_id: str, record: ModelRecord) -> str:
    """Log the model of a run, once, and return its address, runs:/ID/model.

    What a process that was killed here has left is taken up and finished. Raises TrackingError.
    """
    try:
        run = store.client.get_run(run_id)
        known = {output.model_id for output in (run.outputs.model_outputs if run.outputs is not None else ())}
        model = _claim(store, run.info.experiment_id, run_id)
        if model.status != LoggedModelStatus.READY:
            with tempfile.TemporaryDirectory() as folder:
                _save(Path(folder), record, model, run_id)
                store.client.log_model_artifacts(model.model_id, str(Path(folder, NAME)))
            store.client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        if model.model_id not in known:
            store.client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    except TROUBLE as error:
        raise TrackingError(f"model of run {run_id}: {one_line(error)}") from error
    return f"runs:/{run_id}/{NAME}"


def _claim(store: Store, experiment_id: str, run_id: str) -> LoggedModel:
    """Return the one logged model that the run has or is to have: of several the first, those after it are removed."""
    found = _logged(store, experiment_id, run_id)
    if not found:
        store.client.create_logged_model(experiment_id, NAME, run_id, model_type="pyfunc")
        found = _logged(store, experiment_id, run_id)
    for other in found[1:]:
        store.client.delete_logged_model(other.model_id)
    return found[0]


def _logged(store: Store, experiment_id: str, run_id: str) -> list[LoggedModel]:
    models = store.client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'")
    return sorted(models, key=lambda model: (model.status != LoggedModelStatus.READY, model.model_id))


def _save(folder: Path, record: ModelRecord, model: LoggedModel, run_id: str) -> None:
    """Write the model's files as MLflow wants them, below the folder."""
    file = folder / FILE
    file.write_bytes(record.content)
    predictor = Predictor.load(file)
    example = json.loads(record.example)
    numbers = [name for name, kind in predictor.kinds.items() if kind == NUMBER]
    inputs = pd.DataFrame(example["data"], columns=example["columns"]).astype(dict.fromkeys(numbers, "float64"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of how MLflow uses pandas
        save_model(
            folder / NAME,
            python_model=str(CODE),
            artifacts={"predictor": str(file)},
            signature=_signature(predictor),
            input_example=inputs,
            pip_requirements=_requirements(),
            mlflow_model=Model(
                artifact_path=model.artifact_location, run_id=run_id, model_id=model.model_id, model_uuid=model.model_id
            ),
        )


def _signature(predictor: Predictor) -> ModelSignature:
    """Return what the model takes and gives, in MLflow's terms.

    Every number is a double, which may be missing; a whole number would be refused where it is missing or 1.5.
    """
    inputs = Schema([ColSpec(TYPES[kind], name) for name, kind in predictor.kinds.items()])
    is_regression = predictor.code.task == "regression"
    predicted = DataType.string if predictor.code.classes else DataType.double if is_regression else DataType.long
    names: list[str | None] = (
        [None] if len(predictor.targets) == 1 else [f"prediction_{target}" for target in predictor.targets]
    )
    options = ParamSchema([ParamSpec("probabilities", DataType.boolean, False)])
    outputs = Schema([ColSpec(predicted, name) for name in names])
    return ModelSignature(inputs, outputs) if is_regression else ModelSignature(inputs, outputs, options)


def register(store: Store, run_id: str, name: str, alias: str = "champion") -> str:
    """Register the model of a run under the name, with the alias, and return its address, models:/NAME@ALIAS.

    A model that is registered already keeps its version. Slashes and colons in the name become dashes.
    Raises TrackingError.
    """
    address, name = registered_address(name, alias), registered_name(name)
    client = store.client
    try:
        model = _model_of(store, run_id)
        try:
            client.create_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        versions = client.search_model_versions(f"name = {quoted(name)}")
        version = next((v for v in versions if v.run_id == run_id), None)
        if version is None:
            location = str(model.artifact_location)
            version = client.create_model_version(name, location, run_id, model_id=model.model_id)
        client.set_registered_model_alias(name, alias, str(version.version))
    except TROUBLE as error:
        raise TrackingError(f"model {name!r}: {one_line(error)}") from error
    return address


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
