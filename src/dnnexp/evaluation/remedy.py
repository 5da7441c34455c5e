"""What to do about a network that diverged."""

from __future__ import annotations

from dnnexp.evaluation.configuration import Configuration
from dnnexp.training.divergence import STOP_ROWS, Divergence

__all__ = ["divergence_in_words"]


def divergence_in_words(divergence: Divergence, configuration: Configuration) -> str:
    """Return where the network diverged and what to do.

    Before the first step it is the initial weights or the inputs that are too large, whatever the learning rate is.
    """
    if divergence.quantity == STOP_ROWS:
        rate = configuration.optimizer.lr
        return f"{divergence}; look for extreme values in the data's target, or lower optimizer.lr ({rate:g})"
    if not divergence.is_initial:
        return f"{divergence}; lower optimizer.lr ({configuration.optimizer.lr:g})"
    return f"{divergence}, before optimizer.lr played a part; {_calmer_start(configuration)}"


def _calmer_start(configuration: Configuration) -> str:
    """Return which setting to change for a first step without overflow: the one that is most unusual."""
    model, trainer = configuration.model, configuration.trainer
    if model.gain is not None:
        return f"lower model.gain ({model.gain:g}), or take model.gain=null"
    if configuration.preprocessing.scaling == "none":
        return "take data.preprocessing.scaling=standard: the inputs are not scaled (none)"
    for name, value in (("l1", trainer.l1), ("l2", trainer.l2)):
        if value > 1:
            return f"lower trainer.{name} ({value:g})"
    if model.hidden and model.normalization == "none":
        return "take model.normalization=layer, or fewer hidden layers (model.depth)"
    return f"take model.initializer=auto (it is {model.initializer}), and look for extreme values in the data"
