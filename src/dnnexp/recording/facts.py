"""Where a result comes from, as tags: code, machine and command, and the data, the seed and the threads beside them."""

from __future__ import annotations

from dnnexp.config import Config
from dnnexp.evaluation.protocol import Protocol
from dnnexp.tracking.provenance import provenance

__all__ = ["fact_tags"]


def fact_tags(config: Config, protocol: Protocol, command: str) -> dict[str, str]:
    """Return the tags that every run of the command gets, by which its result can be had again."""
    return provenance(command, config.trainer.threads) | {
        "dnnexp.data": protocol.dataset.name,
        "dnnexp.data_sha256": protocol.dataset.sha256,
        "dnnexp.split_sha256": protocol.split.sha256,
        "dnnexp.metric": protocol.metric_name,
        "dnnexp.seed": str(config.seed),
        "dnnexp.threads": str(config.trainer.threads),
    }
