from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from typing import Any

import pytest
from omegaconf import OmegaConf

from dnnexp.errors import ConfigError
from dnnexp.search.schema import SearchConfig, SpaceConfig, require_study_name


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": [0, 8]}, r"search.space.width: need \[low, high\] with 0 < low <= high, got \[0, 8\]"),
        ({"lr": [1e-2, 1e-3]}, "search.space.lr"),
        ({"lr": [1e-3, math.inf]}, "search.space.lr"),
        ({"weight_decay": [1e-3]}, "search.space.weight_decay"),
        ({"activation": []}, "search.space.activation: need at least one activation"),
        ({"activation": ["relu", "rleu"]}, r"search.space.activation\[1\]: unknown choice 'rleu', did you mean 'relu'"),
        ({"activation": ["relu", "relu"]}, "search.space.activation: need each activation once"),
        ({"lr_exponent": -1}, "search.space.lr_exponent"),
        ({"dropout": [0.1, 1.0]}, r"search.space.dropout: need \[low, high\] with 0 <= low <= high < 1"),
        ({"batch_size": [0]}, r"search.space.batch_size\[0\]: need a number from 1 on, got 0"),
        ({"batch_size": [8, 8]}, "search.space.batch_size: need each batch_size once"),
        ({"scaling": ["standart"]}, r"search.space.scaling\[0\]: unknown choice 'standart', did you mean 'standard'"),
        ({"scaling": "robust"}, "search.space.scaling: need a list of choices, auto or null, got 'robust'"),
        ({"skew": []}, "search.space.skew: need at least one skew"),
        ({"columns": "5"}, "search.space.columns: need a list of choices, auto or null, got '5'"),
        ({"columns": [None, 0]}, r"search.space.columns\[1\]: need a number from 1 on, got 0"),
    ],
)
def test_an_impossible_space_is_refused_with_its_key(settings: dict[str, Any], message: str):
    with pytest.raises(ConfigError, match=message):
        SpaceConfig(**settings)


@pytest.mark.parametrize("key", ["trials_per_depth", "max_depth", "patience", "workers"])
def test_counts_start_at_one(key: str):
    with pytest.raises(ConfigError, match=f"search.{key}: need {key} >= 1, got 0"):
        SearchConfig(**{key: 0})


@pytest.mark.parametrize(("key", "value"), [("sampler", "tpee"), ("pruner", "medain")])
def test_an_unknown_name_is_refused_with_the_nearest(key: str, value: str):
    with pytest.raises(ConfigError, match=f"search.{key}: unknown choice '{value}', did you mean"):
        SearchConfig(**{key: value})


def test_the_yaml_says_every_key_and_its_default(request: pytest.FixtureRequest):
    file = request.config.rootpath / "conf" / "search" / "ladder.yaml"
    assert OmegaConf.to_container(OmegaConf.load(file)) == dataclasses.asdict(SearchConfig())
    for line in file.read_text(encoding="utf-8").splitlines():
        assert "#" in line, f"no comment: {line}"


def test_the_schema_loads_neither_optuna_nor_anything_else_that_is_slow():
    heavy = "{'optuna', 'sqlalchemy', 'pandas', 'sklearn', 'scipy'}"
    code = f"import sys, dnnexp.search.schema; sys.exit(str({heavy} & sys.modules.keys() or ''))"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr.strip() == ""
    )


@pytest.mark.parametrize("name", ["s", "a b", "it's", 'the "best"', "ünïcödé 研究", "100 % (v2)", "x" * 200, "研" * 66])
def test_a_study_can_have_any_name_that_a_file_can_have(name: str):
    require_study_name(name)


@pytest.mark.parametrize(
    "name", ["", " ", "a ", ".", "..", ".a", "a/b", "a\\b", "a:b", "a\nb", "\x00", "a'b\"c", "x" * 201]
)
def test_a_study_that_no_file_can_be_named_after_is_refused(name: str):
    with pytest.raises(ConfigError, match="study: need a name of at most 200 bytes"):
        require_study_name(name)
