"""`python -m dnnexp.report`: the report of a sweep again, from what is stored."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from dnnexp.command import command
from dnnexp.config import Config
from dnnexp.errors import DataError
from dnnexp.search.schema import require_study_name

if TYPE_CHECKING:
    from dnnexp.reporting.terminal import Terminal

PROGRAM = "python -m dnnexp.report"


@command(PROGRAM, "Make the report of a sweep again, from what is stored.")
def main(config: Config, terminal: Terminal) -> None:
    """Read the study's trials, its settings, its data and its model, and write report.html beside them."""
    from dnnexp.data.sources import load
    from dnnexp.recording.answer import sweep_answer
    from dnnexp.recording.models import confirmed_model
    from dnnexp.recording.report import report_contents
    from dnnexp.recording.stored import short_path, stored_sweep
    from dnnexp.reporting.report import report_html
    from dnnexp.search.stored import read_sweep, require_stored
    from dnnexp.study import make_sweep

    study = config.study or load(config.data).name
    require_study_name(study)
    swept, facts = stored_sweep(config, study)
    require_stored(swept.storage_url, study)
    dataset = load(swept.data)
    if (then := facts.get("data (SHA-256)", dataset.sha256)) != dataset.sha256:
        raise DataError(
            f"{dataset.name}: the data is not what study {study!r} was swept on (SHA-256 {dataset.sha256[:12]}…, then "
            f"{then[:12]}…); bring the file back, or sweep again under another name"
        )
    protocol = swept.protocol(dataset)
    climb, records, yardsticks = read_sweep(make_sweep(replace(swept, study=study), protocol))
    folder = swept.paths.outputs / study
    predictor, trouble = confirmed_model(folder, climb.confirmation)
    sentences = sweep_answer(climb, protocol, predictor, yardsticks) if climb.reason else []
    if trouble:
        sentences.append(trouble)
    contents = report_contents(swept, protocol, study, climb, records, predictor, sentences, facts, yardsticks)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "report.html"
    file.write_text(report_html(contents), encoding="utf-8")
    for sentence in sentences:
        terminal.say(sentence)
    terminal.tell(f"Report: {short_path(file)}")


if __name__ == "__main__":
    sys.exit(main())
