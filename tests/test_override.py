"""What a command prints to be typed is read back as it was meant, by a shell and by Hydra's grammar."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnnexp.config import Composer
from dnnexp.data.columns import naming
from dnnexp.errors import ConfigError
from dnnexp.override import override, with_words_quoted

CSV = ["data=csv", "data.path=a.csv", "data.target=y"]
TEXTS = [
    "plain", "two words", "KündenNr", "Größe (cm)", "日本", "a,b", "a=b", "it's", 'the "best"', "both ' and \"",
    "007", "1e3", "1_000", "-5", "null", "True", "nan", "a[0]", "{x}", "c\\d", "end\\", 'x\\"y', "a:b", " led", "~x",
    "$5", "100%", "n/a", "#1", "a;b|c&d<e>f", "`ls`", "!x", "*", "",
    "a\"b", "my runs", "runs(1)", "runs=2", "x\\", " lead", "trail ", "~/r", "[x]", "runs+1", "\\", "\\\"", "a\\b",
    "a\\\\b", "\"", "''", "1e5", ".5", "-1", "ä", "a  b", "-a", "${x}", "\\${x}", "$x", "#a", "a#b", "a;b", "x!",
    "%a", "a\tb", "${oc.env:HOME}", "\\\\${seed}", "..", "@a",
    "a\n", "a\\\n", "a\\\nb", "a\\\n\n",
]  # fmt: skip


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer()


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_printed_is_read_as_it_was(text: str, composer: Composer) -> None:
    (typed,) = shlex.split(shlex.quote(override("data.target", text)))
    assert composer.compose([*CSV, typed]).data.target == text
    (typed,) = shlex.split(naming("data.drop", [text, "b"]))
    assert composer.compose([*CSV, typed]).data.drop == [text, "b"]


@settings(deadline=None, derandomize=True, max_examples=60, database=None)
@given(st.text(st.sampled_from("ab1 .,:=\\\"'${}()[]~/@-_#\t"), max_size=8).map(lambda text: f"{text}x{text}"))
def test_any_text_of_the_signs_that_the_grammar_knows_comes_back(composer: Composer, text: str) -> None:
    assert composer.compose([*CSV, override("data.target", text)]).data.target == text


@pytest.mark.parametrize("text", ["runs", "./elsewhere", "models:/my study@champion", "/a/b-c_d.e"])
def test_what_needs_no_quotes_has_none(text: str) -> None:
    assert override("source", text) == f"source={text}"


def test_names_that_are_words_are_printed_without_quotes() -> None:
    assert naming("data.drop", ["a_1", "Twin"]) == "data.drop=[a_1,Twin]"
    assert naming("data.drop", ["KündenNr"]) == "'data.drop=[\"KündenNr\"]'"


@pytest.mark.parametrize(
    ("typed", "key", "value"),
    [
        ("data.target=Größe", "target", "Größe"),
        ("data.path=daten/größe 2.csv", "path", "daten/größe 2.csv"),
        ("data.path=C:/größe.csv", "path", "C:/größe.csv"),
        ("data.drop=[KündenNr, b,\"c, ü\",'é d']", "drop", ["KündenNr", "b", "c, ü", "é d"]),
        ("data={drop: [ä], target: ö}", "drop", ["ä"]),
    ],
)
def test_letters_beyond_ascii_need_no_quotes(typed: str, key: str, value: object, composer: Composer) -> None:
    assert getattr(composer.compose([*CSV, typed]).data, key) == value


def test_such_letters_may_range_in_a_grid_and_stand_in_a_study(composer: Composer) -> None:
    configs = composer.compose_grid(["study=groß,klein,Ähre 2"])
    assert [config.study for config in configs] == ["groß", "klein", "Ähre 2"]


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [
        ("data.target=Größe (cm)", "'data.target=\"Größe (cm)\"'"),
        ("data.target=price?=x", "'data.target=\"price?=x\"'"),
        ("data.drop=[Größe (cm), b]", "'data.drop=[\"Größe (cm)\",b]'"),
        ("größe=1", "größe: no such key"),
    ],
)
def test_what_cannot_be_read_is_shown_as_it_can_be(typed: str, remedy: str, composer: Composer) -> None:
    with pytest.raises(ConfigError) as refusal:
        composer.compose([*CSV, typed])
    assert remedy in str(refusal.value)
    assert str(refusal.value).startswith(typed.partition("=")[0])


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("data.path=${paths.root}/größe.csv", "data.path=${paths.root}/größe.csv"),
        ('data.path="${paths.root}/größe.csv"', 'data.path="${paths.root}/größe.csv"'),
        ("data.drop=[ä,${seed}]", "data.drop=[ä,${seed}]"),
        ("data={größe: ö, drop: [ä]}", 'data={größe: "ö", drop: ["ä"]}'),
        ("data={ziel größe : ö}", 'data={ziel größe : "ö"}'),
    ],
)
def test_interpolations_and_keys_of_sections_stay_as_they_are(typed: str, read: str) -> None:
    assert with_words_quoted(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "data.path=${paths.root}/größe.csv", "data={größe: ö}", "data={drop: [ä], größe: ö}", "data.drop=[ä,b(]",
        "data.target=ä(b",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_quoted_as_it_was_typed(typed: str, composer: Composer) -> None:
    with pytest.raises(ConfigError) as refusal:
        composer.compose([*CSV, typed])
    said = str(refusal.value)
    assert said.startswith(f"{typed}: cannot be read")
    assert '"' not in said.partition("; a value goes in quotes")[0]
