from __future__ import annotations

from pathlib import Path

from dnnexp.tracking.records import RunRecord
from dnnexp.tracking.unsent import Unsent


def test_the_later_record_of_a_key_takes_the_place_of_the_earlier_one(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path / "unsent")
    unsent.keep(RunRecord("study", "sweep", role="sweep", curves={"depth/score": {1: 0.5}}))
    unsent.keep(RunRecord("study", "sweep", role="sweep", curves={"depth/score": {1: 0.5, 2: 0.6}}))
    assert [run.steps("depth/score") for run in unsent.waiting()] == [{1: 0.5, 2: 0.6}]


def test_what_is_kept_of_a_key_is_found_by_it(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path / "unsent")
    assert unsent.find("study") is None
    unsent.keep(kept := RunRecord("study", "sweep", role="sweep", metrics={"depth/score": 0.5}))
    assert unsent.find("study") == kept
    assert unsent.find("other") is None


def test_parents_come_first_then_the_oldest(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path)
    unsent.keep(RunRecord("late", "b", parent="study", start_time=2.0))
    unsent.keep(RunRecord("early", "a", parent="study", start_time=1.0))
    unsent.keep(RunRecord("study", "sweep", role="sweep", start_time=3.0))
    assert [run.key for run in unsent.waiting()] == ["study", "early", "late"]


def test_what_was_replaced_while_it_was_delivered_is_not_forgotten(tmp_path: Path) -> None:
    unsent = Unsent(tmp_path)
    old, new = (RunRecord("study", "sweep", role="sweep", metrics={"depth/score": x}) for x in (0.5, 0.6))
    unsent.keep(old)
    unsent.keep(new)
    unsent.forget(old)
    assert [run.metrics for run in unsent.waiting()] == [{"depth/score": 0.6}]
    unsent.forget(new)
    unsent.forget(new)
    assert len(unsent) == 0


def test_files_that_are_no_records_are_passed_over_and_kept(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("[1, 2]")
    (tmp_path / "torn.json").write_text('{"key": "k", "na')
    (tmp_path / "binary.json").write_bytes(b"\xff")
    (tmp_path / "odd.json").write_text('{"curves": []}')
    (tmp_path / "refused.json").write_text(RunRecord("k", "n").to_json().replace('"single"', '"hero"'))
    unsent = Unsent(tmp_path)
    unsent.keep(RunRecord("k", "n"))
    assert [run.key for run in unsent.waiting()] == ["k"]
    assert (tmp_path / "torn.json").exists()
    assert not list(tmp_path.glob("*.part"))
