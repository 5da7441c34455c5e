"""A sweep of several workers as users start it: they begin before the tracking store is there."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from dnnexp.config.schema import sqlite_url
from dnnexp.search.storage import open_storage
from dnnexp.search.studies import Studies

COMMAND = [
    sys.executable, "-m", "dnnexp.sweep", "--quiet", "data=iris", "study=s", "search.workers=2", "search.max_depth=1",
    "search.trials_per_depth=6", "search.rescore=0", "search.confirm_seeds=1", "trainer.epochs=5",
    "search.baselines=false",
]  # fmt: skip

Start = Callable[..., subprocess.Popen[str]]

# Several times what a slow machine needs to make the tracking store: the workers are at work when it is there.
FOR_LONG = ["trainer.epochs=2000", "trainer.patience=null", "search.trials_per_depth=60"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """What starts a sweep in the test's folder; whatever is still there when the test ends is killed."""
    with ExitStack() as started:

        def begin(*overrides: str, command: Sequence[str] = COMMAND) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*command, *overrides], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            started.enter_context(process)
            started.callback(process.kill)
            return process

        yield begin


def runs(root: Path) -> list[tuple[str, str]]:
    """Return (role, key of the run above) of every run in MLflow's own database."""
    query = """
        select role.value, coalesce(above.value, '') from runs
        join tags role on role.run_uuid = runs.run_uuid and role.key = 'dnnexp.role'
        left join tags parent on parent.run_uuid = runs.run_uuid and parent.key = 'mlflow.parentRunId'
        left join tags above on above.run_uuid = parent.value and above.key = 'dnnexp.study'
        where runs.lifecycle_stage = 'active'
    """
    with closing(sqlite3.connect(root / "mlflow.db")) as database:
        return sorted(database.execute(query))


def everything_is_recorded_once(root: Path, trials: int = 6) -> None:
    records = Studies(open_storage(sqlite_url(root / "optuna.db")), "s").read_all()
    assert [r.stage for r in records if r.state in ("complete", "diverged")] == ["screen"] * trials + ["confirm"]
    screened = [r for r in records if r.stage == "screen" and r.state == "complete"]
    best = min(screened, key=lambda r: (-r.score, r.parameters, r.number))
    others = [("winner", "s")] * (best.number != records[-1].claim)  # where the choice is smaller, and nearly as good
    assert runs(root) == [("champion", "s"), ("confirm", "s"), *[("screen", "s")] * trials, ("sweep", ""), *others]
    assert not list((root / "outputs").glob("unsent/*/*"))


@pytest.mark.slow
def test_workers_in_an_empty_folder_record_every_trial_once_below_the_sweep(tmp_path: Path, start: Start):
    process = start()
    said, trouble = process.communicate(timeout=300)
    assert (process.returncode, trouble) == (0, "")
    assert "s (iris): the answer" in said
    everything_is_recorded_once(tmp_path / "runs")


