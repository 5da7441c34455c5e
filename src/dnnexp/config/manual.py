"""What --help prints: how to call a command, the groups with their options, and every key with its default."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from dnnexp.config.refusal import GROUPS
from dnnexp.config.vocabulary import CHOOSERS, Entry, Vocabulary
from dnnexp.metrics import METRICS
from dnnexp.network.activations import ACTIVATIONS
from dnnexp.network.initializers import INITIALIZERS

__all__ = ["manual"]

WIDTH = 80
NAMES = {"activations": list(ACTIVATIONS), "initializers": list(INITIALIZERS), "metrics": list(METRICS)}
MULTIRUN = "-m, --multirun"
OPTIONS = {
    MULTIRUN: "run each combination of comma-separated values",
    "-cd, --config-dir DIR": "look for config files in DIR too",
    "-cn, --config-name NAME": "start from NAME.yaml instead of config.yaml",
    "--cfg job": "print the composed configuration and do nothing",
    "-q, --quiet": "print the answer only",
    "-v, --verbose": "print details too",
    "-h, --help": "print this",
}


def manual(
    program: str, about: str, vocabulary: Vocabulary, config_name: str = "config", sides: Sequence[str] = ()
) -> str:
    """Return the help text of a command, at most 80 columns wide. sides: options with settings of their own."""
    return "\n".join(_lines(program, about, vocabulary, config_name, sides)) + "\n"


def _lines(program: str, about: str, vocabulary: Vocabulary, config_name: str, sides: Sequence[str]) -> Iterator[str]:
    defaults = vocabulary.defaults(config_name)
    yield f"usage: {program} [option …] [group=option …] [key=value …]"
    if sides:
        yield " " * 12 + " ".join(f"{side} key=value …" for side in sides)
    yield ""
    yield from textwrap.wrap(about, WIDTH)
    yield ""
    yield "options"
    flags = dict.fromkeys(sides, "what follows is set on this side only") | OPTIONS
    yield from (f"  {flag:24}{meaning}" for flag, meaning in flags.items() if not (sides and flag == MULTIRUN))
    yield ""
    yield "groups, chosen with group=option; * marks what is chosen when nothing is said"
    for group in GROUPS:
        options = [f"*{option}" if option == defaults.get(group) else option for option in vocabulary.options(group)]
        yield from _hanging(f"  {group:12}", " ".join(options))
    yield ""
    yield "keys, set with key=value, and their defaults"
    yield from _table(vocabulary.entries("", config_name), "")
    for group in GROUPS:
        default = defaults.get(group)
        if default is None:
            continue
        yield ""
        yield f"{group}={default}"
        shown = vocabulary.entries(group, default)
        yield from _table(shown, f"{group}.")
        for option in vocabulary.options(group):
            others = vocabulary.entries(group, option)
            said = [
                f"{key} (must be set)" if entry.value == "???" else f"{key}={entry.value}"
                for key, entry in others.items()
                if key not in CHOOSERS and entry.value != (shown[key].value if key in shown else None)
            ]
            lacks = [key for key in shown if key not in others and key not in CHOOSERS]
            words = ", ".join(said) + (("; " if said else "") + f"no {', '.join(lacks)}" if lacks else "")
            if words:
                yield from _hanging(f"  {group}={option}: ", words, indent=6)
        meanings = {
            key: entry.comment
            for option in vocabulary.options(group)
            for key, entry in vocabulary.entries(group, option).items()
            if key not in shown and key not in CHOOSERS
        }
        for key, comment in meanings.items():
            yield from _hanging(f"    {key}: ", comment, indent=6)
    yield ""
    yield "names"
    for what, names in NAMES.items():
        yield from _hanging(f"  {what:14}", " ".join(sorted(names)))
    yield ""
    yield "lists are written [128,64,32]; a value with spaces, commas, = or ? is quoted"
    yield "twice: 'key=\"value\"'; ${oc.env:NAME} reads an environment variable"


def _table(entries: dict[str, Entry], prefix: str) -> Iterator[str]:
    for key, entry in entries.items():
        if key not in CHOOSERS:
            yield from _hanging(f"  {f'{prefix}{key} = {entry.value}':30}  ", entry.comment, indent=34)


def _hanging(head: str, words: str, indent: int | None = None) -> list[str]:
    """Return head and words as lines, those after the first indented to the head's length, or by `indent`."""
    space = " " * (len(head) if indent is None else indent)
    if indent is not None and len(head) > indent > WIDTH // 3:
        return [head.rstrip(), *textwrap.wrap(words, WIDTH, initial_indent=space, subsequent_indent=space)]
    return textwrap.wrap(words, WIDTH, initial_indent=head, subsequent_indent=space) or [head.rstrip()]
