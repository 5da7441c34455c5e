from __future__ import annotations

from pathlib import Path

import pytest

from dnnexp.config import Composer
from dnnexp.config.manual import manual
from dnnexp.errors import ConfigError

REFUSED = {
    "a key misspelt": ("model.depht=3", ["model.depht", "did you mean 'model.depth'?", "widths"]),
    "a section misspelt": ("modle.depth=3", ["modle.depth", "did you mean 'model.depth'?"]),
    "a key without its section": ("depth=3", ["depth: no such key", "did you mean 'model.depth'?"]),
    "a key that two sections have": ("lr=3", ["did you mean 'optimizer.lr' or 'search.space.lr'?"]),
    "a key like nothing there is": ("xyz=1", ["xyz: no such key", "groups: data, model", "keys: seed, study"]),
    "a key inside a value": ("model.widths.0=3", ["model.widths.0: no such key", "did you mean 'model.widths'?"]),
    "a group misspelt": ("optimiser=adam", ["did you mean 'optimizer'?"]),
    "an option misspelt": ("data=digit", ["data: no such option 'digit'", "did you mean 'digits'?", "choices: "]),
    "an option that is a path": ("data=../model/mlp", ["data: no such option '../model/mlp'"]),
    "a group without an option": ("optimizer=null", ["optimizer: need the name of an option, got null", "adamw"]),
    "a number for a group": ("model=3", ["model: need the name of an option, got 3; choices: mlp"]),
    "a list for a group": ("optimizer=[adam,sgd]", ["optimizer: need the name of an option, got ['adam', 'sgd']"]),
    "a key of another option": (
        "optimizer.momentum=.9",
        ["optimizer=adamw has no such key", "it has: lr, beta1", "momentum"],
    ),
    "the key that says the option": ("optimizer.name=sgd", ["say optimizer=sgd"]),
    "a number for a section": ("search.space=3", ["search.space: need a section of keys", "width"]),
    "words for a number": ("model.depth=deep", ["model.depth: need a whole number or null, got 'deep'"]),
    "a fraction for a whole number": ("model.depth=1.5", ["model.depth: need a whole number or null, got 1.5"]),
    "a truth for a number": ("model.depth=true", ["model.depth: need a whole number or null, got true"]),
    "words for a truth": ("tracking.enabled=perhaps", ["tracking.enabled: need true or false, got 'perhaps'"]),
    "a number for a text": ("study=1e3", ["study: need a text or null, got 1000.0", "quotes"]),
    "a list for a number": ("optimizer.lr=[1]", ["optimizer.lr: need a number, got [1]"]),
    "a number for a list": ("model.widths=64", ["model.widths: need a list, each a whole number or null, got 64"]),
    "words in a list of numbers": ("model.widths=[a,2]", ["model.widths[0]: need a whole number, got 'a'"]),
    "no number at all": ("optimizer.lr=nan", ["optimizer.lr: need a number, got nan"]),
    "an endless number": ("optimizer.lr=inf", ["optimizer.lr: need a number, got inf"]),
    "null where something is needed": ("trainer.epochs=null", ["trainer.epochs: need a whole number, got null"]),
    "width 0": ("model.width=0", ["model.width: need 1 <= width <= 1000000, got 0"]),
    "a negative learning rate": ("optimizer.lr=-1", ["optimizer.lr: need lr > 0, got -1"]),
    "a negative seed": ("seed=-1", ["seed: need seed >= 0, got -1"]),
    "an activation misspelt": ("model.activation=rleu", ["model.activation", "'rleu'", "did you mean 'relu'?"]),
    "an activation in a list misspelt": ("model.activations=[tnah]", ["model.activations[0]", "did you mean 'tanh'?"]),
    "a metric misspelt": ("evaluation.metric=acuracy", ["evaluation.metric", "did you mean 'accuracy'?"]),
    "a study called like what is beside it": ("study=unsent", ["study: need a name that is not taken", "got 'unsent'"]),
    "storage that is a file": ("storage=runs/optuna.db", ["storage: need a URL like"]),
    "a password with a space": ('storage="postgresql://me:open sesame@db/x"', ["storage: need a URL like", "%20"]),
    "a password with a quote": ('storage="postgresql://me:open\'sesame@db/x"', ["storage: need a URL like", "%27"]),
    "a file as the root": (f"paths.root={__file__}", ["paths.root: need a folder"]),
    "a root with a question mark": ('paths.root="who knows?"', ["paths.root: need a path without ?", "who knows?'"]),
    "a root with an escape": ("paths.root=a%20b", ["paths.root: need a path without ?", "a%20b'"]),
    "an empty root": ("paths.root=", ["paths.root: need the name of a folder, got ''"]),
    "an empty study": ("study=''", ["study: need a name of at most 200 bytes", "got ''"]),
    "a study outside the folder": ("study=../a", ["study: need a name", "without / ", "no dot", "got '../a'"]),
    "a study that is a path": ("study=/tmp/a", ["study: need a name", "got '/tmp/a'"]),
    "a study with a colon": ('study="a:b"', ["study: need a name"]),
    "a study with a line break": ('study="a\nb"', ["study: need a name"]),
    "a study with both quotes": ("""study="a'b\\"c\"""", ["study: need a name", "or both kinds of quotes"]),
    "a study too long for a file": (f"study={'x' * 201}", ["study: need a name of at most 200 bytes"]),
    "a study too long in other letters": (f'study="{"研" * 67}"', ["study: need a name of at most 200 bytes"]),
    "no value": ("model.depth", ["model.depth: need key=value or group=option"]),
    "no key": ("=3", ["=3: need key=value"]),
    "a bracket left open": ("model.widths=[1,2", ["model.widths=[1,2: cannot be read", "quote"]),
    "a quote left open": ("study='a", ["study='a: cannot be read", "quote"]),
    "a removal": ("~model.depth", ["~model.depth: a key cannot be removed", "model.depth=null"]),
    "a package": ("optimizer@model=adam", ["optimizer@model=adam: need group=option or key=value, without @"]),
    "several values in one run": ("model.depth=1,2", ["model.depth=1,2: several values: add -m"]),
    "a range in one run": ("model.depth=range(1,3)", ["several values: add -m"]),
    "an interpolation of nothing": ("model.depth=${nope}", ["model.depth: Interpolation key 'nope' not found"]),
    "an unknown resolver": ("study=${now:%Y}", ["study: ", "now"]),
    "an environment variable that is not set": (
        "study=${oc.env:NOPE}",
        ["study: environment variable 'NOPE' is not set"],
    ),
    "a path that must be given": ("data=csv", ["data.path: must be set, with data.path=VALUE"]),
    "an experiment that was not written": ("experiment=best", ["no such option 'best'", "under paths.root"]),
    "an addition that is no key": ("+model.colour=red", ["model.colour: no such key"]),
    "a forced addition that is no key": ("++colour=red", ["colour: no such key"]),
    "a key in a section given whole": ("model={depht:2}", ["model.depht: no such key", "did you mean 'model.depth'?"]),
    "Hydra's callbacks": ("hydra.callbacks.x._target_=shutil.copy", ["Hydra's own settings", "never executes"]),
    "Hydra's groups": ("hydra/launcher=basic", ["hydra/launcher=basic", "Hydra's own settings"]),
    "Hydra's node": ("hydra=null", ["Hydra's own settings"]),
    "Hydra's search path": ("+hydra.searchpath=[pkg://evil]", ["Hydra's own settings"]),
    "Hydra's node forced": ("++hydra.run.dir=/tmp/x", ["Hydra's own settings"]),
    "Hydra's node removed": ("~hydra.run", ["Hydra's own settings"]),
    "a target": ("+optimizer._target_=os.system", ["_target_", "never executes"]),
    "a target in a section given whole": ("model={_target_:os.system}", ["_target_", "never executes"]),
    "a chooser in a section given whole": ("data={name: iris}", ["data.name belongs to the choice", "say data=iris"]),
    "a home without quotes": ("paths.root=~/x", ["begins with ~ goes in quotes: 'paths.root=\"~/x\"'"]),
    "a number of too many digits": ("seed=" + "9" * 5000, ["seed: need a number of fewer digits"]),
    "a network beyond all measure": ("model.width=10000000000", ["model.width: need 1 <= width <= 1000000, got 1000"]),
    "a list of such": ("model.widths=[4,10000000000]", ["model.widths[1]: need 1 <= width <= 1000000"]),
    "a folder of nobody": (
        "paths.root='~nobody-here/x'",
        ["paths.root: ~nobody-here is the home", "write the path out"],
    ),
    "shared storage, local tracking": (
        "storage='postgresql://me:pass@db/x'",
        ["storage: 'postgresql://me:***@db/x' is shared", "tracking.uri", "tracking=none"],
    ),
}


