"""How numbers are written, in the terminal, in answers and in reports alike: sensible digits, errors to like digits."""

from __future__ import annotations

import math

__all__ = ["counted", "duration", "gain", "interval", "like", "number", "with_error"]


def number(value: float | None) -> str:
    """Return a score or loss with the digits worth reading: 0.9712, 12.35, 4.1e-05, "-" for none."""
    if value is None or math.isnan(value):
        return "-"
    if value == 0 or 1e-3 <= abs(value) < 10:
        return f"{value:.4f}"
    if 1e3 <= abs(value) < 1e7:
        return f"{value:,.0f}"
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2g}"


def with_error(value: float | None, error: float | None) -> str:
    """Return "0.9712 ± 0.0040", both to the same digit where they are of like size, without what is not known."""
    if error is None or math.isnan(error):
        return number(value)
    if value is not None and abs(value) < 10 and (error == 0 or 5e-5 <= error < 10):
        return f"{round(value, 4) + 0.0:.4f} ± {error:.4f}"  # + 0.0: no minus before a zero
    text = number(value)
    decimals = len(text.partition(".")[2])
    if value is not None and abs(value) >= 10 and "e" not in text and (error == 0 or error * 10**decimals >= 0.5):
        return f"{text} ± {error:,.{decimals}f}"
    return f"{text} ± {number(error)}"


def like(value: float, other: float | None) -> str:
    """Return a number to the digit that `number` writes another with: a part of 0.9931 is 0.0036, or 0.0000."""
    text = number(other)
    if other is None or "e" in text or text == "-":
        return number(value)
    return f"{value:,.{len(text.partition('.')[2])}f}"


def gain(value: float, error: float | None = None) -> str:
    """Return a difference with its sign, "+0.0100 ± 0.0040"."""
    said = with_error(value, error)
    return said if said.startswith("-") else f"+{said}"


def interval(low: float, high: float, *, signed: bool = False) -> str:
    """Return "0.9634 to 0.9790", of a difference, signed, "-0.0121 to +0.0095"."""
    if 1e-3 <= max(abs(low), abs(high)) < 10:
        form = "+.4f" if signed else ".4f"
        return f"{round(low, 4) + 0.0:{form}} to {round(high, 4) + 0.0:{form}}"
    write = gain if signed else number
    return f"{write(low)} to {write(high)}"


def duration(seconds: float) -> str:
    """Return a time as one reads it: 0.4 s, 12 s, 3 min 05 s, 2 h 10 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def counted(count: int, noun: str) -> str:
    """Return "1 trial", "1,000 trials"."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
