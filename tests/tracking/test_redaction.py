from __future__ import annotations

import pytest

from dnnexp.tracking.redaction import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("storage=postgresql://me:hunter2@db:5432/x", "storage=postgresql://me:***@db:5432/x"),
        ("http://token@host/", "http://***@host/"),
        ("http://host/?user=me&password=hunter2&x=1", "http://host/?user=me&password=***&x=1"),
        ("optimizer.lr=3e-3 study='a: b'", "optimizer.lr=3e-3 study='a: b'"),
    ],
)
def test_passwords_in_urls_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert redact(text) == shown


def test_values_of_secret_environment_variables_are_masked_wherever_they_turn_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "correct horse")
    monkeypatch.setenv("USE_TOKEN", "true")
    assert redact("read with 'correct horse', shuffle=true") == "read with '***', shuffle=true"
