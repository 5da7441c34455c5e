"""What is said of where runs are, and models that are logged once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnnexp.config import Composer
from dnnexp.data.schema import DataConfig
from dnnexp.data.sources import load
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.recording.ledger import looking_glass, open_recorder, unreached
from dnnexp.recording.models import find_predictor, model_record, with_card
from dnnexp.tracking.records import RunRecord
from dnnexp.training.schema import TrainerConfig


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    return Protocol(load(DataConfig("iris")), 0.2, EvaluationConfig("none"), seed=0)


@pytest.mark.parametrize(
    ("overrides", "shown"),
    [
        ([], "make ui"),
        (["paths.root=elsewhere"], "make ui ROOT=elsewhere"),
        (["paths.root=a folder"], "make ui ROOT='a folder'"),
        (["tracking.uri=http://me:opensesame@host:5000/"], "http://me:***@host:5000"),
        (["tracking.uri=postgresql://me:opensesame@host/x"], "the MLflow UI of postgresql://me:***@host/x"),
        (["tracking.uri=sqlite:///elsewhere.db"], "the MLflow UI of sqlite:///elsewhere.db"),
    ],
)
def test_what_shows_the_runs_is_where_they_are(overrides: list[str], shown: str, empty_folder: Path) -> None:
    assert looking_glass(Composer().compose(overrides)) == shown


def test_a_model_is_logged_once_however_often_its_run_is_recorded(protocol: Protocol, empty_folder: Path) -> None:
    config = Composer().compose(["data=iris"])
    recorder = open_recorder(config, protocol, "a command")
    refitted = refit(Configuration(trainer=TrainerConfig(epochs=1)), protocol)
    model = model_record(with_card(refitted, protocol, config, "s"), protocol, "s")
    for _ in range(2):
        run_id = recorder.record(RunRecord("s/champion", "a network", role="champion", model=model))
        assert run_id is not None, recorder.trouble
    client = recorder.connect().client
    experiment = client.get_experiment_by_name("iris")
    assert len(client.search_logged_models([experiment.experiment_id])) == 1
    (version,) = client.search_model_versions("name = 's'")
    assert (version.run_id, str(client.get_model_version_by_alias("s", "champion").version)) == (run_id, "1")
    loaded = find_predictor(config, "models:/s@champion")
    assert loaded.card.provenance["study"] == "s"
    assert loaded.card.provenance["data_sha256"] == protocol.dataset.sha256
    assert loaded.card.provenance["test_score"] == refitted.test_score


def test_a_record_that_could_not_even_be_kept_is_not_said_to_be(protocol: Protocol, empty_folder: Path) -> None:
    Path("file").touch()
    for root, said in (("fresh", "is kept, and sent there by the next command."), ("file/below", "; nothing is kept.")):
        config = Composer().compose([f"paths.root={root}", "tracking.uri=http://127.0.0.1:9"])
        recorder = open_recorder(config, protocol, "a command")
        recorder.uri = "sqlite:////proc/no/such/folder.db"
        assert recorder.record(RunRecord("r", "a network")) is None
        assert unreached(recorder).startswith("MLflow could not be reached (")
        assert unreached(recorder).endswith(said)


def test_of_several_records_the_one_that_could_not_be_kept_is_named(protocol: Protocol, empty_folder: Path) -> None:
    recorder = open_recorder(Composer().compose(["tracking.uri=http://127.0.0.1:9"]), protocol, "a command")
    recorder.uri = "sqlite:////proc/no/such/folder.db"
    recorder.record(RunRecord("first", "a network"))
    kept = recorder.unsent.folder
    recorder.unsent.folder = Path("/proc/no/such/folder")
    recorder.record(RunRecord("second", "a network"))
    recorder.unsent.folder = kept
    assert unreached(recorder).endswith(
        "sent there by the next command, but for second, which could not be kept either."
    )
    recorder.record(RunRecord("second", "a network"))
    assert unreached(recorder).endswith("; what it did not take is kept, and sent there by the next command.")
