"""What can be set about the ladder. Standard library only: read before optuna is imported."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from dnnexp.data.schema import SCALINGS, SKEWS
from dnnexp.errors import require, require_choice
from dnnexp.network.activations import ACTIVATIONS

__all__ = [
    "AUTO", "LADDER", "PRUNERS", "SAMPLERS", "SELECTIONS", "SearchConfig", "SpaceConfig", "require_study_name",
]  # fmt: skip

# Hidden layers, growing by a third to a half a step. The longest networks that have been trained plainly have 500.
LADDER = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
AUTO = "auto"  # choices made from the data, before the study begins
SAMPLERS = ("tpe", "random")
PRUNERS = ("none", "median", "third")
SELECTIONS = ("development", "test")
TAKEN = ("best", "checkpoints", "lr_range_test", "models", "unsent")  # by what commands write beside studies
LONGEST_NAME = 200  # bytes of a study's name: 255 are a file's, with what is added


@dataclass
class SpaceConfig:
    """What a trial may choose; the same bounds for every trial of one depth."""

    width: list[int] = field(default_factory=lambda: [16, 128])  # units of a layer, log scale
    taper: list[float] = field(default_factory=lambda: [0.25, 1.0])  # beyond 6 layers: last width / first, log scale
    activation: list[str] = field(default_factory=lambda: ["relu", "tanh", "gelu", "silu"])  # one for all layers
    per_layer_activation: bool = False  # to 6 layers each has its own
    lr: list[float] = field(default_factory=lambda: [1e-3, 3e-2])  # at one hidden layer, log scale
    lr_exponent: float = 0.5  # at depth d the bounds of lr are multiplied by d ** -lr_exponent
    weight_decay: list[float] | None = field(default_factory=lambda: [1e-3, 1.0])  # log scale; None: as configured
    dropout: list[float] | None = None  # low and high; None: as configured, as in all that follow
    batch_size: list[int] | None = None  # choices
    scaling: list[str] | str | None = AUTO  # choices; auto: those that can matter to the data
    skew: list[str] | None = None  # choices
    columns: list[int | None] | str | None = AUTO  # choices of how many columns are kept, None: all; auto: by the data

    def __post_init__(self) -> None:
        for key in ("width", "taper", "lr", "weight_decay"):
            bounds = getattr(self, key)
            if bounds is not None:
                holds = len(bounds) == 2 and 0 < bounds[0] <= bounds[1] < math.inf
                require(holds, f"search.space.{key}", "[low, high] with 0 < low <= high", bounds)
        if self.dropout is not None:
            holds = len(self.dropout) == 2 and 0 <= self.dropout[0] <= self.dropout[1] < 1
            require(holds, "search.space.dropout", "[low, high] with 0 <= low <= high < 1", self.dropout)
        holds = 0 <= self.lr_exponent <= 3
        require(holds, "search.space.lr_exponent", "0 <= lr_exponent <= 3", self.lr_exponent)
        _require_choices("activation", self.activation, ACTIVATIONS)
        _require_choices("scaling", self.scaling, SCALINGS)
        _require_choices("skew", self.skew, SKEWS)
        for key, choices in (("batch_size", self.batch_size), ("columns", self.columns)):
            _require_choices(key, choices)
            for i, count in enumerate(choices if isinstance(choices, list) else ()):
                require(count is None or count >= 1, f"search.space.{key}[{i}]", "a number from 1 on", count)


def _require_choices(key: str, choices: object, names: Iterable[str] | None = None) -> None:
    """Raise ConfigError unless choices is None, "auto" where the key knows it, or a list, each once, all of `names`."""
    name = f"search.space.{key}"
    if choices is None or (choices == AUTO and key in ("scaling", "columns")):
        return
    require(isinstance(choices, list), name, "a list of choices, auto or null", choices)
    assert isinstance(choices, list)
    require(len(choices) >= 1, name, f"at least one {key}", choices)
    for i, choice in enumerate(choices if names is not None else ()):
        require_choice(f"{name}[{i}]", choice, names or ())
    require(len(set(choices)) == len(choices), name, f"each {key} once", choices)


@dataclass
class SearchConfig:
    """How far the ladder grows, how much each depth is tuned, and when growing stops."""

    trials_per_depth: int = 20  # in total, whoever runs them and however often the sweep is restarted
    max_depth: int = 16
    patience: int = 2  # consecutive depths without a gain before growing stops
    min_gain: float = 0.0  # in units of the metric; the gain must also exceed one standard error
    max_minutes: float | None = None  # of training, all workers together, after which no configuration is begun
    rescore: int = 2  # configurations of each depth scored again on fresh folds and seeds; 0: judge by screening
    confirm_seeds: int = 5  # networks of the choice, alike but for their seeds, that are scored on the test rows
    baselines: bool = True  # majority or mean, linear and boosted trees on the same folds, beside the trials
    selection: str = "development"  # test: depth and network are chosen by the test rows, and the answer is optimistic
    workers: int = 1
    sampler: str = "tpe"
    pruner: str = "none"
    space: SpaceConfig = field(default_factory=SpaceConfig)

    def __post_init__(self) -> None:
        require(self.trials_per_depth >= 1, "search.trials_per_depth", "trials_per_depth >= 1", self.trials_per_depth)
        require(self.max_depth >= 1, "search.max_depth", "max_depth >= 1", self.max_depth)
        require(self.patience >= 1, "search.patience", "patience >= 1", self.patience)
        require(0 <= self.min_gain < math.inf, "search.min_gain", "min_gain >= 0", self.min_gain)
        if self.max_minutes is not None:
            holds = 0 < self.max_minutes < math.inf
            require(holds, "search.max_minutes", "max_minutes > 0 (null: no limit)", self.max_minutes)
        require(self.rescore >= 0, "search.rescore", "rescore >= 0", self.rescore)
        require(self.confirm_seeds >= 1, "search.confirm_seeds", "confirm_seeds >= 1", self.confirm_seeds)
        require_choice("search.selection", self.selection, SELECTIONS)
        require(self.workers >= 1, "search.workers", "workers >= 1", self.workers)
        require_choice("search.sampler", self.sampler, SAMPLERS)
        require_choice("search.pruner", self.pruner, PRUNERS)

    @property
    def scores_again(self) -> bool:
        """Whether the best of a depth, and so the best baseline, are scored again on fresh folds."""
        return self.rescore > 0 and self.selection != "test"


def require_study_name(name: str) -> None:
    """Raise ConfigError unless files, folders, a registered model and a search in MLflow can all have the name."""
    is_word = bool(name) and name == name.strip() and name.isprintable() and not name.startswith(".")
    fits = not set(name) & set("/\\:") and not {"'", '"'} <= set(name) and len(name.encode()) <= LONGEST_NAME
    law = f"a name of at most {LONGEST_NAME} bytes without / \\ : or both kinds of quotes, and no dot before it"
    require(is_word and fits, "study", law, name)
    require(name not in TAKEN, "study", f"a name that is not taken by other files: not {', '.join(TAKEN)}", name)