@pytest.mark.parametrize(("override", "words"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_in_one_line_that_says_why(override: str, words: list[str], empty_folder: Path) -> None:
    with pytest.raises(ConfigError) as refusal:
        Composer().compose([override])
    message = str(refusal.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("storage", "tracking", "shown"),
    [
        ("sqlite:///one.db", "sqlite:///./one.db", "sqlite:///one.db"),
        ("postgresql+psycopg://me:a@db/x", "postgresql://you:b@db/x", "postgresql+psycopg://me:***@db/x"),
    ],
)
def test_one_database_for_trials_and_runs_is_refused(storage: str, tracking: str, shown: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Composer().compose([f"storage='{storage}'", f"tracking.uri='{tracking}'"])
    assert f"storage: {shown!r} is MLflow's database too" in str(refusal.value)
    assert "name two databases" in str(refusal.value)


def test_a_password_in_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refusal:
        Composer().compose(["storage=postgresql://me:opensesame@db/x?a=b"])
    assert "opensesame" not in str(refusal.value)
    assert "quote" in str(refusal.value)


FILES = {
    "a key misspelt": (
        "defaults: [config, _self_]\nmodel: {depht: 3}\n",
        ["model.depht", "(in study.yaml)", "model.depth"],
    ),
    "a key of another option": (
        "defaults: [config, _self_]\noptimizer: {momentum: 0.9}\n",
        ["optimizer=adamw has no such key (in study.yaml)", "optimizer=momentum"],
    ),
    "Hydra's node": (
        "defaults: [config, _self_]\nhydra: {run: {dir: x}}\n",
        ["hydra.run.dir (in study.yaml)", "never executes"],
    ),
    "Hydra's search path": (
        "defaults: [config, _self_]\nhydra:\n  searchpath: ['pkg://this']\n",
        ["hydra.searchpath", "never executes"],
    ),
    "Hydra's groups": (
        "defaults:\n  - config\n  - _self_\n  - override hydra/launcher: x\n",
        ["hydra/launcher", "never executes"],
    ),
    "a group of Hydra's": ("defaults:\n  - config\n  - _self_\n  - hydra/output: default\n", ["hydra"]),
    "a target": (
        "defaults: [config, _self_]\nmodel: {_target_: os.system}\n",
        ["model._target_ (in study.yaml)", "never executes"],
    ),
    "a target in a list": (
        "defaults: [config, _self_]\nmodel: {widths: [{_target_: os.system}]}\n",
        ["never executes"],
    ),
    "an option misspelt": ("defaults: [config, {override /optimizer: adma}, _self_]\n", ["optimizer/adma", "'adam'"]),
    "an option that is not there": ("defaults: [config, _self_, {override /data: nope}]\n", ["data/nope", "digits"]),
    "no YAML": ("model: [1, 2\nseed: 3\n", ["study.yaml, line", "not YAML"]),
    "a number for a section": ("defaults: [config, _self_]\nmodel: 3\n", ["model"]),
    "a missing file": ("defaults: [nothing_like_it, _self_]\n", ["nothing_like_it"]),
    "a list": ("[1, 2]\n", ["study"]),
    "defaults that name the file itself": (
        "defaults: [config, study]\n",
        ["study.yaml: its defaults", "study -> study"],
    ),
    "two options in a list": (
        "defaults: [config, {override /data: [iris, wine]}]\n",
        ["data: need one option, got iris and wine", "in the defaults of a config file", "name one"],
    ),
    "an alias within its anchor": ("model: &m {widths: *m}\n", ["study.yaml: an alias (*name) stands within"]),
}


@pytest.mark.parametrize(("text", "words"), FILES.values(), ids=FILES)
def test_a_config_file_is_refused_in_one_line_that_names_it(text: str, words: list[str], tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(ConfigError) as refusal:
        Composer("study", tmp_path).compose()
    message = str(refusal.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message


def test_a_file_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    for name in ("study", "experiment/mine"):
        (tmp_path / f"{name}.yaml").write_bytes(b"# @package _global_\n# caf\xe9\n")
    with pytest.raises(ConfigError, match=r"experiment/mine\.yaml: not UTF-8: .* byte 26; save it as UTF-8"):
        Composer(config_dir=tmp_path).compose(["experiment=mine"])
    with pytest.raises(ConfigError, match=r"study\.yaml: not UTF-8"):
        Composer("study", tmp_path).compose()
    with pytest.raises(ConfigError, match=r"study\.yaml: not UTF-8"):
        manual("python -m x", "About.", Composer(config_dir=tmp_path).vocabulary, "study")


def test_an_option_may_build_on_another_of_its_group(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.yaml").write_text("defaults: [iris, _self_]\ntest_size: 0.3\n")
    data = Composer(config_dir=tmp_path).compose(["data=mine"]).data
    assert (data.name, data.test_size) == ("iris", 0.3)


def test_options_that_lead_back_to_themselves_are_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\ndefaults: [mine]\n")
    with pytest.raises(ConfigError, match=r"config\.yaml: the defaults of an option lead back to itself"):
        Composer(config_dir=tmp_path).compose(["experiment=mine"])


def test_a_config_file_can_make_nothing_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / "__init__.py").write_text(f"open({str(tmp_path / 'sprung')!r}, 'w')")
    (tmp_path / "study.yaml").write_text("defaults: [config, _self_]\nhydra: {searchpath: ['pkg://trap']}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigError):
        Composer("study", tmp_path).compose()
    with pytest.raises(ConfigError):
        Composer().compose(["hydra.searchpath=[pkg://trap]"])
    assert not (tmp_path / "sprung").exists()


def test_an_experiment_without_its_package_line_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("trainer: {epochs: 3}\n")
    with pytest.raises(ConfigError, match="# @package _global_"):
        Composer(config_dir=tmp_path).compose(["experiment=mine"])


def test_a_missing_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config-dir: no such folder: .*nowhere"):
        Composer(config_dir=tmp_path / "nowhere")
    (tmp_path / "study.yaml").write_text("defaults: [config, _self_]\n")
    with pytest.raises(ConfigError, match="--config-name: no such file 'stduy', did you mean 'study'"):
        Composer("stduy", tmp_path)
