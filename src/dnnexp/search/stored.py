"""The trials of a study that lie in a storage, for those who only read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from dnnexp.errors import ConfigError, nearest
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.search.ladder import Climb, climb
from dnnexp.search.records import TrialRecord, in_budget
from dnnexp.search.storage import opened_storage, trouble_in_words
from dnnexp.search.studies import Studies
from dnnexp.search.sweep import Sweep
from dnnexp.search.yardsticks import stored_yardsticks

__all__ = ["StoredSweep", "read_sweep", "require_stored"]


class StoredSweep(NamedTuple):
    """What a storage knows of a sweep."""

    climb: Climb
    records: list[TrialRecord]  # that count
    yardsticks: Yardsticks  # the baselines, as far as they were scored


def require_stored(url: str, name: str) -> None:
    """Raise ConfigError that names the studies there are, where there is none of the name; makes nothing on the way."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise ConfigError(f"study: nothing is stored in {address.database} yet; run dnnexp.sweep first")
    with trouble_in_words(url), opened_storage(url) as storage:
        studies = Studies(storage, name)
        if not studies.existing():
            known = {study.study_name.rsplit("/", 2)[0] for study in studies.storage.get_all_studies()}
            raise ConfigError(f"study: no study {name!r} in the storage, {nearest(name, known)}")


def read_sweep(sweep: Sweep) -> StoredSweep:
    """Return how far the sweep has come, its trials that count, and its baselines.

    Raises ConfigError where the study was begun with other settings or data.
    """
    with trouble_in_words(sweep.url), sweep.studies() as studies:
        records = in_budget(studies.read_all(), sweep.config.trials_per_depth)
        yardsticks = stored_yardsticks(studies)
    return StoredSweep(climb(records, sweep.config), records, yardsticks)
