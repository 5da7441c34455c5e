"""The shell around a command: arguments in, one clear line for an error, an exit code out.

Exit codes: 0 done, 1 failed, 2 refused (a setting or data that cannot be used), 130 interrupted.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from dnnexp.errors import ConfigError, DataError, DnnexpError, nearest
from dnnexp.redaction import redact

if TYPE_CHECKING:
    from dnnexp.config import Config
    from dnnexp.reporting.terminal import Terminal

__all__ = ["Main", "command", "command_line"]

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


class Main(Protocol):
    """A command: takes arguments, those of the process by default, and returns the exit code."""

    def __call__(self, argv: Sequence[str] | None = None) -> int: ...


def command(program: str, about: str, *, goes_on: bool = False) -> Callable[[Callable[[Config, Terminal], None]], Main]:
    """Make a command of a function that takes a valid Config and a Terminal; the command returns its exit code.

    The function is called once for each configuration of a grid (-m), all of them valid before the first is run; what
    it raises as DnnexpError is printed as one line. It imports heavy modules itself: they load after validation.
    `goes_on` says that the same command line, given again, continues what was interrupted.
    """

    def decorate(run: Callable[[Config, Terminal], None]) -> Main:
        def main(argv: Sequence[str] | None = None) -> int:
            given = list(sys.argv[1:] if argv is None else argv)
            try:
                return _run(read(given), program, about, run)
            except (ConfigError, DataError) as error:
                return _fail(f"error: {error}", 2)
            except DnnexpError as error:
                return _fail(f"error: {error}", 1)
            except KeyboardInterrupt:
                again = f" To go on: {command_line(program, given)}" if goes_on else ""
                return _fail(f"\nstopped.{again}", 130)
            except BrokenPipeError:  # the reader of a pipe, such as `head`, has left
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                return 0
            except OSError as error:  # a full disk, a folder that cannot be written to
                return _fail(f"error: {redact(str(error))}", 1)

        return main

    return decorate


def command_line(program: str, argv: Sequence[str] | None = None) -> str:
    """Return what a shell would be told to run the command again, passwords redacted."""
    return redact(shlex.join([*program.split(), *(sys.argv[1:] if argv is None else argv)]))


def read(argv: Sequence[str]) -> Arguments:
    """Return the command line, read. Raises ConfigError for an option that does not exist or lacks its value."""
    arguments = Arguments([])
    rest = iter(argv)
    for text in rest:
        flag, has_value, value = text.partition("=")
        if not text.startswith("-"):
            arguments.overrides.append(text)
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
                f"{flag}: no such option, {nearest(flag, (*FLAGS, *VALUES))}; keys are set with key=value"
            )
    if arguments.cfg not in (None, "job"):
        raise ConfigError(f"--cfg: need job, got {arguments.cfg!r}")
    if arguments.quiet and arguments.verbose:
        raise ConfigError("--quiet and --verbose: need one of the two")
    return arguments


def _run(arguments: Arguments, program: str, about: str, run: Callable[[Config, Terminal], None]) -> int:
    from dnnexp.config import Composer

    composer = Composer(arguments.config_name, arguments.config_dir)
    if arguments.help:
        from dnnexp.config.manual import manual

        sys.stdout.write(manual(program, about, composer.vocabulary, arguments.config_name))
        sys.stdout.flush()
        return 0
    if arguments.multirun:
        configs = composer.compose_grid(arguments.overrides)
    else:
        configs = [composer.compose(arguments.overrides)]
    if arguments.cfg:
        sys.stdout.write("---\n".join(config.text for config in configs))
        sys.stdout.flush()
        return 0

    from dnnexp.reporting.terminal import Terminal

    terminal = Terminal(quiet=arguments.quiet, verbose=arguments.verbose)
    for number, config in enumerate(configs, 1):
        if len(configs) > 1:
            terminal.heading(f"{number} of {len(configs)}: {' '.join(config.origin.overrides)}")
        run(config, terminal)
    return 0


def _fail(line: str, code: int) -> int:
    sys.stderr.write("\n" * line.startswith("\n") + " ".join(line.split()) + "\n")
    return code
