"""Digits. Expected texts are written out by hand from the rules of the report; laws are tested beside them."""

import locale
import math
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from abstory import digits
from abstory.experiment import Size
from abstory.metrics import Unit
from abstory.stats.estimate import Interval, Reason, Undetermined

FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.413, "41.3%"),
        (0.0343, "3.43%"),
        (0.0064, "0.640%"),
        (0.09996, "10.0%"),
        (1.0, "100%"),
        (0.9997, "99.97%"),
        (0.99999999, ">99.9999%"),
        (0.0, "0%"),
        (1e-9, "<0.0001%"),
        (12.5, "1,250%"),
    ],
)
def test_a_rate_has_three_figures(value, text):
    assert digits.rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.065, "+6.5%"),
        (-0.004, "−0.4%"),
        (0.0, "0%"),
        (0.0004, "+0.04%"),
        (-0.0000001, ">−0.0001%"),
        (0.0000001, "<+0.0001%"),
        (12.345, "+1,234%"),
        (math.inf, "+∞"),
        (-math.inf, "−∞"),
    ],
)
def test_a_lift_has_one_decimal_and_its_sign(value, text):
    assert digits.lift(value) == text


@pytest.mark.parametrize(
    ("p", "alpha", "text"),
    [
        (0.023, 0.05, ".023"),
        (0.0009, 0.05, "<.001"),
        (0.0007, 0.0005, ".001"),
        (1e-300, 0.05, "<.001"),
        (0.9995, 0.05, ">.999"),
        (1.0, 0.05, ">.999"),
        (0.04996, 0.05, ".04996"),
        (0.0500001, 0.05, ".050"),
        (0.375, None, ".375"),
    ],
)
def test_a_p_value_is_short_and_never_rounded_over_alpha(p, alpha, text):
    assert digits.p_value(p, alpha) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.027, Unit.RATE, "+2.70 pp"),
        (-0.000052, Unit.RATE, "−0.0052 pp"),
        (0.0, Unit.RATE, "0 pp"),
        (-0.31, Unit.SECONDS, "−0.31 s"),
        (1234.5, Unit.COUNT, "+1,234.50"),
        (math.inf, Unit.SECONDS, "+∞ s"),
    ],
)
def test_a_difference_has_its_unit(value, unit, text):
    assert digits.difference(value, unit) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (8.4312, Unit.SECONDS, "8.43 s"),
        (1.5249, Unit.COUNT, "1.52"),
        (41200.4, Unit.COUNT, "41,200"),
        (999.7, Unit.COUNT, "1,000"),
    ],
)
def test_a_value_has_the_unit_of_its_metric(value, unit, text):
    assert digits.value(value, unit) == text


def test_other_words():
    assert digits.between(Interval(0.042, 0.088)) == "+4.2% to +8.8%"
    assert digits.between(Interval(-0.006, math.inf)) == "−0.6% to +∞"
    assert digits.declared(Size.parse("0.5pp"), upward=True) == "+0.5 pp"
    assert digits.declared(Size.parse("20%"), upward=False) == "−20%"
    assert digits.level(-0.08) == "−8%"
    assert digits.fraction(0.05) == ".05"
    assert digits.count(1234567) == "1,234,567"
    assert digits.minute(1_796_644_800_000_000) == "2026-12-07 12:00 UTC"


def test_every_reason_has_words_of_its_own():
    for reason in Reason:
        assert re.fullmatch(r"[a-z ]{4,16}", digits.unknown(Undetermined(reason)))


@given(FINITE)
def test_never_scientific_and_a_non_zero_number_never_reads_as_zero(number):
    texts = [digits.lift(number), digits.figures(number), *(digits.difference(number, unit) for unit in Unit)]
    for text in texts:
        assert "e" not in text
        assert (re.sub(r"[^1-9<]", "", text) == "") == (number == 0)


@given(FINITE)
def test_the_sign_of_a_change_is_the_sign_of_the_number(number):
    expected = "+" if number > 0 else digits.MINUS if number < 0 else "0"
    assert digits.lift(number).lstrip("<>")[0] == expected
    assert digits.difference(number, Unit.SECONDS).lstrip("<>")[0] == expected


@given(st.floats(0, 1), st.sampled_from([0.01, 0.05, 0.1]))
@example(0.4375, 0.01)
def test_a_p_value_reads_on_its_own_side_of_alpha(p, alpha):
    text = digits.p_value(p, alpha)
    if text[0] == ".":
        assert (float(text) < alpha) == (p < alpha)
        assert abs(float(text) - p) <= 0.0005 + 1e-15  # a tie is half a digit away, and the subtraction rounds


@given(st.floats(0.001, 1), st.sampled_from([0.01, 0.05, 0.1]))
@example(0.0099996, 0.01)  # two figures would say p=0.01 of what was flagged as below it
def test_a_p_value_in_a_sentence_reads_on_its_own_side_of_alpha(p, alpha):
    said = float(digits.p_said(p, alpha).removeprefix("p="))
    assert (said < alpha) == (p < alpha)
    assert abs(said - p) <= 0.0501 * p


@given(st.floats(0, 1, exclude_max=True))
def test_only_all_is_all(rate):
    assert digits.rate(rate) != "100%"


def test_the_locale_changes_nothing():
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "")
        assert digits.lift(0.065) == "+6.5%"
        assert digits.count(41200) == "41,200"
    finally:
        locale.setlocale(locale.LC_ALL, before)
