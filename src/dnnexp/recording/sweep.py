"""The record of a sweep: its own run from the beginning, each trial as it ends, the champion, the answer's files."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from dnnexp.config import Config, own_root
from dnnexp.config.experiment import write_experiment
from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.refit import Refit
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.override import override
from dnnexp.recording.effort import best_of_table, efforts
from dnnexp.recording.ledger import looking_glass, open_recorder, unreached
from dnnexp.recording.models import predict_command, with_card
from dnnexp.recording.report import report_contents
from dnnexp.recording.stored import short_path, sweep_facts, write_sweep
from dnnexp.recording.trained import champion_key, champion_run, other_winners, scores, winner_key, winner_run
from dnnexp.reporting.figures import depth_curve
from dnnexp.reporting.report import report_html
from dnnexp.search.answer import OPTIMISTIC
from dnnexp.search.journal import StudyRuns, leaderboard, network_name, sweep_run, trial_run
from dnnexp.search.ladder import Climb
from dnnexp.search.records import TrialRecord
from dnnexp.study import chosen_config
from dnnexp.tracking.addresses import registered_address
from dnnexp.tracking.links import file_link, run_link
from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.store import NOTE, TrackingError
from dnnexp.tracking.views import study_view

__all__ = ["SweepRecorder", "train_command"]


class SweepRecorder:
    """Records what a sweep does. Trouble with MLflow ends nothing: what cannot be sent is kept, and sent later."""

    def __init__(self, config: Config, protocol: Protocol, runs: StudyRuns, command: str) -> None:
        self._config, self._protocol, self._runs, self._study = config, protocol, runs, runs.name
        self._settings = config.flat()
        self._recorder = open_recorder(config, protocol, command) if config.tracking.enabled else None
        self._facts = sweep_facts(config, protocol, command)
        self._page = ""  # of the prepared view in the MLflow UI, from the ? or # on

    def begin(self) -> None:
        """Open the run of the sweep, send what an earlier command could not, and prepare a view of the trials.

        What the sweep was told is written beside its files, so that the report can be made again from what is stored.
        """
        write_sweep(self._config, self._study, self._facts)
        if self._recorder is None:
            return
        self._recorder.send_unsent()
        if self._recorder.record(sweep_run(self._runs, self._settings, None, {})) is None:
            return
        metric = self._protocol.metric
        name = self._protocol.metric_name
        view = study_view(self._runs.tags, f"score/{name}", f"test/{name}", greater_is_better=metric.greater_is_better)
        try:
            self._page = self._recorder.show(view)
        except TrackingError as error:
            self._recorder.trouble = str(error)

    def trial(self, record: TrialRecord) -> None:
        """Record a trial that has ended."""
        if self._recorder is not None and record.state != "failed":
            self._recorder.record(trial_run(record, self._runs, self._settings))

    def break_off(self, status: str, records: Sequence[TrialRecord] = ()) -> None:
        """Say of the run of the sweep that it goes on no more: KILLED by its user, FAILED. `begin` takes that back.

        records: of the sweep's trials; those that have ended and were not told of yet are recorded.
        """
        if self._recorder is not None:
            if records:
                self._record_missing(records)
            self._recorder.record(sweep_run(self._runs, self._settings, None, {}, status))

    def end(
        self,
        climb: Climb,
        records: Sequence[TrialRecord],
        refitted: Refit | None,
        sentences: Sequence[str],
        yardsticks: Yardsticks,
    ) -> list[str]:
        """Record what is missing, the champion and the answer; return sentences that say where everything is."""
        folder = self._config.paths.outputs / self._study
        folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, str | bytes] = {
            "leaderboard.csv": leaderboard(records, yardsticks.judged, is_optimistic=self._is_optimistic),
            "best_of_n.csv": best_of_table(efforts(records)),
            "answer.txt": "\n".join(sentences) + "\n",
            "config.yaml": self._config.text,
            "data.txt": "\n".join(self._protocol.dataset.summary) + "\n",
        }
        files |= self._depth_curve(climb)
        said = []
        predictor = None if refitted is None else refitted.predictor
        contents = report_contents(
            self._config, self._protocol, self._study, climb, records, predictor, sentences, self._facts, yardsticks
        )
        files["report.html"] = report_html(contents)
        if climb.choice is not None and refitted is not None:
            best = chosen_config(self._config, climb.choice)
            about = f"chosen by the test rows: its test score is {OPTIMISTIC}" if self._is_optimistic else ""
            said.append(f"Train it again: {train_command(best, write_experiment(best, 'best', about).stem)}")
            write_experiment(best, self._study, about)
            refitted = refitted._replace(predictor=with_card(refitted, self._protocol, self._config, self._study))
            refitted.predictor.save(folder / "model.npz")
            said.append(f"The model: {short_path(folder / 'model.npz')}")
        for name, content in files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        said.append(f"Report: {short_path(folder / 'report.html')}")
        said.append(f"All trials: {short_path(folder / 'leaderboard.csv')}")
        address = self._study  # of the model
        if self._recorder is not None:
            self._record_missing(records)
            if refitted is not None and self._trained(climb, refitted) and not self._is_optimistic:
                address = registered_address(self._study)
        if climb.choice is not None and refitted is not None:
            said.insert(0, f"Predict with it: {predict_command(self._config, address)}")
        if self._recorder is None:
            return said
        run = sweep_run(self._runs, self._settings, climb, files, baselines=yardsticks.judged)
        self._recorder.record(self._answered(run, climb, refitted, sentences))
        if len(self._recorder.unsent):
            self._recorder.send_unsent()  # of this command too, if MLflow can be reached again by now
        if self._recorder.trouble:
            return [*said, unreached(self._recorder)]
        shown = looking_glass(self._config)
        page = f"/{self._page}" if shown.startswith("http") else f", then http://127.0.0.1:5000/{self._page}"
        return [*said, f"Compare the runs: {shown}{page}"]

    def _record_missing(self, records: Sequence[TrialRecord]) -> None:
        """Record the trials that ended without having been: their worker was killed in between."""
        assert self._recorder is not None
        ended = [r for r in records if r.state not in ("failed", "running")]
        missing = [
            run
            for run in (trial_run(record, self._runs, self._settings) for record in ended)
            if run.key not in self._recorder.sent
        ]
        recorded = self._recorded(self._runs.key("")) if missing else set()
        for run in missing:
            if run.key not in recorded:
                self._recorder.record(run)

    def _recorded(self, prefix: str) -> set[str]:
        """Return the keys that begin with prefix of what MLflow has, or will be sent; of nothing where it says not."""
        assert self._recorder is not None
        try:
            return self._recorder.recorded(prefix)
        except TrackingError as error:
            self._recorder.trouble = str(error)
            return set()

    @property
    def _is_optimistic(self) -> bool:
        return self._config.search.selection == "test"

    def _answered(self, run: RunRecord, climb: Climb, refitted: Refit | None, sentences: Sequence[str]) -> RunRecord:
        """Return the sweep's run with the answer: as a description with links, and as the metrics of its network."""
        choice = climb.choice
        links = [file_link(path, path) for path in run.artifacts if path.endswith((".html", ".csv"))]
        metrics, tags = {}, dict(run.tags)
        if choice is not None and refitted is not None:
            links.insert(0, run_link("the chosen network", champion_key(self._runs, choice)))
            winners = [run_link(network_name(w.judged), winner_key(self._runs, w)) for w in other_winners(climb)]
            links[1:1] = [f"others that are the best of their depths ({', '.join(winners)})"] if winners else []
            by_folds = climb.screened if self._is_optimistic and climb.screened is not None else choice
            metrics = scores(by_folds) | {k: v for k, v in refitted.metrics.items() if k.startswith("test/")}
            tags |= {"dnnexp.champion": network_name(choice), "dnnexp.depth": str(choice.depth)}
        tags[NOTE] = "\n".join([*(f"- {sentence}" for sentence in sentences), "", f"See {', '.join(links)}."])
        return replace(run, metrics={**run.metrics, **metrics}, tags=tags)

    def _trained(self, climb: Climb, refitted: Refit) -> bool:
        """Record the choice and the best of each depth, with their models; return whether MLflow took the choice.

        What it did not take is kept, and sent later. A winner that has been recorded is not trained again.
        """
        assert self._recorder is not None
        run = champion_run(self._config, self._protocol, self._runs, climb, refitted)
        is_there = self._recorder.record(run) is not None
        winners = {winner_key(self._runs, winner): winner for winner in other_winners(climb)}
        recorded = self._recorded(self._runs.key("winner", "")) if winners else set()
        for key, winner in winners.items():
            if key not in recorded:
                self._recorder.record(winner_run(self._config, self._protocol, self._runs, winner))
        if is_there:
            roles = {self._runs.key(role, ""): role for role in ("champion", "winner")}
            self._recorder.retire(roles, {run.key, *winners})
        return is_there

    def _depth_curve(self, climb: Climb) -> dict[str, bytes]:
        known = [s for s in climb.summaries if s.score is not None and s.standard_error is not None]
        if not known:
            return {}
        return {
            "depth_curve.png": depth_curve(
                [s.depth for s in known],
                [float(s.score or 0.0) for s in known],
                [float(s.standard_error or 0.0) for s in known],
                f"test {self._protocol.metric_name}, {OPTIMISTIC}"
                if self._is_optimistic
                else self._protocol.metric_name,
                greater_is_better=self._protocol.metric.greater_is_better,
                chosen=None if climb.choice is None else climb.choice.depth,
            )
        }


def train_command(config: Config, name: str) -> str:
    """Return the command that trains what an experiment file under paths.root says, as one would type it here."""
    return shlex.join(["python", "-m", "dnnexp.train", override("experiment", name), *own_root(config)])
