from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dnnexp.command import Arguments, command, command_line, read
from dnnexp.config import Config
from dnnexp.errors import ConfigError, DataError, DnnexpError
from dnnexp.reporting.terminal import Terminal

PROBE = """
from __future__ import annotations
import sys, time
from dnnexp.command import command

@command("python -m probe", "Say what the network is.", goes_on=True)
def main(config, terminal):
    terminal.say(f"{config.data.name} {config.model.hidden}")
    terminal.detail("a detail")
    heavy = {"pandas", "sklearn", "mlflow", "optuna", "matplotlib", "scipy"}
    terminal.answer("Answer", [f"heavy: {sorted(heavy & set(sys.modules))}"])
    if config.study == "wait":
        sys.stdout.flush()
        time.sleep(30)

if __name__ == "__main__":
    sys.exit(main())
"""


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_folder: Path) -> list[str]:
    """The command line of a command that is run from an empty folder."""
    (tmp_path / "probe.py").write_text(PROBE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return [sys.executable, "-m", "probe"]


def run(command_line: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command_line, capture_output=True, text=True, timeout=60, check=False)


def test_what_is_said_is_run_and_nothing_heavy_is_loaded_before(probe: list[str], empty_folder: Path) -> None:
    done = run([*probe, "data=iris", "model.widths=[8,4]"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["iris ((8, 'silu'), (4, 'silu'))", "", "Answer", "heavy: []"]
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["model.depht=3"], "did you mean 'model.depth'?"),
        (["-m", "model.depth=1,2", "optimizer.lr=-1"], "need lr > 0"),
        (["hydra.callbacks.x._target_=shutil.copy"], "never executes"),
        (["storage='postgresql://me:opensesame@db/x'"], "postgresql://me:***@db/x"),
        (["--depth", "3"], "--depth: no such option"),
    ],
)
def test_a_refusal_is_one_line_code_2_at_once_and_leaves_nothing(
    arguments: list[str], words: str, probe: list[str], empty_folder: Path
) -> None:
    started = time.monotonic()
    done = run([*probe, *arguments])
    taken = time.monotonic() - started
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert "opensesame" not in done.stderr
    assert list(empty_folder.iterdir()) == []
    assert taken < 5  # about 0.6 s on an idle machine


def test_help_is_the_manual(probe: list[str], empty_folder: Path) -> None:
    done = run([*probe, "--help"])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "usage: python -m probe [option …] [group=option …] [key=value …]\n\nSay what the network is."
    )
    assert "model.depth = null" in done.stdout
    assert list(empty_folder.iterdir()) == []


def test_a_grid_is_run_one_after_the_other(probe: list[str]) -> None:
    done = run([*probe, "-m", "model.depth=0,1", "--quiet"])
    assert done.stdout.count("heavy") == 2
    assert "digits" not in done.stdout
    done = run([*probe, "-m", "model.depth=0,1", "data=iris", "-v"])
    lines = done.stdout.splitlines()
    assert "1 of 2: model.depth=0 data=iris" in lines
    assert lines.index("iris ()") < lines.index("2 of 2: model.depth=1 data=iris") < lines.index("iris ((64, 'silu'),)")
    assert lines.count("a detail") == 2


