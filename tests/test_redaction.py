"""Secrets never reach a log, a run or a file."""

from __future__ import annotations

import pytest

from dnnexp.redaction import redact

SECRET = "opensesame"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://me:{SECRET}@db.host/x",
        f"postgresql+psycopg://me:{SECRET}@db.host:5432/x?sslmode=require",
        f"storage='postgresql://me:{SECRET}@db/x' study=a",
        f"postgresql://me:{SECRET}/with:odd@signs@db/x",
        f"postgresql://:{SECRET}@db/x",
        f"storage=postgresql://me:{SECRET}'with\"quotes@db/x",
        f"'storage=\"postgresql://me:quoted'\"'\"'{SECRET}@db/x\"'",
        f"postgresql://db/x?user=me&password={SECRET}&sslmode=off",
        f"https://{SECRET}@tracking.host/api",
        f"http://me:{SECRET}@tracking",
        f"https://host/path?access_token={SECRET}",
    ],
)
def test_a_secret_in_a_url_is_redacted(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text", ["sqlite:////a/b.db", "http://host:5000", "models:/my-study@champion", "a: b@c", "x=1", ""]
)
def test_what_holds_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_values_of_secret_environment_variables_are_masked_wherever_they_turn_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "correct horse")
    monkeypatch.setenv("USE_TOKEN", "true")
    assert redact("read with 'correct horse', shuffle=true") == "read with '***', shuffle=true"
