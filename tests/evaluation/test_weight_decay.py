"""How much decay a network gets: as configured, less of many rows."""

from __future__ import annotations

import numpy as np
import pytest

from dnnexp.errors import ConfigError
from dnnexp.evaluation.configuration import Configuration
from dnnexp.evaluation.stack import make_member
from dnnexp.network.optimizers import OptimizerConfig


@pytest.mark.parametrize(("rows", "decay"), [(100, 0.2), (2000, 0.2), (4000, 0.1), (40_000, 0.01)])
def test_beyond_its_rows_the_decay_falls_so_that_an_epoch_takes_as_much_off_a_weight(rows: int, decay: float) -> None:
    member = make_member(Configuration(), np.arange(rows), np.zeros(0, np.intp), np.random.SeedSequence(0))
    assert member.weight_decay == pytest.approx(decay)


def test_a_decay_can_be_the_same_of_any_number_of_rows() -> None:
    assert OptimizerConfig(weight_decay=0.3, decay_rows=None).decay(10**6) == 0.3
    assert OptimizerConfig("adam").decay(10) == 0
    with pytest.raises(ConfigError, match="optimizer.decay_rows: need decay_rows >= 1"):
        OptimizerConfig(decay_rows=0)
