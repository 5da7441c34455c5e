"""The factor on the learning rate, worked by hand: at the first step, in the middle, at the last."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dnnexp.training.plateau import Plateau
from dnnexp.training.schedules import SCHEDULES, ScheduleConfig, factor

HALF_ROOT = math.sqrt(0.5)  # cos 45°; cos 135° is its negative
VALUES: list[tuple[ScheduleConfig, int, dict[int, float]]] = [
    (ScheduleConfig("constant", warmup=0.0), 4, {0: 1, 2: 1, 3: 1}),
    (ScheduleConfig("reduce_on_plateau", warmup=0.0), 4, {0: 1, 2: 1, 3: 1}),  # what follows the cost comes on top
    (ScheduleConfig("cosine", warmup=0.0), 4, {0: 1, 1: (1 + HALF_ROOT) / 2, 2: 0.5, 3: (1 - HALF_ROOT) / 2}),
    (ScheduleConfig("cosine", warmup=0.0, final=0.2), 4, {0: 1, 2: 0.6, 3: 0.2 + 0.4 * (1 - HALF_ROOT)}),
    (
        ScheduleConfig("step", warmup=0.0, drop=0.1, drops=3),
        8,
        {0: 1, 1: 1, 2: 0.1, 3: 0.1, 4: 0.01, 5: 0.01, 6: 0.001, 7: 0.001},
    ),
    (ScheduleConfig("step", warmup=0.0, drop=0.5, drops=1), 5, {0: 1, 2: 1, 3: 0.5, 4: 0.5}),
    (ScheduleConfig("exponential", warmup=0.0, final=0.01), 4, {0: 1, 1: 10**-0.5, 2: 0.1, 3: 10**-1.5}),
    (
        ScheduleConfig("one_cycle", warmup=0.0, rise=0.5),
        8,
        {0: 0.04, 2: (0.04 + 1) / 2, 4: 1, 6: 0.5, 7: (1 - HALF_ROOT) / 2},
    ),
    (ScheduleConfig("one_cycle", warmup=0.0, rise=0.25, final=0.2), 8, {0: 0.04, 1: 0.52, 2: 1, 5: 0.6}),
    # two of ten steps of warm-up, to the full rate at the third; the schedule itself has the other eight
    (ScheduleConfig("constant", warmup=0.2), 10, {0: 1 / 3, 1: 2 / 3, 2: 1, 9: 1}),
    (ScheduleConfig("cosine", warmup=0.2), 10, {0: 1 / 3, 1: 2 / 3, 2: 1, 4: (1 + HALF_ROOT) / 2, 6: 0.5}),
    (ScheduleConfig("cosine", warmup=0.2, final=1.0), 10, {0: 1 / 3, 6: 1, 9: 1}),
    (ScheduleConfig("step", warmup=0.2, drop=0.1, drops=1), 10, {1: 2 / 3, 5: 1, 6: 0.1, 9: 0.1}),
    (ScheduleConfig("exponential", warmup=0.2, final=0.01), 10, {0: 1 / 3, 2: 1, 6: 0.1, 8: 10**-1.5}),
    (ScheduleConfig("one_cycle", warmup=0.2, rise=0.5), 10, {0: 1 / 3, 2: 0.04, 4: 0.52, 6: 1, 8: 0.5}),
]


@pytest.mark.parametrize(("config", "T", "expected"), VALUES, ids=lambda value: getattr(value, "name", None))
def test_a_schedule_has_the_values_worked_by_hand(config: ScheduleConfig, T: int, expected: dict[int, float]) -> None:
    assert {t: factor(config, t, T) for t in expected} == pytest.approx(expected)


def test_every_schedule_has_values_worked_by_hand() -> None:
    assert {config.name for config, *_ in VALUES} == set(SCHEDULES)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("T", [1, 2, 3, 1000])
def test_every_schedule_stays_between_0_and_the_full_rate_however_few_steps_there_are(name: str, T: int) -> None:
    for warmup in (0.0, 0.05, 0.99):
        config = ScheduleConfig(name, warmup=warmup, final=0.01)
        assert all(0 <= factor(config, t, T) <= 1 for t in range(T))


def test_a_plateau_drops_the_rate_of_the_network_whose_cost_has_not_fallen_for_as_long_as_it_waits() -> None:
    plateau = Plateau(2, drop=0.1, wait=2)
    factors = []
    for cost in ([4.0, 4.0], [3.0, 4.0], [3.0, 3.9999], [2.9999, 3.0], [3.0, 2.0], [2.0, 2.0], [2.0, 2.0]):
        plateau.end_epoch(np.array(cost))
        factors.append(plateau.factor[:, 0].tolist())
    # the first waits through epochs 3 and 4; the second through 2 and 3, then 6 and 7: less than 1e-4 is no fall
    np.testing.assert_allclose(factors, [[1, 1], [1, 1], [1, 0.1], [0.1, 0.1], [0.1, 0.1], [0.1, 0.1], [0.1, 0.01]])
