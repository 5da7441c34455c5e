"""What config may not say, each refused in one line that names the key, the law and the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import Override
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError

from dnnexp.config.schema import Config
from dnnexp.config.values import leaf_keys
from dnnexp.config.vocabulary import CHOOSERS, Vocabulary
from dnnexp.errors import ConfigError, nearest
from dnnexp.override import override as written
from dnnexp.override import shell_word
from dnnexp.redaction import redact

__all__ = [
    "GROUPS",
    "check_effect",
    "check_letters",
    "check_options",
    "check_override",
    "check_tree",
    "choices_of",
    "failure_in_one_line",
]

SETTINGS = tuple(leaf_keys(Config))
SECTIONS = tuple(dict.fromkeys(key.rpartition(".")[0] for key in SETTINGS if "." in key))
GROUPS = (*(section for section in SECTIONS if "." not in section), "experiment")
LISTS = {"model.width": "model.widths", "model.activation": "model.activations"}  # where given, the list counts
WHOLE = ("Error parsing override", "LexerNoViableAltException")  # how lines begin that repeat all that was parsed
NEVER = "config chooses, it never executes"


def check_override(override: Override, vocabulary: Vocabulary) -> None:
    """Raise ConfigError unless the override sets a key of the schema or chooses an option of a group."""
    key, value = override.key_or_group, override.value()
    said = redact(override.input_line or key)
    _check_executes_nothing(key, said)
    if override.package is not None:
        raise ConfigError(f"{said}: need group=option or key=value, without @")
    if override.is_delete():
        raise ConfigError(f"{said}: a key cannot be removed; set it to null: {key}=null")
    if override.is_sweep_override():
        raise ConfigError(f"{said}: several values: add -m to run each of them, or quote the value if it is one text")
    if key in GROUPS and not isinstance(value, dict):
        _check_option(key, value, vocabulary)
        return
    for leaf, content in _settings(override):
        _check_executes_nothing(leaf, said)
        _check_known(leaf)
        group, _, name = leaf.partition(".")
        if name in CHOOSERS:
            raise ConfigError(f"{said}: {leaf} belongs to the choice of the group; say {group}={content}")


def check_letters(text: str) -> None:
    """Raise ConfigError for an override of a key that no schema has, with letters that the grammar has not."""
    key = text.partition("=")[0].lstrip("+~")
    if not key.isascii():
        _check_known(key)


def check_options(files: Sequence[ResultDefault]) -> None:
    """Raise ConfigError where a list in a file's defaults chooses several options of a group; one may build on another.

    files: those that a configuration is composed of.
    """
    for group in GROUPS:
        within = f"{group}/"
        paths = [str(file.config_path) for file in files if not str(file.parent).startswith(within)]
        chosen = [path.removeprefix(within) for path in paths if path.startswith(within)]
        if len(chosen) > 1:
            raise ConfigError(
                f"{group}: need one option, got {' and '.join(chosen)} from a list in the defaults of a config file; "
                "name one of them there"
            )


def check_tree(
    tree: Mapping[str, Any], choices: Mapping[str, str | None], vocabulary: Vocabulary, source: Callable[[str], str]
) -> None:
    """Raise ConfigError unless each key of a composed tree is one of the schema, and one that its option has.

    `source` names the config file that a key comes from, for the message: " (in study.yaml)", or "".
    """
    for key in _leaves(tree):
        if key not in SETTINGS:
            where = source(key)
            _check_executes_nothing(key, key + where)
            _check_known(key, where)
    for group in GROUPS:
        section = tree.get(group) or {}
        chooser = next((str(section[name]) for name in CHOOSERS if name in section), None)
        if chooser is not None:
            _check_meant(group, chooser, section, choices.get(group), vocabulary, source)


def check_effect(overrides: Sequence[Override], tree: Mapping[str, Any], source: Callable[[str], str]) -> None:
    """Raise ConfigError for an override that changes nothing, because a list in a config file says it of each layer."""
    said = {key for override in overrides for key, _ in _settings(override)}
    for key, list_key in LISTS.items():
        group, _, name = list_key.partition(".")
        values = (tree.get(group) or {}).get(name)
        if key in said and list_key not in said and isinstance(values, list):
            raise ConfigError(
                f"{key}: changes nothing, because {list_key} says it of each layer{source(list_key)}; "
                f"set {list_key}, or add {list_key}=null model.depth={len(values)}"
            )


def choices_of(name: str, choices: list[str]) -> str:
    """Return "did you mean …? choices: …", "there is none" for no choices."""
    return nearest(name, choices) if choices else "there is none"


def failure_in_one_line(failure: Exception, override: str = "") -> str:
    """Return what Hydra, OmegaConf or the YAML reader complained of, as one line in this project's words."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip(" ^")]
    if isinstance(failure, OverrideParseException):
        reasons = [line for line in lines if _is_reason(line, override)]
        reason = f" ({reasons[0]})" if reasons else ""
        key, _, value = override.partition("=")
        if value.startswith("~"):
            return redact(f"{override}: cannot be read, a value that begins with ~ goes in quotes: '{key}=\"{value}\"'")
        law = "a value goes in quotes where it holds more than letters, digits, spaces and . / : @ _ -"
        return redact(f"{override}: cannot be read{reason}; {law}: {_in_quotes(key, value)}")
    if isinstance(failure, MarkedYAMLError) and failure.problem_mark is not None:
        mark = failure.problem_mark
        return f"{mark.name}, line {mark.line + 1}: not YAML: {failure.problem or failure.context}"
    text = " ".join(lines[: 2 if lines[0].endswith(":") else 1]).rstrip(".:") if lines else type(failure).__name__
    if "hydra/" in text:
        return f"{text}: Hydra's own settings cannot be changed here: {NEVER}"
    if isinstance(failure, MissingConfigException) and failure.options:
        wanted = str(failure.missing_cfg_file).rpartition("/")[2]
        return f"{text}: {nearest(wanted, failure.options)}"
    if variable := re.search(r"Environment variable '(.*)' not found", text):
        text = f"environment variable {variable[1]!r} is not set"
    if isinstance(failure, OmegaConfBaseException) and failure.full_key:
        text = f"{failure.full_key}: {text}"
    return redact(text)


