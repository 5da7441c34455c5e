from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from dnnexp.config.values import build, leaf_keys
from dnnexp.errors import ConfigError


@dataclass
class Inner:
    """A section."""

    rate: float = 0.5
    names: tuple[str, ...] = ()


@dataclass
class Outer:
    """A section that holds a section."""

    count: int = 1
    flag: bool = False
    word: str | None = None
    inner: Inner = field(default_factory=Inner)
    rows: list[list[int]] | None = None


def test_leaf_keys_are_dotted_and_in_order() -> None:
    assert list(leaf_keys(Outer)) == ["count", "flag", "word", "inner.rate", "inner.names", "rows"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Outer()),
        ({"count": 3.0}, Outer(count=3)),
        ({"count": "12"}, Outer(count=12)),
        ({"inner": {"rate": 1}}, Outer(inner=Inner(rate=1.0))),
        ({"inner": {"rate": "1e-3"}}, Outer(inner=Inner(rate=0.001))),
        ({"word": 2024}, Outer(word="2024")),
        ({"word": None, "flag": True}, Outer(flag=True)),
        ({"rows": [[1], [2, 3]]}, Outer(rows=[[1], [2, 3]])),
    ],
)
def test_values_become_what_the_schema_declares(values: dict[str, Any], expected: Outer) -> None:
    assert build(Outer, values) == expected


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"count": None}, "count: need a whole number, got null"),
        ({"count": True}, "count: need a whole number, got true"),
        ({"flag": 1}, "flag: need true or false, got 1"),
        ({"flag": "true"}, "flag: need true or false, got 'true'"),
        ({"inner": 3}, "inner: need a section of keys: rate, names, got 3"),
        ({"inner": {"rat": 3}}, "inner.rat: no such key; inner has: rate, names"),
        ({"inner": {"names": ["a", None]}}, r"inner.names\[1\]: need a text, got null"),
        ({"rows": [[1], 2]}, r"rows\[1\]: need a list, each a whole number, got 2"),
        (
            {"count": 10**400},
            "count: need a whole number, got 10{59}…, which is too large; at most 9223372036854775807",
        ),
        ({"count": str(10**400)}, "count: need a whole number, got '10+…"),
        ({"count": float("inf")}, "count: need a whole number, got inf"),
        ({"inner": {"rate": 10**400}}, r"inner.rate: need a number, got 10+…, which is too large; at most 1\.79"),
        ({"inner": {"rate": float("nan")}}, "inner.rate: need a number, got nan"),
        ({"word": "???"}, "word: must be set, with word=VALUE; need a text or null"),
    ],
)
def test_values_of_another_type_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(Outer, values)