def test_a_grid_goes_on_after_a_failure_and_names_it_at_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    @command("python -m x", "About.")
    def main(config: Config, terminal: Terminal) -> None:
        if config.model.depth == 0:
            raise DnnexpError(f"seed {config.seed} diverged")
        terminal.say(f"depth {config.model.depth}, seed {config.seed}")

    assert main(["-m", "model.depth=0,1", "seed=7,8"]) == 1
    out, err = capsys.readouterr()
    assert "depth 1, seed 7\n" in out
    assert "depth 1, seed 8\n" in out
    assert err.splitlines() == [
        "error: seed 7 diverged",
        "error: seed 8 diverged",
        "error: failed: 2 of 4: 1 (model.depth=0 seed=7), 2 (model.depth=0 seed=8); the others were run",
    ]
    assert main(["-m", "model.depth=0", "seed=7,8"]) == 1
    assert capsys.readouterr().err.endswith("2 (model.depth=0 seed=8)\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_in_order_and_say_how_to_go_on(probe: list[str], number: signal.Signals) -> None:
    process = subprocess.Popen([*probe, "study=wait"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("digits")
    process.send_signal(number)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert said == "\nstopped. To go on: python -m probe study=wait\n"


def test_a_reader_that_leaves_is_no_error(probe: list[str]) -> None:
    line = " ".join([*probe, "--help", "|", "head", "-n", "1"])
    done = run(["bash", "-c", f"set -o pipefail; {line}"])
    assert done.stdout.startswith("usage:")
    assert done.stderr == ""


def test_the_composed_configuration_is_printed_and_nothing_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    @command("python -m x", "About.")
    def main(config: Config, terminal: Terminal) -> None:
        raise AssertionError("must not be run")

    assert main(["--cfg", "job", "model.depth=3", "storage='sqlite://me:opensesame@/x'"]) == 0
    text = capsys.readouterr().out
    assert "  depth: 3\n" in text
    assert "opensesame" not in text
    assert main(["--cfg=job", "-m", "seed=1,2"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith(("seed", "---"))] == [
        "seed: 1",
        "---",
        "seed: 2",
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigError("a\nb"), 2),
        (DataError("x.csv: no column 'y'"), 2),
        (DnnexpError("it diverged"), 1),
        (OSError(28, "No space left on device", "runs/a.csv"), 1),
    ],
)
def test_an_error_while_it_runs_is_one_line_too(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    @command("python -m x", "About.")
    def main(config: Config, terminal: Terminal) -> None:
        raise error

    assert main([]) == code
    assert capsys.readouterr().err == f"error: {' '.join(str(error).split())}\n"


def test_memory_that_is_not_to_be_had_is_one_line_that_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    @command("python -m x", "About.")
    def main(config: Config, terminal: Terminal) -> None:
        np.empty((config.model.width, 2**40))

    assert main(["model.width=1000"]) == 2
    err = capsys.readouterr().err
    assert re.match(
        r"error: out of memory: Unable to allocate 7\.81 PiB for .*; take a smaller network .*less data\n$", err
    )
    assert main(["-m", "model.width=1000,2000"]) == 1
    assert capsys.readouterr().err.endswith("error: failed: 2 of 2: 1 (model.width=1000), 2 (model.width=2000)\n")


@pytest.mark.parametrize("kind", [ConfigError, DnnexpError, OSError])
def test_an_error_is_printed_without_the_password_that_it_quotes(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    @command("python -m x", "About.")
    def main(config: Config, terminal: Terminal) -> None:
        raise kind("refused: postgresql://db/x?user=me&password=opensesame")

    assert main([])
    assert capsys.readouterr().err == "error: refused: postgresql://db/x?user=me&password=***\n"


def test_options_are_read_in_each_of_their_forms() -> None:
    assert read(["-m", "a=1", "-cd", "x", "-q", "b=2"]) == Arguments(
        ["a=1", "b=2"], multirun=True, quiet=True, config_dir="x"
    )
    assert read(["--config-dir=x", "-cn=y", "~z"]) == Arguments(["~z"], config_dir="x", config_name="y")
    assert read(["--config-name", "y", "--verbose"]) == Arguments([], verbose=True, config_name="y")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--multirn"], "--multirn: no such option, did you mean '--multirun'?"),
        (["--config-dir"], "--config-dir: need a value"),
        (["-cn="], "-cn: need a value"),
        (["--cfg", "hydra"], "--cfg: need job, got 'hydra'"),
        (["-q", "-v"], "--quiet and --verbose: need one of the two"),
        (["--help=x"], "--help: no such option"),
    ],
)
def test_an_option_that_cannot_be_is_refused(arguments: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        read(arguments)
    assert str(refusal.value).startswith(message)


def test_the_command_line_can_be_given_to_a_shell_and_holds_no_password() -> None:
    line = command_line("python -m dnnexp.sweep", ["study=a b", "storage='postgresql://me:opensesame@db/x'"])
    assert line.startswith("python -m dnnexp.sweep 'study=a b' ")
    assert "opensesame" not in line


@pytest.mark.parametrize("name", ["train", "sweep"])
def test_a_command_loads_nothing_slow_before_it_can_answer_ctrl_c_with_a_line(name: str) -> None:
    code = (
        f"import sys, dnnexp.{name}; print(*sys.modules.keys() & {{'numpy', 'hydra', 'omegaconf', 'optuna', 'yaml'}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
