from __future__ import annotations

import math

import pytest

from dnnexp.errors import ConfigError
from dnnexp.tracking.records import RunRecord


def test_a_record_survives_being_written_as_json() -> None:
    record = RunRecord(
        "study/d1/screen/t0",
        "d1-64-relu",
        role="screen",
        parent="study",
        params={"model.depth": 1, "model.widths": [64]},
        metrics={"test/accuracy": 0.9},
        curves={"train/loss": [2.0, 1.0], "depth/score": {1: 0.5, 4: 0.75}},
        tags={"dnnexp.study": "study"},
        artifacts={"config.yaml": "a: 1\n", "figure.png": bytes(range(256))},
        start_time=1.5,
        end_time=2.5,
    )
    read = RunRecord.from_json(record.to_json())
    assert read.artifacts == record.artifacts
    assert read.params == {"model.depth": "1", "model.widths": "[64]"}
    assert read.steps("train/loss") == {1: 2.0, 2: 1.0}
    assert read.steps("depth/score") == {1: 0.5, 4: 0.75}
    assert read.to_json() == record.to_json()


def test_values_that_are_not_finite_survive_too() -> None:
    read = RunRecord.from_json(RunRecord("k", "n", curves={"train/loss": [1.0, math.inf, math.nan]}).to_json())
    first, second, third = read.steps("train/loss").values()
    assert (first, second) == (1.0, math.inf)
    assert math.isnan(third)


@pytest.mark.parametrize(
    ("settings", "law"),
    [
        ({"key": ""}, "key: need a key that is not empty"),
        ({"role": "hero"}, "role: unknown choice 'hero'"),
        ({"status": "DONE"}, "status: unknown choice 'DONE'"),
    ],
)
def test_a_record_that_cannot_be_is_refused(settings: dict[str, object], law: str) -> None:
    with pytest.raises(ConfigError, match=law):
        RunRecord(**({"key": "k", "name": "n"} | settings))


def test_an_end_before_the_start_as_where_a_clock_was_set_back_is_the_start() -> None:
    run = RunRecord("k", "n", start_time=2.0, end_time=1.0)
    assert (run.start_time, run.end_time) == (2.0, 2.0)
