"""The report of a real sweep: its numbers are those of terminal and leaderboard, and it can be made again."""

from __future__ import annotations

import base64
import csv
import html
import io
import re
import shlex
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from dnnexp.notation import with_error
from dnnexp.report import main as report
from dnnexp.sweep import main as sweep

STUDY = "it's <b>mine, a=b"


class Swept(NamedTuple):
    """A finished sweep and what its command printed."""

    root: Path
    printed: str

    @property
    def folder(self) -> Path:
        return self.root / "outputs" / STUDY

    @property
    def page(self) -> str:
        return (self.folder / "report.html").read_text(encoding="utf-8")


def text(page: str) -> str:
    """Return what is read on the page, on one line."""
    body = re.sub(r"<(script|style)>.*?</\1>", "", page.partition("<body>")[2], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    root = tmp_path_factory.mktemp("sweep") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        small = ["search.trials_per_depth=4", "search.max_depth=2", "search.patience=1", "trainer.epochs=15"]
        assert sweep(["--quiet", "data=wine", *small, f'study="{STUDY}"', f"paths.root={root}", "tracking=none"]) == 0
    return Swept(root, out.getvalue())


def test_a_sweep_leaves_a_report_and_says_where(swept: Swept) -> None:
    assert f"Report: {swept.folder / 'report.html'}" in swept.printed
    assert swept.page.startswith("<!doctype html>")


def test_the_answer_is_headed_by_the_study_where_it_is_not_named_as_the_data(swept: Swept) -> None:
    assert f"{STUDY} (wine): the answer" in swept.printed


def test_the_report_says_what_the_terminal_said(swept: Swept) -> None:
    answer = (swept.folder / "answer.txt").read_text(encoding="utf-8").splitlines()
    assert len(answer) >= 4
    shown = text(swept.page)
    for sentence in answer:
        assert sentence in swept.printed
        assert sentence in shown
    tested = re.search(
        r"it has test accuracy (\S+) ± \S+ \(mean ± sd over 5 seeds, 95% interval (\S+ to \S+)\) on (\d+) rows",
        "\n".join(answer),
    )
    assert tested is not None
    assert f"it reaches accuracy {tested[1]} on {tested[3]} rows" in shown
    assert f"How sure of the score? {tested[2]} 95% interval of its test accuracy" in shown
    beside = re.search(r"linear, the best of these \(gain (\S+ ± \S+) on the same folds", "\n".join(answer))
    assert beside is not None
    assert f"over linear on development data, on the same folds: {beside[1]}, " in shown
    for gained in re.findall(r"gain (\S+ ± \S+) over depth (\d+)", "\n".join(answer)):
        assert f"{gained[0]} over" in shown


def test_the_numbers_are_those_of_the_leaderboard(swept: Swept) -> None:
    table = (swept.folder / "leaderboard.csv").read_text(encoding="utf-8")
    shown = text(swept.page)
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["score"]]
    assert [row["network"] for row in rows if row["state"] == "baseline"] == [
        "majority class",
        "linear",
        "boosted trees",
    ]
    assert len(rows) == 8 + 3
    for row in rows:
        score = with_error(float(row["score"]), float(row["standard_error"]))
        assert f"{' '.join([row['network'], *row['depth'].split()])} {score} " in shown
    inside = re.search(r'href="data:text/csv;charset=utf-8;base64,([^"]+)"', swept.page)
    assert inside is not None
    assert base64.b64decode(inside[1]).decode() == table


def test_the_report_made_again_from_what_is_stored_is_the_same(swept: Swept, tmp_path: Path) -> None:
    root = tmp_path / "elsewhere"
    shutil.copytree(swept.root, root)
    page = root / "outputs" / STUDY / "report.html"
    page.unlink()
    assert report(["--quiet", f'study="{STUDY}"', f"paths.root={root}"]) == 0
    assert page.read_text(encoding="utf-8").replace(str(root), str(swept.root)) == swept.page


def test_the_commands_that_it_shows_run(swept: Swept, capsys: pytest.CaptureFixture[str]) -> None:
    from dnnexp.train import main as train

    commands = [html.unescape(code) for code in re.findall(r"<code>(.*?)</code>", swept.page, flags=re.DOTALL)]
    for command in commands:
        if not command.startswith("python "):
            compile(command, "report", "exec")
            continue
        program, arguments = shlex.split(command)[2], shlex.split(command)[3:]
        run = {"dnnexp.train": train, "dnnexp.report": report}[program]
        assert run(["--quiet", *arguments, "tracking=none"]) == 0
    tested = re.search(r"The champion, the network of the first seed, has (test accuracy \S+)", swept.printed)
    assert tested is not None
    again = capsys.readouterr().out
    assert tested[1] in again  # the command that trains again comes to the champion's test score, as it says
    screened = re.search(r"Screening had picked it with (\S+) over 5 folds", swept.printed)
    assert screened is not None
    assert f"accuracy {screened[1]} ± " in again  # and to the score of the screening
    assert "Train it again: the score is that of its screening, the test score the champion's:" in text(swept.page)


