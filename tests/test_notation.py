"""Numbers and times as they are written everywhere."""

from __future__ import annotations

import pytest

from dnnexp.notation import counted, duration, gain, interval, like, number, with_error


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (float("nan"), "-"), (0.97123, "0.9712"), (0.0, "0.0000"), (-1.5, "-1.5000"), (12.3456, "12.35"),
     (123456.0, "123,456"), (1.2e9, "1.2e+09"), (4.14e-5, "4.1e-05")],
)  # fmt: skip
def test_a_number_has_the_digits_worth_reading(value: float | None, text: str) -> None:
    assert number(value) == text


def test_an_error_is_shown_where_it_is_known() -> None:
    assert with_error(0.97, 0.004) == "0.9700 ± 0.0040"
    assert with_error(-2.2e-17, 0.0198) == "0.0000 ± 0.0198"
    assert with_error(-0.00069, 0.0051) == "-0.0007 ± 0.0051"
    assert with_error(0.0, 0.0) == "0.0000 ± 0.0000"
    assert with_error(51234.5, 812.0) == "51,234 ± 812"
    assert with_error(0.97, None) == with_error(0.97, float("nan")) == "0.9700"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (9.96, "10 s"),
        (99.4, "99 s"),
        (99.6, "1 min 40 s"),
        (3600, "60 min 00 s"),
        (7800, "2 h 10 min"),
    ],
)
def test_a_duration_reads_as_one_says_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.9899, 0.0029, "0.9899 ± 0.0029"),
        (0.9719, 0.0142, "0.9719 ± 0.0142"),
        (55.0412, 3.3539, "55.04 ± 3.35"),
        (15.0985, 0.4, "15.10 ± 0.40"),  # no digit is dropped for being a zero
        (15.11, 0.38, "15.11 ± 0.38"),
        (1234.5, 67.8, "1,234 ± 68"),
        (1234.5, 0.52, "1,234.50 ± 0.52"),
        (16372.04, 812.3, "16,372 ± 812"),
        (-61.5, 0.0, "-61.50 ± 0.00"),
        (55.04, 0.001, "55.0400 ± 0.0010"),
        (0.9712, 0.00003, "0.971200 ± 0.000030"),
        (0.9712, 0.0, "0.9712 ± 0.0000"),
        (3.0e9, 1.2e8, "3.00e+09 ± 1.2e+08"),
        (4.14e-5, 2e-6, "0.0000414 ± 0.0000020"),
        (4.14e-9, 2e-10, "4.14e-09 ± 2.0e-10"),
        (1e-9, 0.5, "0.0000 ± 0.5000"),
        (5.0, 300.0, "5.0 ± 300.0"),
        (2e8, 1e-3, "2.0e+08 ± 0.0010"),  # of digits there is no end
    ],
)
def test_an_error_has_two_digits_at_least_and_ends_with_the_digit_its_value_ends_with(
    value: float, error: float, text: str
) -> None:
    assert with_error(value, error) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(15.0985, "15.10"), (100.0, "100.0"), (999.96, "1,000"), (-250.04, "-250.0"), (9.99996, "10.00")],
)
def test_a_number_keeps_its_zeros(value: float, text: str) -> None:
    assert number(value) == text


def test_a_gain_has_its_sign() -> None:
    assert gain(0.01, 0.004) == "+0.0100 ± 0.0040"
    assert gain(-0.0007, 0.004) == "-0.0007 ± 0.0040"
    assert gain(0.0) == "+0.0000"


def test_the_ends_of_an_interval_have_like_digits() -> None:
    assert interval(0.96337, 1.0) == "0.9634 to 1.0000"
    assert interval(-0.0121, 0.00003, signed=True) == "-0.0121 to +0.0000"
    assert interval(0.1, float("nan")) == "0.1000 to -"
    assert interval(float("nan"), 0.9) == "- to 0.9000"
    assert interval(45.731, 64.36) == "45.73 to 64.36"
    assert interval(-12.5, 3.0, signed=True) == "-12.50 to +3.00"
    assert interval(-4.1e-5, 2e-5, signed=True) == "-4.1e-05 to +2.0e-05"
    assert interval(15123.4, 17999.0) == "15,123 to 17,999"


def test_one_is_not_a_plural() -> None:
    assert (counted(1, "trial"), counted(1000, "trial"), counted(0, "row")) == ("1 trial", "1,000 trials", "0 rows")


def test_a_part_of_a_score_is_written_to_the_digit_of_the_score() -> None:
    assert like(0.003612, 0.9931) == "0.0036"
    assert like(0.00002, 0.9931) == "0.0000"
    assert like(1.234, 55.36) == "1.23"
    assert like(12.3, 54321.0) == "12"
    assert like(1e-6, 3e-5) == "1.0e-06"
    assert like(0.01, None) == "0.0100"
