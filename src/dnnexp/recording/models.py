"""Models that commands leave and find again: with a run, in the registry, in a file."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shlex
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from dnnexp.config import Config, own_root
from dnnexp.data.kinds import NUMBER
from dnnexp.errors import ConfigError
from dnnexp.notation import number
from dnnexp.override import override
from dnnexp.predictor import ModelCard, Predictor
from dnnexp.redaction import redact
from dnnexp.user_path import user_path
from dnnexp.whole_file import write_whole

if TYPE_CHECKING:
    from dnnexp.evaluation.protocol import Protocol
    from dnnexp.evaluation.refit import Refit
    from dnnexp.search.records import TrialRecord
    from dnnexp.tracking.records import ModelRecord

__all__ = [
    "confirmed_model",
    "find_predictor",
    "keep_in_file",
    "model_record",
    "predict_command",
    "text_settings",
    "with_card",
]

ROUNDING = 1e-5  # by which a test score may differ: outputs are float32
EXAMPLES = 5  # rows of the input example
ADDRESSES = ("models:", "runs:")
FILE = "model.npz"


def with_card(refitted: Refit, protocol: Protocol, config: Config, study: str = "") -> Predictor:
    """Return the predictor of a refit with what it is to say of itself: names, types, and where it comes from."""
    dataset = protocol.dataset
    provenance: dict[str, str | float] = {
        "study": study,
        "data": dataset.name,
        "data_sha256": dataset.sha256,
        "split_sha256": protocol.split.sha256,
        "metric": protocol.metric_name,
        "test_score": float(refitted.test_score),
        "seed": float(config.seed),
    }
    dtypes = {str(name): str(dtype) for name, dtype in dataset.X.dtypes.items()}
    return replace(refitted.predictor, card=ModelCard(dataset.target_names, dtypes, dataset.notations, provenance))


def confirmed_model(folder: Path, confirmation: TrialRecord | None) -> tuple[Predictor | None, str]:
    """Return the model that a sweep has left in its folder, and "".

    None where there is none yet. Where another network than the one that was confirmed lies in its place, None and a
    sentence that says so.
    """
    from dnnexp.search.journal import hidden_layers  # heavy, and predictions need none of it

    path = folder / FILE
    if confirmation is None or confirmation.state != "complete" or not path.is_file():
        return None, ""
    predictor = Predictor.load(path)
    units = [units for units, _ in hidden_layers(confirmation)]
    tested, expected = predictor.card.provenance.get("test_score"), confirmation.test_scores[0]
    is_same = isinstance(tested, float) and math.isclose(tested, expected, rel_tol=ROUNDING, abs_tol=ROUNDING)
    if is_same and list(predictor.architecture.n[1:-1]) == units:
        return predictor, ""
    found = number(tested) if isinstance(tested, float) else "not noted"
    return None, (
        f"{path.name} in the study's folder is not the network that was confirmed (test {confirmation.metric} {found}, "
        f"need {number(expected)}, and hidden layers of {'x'.join(map(str, units)) or 'none'}): what the report would "
        "show of it is left out; the same sweep, run again, brings the network back."
    )


def model_record(predictor: Predictor, protocol: Protocol, registered: str = "") -> ModelRecord:
    """Return the predictor in the form it is recorded in, with some rows as an example of its input.

    registered: the name it is given in the registry, under the alias `champion`; "" for none.
    """
    from dnnexp.tracking.records import ModelRecord

    frame, kinds = protocol.dataset.X, predictor.kinds
    rows = frame.iloc[protocol.split.development[:EXAMPLES]].set_axis([str(name) for name in frame.columns], axis=1)
    cells = [
        [None if is_missing else float(cell) if kinds[name] == NUMBER else str(cell) for cell, is_missing in column]
        for name, column in ((name, zip(rows[name], rows[name].isna(), strict=True)) for name in kinds)
    ]
    example = json.dumps({"columns": list(kinds), "data": list(zip(*cells, strict=True))})
    return ModelRecord(predictor.to_bytes(), example, registered)


def keep_in_file(config: Config, predictor: Predictor) -> str:
    """Write the predictor to a file under paths.root that is named by its content; return its path, as typed here."""
    content = predictor.to_bytes()
    data = re.sub(r"[^\w.-]+", "-", str(predictor.card.provenance.get("data", ""))) or "model"
    path = config.paths.outputs / "models" / f"{data}-{hashlib.sha256(content).hexdigest()[:12]}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, content)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def text_settings(config: Config) -> dict[str, str]:
    """Return how the file that was trained on was said to be written, as a file like it has to be read."""
    data = config.data
    settings = {"separator": data.delimiter, "encoding": data.encoding} if data.name == "csv" else {}
    return {key: value for key, value in settings.items() if value is not None}


def predict_command(config: Config, source: str) -> str:
    """Return the command that predicts a file's rows with the model, as one would type it here."""
    arguments = [override("source", source), "data.path=new.csv", "output=predictions.csv"]
    arguments += [override(f"data.{key}", getattr(config.data, key)) for key in text_settings(config)]
    arguments += own_root(config)
    if config.tracking.uri is not None and source.startswith(ADDRESSES):
        arguments.append(override("tracking.uri", redact(config.tracking.uri)))
    return shlex.join(["python", "-m", "dnnexp.predict", *arguments])


def find_predictor(config: Config, source: str) -> Predictor:
    """Return the model at an address of MLflow, in a file, or of a study whose sweep left it under paths.root.

    Raises ConfigError where there is none, ModelFileError for a file that is none; makes nothing on the way.
    """
    if source.startswith(ADDRESSES):
        return _fetched(config, source)
    path = user_path("source", source)
    if path.is_dir() and (path / FILE).is_file():
        path = path / FILE
    if path.is_file():
        return Predictor.load(path)
    of_study = config.paths.outputs / source / FILE
    if of_study.is_file():
        return Predictor.load(of_study)
    known = sorted(file.parent.name for file in config.paths.outputs.glob(f"*/{FILE}"))
    studies = f"; studies with a model: {', '.join(known)}" if known else ""
    raise ConfigError(
        f"source: no file {source}, and no model of a study of that name under {config.paths.outputs}{studies}; "
        "need models:/STUDY@champion, runs:/ID/model, a file, or a study"
    )


def _fetched(config: Config, address: str) -> Predictor:
    from dnnexp.tracking.model import fetch_predictor
    from dnnexp.tracking.recorder import TROUBLE
    from dnnexp.tracking.store import one_line, open_store

    uri = config.tracking_uri
    if uri.startswith("sqlite:") and not Path(uri.partition(":///")[2]).is_file():
        raise ConfigError(
            f"source: {address!r} is looked for in {redact(uri)}, and there is no such file; "
            "name the store with paths.root=FOLDER or tracking.uri=URI"
        )
    with tempfile.TemporaryDirectory() as folder:
        try:
            store = open_store(uri, config.paths.folder)
            file = fetch_predictor(store, address, Path(folder))
        except TROUBLE as error:
            raise ConfigError(one_line(error)) from None
        return Predictor.load(file)
