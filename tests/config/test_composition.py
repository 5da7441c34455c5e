from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from dnnexp.config import Composer, Config, PathsConfig
from dnnexp.config.vocabulary import Vocabulary, conf_folder
from dnnexp.errors import ConfigError

GROUPS = [
    "data",
    "model",
    "optimizer",
    "schedule",
    "trainer",
    "evaluation",
    "search",
    "tracking",
    "paths",
    "experiment",
]
OPTIONS = [(group, option) for group in GROUPS for option in Vocabulary([conf_folder()]).options(group)]
MUST_BE_SET = {
    "csv": ["data.path=a.csv", "data.target=y"],
    "idx": ["data.path=train-images"],
    "npz": ["data.path=a.npz"],
    "parquet": ["data.path=a.parquet", "data.target=[y,z]"],
}


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer()


def test_nothing_said_is_digits_with_one_hidden_layer(composer: Composer) -> None:
    config = composer.compose()
    assert (config.data.name, config.model.hidden, config.optimizer.name) == ("digits", ((64, "silu"),), "adamw")
    assert config.evaluation.kind == "cross_validation"


def test_overrides_set_values_of_the_declared_types(composer: Composer) -> None:
    config = composer.compose(
        [
            "data=breast_cancer",
            "model.depth=3",
            "optimizer.lr=3e-3",
            "trainer.batch_size=null",
            "study=7",
            "optimizer.beta1=0",
        ]
    )
    assert (config.model.depth, config.optimizer.lr, config.trainer.batch_size, config.study) == (3, 0.003, None, "7")
    assert isinstance(config.optimizer.beta1, float)


def test_lists_sections_and_quoted_texts_follow_hydras_grammar(composer: Composer) -> None:
    config = composer.compose(
        [
            "model.widths=[128,64,32]",
            "model.activations=[relu,tanh,relu]",
            "search={patience:3,space:{width:[8,16]}}",
            'study="a, b=c"',
        ]
    )
    assert config.model.hidden == ((128, "relu"), (64, "tanh"), (32, "relu"))
    assert (config.search.patience, config.search.space.width, config.study) == (3, [8, 16], "a, b=c")
    assert config.search.space.lr == composer.compose().search.space.lr


def test_the_last_of_two_overrides_counts_and_a_plus_changes_nothing(composer: Composer) -> None:
    assert composer.compose(["model.depth=1", "model.depth=2"]).model.depth == 2
    assert composer.compose(["+model.depth=2", "++trainer.epochs=3", "+experiment=quick"]).trainer.epochs == 3


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_composes(group: str, option: str, composer: Composer) -> None:
    config = composer.compose([f"{group}={option}", *MUST_BE_SET.get(option, [])])
    assert config.origin.choices[group] == option
    if group not in ("experiment",):
        assert config.option(group) == option


def test_an_experiment_changes_what_it_names_and_the_command_line_has_the_last_word(composer: Composer) -> None:
    config = composer.compose(["experiment=textbook", "trainer.epochs=7"])
    assert (config.optimizer.name, config.trainer.batch_size, config.trainer.epochs) == ("gradient_descent", None, 7)


def test_a_grid_is_every_combination_in_order_and_all_of_it_is_valid(composer: Composer) -> None:
    configs = composer.compose_grid(
        ["model.depth=0,1", "optimizer.lr=choice(0.01,0.001)", "data=iris", "seed=range(0,2)"]
    )
    assert [(c.model.depth, c.optimizer.lr, c.seed) for c in configs] == [
        (depth, lr, seed) for depth in (0, 1) for lr in (0.01, 0.001) for seed in (0, 1)
    ]
    assert {config.data.name for config in configs} == {"iris"}
    assert configs[1].origin.overrides == ("model.depth=0", "optimizer.lr=0.01", "data=iris", "seed=1")
    with pytest.raises(ConfigError, match="model.depth: need 0 <= depth <= 10000, got -1"):
        composer.compose_grid(["model.depth=0,-1"])


def test_a_grid_may_range_over_options_by_pattern_lists_and_quoted_texts(composer: Composer) -> None:
    by_pattern = composer.compose_grid(["optimizer=glob(adam*)"])
    assert [config.optimizer.name for config in by_pattern] == ["adam", "adamw"]
    lists = composer.compose_grid(["model.widths=[8],[8,4]"])
    assert [config.model.widths for config in lists] == [[8], [8, 4]]
    assert [c.study for c in composer.compose_grid(["study='a,b','c d'"])] == ["a,b", "c d"]
    with pytest.raises(ConfigError, match="interval|INTERVAL"):
        composer.compose_grid(["optimizer.lr=interval(0,1)"])


def test_a_study_file_builds_on_the_main_file(tmp_path: Path) -> None:
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "fast.yaml").write_text("name: adam\nlr: 0.5\n")
    (tmp_path / "study.yaml").write_text(
        "defaults: [config, _self_, {override /optimizer: fast}]\nmodel: {widths: [20, 7, 5]}\nstudy: cats\n"
    )
    composer = Composer("study.yaml", tmp_path)
    config = composer.compose(["model.gain=1"])
    assert (config.model.widths, config.study, config.optimizer.lr) == ([20, 7, 5], "cats", 0.5)
    assert composer.compose(["optimizer.beta1=0.5"]).optimizer.beta1 == 0.5
    with pytest.raises(ConfigError, match="optimizer.momentum: optimizer=adam has no such key; it has: lr, beta1"):
        composer.compose(["optimizer.momentum=0.5"])


