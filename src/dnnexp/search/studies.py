"""The studies of one sweep in the storage, one for each depth and stage, and what their trials say as plain records."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any

import optuna

from dnnexp.errors import ConfigError
from dnnexp.search.records import STAGES, TrialRecord, from_result
from dnnexp.search.schema import LADDER

__all__ = ["Studies", "study_name"]

FINGERPRINT, IDENTITY = "fingerprint", "identity"  # what a study carries
CLAIM, REASON, RESULT = "claim", "reason", "result"  # what a trial carries
PATIENCE = 3.0  # seconds that another process has to give a study that it makes what it carries


def study_name(name: str, depth: int, stage: str) -> str:
    """Return the name that Optuna knows a depth and stage of a sweep by."""
    return f"{name}/d{depth:02d}/{stage}"


class Studies:
    """All studies of the sweep `name`.

    fingerprint: what decides a score and the sequence of trials (data, split, protocol, space, objective, seed), by
    config key. It is kept with every study, with its SHA-256; raises ConfigError where the stored one differs. None:
    only read. defaults: by config key, what a setting was before there was a key for it.
    """

    def __init__(
        self,
        storage: optuna.storages.RDBStorage,
        name: str,
        fingerprint: Mapping[str, Any] | None = None,
        greater_is_better: bool = True,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.backend = name, storage
        self.storage = optuna.storages.get_storage(storage)  # reads ended trials once
        text = json.dumps(dict(fingerprint or {}), sort_keys=True)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        self.fingerprint = None if fingerprint is None else {"sha256": sha256, "settings": json.loads(text)}
        direction = optuna.study.StudyDirection
        self.direction = direction.MAXIMIZE if greater_is_better else direction.MINIMIZE
        self.defaults = json.loads(json.dumps(dict(defaults or {})))
        self._open: dict[tuple[int, str], optuna.Study] = {}
        self._ids: dict[tuple[int, str], int] = {}
        self._ended: dict[tuple[int, str, int], TrialRecord] = {}  # what has ended does not change
        self.existing()

    def existing(self) -> list[tuple[int, str]]:
        """Return (depth, stage) of the studies that are there, after a look at their fingerprints."""
        pattern = re.compile(rf"{re.escape(self.name)}/d(\d+)/({'|'.join(STAGES)})")
        found = []
        for study in self.storage.get_all_studies():
            if match := pattern.fullmatch(study.study_name):
                self._check(study.user_attrs.get(FINGERPRINT))
                found.append((int(match[1]), match[2]))
        return sorted(found)

    def open(self, depth: int, stage: str) -> optuna.Study:
        """Return the study of a depth and stage, made with the fingerprint where it does not exist."""
        if (depth, stage) not in self._open:
            study = self._made(study_name(self.name, depth, stage))
            self._check(study.user_attrs[FINGERPRINT])
            self._open[depth, stage] = study
        return self._open[depth, stage]

    def _made(self, name: str) -> optuna.Study:
        """Return the study of that name; whoever makes it gives it what it carries, unless it is killed on the way."""
        sampler, pruner = optuna.samplers.RandomSampler(), optuna.pruners.NopPruner()
        try:
            study = optuna.create_study(
                study_name=name, storage=self.storage, direction=self.direction, sampler=sampler, pruner=pruner
            )
        except optuna.exceptions.DuplicatedStudyError:
            study = optuna.load_study(study_name=name, storage=self.storage, sampler=sampler, pruner=pruner)
            deadline = time.monotonic() + PATIENCE
            while FINGERPRINT not in study.user_attrs and time.monotonic() < deadline:
                time.sleep(0.05)
            if FINGERPRINT in study.user_attrs:
                return study
        study.set_user_attr(IDENTITY, secrets.token_hex(4))
        study.set_user_attr(FINGERPRINT, self.fingerprint)
        return study

    @property
    def identity(self) -> str:
        """What tells this study from any other of its name, in other storages and before this one; made with it."""
        return str(self.open(LADDER[0], STAGES[0]).user_attrs.get(IDENTITY, ""))

    def read(self, depth: int, stage: str) -> list[TrialRecord]:
        """Return the trials of one study, in order of their numbers."""
        trials = self.storage.get_all_trials(self._id(depth, stage), deepcopy=False)
        return [self._record(trial, depth, stage) for trial in trials]

    def read_all(self) -> list[TrialRecord]:
        """Return the trials of the sweep, in order of depth, stage and number."""
        records = [record for depth, stage in self.existing() for record in self.read(depth, stage)]
        return sorted(records, key=lambda record: record.key)

    def keep(self, name: str, value: Any) -> None:
        """Keep something about the sweep as a whole that JSON can hold, with the study of its first depth."""
        self.open(LADDER[0], STAGES[0]).set_user_attr(name, value)

    def kept(self, name: str) -> Any:
        """Return what is kept by that name; None where there is none yet."""
        first = study_name(self.name, LADDER[0], STAGES[0])
        found = (study.user_attrs.get(name) for study in self.storage.get_all_studies() if study.study_name == first)
        return next(found, None)

    def trial_id(self, record: TrialRecord) -> int:
        """Return the storage's id of a trial."""
        return self.storage.get_trial_id_from_study_id_trial_number(self._id(record.depth, record.stage), record.number)

    def _id(self, depth: int, stage: str) -> int:
        if (depth, stage) not in self._ids:
            self._ids[depth, stage] = self.storage.get_study_id_from_name(study_name(self.name, depth, stage))
        return self._ids[depth, stage]

    def _record(self, trial: optuna.trial.FrozenTrial, depth: int, stage: str) -> TrialRecord:
        key = (depth, stage, trial.number)
        if key not in self._ended:
            record = _record(trial, depth, stage)
            if record.state == "running":
                return record
            self._ended[key] = record
        return self._ended[key]

    def _check(self, stored: Mapping[str, Any] | None) -> None:
        if self.fingerprint is None or stored is None or stored["sha256"] == self.fingerprint["sha256"]:
            return
        now = self.fingerprint["settings"]
        was = {key: self.defaults[key] for key in now.keys() & self.defaults.keys()} | stored["settings"]
        said = [
            f"{key} was {was.get(key)!r} and is {now.get(key)!r}"
            for key in sorted(was.keys() | now.keys())
            if was.get(key) != now.get(key)
        ]
        if not said:
            return
        raise ConfigError(
            f"study {self.name!r} was begun with other settings and cannot go on with these: {'; '.join(said)}. "
            "Take another study name, or the settings it was begun with"
        )


def _record(trial: optuna.trial.FrozenTrial, depth: int, stage: str) -> TrialRecord:
    """Return the trial as a plain record; a result that was written but never told is not one."""
    state = optuna.trial.TrialState
    result = trial.user_attrs.get(RESULT, {}) if trial.state in (state.COMPLETE, state.PRUNED) else {}
    reason = str(trial.user_attrs.get(REASON, ""))
    if trial.state == state.PRUNED:
        said = "diverged" if result.get("diverged") else "pruned"
    else:
        said = {state.COMPLETE: "complete", state.FAIL: "failed"}.get(trial.state, "running")
    return TrialRecord(
        depth=depth,
        stage=stage,
        number=trial.number,
        state=said,
        claim=trial.user_attrs.get(CLAIM),
        params=dict(trial.params),
        reason=reason or str(result.get("diverged", "")),
        started=trial.datetime_start,
        ended=trial.datetime_complete,
        **from_result({key: value for key, value in result.items() if key != "diverged"}),
    )
