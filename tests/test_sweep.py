"""Sweeps from the command to the answer, with real databases, a real MLflow store and real processes."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_wine

from dnnexp.config import Composer
from dnnexp.config.schema import sqlite_url
from dnnexp.evaluation.cross_validation import cross_validate
from dnnexp.evaluation.folds import Fold
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import refit, refit_length
from dnnexp.evaluation.schema import EvaluationConfig
from dnnexp.search.records import TrialRecord
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies
from dnnexp.study import make_protocol
from dnnexp.sweep import chosen_by_the_sweep, main

SMALL = ("data=wine", "search.trials_per_depth=4", "search.max_depth=2", "search.patience=1", "trainer.epochs=15")
AGAIN = ("search.baselines=false", "search.rescore=2", "evaluation.rescore_folds=4", "search.confirm_seeds=3")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sweep(*overrides: str) -> None:
    assert main(["--quiet", *SMALL, *AGAIN, *overrides]) == 0


def records(study: str, root: str = "runs") -> list[TrialRecord]:
    return Studies(open_storage(sqlite_url(Path(root, "optuna.db"))), study).read_all()


def what_was_tried(study: str, root: str = "runs") -> list[tuple[Any, ...]]:
    return [(r.key, r.state, dict(r.params), r.score, r.scores, r.best_steps) for r in records(study, root)]


def answer(study: str, root: str = "runs") -> str:
    return Path(root, "outputs", study, "answer.txt").read_text(encoding="utf-8")


def runs_in_mlflow(root: str = "runs") -> list[dict[str, str]]:
    """Return the tags of every run, read from the database itself."""
    with sqlite3.connect(Path(root, "mlflow.db")) as database:
        tags: dict[str, dict[str, str]] = {}
        rows = database.execute(
            "select run_uuid, key, value from tags where run_uuid in "
            "(select run_uuid from runs where lifecycle_stage = 'active')"
        )
        for run, key, value in rows:
            tags.setdefault(run, {})[key] = value
    return list(tags.values())


def test_a_sweep_answers_and_records_every_trial_once_below_its_own_run() -> None:
    sweep("study=s")
    text = answer("s")
    for part in (
        "Use d",
        "On development data it has accuracy 0.",
        " ± ",
        "test accuracy 0.",
        "Growing stopped because",
    ):
        assert part in text
    tried = records("s")
    ended = [record for record in tried if record.state != "failed"]
    by_role: dict[str, list[dict[str, str]]] = {}
    for tags in runs_in_mlflow():
        by_role.setdefault(tags["dnnexp.role"], []).append(tags)
    assert len(by_role["sweep"]) == len(by_role["champion"]) == 1
    screened = [(tags["dnnexp.depth"], tags["dnnexp.trial"]) for tags in by_role["screen"]]
    assert len(screened) == len(set(screened))
    assert set(screened) == {(str(r.depth), str(r.number)) for r in ended if r.stage == "screen"}
    assert len({tags["mlflow.parentRunId"] for tags in by_role["screen"] + by_role["champion"]}) == 1
    with Path("runs", "outputs", "s", "leaderboard.csv").open(encoding="utf-8") as file:
        board = list(csv.DictReader(file))
    assert (
        Path("runs", "outputs", "s", "data.txt").read_text(encoding="utf-8").startswith("wine: 178 rows, 13 input col")
    )
    again = [r for r in ended if r.stage == "rescore"]
    assert len(by_role["rescore"]) == len(again) == 4  # two of each depth
    assert all(len(r.scores) == 8 for r in again)
    scores = [float(row["score"]) for row in board]
    assert scores[:4] == sorted((r.score for r in again if r.score is not None), reverse=True)
    screened = {str(r.number): r.score for r in ended if r.stage == "screen" and r.depth == 1}
    assert {row["trial"]: float(row["screening"]) for row in board if row["depth"] == "1"} == screened
    (confirmed,) = [r for r in ended if r.stage == "confirm"]
    assert len(confirmed.test_scores) == 3
    assert (
        f"The champion, the network of the first seed, has test accuracy {confirmed.test_scores[0]:.4f} (95% " in text
    )
    report = Path("runs", "outputs", "s", "report.html").read_bytes()
    assert [file.read_bytes() for file in Path("runs", "artifacts").rglob("report.html")] == [report]


def test_the_same_seed_tries_the_same_and_answers_the_same_bit_for_bit() -> None:
    for root in ("one", "two"):
        sweep("study=s", f"paths.root={root}", "tracking=none")
    assert what_was_tried("s", "one") == what_was_tried("s", "two")
    assert answer("s", "one") == answer("s", "two")


def test_the_file_that_a_sweep_leaves_trains_the_same_network_to_the_same_score(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dnnexp.train import main as train

    sweep("study=s", "tracking=none")
    text = answer("s")
    capsys.readouterr()
    assert train(["--quiet", "experiment=best", "tracking=none"]) == 0
    printed = capsys.readouterr().out
    champion = text.partition("The champion")[2].partition("test accuracy ")[2].split()[0].rstrip(".")
    assert champion in printed.partition("test accuracy ")[2]
    assert text.partition("picked it with ")[2].split()[0] in printed.partition("accuracy ")[2]
    (confirmed,) = [record for record in records("s") if record.stage == "confirm"]
    config = Composer().compose(["experiment=best"])
    protocol = make_protocol(config)
    evaluation = cross_validate(config.configuration, protocol)
    rows = len(protocol.split.development)
    length = refit_length(evaluation.best_steps, evaluation.schedule_steps, config.trainer, rows)
    assert refit(config.configuration, protocol, length).test_score == confirmed.test_scores[0]  # to the bit


def test_all_that_can_be_searched_is_recorded_as_it_was_built_and_trained_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dnnexp.train import main as train

    searched = {
        "scaling": "[robust,global]", "skew": "[log,quantile]", "columns": "[3,6]", "batch_size": "[8,16]",
        "dropout": "[0.01,0.2]", "per_layer_activation": "true", "activation": "[elu,softplus,mish]",
    }  # fmt: skip
    sweep("study=s", "tracking=none", *(f"search.space.{key}={choices}" for key, choices in searched.items()))
    (confirmation,) = [record for record in records("s") if record.stage == "confirm"]
    params, built = confirmation.params, confirmation.configuration
    text = answer("s")
    assert f"It reads {params['columns']} of the 13 columns, found important by the training rows: '" in text
    with Path("runs", "outputs", "s", "leaderboard.csv").open(encoding="utf-8") as file:
        (row,) = [line for line in csv.DictReader(file) if float(line["lr"]) == params["lr"]]
    own = [params[f"activation_{l}"] for l in range(1, confirmation.depth + 1)]
    for cell, parameter, key in (
        ("columns", "columns", "data.preprocessing.select"),
        ("scaling", "scaling", "data.preprocessing.scaling"),
        ("skew", "skew", "data.preprocessing.skew"),
        ("batch_size", "batch_size", "trainer.batch_size"),
        ("dropout", "dropout", "model.dropout"),
    ):
        assert row[cell] == str(params[parameter]) == str(built[key])
    assert built["model.activations"] == own
    assert row["activation"] == (own[0] if len(set(own)) == 1 else "+".join(own))
    capsys.readouterr()
    assert train(["--quiet", "experiment=best", "tracking=none"]) == 0
    printed = capsys.readouterr().out
    champion = text.partition("The champion")[2].partition("test accuracy ")[2].split()[0].rstrip(".")
    assert champion in printed.partition("test accuracy ")[2]
    assert text.partition("picked it with ")[2].split()[0] in printed.partition("accuracy ")[2]


def test_the_command_that_is_printed_trains_the_choice_wherever_the_root_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from dnnexp.train import main as train

    sweep("study=s", "tracking=none", "paths.root=a folder")
    printed = capsys.readouterr().out.partition("Train it again: ")[2].splitlines()[0]
    program, arguments = shlex.split(printed)[:3], shlex.split(printed)[3:]
    assert program == ["python", "-m", "dnnexp.train"]
    assert train(["--quiet", *arguments, "tracking=none"]) == 0


@pytest.mark.parametrize(
    ("overrides", "source"),
    [(["study=my study"], "models:/my study@champion"), (["study=s", "tracking=none", "paths.root=a folder"], "s")],
)
def test_the_command_that_is_printed_predicts_with_the_choice(
    overrides: list[str], source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from dnnexp.predict import main as predict

    sweep("search.max_depth=1", *overrides)
    said = shlex.split(capsys.readouterr().out.partition("Predict with it: ")[2].splitlines()[0])
    assert said[:5] == ["python", "-m", "dnnexp.predict", f"source={source}", "data.path=new.csv"]
    load_wine(as_frame=True).data.to_csv("new.csv", index=False)
    assert predict(["--quiet", *said[3:]]) == 0
    with Path("predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    right = [row["prediction"] == f"class_{k}" for row, k in zip(rows, load_wine().target, strict=True)]
    assert np.mean(right) > 0.9


def test_a_finished_study_run_again_says_the_same_and_records_nothing_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep("study=s")
    said, recorded = capsys.readouterr().out, sorted(tags["dnnexp.key"] for tags in runs_in_mlflow())
    sweep("study=s")
    assert capsys.readouterr().out == said
    assert sorted(tags["dnnexp.key"] for tags in runs_in_mlflow()) == recorded
    with sqlite3.connect(Path("runs", "mlflow.db")) as database:
        trained = sum("/champion/" in key or "/winner/" in key for key in recorded)
        assert database.execute("select count(*) from logged_models").fetchone() == (trained,)
        assert database.execute("select count(*) from runs where lifecycle_stage = 'deleted'").fetchone() == (0,)


def test_more_seeds_to_confirm_with_than_a_finished_study_had_are_not_ignored_in_silence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep("study=s", "tracking=none")
    assert capsys.readouterr().err == ""
    sweep("study=s", "tracking=none", "search.confirm_seeds=7")
    captured = capsys.readouterr()
    assert captured.err.startswith("warning: search.confirm_seeds: the choice was confirmed with 3 when ")
    assert "not 7; study=NAME begins another" in captured.err
    assert "over 3 seeds" in captured.out


def test_a_metric_that_is_none_to_choose_by_is_warned_of_and_its_test_score_has_no_interval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sweep("study=s", "tracking=none", "evaluation.metric=calibration_error")
    captured = capsys.readouterr()
    assert captured.err.startswith("warning: evaluation.metric: calibration_error is least where every row is given ")
    assert captured.err.count("\n") == 1
    assert "No interval: a calibration error is the larger the fewer rows it is of" in " ".join(captured.out.split())


def write_wine(path: Path, permuted: bool) -> None:
    """Write wine with an official split, the test labels permuted or not."""
    X, y = load_wine(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(X))
    development, test = order[:140], order[140:]
    y_test = np.roll(y[test], 7) if permuted else y[test]
    np.savez(path, X_train=X[development], y_train=y[development], X_test=X[test], y_test=y_test)


def test_permuting_the_test_labels_changes_no_trial_no_choice_and_no_champion() -> None:
    for root in ("printed", "permuted"):
        Path(root).mkdir()
        write_wine(Path(root, "wine.npz"), permuted=root == "permuted")
        sweep("study=s", "data=npz", f"data.path={root}/wine.npz", f"paths.root={root}", "tracking=none")
    tried = [[trial for trial in what_was_tried("s", root) if trial[0][1] < 2] for root in ("printed", "permuted")]
    assert len(tried[0]) == 8 + 4  # screened, scored again
    assert tried[0] == tried[1]
    assert answer("s", "printed").splitlines()[:3] == answer("s", "permuted").splitlines()[:3]
    confirmations = [
        next(record for record in records("s", root) if record.stage == "confirm") for root in ("printed", "permuted")
    ]
    assert confirmations[0].params == confirmations[1].params
    assert confirmations[0].score != confirmations[1].score
    models = [np.load(Path(root, "outputs", "s", "model.npz"))["theta"] for root in ("printed", "permuted")]
    np.testing.assert_array_equal(models[0], models[1])


def test_a_sweep_with_other_settings_is_refused_with_the_difference(capsys: pytest.CaptureFixture[str]) -> None:
    sweep("study=s", "tracking=none")
    assert main(["--quiet", *SMALL, "study=s", "tracking=none", "model.dropout=0.2"]) == 2
    assert "model.dropout was 0.0 and is 0.2" in capsys.readouterr().err
    sweep("study=s", "tracking=none", "search.trials_per_depth=5")  # a budget is no part of what is compared
    assert sum(record.stage == "screen" and record.depth == 1 for record in records("s")) == 5


def test_a_sweep_whose_folds_would_be_drawn_otherwise_is_refused_and_an_older_one_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep("study=s", "tracking=none")
    draw = Protocol.draw

    def otherwise(protocol: Protocol, evaluation: EvaluationConfig, seed: Any, before: Any = ()) -> list[Fold]:
        """Draw as another version of dnnexp, or of what it stands on, might."""
        return draw(protocol, evaluation, np.random.SeedSequence(99), before)

    monkeypatch.setattr(Protocol, "draw", otherwise)
    assert main(["--quiet", *SMALL, "study=s", "tracking=none"]) == 2
    assert re.search(r"folds \(SHA-256\) was '\w{64}' and is '\w{64}'", capsys.readouterr().err)
    with closing(sqlite3.connect("runs/optuna.db")) as database, database:
        query = "select study_user_attribute_id, value_json from study_user_attributes where key = 'fingerprint'"
        for number, text in database.execute(query).fetchall():
            stored = json.loads(text)
            del stored["settings"]["folds (SHA-256)"]
            values = json.dumps(stored | {"sha256": "of fewer settings"}), number
            database.execute(
                "update study_user_attributes set value_json = ? where study_user_attribute_id = ?", values
            )
    sweep("study=s", "tracking=none")


def test_what_the_test_rows_chose_is_marked_optimistic_wherever_it_shows_and_is_not_registered() -> None:
    sweep("study=honest", "tracking=none")
    sweep("study=s", "search.selection=test")
    screened = [[r for r in records(study) if r.stage == "screen"] for study in ("honest", "s")]
    drawn = [[(r.key, r.params, r.scores) for r in trials if r.depth == 1] for trials in screened]
    assert drawn[0] == drawn[1]  # development data draws the trials all the same
    chosen = max(screened[1], key=lambda r: (sum(r.test_scores), -r.depth, -r.parameters))
    text = answer("s")
    assert "Optimistic: depth and network were chosen by the test rows" in text
    assert f"mean test accuracy {sum(chosen.test_scores) / 5:.4f} on the 36 rows that chose it" in text
    assert "rows that chose it (optimistic)" in text
    assert "chose nothing" not in text
    page = Path("runs", "outputs", "s", "report.html").read_text(encoding="utf-8")
    for untrue in ("chose nothing", "kept aside", "chosen by another", "what is chosen by."):
        assert untrue not in page
    assert "optimistic, chosen by the test rows" in page
    assert "test_optimistic" in Path("runs", "outputs", "s", "leaderboard.csv").read_text(encoding="utf-8")
    runs = runs_in_mlflow()
    assert {tags["dnnexp.selection"] for tags in runs} == {"test (optimistic)"}
    with sqlite3.connect(Path("runs", "mlflow.db")) as database:
        names = dict(
            database.execute("select tags.value, name from runs join tags using (run_uuid) where key = 'dnnexp.role'")
        )
        curves = {key for (key,) in database.execute("select distinct key from metrics where key like '%depth/%'")}
        assert database.execute("select count(*) from registered_models").fetchone() == (0,)
        with_error = database.execute(
            "select count(distinct run_uuid) from latest_metrics join tags using (run_uuid) where "
            "tags.key = 'dnnexp.role' and tags.value in ('sweep', 'champion', 'winner') and "
            "latest_metrics.key = 'score/accuracy_se'"
        ).fetchone()
    assert with_error == (1 + len({r.depth for r in screened[1]}),)  # of development rows, here too
    assert names["sweep"] == "s (optimistic)"
    assert names["champion"].endswith("-champion-optimistic")
    assert "optimistic/depth/accuracy" in curves
    assert "depth/accuracy" not in curves
    assert "optimistic" in Path("runs", "experiment", "best.yaml").read_text(encoding="utf-8")


def test_a_sweep_that_is_stopped_is_killed_in_mlflow_and_runs_on_when_it_goes_on() -> None:
    command = [sys.executable, "-m", "dnnexp.sweep", "--quiet", *SMALL, *AGAIN, "search.trials_per_depth=40", "study=s"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
        if Path("runs", "optuna.db").exists() and len(records("s")) >= 3:
            break
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, "Traceback" in said) == (130, False)
    assert status_of_the_sweep() == "KILLED"
    tried = len(records("s"))
    sweep("study=s")
    assert status_of_the_sweep() == "FINISHED"
    assert len(records("s")) > tried


def test_a_sweep_that_is_stopped_while_it_refits_its_choice_is_killed_in_mlflow_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    brief = ["search.max_depth=1", "search.trials_per_depth=2", "study=s"]
    with monkeypatch.context() as patched:
        patched.setattr("dnnexp.study.refit_choice", stopped)
        assert main(["--quiet", *SMALL, *AGAIN, *brief]) == 130
    assert status_of_the_sweep() == "KILLED"
    sweep(*brief)
    assert status_of_the_sweep() == "FINISHED"


def test_a_study_called_like_an_experiment_that_comes_with_the_package_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--quiet", *SMALL, "study=quick"]) == 2
    said = capsys.readouterr().err
    assert "study: 'quick' is an experiment already" in said
    assert "study=NAME" in said


def test_a_sweep_that_an_unforeseen_error_ends_has_failed_in_mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("nobody thought of it")

    monkeypatch.setattr("dnnexp.study.cross_validate", fail)
    with pytest.raises(RuntimeError, match="nobody thought of it"):
        main(["--quiet", *SMALL, "study=s"])
    assert status_of_the_sweep() == "FAILED"
    assert not [record for record in records("s") if record.state == "running"]


@pytest.mark.parametrize(
    "place",
    ["dnnexp.study.refit_choice", "dnnexp.recording.sweep.report_html", "dnnexp.recording.sweep.SweepRecorder.end"],
)
def test_a_sweep_that_fails_when_its_search_is_over_has_failed_in_mlflow(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    brief = ["search.max_depth=1", "search.trials_per_depth=2", "study=s"]
    with monkeypatch.context() as patched:
        patched.setattr(place, fail)
        assert main(["--quiet", *SMALL, *AGAIN, *brief]) == 1
    assert status_of_the_sweep() == "FAILED"
    sweep(*brief)
    assert status_of_the_sweep() == "FINISHED"


def status_of_the_sweep() -> str:
    with sqlite3.connect(Path("runs", "mlflow.db")) as database:
        (row,) = database.execute(
            "select status from runs join tags using (run_uuid) where key = 'dnnexp.role' and tags.value = 'sweep'"
        ).fetchall()
    return str(row[0])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("trainer.loss=huber", "trainer.loss: unknown choice 'huber', choices: softmax_cross_entropy"),
        ("evaluation=none", "evaluation: a sweep needs scores"),
        ("trainer.health=true", "trainer.health: a sweep records scores only, need false, got true"),
        ("evaluation.metric=r2", "evaluation.metric: 'r2' does not suit a multiclass task"),
        ("evaluation.folds=90", "evaluation.folds: 90 folds need at least 180 rows"),
        ("search.space.columns=[null,14]", "search.space.columns[1]: need at most 13, the columns of wine, got 14"),
        ("data.preprocessing.select=14", "data.preprocessing.select: need at most 13, the columns of wine, got 14"),
        ("optimizer=adam", "search.space.weight_decay: optimizer=adam has no weight decay"),
    ],
)
def test_what_a_sweep_cannot_use_is_refused_before_anything_is_made(
    override: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--quiet", *SMALL, override]) == 2
    assert message in capsys.readouterr().err
    assert not list(Path().iterdir())


def test_a_metric_without_a_value_on_a_part_is_refused_and_not_called_a_divergence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(0)
    rows = [
        f"{a:.3f},{b:.3f},{int(i < 4)}" for i, (a, b) in enumerate(rng.normal(size=(60, 2)))
    ]  # 3 of 48 are of class 1
    Path("rare.csv").write_text("\n".join(["a,b,target", *rows]) + "\n")
    rare = ["data=csv", "data.path=rare.csv", "data.target=target", "evaluation.metric=roc_auc"]
    assert main(["--quiet", *SMALL[1:], *AGAIN, *rare]) == 2
    assert "evaluation.metric: roc_auc has no value on fold " in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["rare.csv"]
    sweep(*rare, "evaluation.folds=3", "search.rescore=0", "search.max_depth=1", "search.trials_per_depth=1", "study=s")
    assert [record.state for record in records("s")] == ["complete", "complete"]


def test_a_setting_that_the_sweep_chooses_for_itself_is_not_ignored_in_silence() -> None:
    keys = ["model.depth=3", "optimizer.lr=0.1", "optimizer.weight_decay=0.1", "model.dropout=0.1", "seed=1"]
    assert chosen_by_the_sweep(Composer().compose(keys)) == ["model.depth", "optimizer.lr", "optimizer.weight_decay"]
    keys.append("search.space.weight_decay=null")
    assert chosen_by_the_sweep(Composer().compose(keys)) == ["model.depth", "optimizer.lr"]
    assert chosen_by_the_sweep(Composer().compose()) == []
    keys = ["model.dropout=0.1", "trainer.batch_size=16", "data.preprocessing.scaling=none"]
    keys += ["data.preprocessing.skew=log", "data.preprocessing.select=5"]
    searched = [
        "dropout=[0.0,0.2]",
        "batch_size=[8,16]",
        "scaling=[none,robust]",
        "skew=[none,log]",
        "columns=[null,5]",
    ]
    assert chosen_by_the_sweep(Composer().compose([*keys, *(f"search.space.{said}" for said in searched)])) == [
        key.partition("=")[0] for key in keys
    ]
    assert chosen_by_the_sweep(Composer().compose(keys)) == []


@pytest.mark.slow  # the trial that was killed is found dead after a while
def test_a_sweep_killed_and_run_again_has_every_finished_trial_once_and_its_whole_budget() -> None:
    command = [sys.executable, "-m", "dnnexp.sweep", "--quiet", *SMALL, *AGAIN, "search.trials_per_depth=12", "study=s"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    finished: dict[tuple[int, str, int], TrialRecord] = {}
    for wanted in (3, 15):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 120
        while len(finished) < wanted and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
            if Path("runs", "optuna.db").exists():
                finished |= {r.key: r for r in records("s") if r.state in ("complete", "diverged")}
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert len(finished) >= 15
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=300)
    now = {record.key: record for record in records("s")}
    assert all(now[key].scores == record.scores for key, record in finished.items())
    ended = [r for r in now.values() if r.state != "failed"]
    assert [sum((r.depth, r.stage) == (depth, "screen") for r in ended) for depth in (1, 2)] == [12, 12]
    recorded = [
        (t["dnnexp.role"], t["dnnexp.depth"], t["dnnexp.trial"]) for t in runs_in_mlflow() if "dnnexp.trial" in t
    ]
    assert len(recorded) == len(set(recorded))
    assert {entry for entry in recorded if entry[0] == "screen"} == {
        ("screen", str(r.depth), str(r.number)) for r in ended if r.stage == "screen"
    }
