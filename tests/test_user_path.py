from __future__ import annotations

from pathlib import Path

import pytest

from dnnexp.errors import ConfigError
from dnnexp.user_path import user_path


def test_a_tilde_is_a_home_and_nothing_else_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert user_path("output", "~/x/y.csv") == Path("/home/me/x/y.csv")
    assert user_path("output", "x/~/y") == Path("x/~/y")


@pytest.mark.parametrize("key", ["paths.root", "data.path", "source", "output"])
def test_the_home_of_nobody_is_refused_by_the_key_that_names_it(key: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        user_path(key, "~nobody-here/x")
    assert str(refusal.value).startswith(
        f"{key}: ~nobody-here is the home folder of nobody here, got '~nobody-here/x'; "
    )