def _is_reason(line: str, override: str) -> bool:
    """Whether a line of Hydra's says more than the override, and quotes nothing but what was typed of it."""
    if override in line or "hydra.cc" in line or line.startswith(WHOLE):
        return False
    part = re.search(r"input '(.*?)'(?: expecting|$)", line)
    return part is None or part[1] in override


def _in_quotes(key: str, value: str) -> str:
    """Return an override that could not be read, as its text, or the texts of its list, would be typed in a shell."""
    is_list = value.startswith("[") and value.endswith("]")
    if set(value) & set("\"'{}") or (not is_list and set(value) & set("[]")):  # what was meant is not known
        return '\'key="value"\', \'key=["one","another"]\''
    texts = [text.strip() for text in value[1:-1].split(",")] if is_list else value
    return shell_word(written(key, texts))


def _settings(override: Override) -> Iterator[tuple[str, Any]]:
    """Yield each key that an override sets, with its value: several where it gives a section."""
    key, value = override.key_or_group, override.value()
    if not isinstance(value, dict):
        yield key, value
        return
    for leaf in _leaves(value, key):
        content: Any = value
        for name in leaf.removeprefix(f"{key}.").split("."):
            content = content.get(name) if isinstance(content, dict) else None
        yield leaf, content


def _check_executes_nothing(key: str, said: str) -> None:
    if key.replace("/", ".").split(".")[0] == "hydra":
        raise ConfigError(f"{said}: Hydra's own settings cannot be changed here: {NEVER}")
    if any(part.startswith("_") for part in key.split(".")):
        raise ConfigError(f"{said}: keys that begin with _ are refused: {NEVER}")


def _check_option(group: str, value: Any, vocabulary: Vocabulary) -> None:
    options = vocabulary.options(group)
    if value is None and group == "experiment":
        return
    if not isinstance(value, str):
        got = "null" if value is None else repr(value)
        raise ConfigError(f"{group}: need the name of an option, got {got}; choices: {', '.join(options)}")
    if value not in options:
        aside = "; a sweep writes experiment/best.yaml under paths.root when it ends" if group == "experiment" else ""
        raise ConfigError(f"{group}: no such option {value!r}, {choices_of(value, options)}{aside}")


def _check_known(key: str, source: str = "") -> None:
    if key in SETTINGS:
        return
    if key in SECTIONS:
        raise ConfigError(f"{key}: need a section of keys{source}; {_has(key)}")
    if key.startswith("experiment."):
        raise ConfigError(
            f"{key}: no such key{source}; an experiment's file begins with the line '# @package _global_'"
        )
    guesses, section = _guesses(key), key
    while section and section not in SECTIONS:
        section = section.rpartition(".")[0]
    guess = f", did you mean {' or '.join(map(repr, guesses))}?" if guesses else ";"
    raise ConfigError(f"{key}: no such key{source}{guess}" + ("" if guesses and not section else f" {_has(section)}"))


def _check_meant(
    group: str,
    chooser: str,
    section: Mapping[str, Any],
    choice: str | None,
    vocabulary: Vocabulary,
    source: Callable[[str], str],
) -> None:
    """Raise ConfigError for a key that the group's schema has but the chosen option has no use for."""
    keys = vocabulary.keys(group, chooser, choice)
    for key in _leaves(section) if keys is not None else ():
        if keys is not None and key not in keys:
            has = ", ".join(name for name in keys if name not in CHOOSERS)
            having = [
                option for option in vocabulary.options(group) if key in (vocabulary.keys(group, option, None) or ())
            ]
            aside = f"; {key} is a key of: {', '.join(f'{group}={option}' for option in having)}" if having else ""
            where = source(f"{group}.{key}")
            raise ConfigError(f"{group}.{key}: {group}={chooser} has no such key{where}; it has: {has}{aside}")


def _guesses(key: str) -> list[str]:
    """Return the keys that may have been meant by model.depht, modle.depth, or depth."""
    last = key.rpartition(".")[2]
    if same := [known for known in SETTINGS if known.rpartition(".")[2] == last]:
        return same
    if near := difflib.get_close_matches(key, (*SETTINGS, *GROUPS), n=1, cutoff=0.7):
        return near
    lasts = {known.rpartition(".")[2]: known for known in reversed(SETTINGS)}
    return [lasts[name] for name in difflib.get_close_matches(last, lasts, n=1, cutoff=0.7)]


def _has(section: str) -> str:
    if not section:
        return f"groups: {', '.join(GROUPS)}; keys: {', '.join(key for key in SETTINGS if '.' not in key)}"
    inside = (key.removeprefix(f"{section}.") for key in SETTINGS if key.startswith(f"{section}."))
    return f"{section} has: {', '.join(inside)}"


def _leaves(values: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of what is no mapping, and of what mappings inside lists hold."""
    for name, value in values.items():
        key = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, key)
            continue
        if key not in SECTIONS or value:
            yield key
        for item in value if isinstance(value, list) else ():
            if isinstance(item, Mapping):
                yield from _leaves(item, key)