def test_a_study_that_is_not_there_is_named_with_those_that_are(
    swept: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(["study=other", f"paths.root={swept.root}"]) == 2
    said = capsys.readouterr().err
    assert "no study 'other'" in said
    assert STUDY in said
    assert report(["study=other", f"paths.root={tmp_path / 'empty'}"]) == 2
    assert "run dnnexp.sweep first" in capsys.readouterr().err
    assert not (tmp_path / "empty").exists()


def test_data_that_has_changed_since_is_not_reported_on(
    swept: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "changed"
    shutil.copytree(swept.root, root)
    facts = root / "outputs" / STUDY / "provenance.json"
    stored = facts.read_text(encoding="utf-8")
    facts.write_text(re.sub(r'("data \(SHA-256\)": ")[0-9a-f]+', r"\g<1>" + "0" * 64, stored), encoding="utf-8")
    assert report([f'study="{STUDY}"', f"paths.root={root}"]) == 2
    assert "the data is not what study" in capsys.readouterr().err


def test_a_study_that_was_swept_elsewhere_is_reported_on_with_its_own_data_and_settings_only(
    swept: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = [f'study="{STUDY}"', f"paths.root={tmp_path / 'here'}", f"storage=sqlite:///{swept.root / 'optuna.db'}"]
    assert report([*here, "tracking=none"]) == 2
    said = capsys.readouterr().err
    assert f"study {STUDY!r} was begun with other settings" in said
    assert "data.name was 'wine' and is 'digits'" in said
    small = ["search.trials_per_depth=4", "search.max_depth=2", "search.patience=1", "trainer.epochs=15"]
    assert report([*here, "tracking=none", "data=wine", *small]) == 0
    page = (tmp_path / "here" / "outputs" / STUDY / "report.html").read_text(encoding="utf-8")
    assert page.count("<tr data-k=") == swept.page.count("<tr data-k=")


@pytest.mark.parametrize("other", [["model.width=7"], ["trainer.epochs=1"]], ids=["another shape", "another training"])
def test_another_network_in_the_place_of_the_choice_is_not_reported_on(
    other: list[str], swept: Swept, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dnnexp.train import main as train

    root = tmp_path / "replaced"
    shutil.copytree(swept.root, root)
    shutil.rmtree(root / "outputs" / "models", ignore_errors=True)
    folder = root / "outputs" / STUDY
    assert (
        train(["--quiet", f'experiment="{STUDY}"', f"paths.root={root}", "tracking=none", "model.widths=null", *other])
        == 0
    )
    (trained,) = (root / "outputs" / "models").glob("*.npz")
    trained.replace(folder / "model.npz")
    capsys.readouterr()
    assert report([f'study="{STUDY}"', f"paths.root={root}"]) == 0
    said = capsys.readouterr().out
    page = text((folder / "report.html").read_text(encoding="utf-8"))
    for shown in (" ".join(said.split()), page):
        assert "is not the network that was confirmed" in shown
    again = (folder / "report.html").read_text(encoding="utf-8")
    for part in ('<section id="outcome">', "Predict with it, preprocessing inside"):
        assert part in swept.page
        assert part not in again


def test_a_sweep_that_is_not_finished_has_a_report_of_what_is_there(swept: Swept, tmp_path: Path) -> None:
    root = tmp_path / "unfinished"
    shutil.copytree(swept.root, root)
    told = root / "outputs" / STUDY / "experiment" / "sweep.yaml"
    settings = told.read_text(encoding="utf-8")
    assert "trials_per_depth: 4" in settings
    told.write_text(settings.replace("trials_per_depth: 4", "trials_per_depth: 5"), encoding="utf-8")
    assert report(["--quiet", f'study="{STUDY}"', f"paths.root={root}"]) == 0
    page = (root / "outputs" / STUDY / "report.html").read_text(encoding="utf-8")
    assert "Not finished yet 8 trials have ended so far." in text(page)
    assert page.count("<tr data-k=") == 8 + 3  # the baselines were scored before it was done
