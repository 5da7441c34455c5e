from __future__ import annotations

from pathlib import Path

import dnnexp
from dnnexp.config.refusal import SETTINGS
from dnnexp.config.vocabulary import CHOOSERS, Vocabulary, conf_folder
from dnnexp.network.optimizers import OPTIMIZERS
from dnnexp.training.schedules import SCHEDULES

GROUPS = [
    "data",
    "model",
    "optimizer",
    "schedule",
    "trainer",
    "evaluation",
    "search",
    "tracking",
    "prediction",
    "paths",
]


def test_the_packaged_configuration_is_found_from_any_folder(empty_folder: Path) -> None:
    assert (conf_folder() / "config.yaml").is_file()
    assert conf_folder().is_absolute()


def test_a_wheels_own_folder_is_looked_into_first(tmp_path: Path, monkeypatch) -> None:
    package = tmp_path / "site-packages" / "dnnexp"
    (package / "conf").mkdir(parents=True)
    (package / "conf" / "config.yaml").write_text("seed: 0\n")
    monkeypatch.setattr(dnnexp, "__file__", str(package / "__init__.py"))
    assert conf_folder() == package / "conf"


def test_every_key_of_the_schemas_is_in_a_file_and_every_key_of_a_file_in_the_schemas() -> None:
    vocabulary = Vocabulary([conf_folder()])
    written = set(vocabulary.entries("", "config"))
    for group in GROUPS:
        for option in vocabulary.options(group):
            written |= {f"{group}.{key}" for key in vocabulary.entries(group, option)}
    assert written == set(SETTINGS)


def test_every_key_of_a_file_says_what_it_means_at_its_end() -> None:
    vocabulary = Vocabulary([conf_folder()])
    silent = [
        f"{group}/{option}: {key}"
        for group in ["", *GROUPS]
        for option in (vocabulary.options(group) if group else ["config"])
        for key, entry in vocabulary.entries(group, option).items()
        if not entry.comment and key not in CHOOSERS
    ]
    assert silent == []


def test_the_lines_of_a_file_are_read_as_yaml_reads_them() -> None:
    vocabulary = Vocabulary([conf_folder()])
    for group in GROUPS:
        for option in vocabulary.options(group):
            assert tuple(vocabulary.entries(group, option)) == vocabulary.keys(group, option, None)


def test_each_optimizer_and_schedule_of_the_registries_is_an_option() -> None:
    vocabulary = Vocabulary([conf_folder()])
    assert vocabulary.options("optimizer") == sorted(OPTIMIZERS)
    assert vocabulary.options("schedule") == sorted(SCHEDULES)


def test_the_options_that_a_main_file_chooses_are_known_through_those_it_builds_on(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("defaults: [config, _self_, {override /data: iris}]\n")
    chosen = Vocabulary([conf_folder(), tmp_path]).defaults("study")
    assert (chosen["data"], chosen["optimizer"], chosen["experiment"]) == ("iris", "adamw", None)
