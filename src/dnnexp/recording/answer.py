"""The answer of a sweep, from its records, its protocol and the network that was chosen."""

from __future__ import annotations

from dnnexp.evaluation.protocol import Protocol
from dnnexp.evaluation.yardsticks import Yardsticks
from dnnexp.predictor import Predictor
from dnnexp.search.answer import answer, inputs_sentence
from dnnexp.search.ladder import Climb

__all__ = ["sweep_answer"]


def sweep_answer(climb: Climb, protocol: Protocol, predictor: Predictor | None, yardsticks: Yardsticks) -> list[str]:
    """Return the sentences; predictor: the choice, refitted, None where it could not be."""
    inputs = ""
    if predictor is not None:
        read = predictor.preprocessor
        inputs = inputs_sentence(read.columns, protocol.dataset.X.shape[1], read.scaling)
    split = protocol.split
    return answer(climb, len(split.test), len(split.development), yardsticks, inputs)