@pytest.mark.slow
def test_workers_stopped_while_the_store_is_being_made_leave_no_trial_running_and_the_same_command_goes_on(
    tmp_path: Path, start: Start
):
    process = start()
    for _ in range(1200):
        if list(tmp_path.glob("runs/mlflow.db*")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, trouble = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "stopped" in trouble
    assert "Traceback" not in trouble
    records = Studies(open_storage(sqlite_url(tmp_path / "runs" / "optuna.db")), "s").read_all()
    assert not [r for r in records if r.state == "running"]
    process = start()
    assert process.communicate(timeout=300)[1] == ""
    assert process.returncode == 0
    everything_is_recorded_once(tmp_path / "runs")


@pytest.mark.slow
def test_a_study_that_cannot_go_on_is_refused_once_however_many_workers_find_so(tmp_path: Path, start: Start):
    assert start().communicate(timeout=300)[1] == ""
    process = start("trainer.batch_size=7")
    _, trouble = process.communicate(timeout=300)
    assert process.returncode == 2
    assert trouble.count("\n") == 1
    assert "trainer.batch_size was 32 and is 7" in trouble


def wait_for_ended(root: Path, count: int) -> None:
    """Until that many trials have ended, and there is a store to record them in."""
    for _ in range(1200):
        if (root / "optuna.db").exists() and (root / "mlflow.db").exists():
            records = Studies(open_storage(sqlite_url(root / "optuna.db")), "s").read_all()
            if sum(r.state == "complete" for r in records) >= count:
                return
        time.sleep(0.05)
    raise AssertionError(f"no {count} trials within a minute")


def workers_of(parent: int) -> list[int]:
    """Return the processes that a sweep has started to work, as Linux lists its children."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [int(child) for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text()]


def is_at_work(process: int) -> bool:
    """Whether the process is there, and not one whose end nobody has taken notice of."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_after_ctrl_c_mlflow_has_every_trial_that_has_ended(tmp_path: Path, start: Start):
    process = start(*FOR_LONG)
    wait_for_ended(tmp_path / "runs", 3)
    process.send_signal(signal.SIGINT)
    assert "stopped" in process.communicate(timeout=300)[1]
    assert process.returncode == 130
    records = Studies(open_storage(sqlite_url(tmp_path / "runs" / "optuna.db")), "s").read_all()
    ended = sum(r.state in ("complete", "diverged") for r in records)
    assert 3 <= ended < 60
    assert runs(tmp_path / "runs") == [*[("screen", "s")] * ended, ("sweep", "")]


SLOWLY = """
import sys
import time

class Slow:
    def find_spec(self, name, *_):
        if name == "dnnexp.recording.sweep":
            time.sleep(8)

if __name__ == "__main__":
    sys.meta_path.insert(0, Slow())
    from dnnexp.sweep import main
    sys.exit(main())
"""


@pytest.mark.slow
def test_after_ctrl_c_while_mlflow_is_still_being_imported_it_has_every_trial_that_has_ended(
    tmp_path: Path, start: Start
):
    (tmp_path / "slowly.py").write_text(SLOWLY)
    slowly = [sys.executable, "slowly.py", *COMMAND[3:]]
    process = start("trainer.epochs=200", "search.trials_per_depth=500", command=slowly)
    wait_for_ended(tmp_path / "runs", 3)
    process.send_signal(signal.SIGINT)
    assert "stopped" in process.communicate(timeout=300)[1]
    records = Studies(open_storage(sqlite_url(tmp_path / "runs" / "optuna.db")), "s").read_all()
    ended = sum(r.state in ("complete", "diverged") for r in records)
    assert runs(tmp_path / "runs") == [*[("screen", "s")] * ended, ("sweep", "")]


@pytest.mark.slow
def test_a_sweep_that_is_killed_leaves_no_process_behind(tmp_path: Path, start: Start):
    process = start(*FOR_LONG, "search.baselines=true")
    wait_for_ended(tmp_path / "runs", 1)
    left = workers_of(process.pid)
    assert len(left) >= 2
    process.kill()
    process.communicate(timeout=60)  # until nobody holds its output open
    deadline = time.monotonic() + 60
    while any(is_at_work(worker) for worker in left) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [worker for worker in left if is_at_work(worker)]
    records = Studies(open_storage(sqlite_url(tmp_path / "runs" / "optuna.db")), "s").read_all()
    assert not [r for r in records if r.state == "running"]  # each gave up its trial in order


@pytest.mark.slow
def test_a_killed_worker_is_done_without_and_its_trials_are_recorded_once(tmp_path: Path, start: Start):
    process = start(*FOR_LONG)
    wait_for_ended(tmp_path / "runs", 1)
    victim = workers_of(process.pid)[0]
    os.kill(victim, signal.SIGKILL)
    said, trouble = process.communicate(timeout=300)
    assert (process.returncode, trouble) == (0, "")
    assert "s (iris): the answer" in said
    everything_is_recorded_once(tmp_path / "runs", trials=60)
