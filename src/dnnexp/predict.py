"""`python -m dnnexp.predict`: a model that was trained before predicts the rows of a file, into another file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dnnexp.command import command
from dnnexp.config import Config
from dnnexp.errors import ConfigError
from dnnexp.notation import counted

if TYPE_CHECKING:
    from dnnexp.reporting.terminal import Terminal

PROGRAM = "python -m dnnexp.predict"
USED = ("source", "output", "data", "data.path", "data.separator", "data.encoding", "tracking", "paths", "prediction")
USED_GROUPS = ("tracking.", "paths.", "prediction.")


@command(PROGRAM, "Predict the rows of a file with a model of a run, a study, the registry, or a file.",
         config_name="predict")  # fmt: skip
def main(config: Config, terminal: Terminal) -> None:
    """Find the model, read the rows some at a time, write a prediction for each, or nothing at all."""
    from dnnexp.data.sources.files import existing_file
    from dnnexp.prediction.output import STDOUT, open_output, require_output

    if not config.source or not config.output:
        name = "output" if config.source else "source"
        raise ConfigError(f"{name}: must be set, with {name}=VALUE")
    path = existing_file(config.data)
    target = require_output(config.output, config.data.path)
    if config.output == STDOUT:
        from dnnexp.reporting.terminal import Terminal

        terminal = Terminal(quiet=terminal.quiet, verbose=terminal.verbose, file=sys.stderr)

    from dnnexp.data.columns import listed
    from dnnexp.prediction.rows import Wanted, open_rows, rows_at_a_time
    from dnnexp.prediction.stream import predict_rows
    from dnnexp.recording.models import find_predictor

    if ignored := unused(config):
        terminal.warn(f"{', '.join(ignored)}: not used; the model reads the columns that it was trained on, as it was")
    predictor = find_predictor(config, config.source)
    terminal.say(f"Model: {predictor.description}")
    wanted = Wanted(predictor.kinds, config.prediction.keep or [], predictor.card.notations)
    at_a_time = rows_at_a_time(config.prediction.rows, len(wanted.columns))
    rows = open_rows(path, wanted, at_a_time, config.data.delimiter, config.data.encoding)
    if rows.ignored:
        terminal.say(f"{path.name}: {counted(len(rows.ignored), 'column')} not used: {listed(rows.ignored)}")
    with open_output(target) as output, terminal.predicting() as progress:
        done = predict_rows(
            predictor, rows, output, path.name, progress.rows, probabilities=config.prediction.probabilities
        )
    for line in predictor.preprocessor.warnings():
        terminal.warn(line)
    if target is not None:
        terminal.answer(path.name, [f"{counted(done, 'prediction')}: {config.output}"])


def unused(config: Config) -> list[str]:
    """Return the overridden keys that say nothing about a prediction."""
    keys = [text.partition("=")[0].lstrip("+") for text in config.origin.overrides]
    return [key for key in keys if key not in USED and not key.startswith(USED_GROUPS)]


if __name__ == "__main__":
    sys.exit(main())
