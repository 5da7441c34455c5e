"""The shell around a command: arguments in, one clear line for an error, an exit code out.

Exit codes: 0 done, 1 failed, 2 refused (a setting or data that cannot be used), 130 interrupted.
"""

from __future__ import annotations

import atexit
import gc
import os
import shlex
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from dnnexp.errors import ConfigError, DataError, DnnexpError, in_words, nearest
from dnnexp.processes.interrupts import handled
from dnnexp.redaction import redact

if TYPE_CHECKING:
    from dnnexp.config import Composer, Config
    from dnnexp.reporting.terminal import Terminal

__all__ = ["Interrupted", "Main", "command", "command_line", "comparison"]

GARBAGE = 100_000  # objects made between two looks for garbage: what MLflow and its like make on being imported stays

FLAGS = {
    "-m": "multirun",
    "--multirun": "multirun",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "-h": "help",
    "--help": "help",
}
VALUES = {
    "-cd": "config_dir",
    "--config-dir": "config_dir",
    "-cn": "config_name",
    "--config-name": "config_name",
    "-c": "cfg",
    "--cfg": "cfg",
}
SIDES = ("--a", "--b")


@dataclass
class Arguments:
    """A command line, read: options by name, and the overrides in their order."""

    overrides: list[str]
    multirun: bool = False
    quiet: bool = False
    verbose: bool = False
    help: bool = False
    config_dir: str | None = None
    config_name: str = "config"
    cfg: str | None = None
    sides: dict[str, list[str]] = field(default_factory=dict)  # by option, such as --a: the overrides after it


class Interrupted(KeyboardInterrupt):
    """A stop after which the same command line goes on, with the override added that this is made of."""


