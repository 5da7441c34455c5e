"""What draws below a study's seed draws numbers of its own, today's and tomorrow's the same."""

from __future__ import annotations

import numpy as np

from dnnexp.evaluation import places
from dnnexp.training.seeds import child

# what is drawn from, with the places below it that are named elsewhere
USED = {
    "SPLIT": (0,), "FOLDS": (1, 0, 0), "MEMBERS": (2, 0), "REFIT": (3, 0), "SELECTION": (4,), "FRESH_FOLDS": (5, 0, 0),
    "FRESH_MEMBERS": (6, 0), "CONFIRMATION": (7,), "BASELINE_TREES": (101,), "RANGE_ROWS": (4, 0),
    "RANGE_WEIGHTS": (4, 1),
}  # fmt: skip


def test_a_place_has_the_number_that_it_always_had() -> None:
    for name, path in USED.items():
        place = getattr(places, name)
        assert path[: len(place) if isinstance(place, tuple) else 1] == (
            place if isinstance(place, tuple) else (place,)
        )
    assert set(places.__all__) == {*USED, "DIVIDED", "STOPPED", "LIMITED"}
    assert (places.DIVIDED, places.STOPPED, places.LIMITED) == (0, 1, 2)


def test_no_two_draw_the_same() -> None:
    seed = np.random.SeedSequence(0)
    paths = [*USED.values(), (4, 0, places.LIMITED), (4, 0, places.DIVIDED, 0), (4, 0, places.STOPPED, 0)]
    drawn = [tuple(child(seed, *path).generate_state(4).tolist()) for path in paths]
    assert len(set(drawn)) == len(drawn)
