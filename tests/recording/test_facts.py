"""What the report of a sweep says of where it comes from is what its runs say."""

from __future__ import annotations

import pytest

from dnnexp.config import Composer
from dnnexp.recording.ledger import open_recorder
from dnnexp.recording.stored import FACTS, sweep_facts
from dnnexp.study import make_protocol


@pytest.mark.parametrize("threads", [1, 3])
def test_a_sweep_and_its_runs_come_from_the_same(threads: int) -> None:
    config = Composer().compose(["data=iris", f"trainer.threads={threads}", "seed=7"])
    protocol = make_protocol(config)
    said = sweep_facts(config, protocol, "a command")
    tags = open_recorder(config, protocol, "a command").context
    assert said == {name: tags[key] for key, name in FACTS.items() if key in tags}
    assert (said["seed"], said["threads"], said["data (SHA-256)"]) == ("7", str(threads), protocol.dataset.sha256)
    assert said["BLAS"].endswith(f" {threads} thread{'s' * (threads > 1)}")