def test_the_environment_is_used_and_never_shown(monkeypatch: pytest.MonkeyPatch, composer: Composer) -> None:
    monkeypatch.setenv("SECRET_URL", "postgresql://me:opensesame@db/x")
    monkeypatch.setenv("DEPTH", "4")
    config = composer.compose(
        [
            "storage=${oc.env:SECRET_URL}",
            "source=at-${storage}",
            "model.depth=${oc.env:DEPTH}",
            "tracking.uri=http://t:5000",
        ]
    )
    assert config.storage_url == "postgresql://me:opensesame@db/x"
    assert config.source == "at-postgresql://me:opensesame@db/x"
    assert config.model.depth == 4
    shown = f"{config.flat()} {config.text} {config.origin} {config.origin.overrides}"
    assert "opensesame" not in shown
    assert config.flat()["storage"] == "${oc.env:SECRET_URL}"
    assert config.flat()["source"] == "at-${oc.env:SECRET_URL}"
    assert config.flat()["model.depth"] == 4
    assert "storage: ${oc.env:SECRET_URL}" in config.text


def test_a_refusal_does_not_show_the_environment(monkeypatch: pytest.MonkeyPatch, composer: Composer) -> None:
    monkeypatch.setenv("SECRET", "opensesame")
    for key in ("trainer.epochs", "model.activation"):
        with pytest.raises(ConfigError) as refusal:
            composer.compose([f"{key}=${{oc.env:SECRET}}"])
        assert "opensesame" not in str(refusal.value)
        assert "${oc.env:SECRET}" in str(refusal.value)


def test_passwords_in_urls_are_redacted_wherever_they_show(composer: Composer) -> None:
    config = composer.compose(["storage='postgresql://me:opensesame@db/x?a=b'", "tracking.uri=http://me:opensesame@t"])
    assert config.storage == "postgresql://me:opensesame@db/x?a=b"
    assert "opensesame" not in f"{config.flat()} {config.text} {config.origin}"
    assert config.flat()["storage"] == "postgresql://me:***@db/x?a=b"


def test_flat_holds_the_keys_of_the_chosen_options_and_no_others(composer: Composer) -> None:
    flat = composer.compose(["optimizer=gradient_descent", "model.widths=[3,4]"]).flat()
    assert [key for key in flat if key.startswith("optimizer.")] == ["optimizer.name", "optimizer.lr"]
    assert flat["model.widths"] == "[3, 4]"
    assert flat["data.preprocessing.scaling"] == "global"
    assert all(value is None or isinstance(value, str | int | float | bool) for value in flat.values())
    config = composer.compose(["optimizer=adam"])
    assert "optimizer.weight_decay" not in config.flat()
    config.optimizer.name = "adamw"
    assert "optimizer.weight_decay" in config.flat()


def test_the_files_and_the_schemas_have_the_same_defaults(composer: Composer) -> None:
    config, plain = composer.compose(), Config()
    for group in ("model", "optimizer", "schedule", "trainer", "evaluation", "search", "tracking", "paths"):
        assert getattr(config, group) == getattr(plain, group)


@pytest.mark.parametrize("option", Vocabulary([conf_folder()]).options("optimizer"))
def test_an_optimizer_without_weight_decay_has_none(option: str, composer: Composer) -> None:
    config = composer.compose([f"optimizer={option}"])
    if "optimizer.weight_decay" not in config.keys("optimizer"):
        assert not config.optimizer.weight_decay


def test_the_tracking_store_is_configs_else_the_environments_else_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, composer: Composer
) -> None:
    assert composer.compose([f"paths.root={tmp_path}"]).tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert composer.compose().tracking_uri == "http://elsewhere"
    assert composer.compose(["tracking.uri=http://here"]).tracking_uri == "http://here"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "file:./mlruns")
    with pytest.raises(ConfigError, match=r"MLFLOW_TRACKING_URI: need sqlite:///FILE, .*, got 'file:\./mlruns'"):
        composer.compose()
    assert composer.compose(["tracking.uri=http://here"]).tracking_uri == "http://here"
    assert not composer.compose(["tracking=none"]).tracking.enabled


def test_shared_storage_wants_shared_tracking(monkeypatch: pytest.MonkeyPatch, composer: Composer) -> None:
    shared = "storage=postgresql+psycopg://db/x"
    assert composer.compose([shared, "tracking=none"]).storage_url == "postgresql+psycopg://db/x"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://elsewhere")
    assert composer.compose([shared]).storage_url == "postgresql+psycopg://db/x"
    with pytest.raises(ConfigError, match="is shared between machines"):
        composer.compose([shared, "tracking.uri=sqlite:///x.db"])


def test_a_password_that_could_not_be_told_apart_is_neither_used_nor_shown(composer: Composer) -> None:
    for url in ("postgresql://me:open sesame@db/x", "postgresql://me:open\tsesame@db/x", "me:opensesame@db/x"):
        with pytest.raises(ConfigError) as refusal:
            composer.compose([f'storage="{url}"', "tracking=none"])
        assert "sesame" not in str(refusal.value)
    assert composer.compose(['storage="sqlite:///a folder/x.db"']).storage_url == "sqlite:///a folder/x.db"


def test_paths_are_absolute_and_below_the_root(empty_folder: Path) -> None:
    paths = PathsConfig("here")
    assert [paths.folder, paths.outputs, paths.experiments] == [
        empty_folder / "here",
        empty_folder / "here" / "outputs",
        empty_folder / "here" / "experiment",
    ]
    assert not paths.folder.exists()


def test_a_config_can_be_sent_to_another_process(composer: Composer) -> None:
    config = composer.compose(["model.depth=2"])
    again: Config = pickle.loads(pickle.dumps(config))
    assert again == config
    assert again.flat() == config.flat()
