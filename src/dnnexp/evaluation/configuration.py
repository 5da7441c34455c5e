"""A configuration: everything that makes one network what it is, apart from the data and the seed."""

from __future__ import annotations

from dataclasses import dataclass, field

from dnnexp.data.schema import PreprocessingConfig
from dnnexp.network.optimizers import OptimizerConfig
from dnnexp.network.schema import ModelConfig
from dnnexp.training.schema import ScheduleConfig, TrainerConfig

__all__ = ["Configuration"]


@dataclass
class Configuration:
    """What a trial varies and a run trains."""

    model: ModelConfig = field(default_factory=ModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    preprocessing: PreprocessingConfig = field(default_factory=PreprocessingConfig)
