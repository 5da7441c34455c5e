from __future__ import annotations

import io
import sys
from typing import Any

import pytest
from rich.cells import cell_len

from dnnexp.network.architecture import Architecture
from dnnexp.reporting.terminal import SHOWN, Terminal, dimensions_table


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal(**settings: Any) -> tuple[Terminal, io.StringIO]:
    out = io.StringIO()
    return Terminal(file=out, **settings), out


def test_the_introductions_network_has_its_table() -> None:
    lines = dimensions_table(Architecture((3, 4, 4, 3, 1), ("relu", "relu", "relu"), "sigmoid").dimensions, 3)
    assert [line.split() for line in lines if line and line[0].isdigit()] == [
        ["0", "3", "(3,", "m)"],
        ["1", "4", "relu", "(4,", "3)", "(4,", "1)", "(4,", "m)", "16", "12"],
        ["2", "4", "relu", "(4,", "4)", "(4,", "1)", "(4,", "m)", "20", "16"],
        ["3", "3", "relu", "(3,", "4)", "(3,", "1)", "(3,", "m)", "15", "12"],
        ["4", "1", "sigmoid", "(1,", "3)", "(1,", "1)", "(1,", "m)", "4", "3"],
    ]
    assert lines[-1].split() == ["in", "all", "55", "43"]


@pytest.mark.parametrize("n", [(4, 3), (12288, *[256] * 6, 10), (64, *[128] * 300, 1)])
def test_a_table_fits_80_columns_and_a_screen(n: tuple[int, ...]) -> None:
    lines = dimensions_table(Architecture(n, ("leaky_relu",) * (len(n) - 2), "softmax").dimensions, n[0], SHOWN)
    assert max(map(len, lines)) <= 80
    assert len({len(line.rstrip()) for line in lines[3:-1] if "layers" not in line}) == 1
    assert len(lines) <= 18


def test_the_table_of_a_deep_network_shows_its_ends() -> None:
    lines = dimensions_table(Architecture((8, *[4] * 99, 2), ("tanh",) * 99, "softmax").dimensions, 8, SHOWN)
    shown = [line.split()[0] for line in lines[2:-1]]
    assert shown == ["0", "1", "2", "3", "4", "5", "6", "…", "95", "96", "97", "98", "99", "100"]
    assert any("88 layers" in line for line in lines)


def test_a_screen_shows_the_ends_and_a_file_every_layer() -> None:
    layers = Architecture((8, *[4] * 99, 2), ("tanh",) * 99, "softmax").dimensions
    screen, out = terminal()
    screen.dimensions(layers, 8)
    assert out.getvalue().splitlines() == dimensions_table(layers, 8, SHOWN)
    whole = dimensions_table(layers, 8)
    assert [line.split()[0] for line in whole[2:-1]] == [str(l) for l in range(101)]
    assert whole[-1].split() == dimensions_table(layers, 8, SHOWN)[-1].split()


def test_quiet_leaves_warnings_and_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    quiet, out = terminal(quiet=True)
    quiet.say("said")
    quiet.heading("next")
    quiet.detail("a detail")
    quiet.dimensions(Architecture((2, 1), (), "identity").dimensions, 2)
    with quiet.training(3, "r2") as training:
        training.epoch(1, 0.5, 0.1)
    quiet.warn("look\nhere")
    quiet.answer("Answer", ["It is so."])
    assert out.getvalue() == "\nAnswer\nIt is so.\n"
    assert capsys.readouterr().err == "warning: look here\n"


def test_details_are_for_those_who_asked() -> None:
    for verbose in (False, True):
        some, out = terminal(verbose=verbose)
        some.detail("a [bold]detail[/bold], model.widths=[64, 32]")
        assert out.getvalue() == "a [bold]detail[/bold], model.widths=[64, 32]\n" * verbose


def test_where_there_is_no_terminal_lines_are_plain_and_whole() -> None:
    some, out = terminal()
    some.say("word " * 60)
    some.answer("Answer", ["word " * 60])
    assert "\x1b" not in out.getvalue()
    assert out.getvalue().splitlines()[0] == "word " * 60


def test_on_a_terminal_the_answer_has_a_frame_of_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    screen = Screen()
    Terminal(file=screen).answer("Answer", ["word " * 60, "[x] ± y"])
    lines = screen.getvalue().splitlines()
    assert lines[0].endswith("╮")
    assert "Answer" in lines[0]
    assert "[x] ± y" in lines[-2]
    assert {cell_len(line) for line in lines[1:]} == {80}


def test_a_locale_without_the_sign_ends_no_run() -> None:
    raw = io.BytesIO()
    ascii_only = io.TextIOWrapper(raw, encoding="ascii")
    Terminal(file=ascii_only).say("0.97 ± 0.01")
    ascii_only.flush()
    assert raw.getvalue() == b"0.97 ? 0.01\n"


def test_standard_output_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().say("said")
    sys.stdout.flush()
    assert capsys.readouterr().out == "said\n"


def test_a_name_from_a_file_cannot_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "regression of \x1b]0;owned\x07\x1b[2J\x9b2J"
    shown, out = terminal()
    shown.say(hostile)
    shown.tell(hostile)
    shown.heading(hostile)
    shown.warn(hostile)
    shown.answer(hostile, [hostile])
    printed = out.getvalue() + capsys.readouterr().err
    assert not {"\x1b", "\x07", "\x9b"} & set(printed)
    assert printed.count(r"regression of \x1b]0;owned\x07\x1b[2J\x9b2J") == 6
