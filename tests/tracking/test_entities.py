from __future__ import annotations

import hashlib
import math
from collections import Counter

import pytest

from dnnexp.tracking.entities import batches, entities, key_of, tag_of
from dnnexp.tracking.records import RunRecord


def test_nothing_is_lost_or_sent_twice_and_no_batch_exceeds_the_limits_of_mlflow() -> None:
    record = RunRecord(
        "k",
        "n",
        params={f"p{i}": i for i in range(250)},
        curves={f"c{i}": [0.5] * 900 for i in range(3)},
        tags={f"t{i}": "x" for i in range(130)},
    )
    values = entities(record)
    sent = list(batches(values))
    for batch in sent:
        assert len(batch.params) <= 100
        assert len(batch.tags) <= 100
        assert len(batch.params) + len(batch.tags) + len(batch.metrics) <= 1000
    assert Counter(p.key for b in sent for p in b.params) == Counter(record.params.keys())
    assert Counter(t.key for b in sent for t in b.tags) == Counter(values.tags.keys())
    assert Counter((m.key, m.step) for b in sent for m in b.metrics) == Counter(
        (f"c{i}", step) for i in range(3) for step in range(1, 901)
    )


def test_an_ordinary_trial_is_one_batch() -> None:
    record = RunRecord(
        "k", "n", params={f"p{i}": i for i in range(40)}, curves={f"c{i}": [0.5] * 100 for i in range(3)}
    )
    assert len(list(batches(entities(record)))) == 1


def test_the_final_value_of_a_metric_with_a_curve_is_its_latest() -> None:
    record = RunRecord(
        "k", "n", metrics={"train/loss": 0.25}, curves={"train/loss": [3.0, 2.0]}, start_time=100.0, end_time=109.0
    )
    points = [(m.step, m.value, m.timestamp) for m in entities(record).metrics]
    assert points == [(1, 3.0, 103_000), (2, 2.0, 106_000), (2, 0.25, 109_000)]


def test_values_that_are_not_finite_are_named_and_left_out() -> None:
    record = RunRecord("k", "n", metrics={"val/loss": math.nan}, curves={"train/loss": [1.0, math.inf, math.nan]})
    values = entities(record)
    assert [(m.key, m.step, m.value) for m in values.metrics] == [("train/loss", 1, 1.0)]
    said = values.tags["dnnexp.not_finite"]
    assert said == "val/loss: nan from step 0, 1 of 1 values; train/loss: inf from step 2, 2 of 3 values"


def test_a_long_parameter_becomes_its_hash_and_a_file() -> None:
    text = "column, " * 1000
    values = entities(RunRecord("k", "n", params={"data.columns": text}))
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert values.params[0].value == f"sha256:{digest} (8000 characters, in params/data.columns.txt)"
    assert values.artifacts["params/data.columns.txt"] == text


def test_secrets_are_masked_in_parameters_tags_and_text_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter2222")
    secret = "postgresql://me:hunter2222@db/x"
    record = RunRecord(
        "k", "n", params={"a": secret, "b": ["hunter2222"]}, tags={"c": secret}, artifacts={"d.yaml": "hunter2222"}
    )
    assert "hunter2222" not in repr(entities(record))


@pytest.mark.parametrize("key", ["study/d3/screen/t42", 'it\'s 100 % "mine"/d1', "größe_1\\x/`y`"])
def test_a_key_comes_back_from_its_tag_which_holds_nothing_a_search_would_trip_over(key: str) -> None:
    assert key_of(tag_of(key)) == key
    assert not set(tag_of(key)) & set("'\"`\\")


def test_what_networks_are_compared_by_comes_first() -> None:
    record = RunRecord("k", "n", metrics={"train/loss": 1, "score/r2": 1, "seconds": 1, "test/r2": 1})
    assert [metric.key for metric in entities(record).metrics] == ["score/r2", "test/r2", "train/loss", "seconds"]
