from __future__ import annotations

from dnnexp.config.manual import manual
from dnnexp.config.refusal import GROUPS, SETTINGS
from dnnexp.config.vocabulary import CHOOSERS, Vocabulary, conf_folder
from dnnexp.network.activations import ACTIVATIONS

TEXT = manual("python -m dnnexp.train", "Train one configuration.", Vocabulary([conf_folder()]))


def test_it_says_every_group_option_key_and_name_in_80_columns() -> None:
    vocabulary = Vocabulary([conf_folder()])
    words = set(TEXT.replace("=", " ").replace(",", " ").replace(":", " ").replace("*", " ").split())
    for group in GROUPS:
        assert {group, *vocabulary.options(group)} <= words
    last_words = {key.removeprefix(f"{group}.") for key in SETTINGS for group in GROUPS if key.startswith(f"{group}.")}
    said = {key for key in last_words if key in words or any(word.endswith(f".{key}") for word in words)}
    assert last_words - said <= set(CHOOSERS)
    assert set(ACTIVATIONS) <= words
    assert max(map(len, TEXT.splitlines())) <= 80


def test_it_says_defaults_with_their_meaning() -> None:
    assert "  model.width = 64                units of every hidden layer" in TEXT
    assert "*digits" in TEXT
    assert "  optimizer=sgd: lr=0.1, weight_decay=0.0; no beta1, beta2, epsilon" in TEXT
    assert "path (must be set)" in TEXT
