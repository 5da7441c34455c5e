"""How numbers are written, in the terminal, in answers and in reports alike: sensible digits, errors to like digits."""

from __future__ import annotations

import math

__all__ = ["counted", "duration", "gain", "interval", "like", "number", "with_error"]


MOST_DECIMALS = 7  # beyond which numbers are written as powers of ten


def number(value: float | None) -> str:
    """Return a score or loss with the digits worth reading: 0.9712, 12.30, 4.1e-05, "-" for none."""
    if value is None or math.isnan(value):
        return "-"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return f"{value:,.{_decimals(value)}f}"
    return f"{value:.1e}" if math.isfinite(value) else f"{value:g}"


def with_error(value: float | None, error: float | None) -> str:
    """Return "0.9712 ± 0.0040", both to the same digit: that of `number`, or the second of the error where it is later.

    What is not known is left out.
    """
    if value is None or math.isnan(value) or error is None or math.isnan(error):
        return number(value)
    if math.isfinite(value) and math.isfinite(error):
        second = _exponent(error) - 1 if error else 0  # the power of ten of the error's second digit
        decimals = max(_decimals(max(abs(value), error)), -second)
        if decimals <= MOST_DECIMALS and max(abs(value), error) < 1e7:
            return (
                f"{round(value, decimals) + 0.0:,.{decimals}f} ± {error:,.{decimals}f}"  # + 0.0: no minus before a zero
            )
        digits = _exponent(value) - second
        if 1 <= digits <= MOST_DECIMALS:
            return f"{value:.{digits}e} ± {error:.1e}"
    return f"{number(value)} ± {number(error)}"


def _decimals(value: float) -> int:
    """Return the places behind the point that a number is shown with: four, and of ten and more four digits in all."""
    ends = ((4, 10), (2, 100), (1, 1000))
    return next((decimals for decimals, end in ends if round(abs(value), decimals) < end), 0)


def _exponent(value: float) -> int:
    """Return the power of ten of the first digit."""
    return int(f"{value:.1e}".partition("e")[2])


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
    largest = max(abs(low), abs(high))
    if math.isfinite(low) and math.isfinite(high) and 1e-3 <= largest < 1e7:
        decimals = _decimals(largest)
        ends = (round(end, decimals) + 0.0 for end in (low, high))
        return " to ".join(f"{end:{'+' * signed},.{decimals}f}" for end in ends)
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
