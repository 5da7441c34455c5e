"""The door from Hydra and OmegaConf to plain Python.

Hydra's override grammar, defaults lists and search path are used; its own configuration node, callbacks, launchers and
output folders are no part of the composition: a config file or an override can choose, never execute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra._internal.core_plugins.structured_config_source import StructuredConfigSource
from hydra._internal.defaults_list import create_defaults_list
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType
from hydra.errors import HydraException
from omegaconf import Container, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from dnnexp.config.environment import from_environment
from dnnexp.config.refusal import (
    GROUPS,
    check_effect,
    check_letters,
    check_options,
    check_override,
    check_tree,
    choices_of,
    failure_in_one_line,
)
from dnnexp.config.schema import Config, Origin, Setting
from dnnexp.config.values import build
from dnnexp.config.vocabulary import Vocabulary, conf_folder
from dnnexp.errors import ConfigError
from dnnexp.override import with_words_quoted
from dnnexp.redaction import redact
from dnnexp.user_path import user_path

__all__ = ["Composer", "with_value"]


class Tree(NamedTuple):
    """A composed configuration, interpolations unresolved, with the option of each group and the files it came from."""

    values: DictConfig
    choices: dict[str, str | None]
    files: list[ResultDefault]


class Composer:
    """Makes Configs from config files and overrides; reads each file once.

    Raises ConfigError, one line, for whatever cannot be composed; writes nothing and imports nothing that config names.
    """

    def __init__(self, config_name: str = "config", config_dir: str | Path | None = None) -> None:
        folders = [conf_folder()]
        if config_dir is not None:
            folders.append(user_path("--config-dir", str(config_dir)).absolute())
            if not folders[-1].is_dir():
                raise ConfigError(f"--config-dir: no such folder: {config_dir}")
        self._config_name = config_name.removesuffix(".yaml")
        self._open(folders)
        names = self.vocabulary.configs()
        if self._config_name not in names:
            raise ConfigError(f"--config-name: no such file {config_name!r}, {choices_of(self._config_name, names)}")

    def compose(self, overrides: Sequence[str] = ()) -> Config:
        """Return the configuration that the overrides make of the config file."""
        parsed = self._parse(overrides)
        self._find_written_experiments(parsed)
        return self._config(parsed)

    def compose_grid(self, overrides: Sequence[str] = ()) -> list[Config]:
        """Return a configuration for each combination of the overrides' comma-separated values, in Hydra's order."""
        from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

        try:
            (combinations,) = BasicSweeper.split_arguments(self._parse(overrides), max_batch_size=None)
        except HydraException as failure:
            raise ConfigError(failure_in_one_line(failure)) from None
        return [self.compose(combination) for combination in combinations]

    def _open(self, folders: Sequence[Path]) -> None:
        """Read from these folders from now on."""
        version.setbase("1.3")
        for source in (FileConfigSource, StructuredConfigSource):
            SourcesRegistry.instance().register(source)
        path = ConfigSearchPathImpl()
        for folder in folders:
            path.append("dnnexp", f"file://{folder}")
        path.append("schema", "structured://")
        self.vocabulary = Vocabulary(folders)
        self._loader = ConfigLoaderImpl(path)

    def _find_written_experiments(self, overrides: Sequence[Override]) -> None:
        """Look for experiments under paths.root too, where sweeps write them."""
        names = [override.value() for override in overrides if override.key_or_group == "experiment"]
        if not names or names[-1] is None or self.vocabulary.file("experiment", str(names[-1])):
            return
        paths = self._config([override for override in overrides if override.key_or_group != "experiment"]).paths
        if paths.experiments.is_dir():
            self._open([*self.vocabulary.folders, paths.folder])

    def _parse(self, overrides: Sequence[str]) -> list[Override]:
        parser = OverridesParser.create(config_loader=self._loader)
        parsed = []
        for text in overrides:
            if not text.partition("=")[0].strip() or ("=" not in text and not text.startswith("~")):
                raise ConfigError(f"{redact(text)}: need key=value or group=option; --help lists them")
            check_letters(text)
            try:
                parsed += parser.parse_overrides([with_words_quoted(text)])
            except HydraException as failure:
                raise ConfigError(failure_in_one_line(failure, text)) from None
            except ValueError:  # Python reads no whole number of more than 4300 digits
                key = text.partition("=")[0]
                raise ConfigError(f"{key}: need a number of fewer digits, got {len(text)} characters") from None
        return parsed

    def _config(self, overrides: Sequence[Override]) -> Config:
        for override in overrides:
            check_override(override, self.vocabulary)
        tree = self._compose(overrides)
        said = {override.key_or_group for override in overrides}
        unresolved: Any = OmegaConf.to_container(tree.values)
        check_tree(unresolved, tree.choices, self.vocabulary, lambda key: self._said_in(key, tree, said))
        with _failures_in_one_line():
            resolved: Any = OmegaConf.to_container(tree.values, resolve=True)
        check_effect(overrides, resolved, lambda key: self._said_in(key, tree, said))
        masked = from_environment(tree.values, resolved)
        origin = Origin(
            text=redact(OmegaConf.to_yaml(tree.values)),
            overrides=tuple(redact(override.input_line or "") for override in overrides),
            choices=tree.choices,
            masked={key: shown for key, (_, shown) in masked.items()},
            vocabulary=self.vocabulary,
        )
        try:
            config: Config = build(Config, resolved, origin=origin)
        except ConfigError as error:
            message = str(error)
            for value, shown in masked.values():
                message = message.replace(value, shown)
            raise ConfigError(redact(message)) from None
        return config

    def _compose(self, overrides: Sequence[Override]) -> Tree:
        options = [override for override in overrides if override.key_or_group in GROUPS and not _is_section(override)]
        repository = CachingConfigRepository(self._loader.repository)  # a composition changes what it has read
        with _failures_in_one_line(), self._unreadable_by_name(options):
            defaults = create_defaults_list(
                repo=repository,
                config_name=self._config_name,
                overrides_list=[replace(override, type=OverrideType.CHANGE) for override in options],
                prepend_hydra=False,
                skip_missing=False,
            )
            check_options(defaults.defaults)
            values = self._loader._compose_config_from_defaults_list(defaults.defaults, repository)  # noqa: SLF001
            OmegaConf.set_struct(values, False)
            for override in overrides:
                if override not in options:
                    OmegaConf.update(values, override.key_or_group, override.value(), merge=True, force_add=True)
        return Tree(values, dict(defaults.overrides.known_choices), defaults.defaults)

    @contextmanager
    def _unreadable_by_name(self, options: Sequence[Override]) -> Iterator[None]:
        """Raise ConfigError that names the file where one of them is not UTF-8, or leads back to itself."""
        try:
            yield
        except (RecursionError, UnicodeDecodeError) as failure:
            self.vocabulary.require_readable(
                self._config_name, {item.key_or_group: str(item.value()) for item in options}
            )
            circle = "the defaults of an option lead back to itself; take that entry out"
            reason = circle if isinstance(failure, RecursionError) else str(failure)
            raise ConfigError(f"{self._config_name}.yaml: {reason}") from None

    def _said_in(self, key: str, tree: Tree, said: set[str]) -> str:
        """Return " (in FILE)" for a key that a config file sets, "" for one that an override does."""
        if any(key == other or key.startswith(f"{other}.") for other in said - set(GROUPS)):
            return ""
        for default in reversed(tree.files):
            file = self._loader._load_single_config(default, self._loader.repository).config  # noqa: SLF001
            if _holds(file, key):
                return f" (in {default.config_path}.yaml)"
        return ""


def with_value(config: Config, key: str, value: Setting) -> Config:
    """Return the configuration with another value of a key of one of its sections, in its text too."""
    group, _, name = key.partition(".")
    text = OmegaConf.create(config.text)
    OmegaConf.update(text, key, value)
    changed = {group: replace(getattr(config, group), **{name: value})}
    return replace(config, **changed, origin=replace(config.origin, text=OmegaConf.to_yaml(text)))


def _is_section(override: Override) -> bool:
    return isinstance(override.value(), dict)


def _holds(file: Container, key: str) -> bool:
    try:
        return OmegaConf.select(file, key) is not None
    except OmegaConfBaseException:  # inside a list
        return True


@contextmanager
def _failures_in_one_line() -> Iterator[None]:
    try:
        yield
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError, OSError) as failure:
        raise ConfigError(failure_in_one_line(failure)) from None