class Main(Protocol):
    """A command: takes arguments, those of the process by default, and returns the exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...


Run = Callable[[Sequence["Config"], "Terminal"], None]
Compose = Callable[["Composer", Arguments], list["Config"]]


def command(
    program: str, about: str, *, goes_on: bool = False, config_name: str = "config"
) -> Callable[[Callable[[Config, Terminal], None]], Main]:
    """Make a command of a function that takes a valid Config and a Terminal; the command returns its exit code.

    The function is called once for each configuration of a grid (-m), all of them valid before the first is run; what
    it raises as DnnexpError is printed as one line and ends no grid: those that failed are named at its end. It imports
    heavy modules itself: they load after validation.
    `goes_on` says that the same command line, given again, continues what was interrupted; `config_name` is the file
    that a configuration starts from where --config-name does not name another.
    """

    def decorate(run: Callable[[Config, Terminal], None]) -> Main:
        def run_each(configs: Sequence[Config], terminal: Terminal) -> None:
            if len(configs) == 1:
                run(configs[0], terminal)
                return
            failed = []
            for number, config in enumerate(configs, 1):
                name = " ".join(config.origin.overrides)
                terminal.heading(f"{number} of {len(configs)}: {name}")
                try:
                    run(config, terminal)
                except (DnnexpError, MemoryError) as error:
                    _fail(f"error: {in_words(error)}", 1)
                    failed.append(f"{number} ({name})")
            if failed:
                rest = "; the others were run" * (len(failed) < len(configs))
                raise DnnexpError(f"failed: {len(failed)} of {len(configs)}: {', '.join(failed)}{rest}")

        def act(given: Sequence[str]) -> None:
            _run(read(given, config_name=config_name), program, about, _compose_grid, run_each)

        return _shell(program, act, goes_on=goes_on)

    return decorate


def comparison(
    program: str, about: str, compose: Callable[[Composer, Sequence[str]], Config]
) -> Callable[[Callable[[Config, Config, Terminal], None]], Main]:
    """Make a command of a function that takes two valid Configs, one of each side of --a and --b, and a Terminal.

    What stands before --a and --b is set on both sides, what follows one of them on that side only. `compose` makes the
    Config of all overrides of a side.
    """

    def decorate(run: Callable[[Config, Config, Terminal], None]) -> Main:
        def compose_sides(composer: Composer, arguments: Arguments) -> list[Config]:
            if arguments.multirun:
                raise ConfigError("--multirun: two configurations are compared, what follows --a and what follows --b")
            if not any(arguments.sides.values()):
                raise ConfigError(
                    "--a and --b: need what the two differ in, such as --a model.depth=1 --b model.depth=3"
                )
            return [compose(composer, [*arguments.overrides, *arguments.sides[side]]) for side in SIDES]

        def act(given: Sequence[str]) -> None:
            _run(
                read(given, SIDES),
                program,
                about,
                compose_sides,
                lambda sides, terminal: run(sides[0], sides[1], terminal),
            )

        return _shell(program, act)

    return decorate


def command_line(program: str, argv: Sequence[str] | None = None) -> str:
    """Return what a shell would be told to run the command again, passwords redacted."""
    return redact(shlex.join([*program.split(), *(sys.argv[1:] if argv is None else argv)]))


def read(argv: Sequence[str], sides: Sequence[str] = (), config_name: str = "config") -> Arguments:
    """Return the command line, read. Raises ConfigError for an option that does not exist or lacks its value.

    sides: options after each of which overrides are its own, up to the next of them.
    """
    arguments = Arguments([], sides={side: [] for side in sides}, config_name=config_name)
    overrides = arguments.overrides
    rest = iter(argv)
    for text in rest:
        flag, has_value, value = text.partition("=")
        if not text.startswith("-"):
            overrides.append(text)
        elif text in sides:
            overrides = arguments.sides[text]
        elif text in FLAGS:
            setattr(arguments, FLAGS[text], True)
        elif flag in VALUES:
            if not has_value:
                value = next(rest, "")
            if not value:
                raise ConfigError(f"{flag}: need a value")
            setattr(arguments, VALUES[flag], value)
        else:
            raise ConfigError(
                f"{flag}: no such option, {nearest(flag, (*sides, *FLAGS, *VALUES))}; keys are set with key=value"
            )
    if arguments.cfg not in (None, "job"):
        raise ConfigError(f"--cfg: need job, got {arguments.cfg!r}")
    if arguments.quiet and arguments.verbose:
        raise ConfigError("--quiet and --verbose: need one of the two")
    return arguments


def _shell(program: str, act: Callable[[Sequence[str]], None], *, goes_on: bool = False) -> Main:
    """Return a command that acts on its arguments and turns what is raised into one line and an exit code."""

    def main(argv: Sequence[str] | None = None) -> int:
        given = list(sys.argv[1:] if argv is None else argv)
        gc.set_threshold(GARBAGE, *gc.get_threshold()[1:])
        atexit.register(gc.freeze)  # Python would look through all of it once more before it lets go of it
        try:
            with _terminable() if goes_on else nullcontext():
                act(given)
        except (ConfigError, DataError) as error:
            return _fail(f"error: {error}", 2)
        except DnnexpError as error:
            return _fail(f"error: {error}", 1)
        except MemoryError as error:
            return _fail(f"error: {in_words(error)}", 2)
        except Interrupted as stop:
            added = [override for override in stop.args if override not in given]
            return _fail(f"\nstopped. To go on: {command_line(program, [*given, *added])}", 130)
        except KeyboardInterrupt:
            return _fail(f"\nstopped.{f' To go on: {command_line(program, given)}' if goes_on else ''}", 130)
        except BrokenPipeError:  # the reader of a pipe, such as `head`, has left
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:  # a full disk, a folder that cannot be written to
            return _fail(f"error: {error}", 1)
        return 0

    return main


def _terminable() -> AbstractContextManager[None]:
    """Let SIGTERM, which ends jobs, stop what runs meanwhile as Ctrl-C does: what it has started ends with it."""
    return handled(signal.SIGTERM, signal.default_int_handler)


def _compose_grid(composer: Composer, arguments: Arguments) -> list[Config]:
    if arguments.multirun:
        return composer.compose_grid(arguments.overrides)
    return [composer.compose(arguments.overrides)]


def _run(arguments: Arguments, program: str, about: str, compose: Compose, run: Run) -> None:
    from dnnexp.config import Composer

    composer = Composer(arguments.config_name, arguments.config_dir)
    if arguments.help:
        from dnnexp.config.manual import manual

        text = manual(program, about, composer.vocabulary, arguments.config_name, tuple(arguments.sides))
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    configs = compose(composer, arguments)
    if arguments.cfg:
        sys.stdout.write("---\n".join(config.text for config in configs))
        sys.stdout.flush()
        return

    from dnnexp.reporting.terminal import Terminal

    run(configs, Terminal(quiet=arguments.quiet, verbose=arguments.verbose))


def _fail(line: str, code: int) -> int:
    sys.stderr.write("\n" * line.startswith("\n") + redact(" ".join(line.split())) + "\n")
    return code
