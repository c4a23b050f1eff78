"""Quantities in and out: what can be read is read rightly, what is ambiguous is refused."""

import math
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course import units
from tests.odd_inputs import ABOVE_ZERO, assert_refuses_odd_inputs

PARSERS = [
    units.parse_count,
    units.parse_flop,
    units.parse_flop_per_s,
    units.parse_bytes,
    units.parse_kwh,
]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # Claim K037: the document's parser fails on the first four.
        ("7b", 7e9),
        ("70b", 70e9),
        ("1,000M", 1e9),
        ("7 B", 7e9),
        ("13B", 13e9),
        ("1.5T", 1.5e12),
        ("350k", 350e3),
        ("11.7亿", 1.17e9),
        ("1.4万亿", 1.4e12),
        ("3万", 3e4),
        ("5.76e23", 5.76e23),
        ("1E3", 1000),
        (" 42 ", 42),
        ("１３B", 13e9),  # full-width digits, as Chinese texts write them
        ("1,234,567.5", 1234567.5),
        (7e9, 7e9),
        (np.int64(7), 7),
    ],
)
def test_counts(text, value):
    assert units.parse_count(text) == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        # Claim K037, the rest: names of models and bare units are not numbers.
        ("8x7B", "mixture of experts"),
        ("8×22b", "mixture of experts"),
        ("GPT-3 175B", "does not start with"),
        ("T5-11B", "does not start with"),
        ("TB", "does not start with"),
        ("Bert", "does not start with"),
        ("7GB", "size in bytes"),
        ("7G", "a billion is 'B'"),
        ("1,4T", "decimal point"),
        ("1,00,000", "decimal point"),
        ("-7B", "positive"),
        ("+7B", "does not start with"),
        ("0B", "greater than zero"),
        ("1e999", "finite"),
        ("nan", "does not start with"),
        ("inf", "does not start with"),
        ("", "does not start with"),
        ("7BB", "not a unit"),
        ("7B params", "not a unit"),
    ],
)
def test_counts_refused(text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        units.parse_count(text)


def test_flop_and_rates_and_sizes_and_energy():
    assert units.parse_flop("3640 PF-days") == pytest.approx(3.14e23, rel=0.002)  # GPT-3
    assert units.parse_flop("314 ZFLOP") == pytest.approx(3.14e23)
    assert units.parse_flop_per_s("989.4 TFLOP/s") == pytest.approx(989.4e12)
    assert units.parse_bytes("16 GiB") == 16 * 2**30
    assert units.parse_bytes("80 GB") == 80e9
    assert units.parse_bytes("512 bytes") == 512
    assert units.parse_kwh("1,287 MWh") == pytest.approx(1_287_000)
    assert units.parse_kwh("3.6 MJ") == pytest.approx(1)
    assert units.parse_kwh("0.24 Wh") == pytest.approx(0.24e-3)


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (units.parse_flop, "312 TFLOPS", "both as an amount"),
        (units.parse_flop_per_s, "312 TFLOPS", "both as an amount"),
        (units.parse_flop_per_s, "312 TFLOP", "not a unit"),
        (units.parse_flop, "312 TFLOP/s", "not a unit"),
        (units.parse_bytes, "7B", "'B' could be bytes or billions"),
        (units.parse_bytes, "512", "the unit is missing"),
        (units.parse_bytes, "1 Gb", "not a unit"),
        (units.parse_kwh, "5", "not a unit"),
    ],
)
def test_units_that_mean_two_things_are_refused(parse, text, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse(text)


@pytest.mark.parametrize("odd", [None, True, np.True_, 0, -1, math.nan, math.inf, [7], b"7B", 1j])
@pytest.mark.parametrize("parse", PARSERS)
def test_what_is_no_text_and_no_positive_number_is_refused(parse, odd):
    with pytest.raises(ValueError, match=r"count|number|rate"):
        parse(odd)


pieces = st.sampled_from(
    [
        *"0123456789.,+-eE xX×/亿万²٣\t\u00a0BbMTkG",
        *("Gi", "FLOP", "FLOP/s", "FLOPS", "PF-days", "bytes", "Wh", "J", "nan", "inf"),
        *("1e400", "1e-400", "GPT-", "7B"),
    ]
)


@pytest.mark.parametrize("parse", PARSERS)
@settings(max_examples=600, deadline=None, derandomize=True)
@given(text=st.lists(pieces, max_size=7).map("".join) | st.text(max_size=12))
@example(text="1e-400")
@example(text="9" * 400)
def test_any_text_gives_a_positive_finite_number_or_a_reason(parse, text):
    try:
        value = parse(text)
    except ValueError as error:
        value = error
    if isinstance(value, ValueError):
        assert "is not a" in str(value)
    else:
        assert type(value) is float
        assert 0 < value < math.inf


ROUND_TRIPS = [
    (units.format_count, units.parse_count),
    (units.format_flop, units.parse_flop),
    (units.format_flop_per_s, units.parse_flop_per_s),
    (units.format_bytes, units.parse_bytes),
]


@pytest.mark.parametrize(("show", "parse"), ROUND_TRIPS)
@settings(max_examples=300, deadline=None, derandomize=True)
@given(exponent=st.floats(0, 27))
@example(exponent=math.log10(999.6e6))
def test_what_is_shown_can_be_read_back_to_its_three_digits(show, parse, exponent):
    value = 10**exponent
    assert parse(show(value)) == pytest.approx(value, rel=0.005001)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (13e9, "13B"),
        (1.4e12, "1.4T"),
        (999.6e6, "1B"),
        (999.4e6, "999M"),
        (6_738_417_664, "6.74B"),
        (7, "7"),
        (1e15, "1e+03T"),
        (1e16, "1e+16"),
        (0.5, "0.5"),
    ],
)
def test_counts_shown(value, shown):
    assert units.format_count(value) == shown


def test_rates_and_sizes_shown():
    assert units.format_flop(5.76e23) == "5.76e23 FLOP"
    assert units.format_flop_per_s(989.4e12) == "989 TFLOP/s"
    assert units.format_bytes(16e9) == "16 GB"
    assert units.format_bytes(512) == "512 bytes"


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        (1461, "4 years"),
        (700, "700 days"),
        (17.2, "17 days"),
        (2, "2 days"),
        (1.9, "46 hours"),
        (0.1, "2.4 hours"),
        (0.05, "72 minutes"),
        (1e-5, "0.86 seconds"),
        (3_843_310 * 365.25, "3,843,310 years"),
    ],
)
def test_durations_shown(days, shown):
    assert units.format_days(days) == shown


def test_positive_and_between_keep_good_values():
    assert units.positive("n", 3) == 3.0
    assert type(units.positive("n", np.int32(3))) is float
    assert units.positive("n", [1, 2]).tolist() == [1.0, 2.0]
    assert units.positive("mfu", 1, upper=1) == 1
    assert units.between("share", 0, 0, 1) == 0
    assert units.between("share", np.array([[0, 1]]), 0, 1).shape == (1, 2)


def test_positive_and_between_refuse_the_rest():
    assert_refuses_odd_inputs(lambda n: units.positive("n", n), {"n": 3.0})

    def product(mfu, share):
        return units.positive("mfu", mfu, upper=1) * units.between("share", share, 0, 1)

    assert_refuses_odd_inputs(
        product,
        {"mfu": 0.4, "share": 0.5},
        within={"mfu": (ABOVE_ZERO, 1), "share": (0, 1)},
    )


# The helper is trusted by every chapter's tests, so it must see the faults it is there for.
def clips(n):
    return max(float(n), 1.0) if np.isreal(n) else units.positive("n", n)


def lets_nan_pass(n):
    return n if isinstance(n, float) and math.isnan(n) else units.positive("n", n)


def names_nothing(n):
    return units.positive("value", n)


def sees_the_first_entry_only(n):
    units.positive("n", np.ravel(n)[0] if isinstance(n, np.ndarray) and n.size else n)


def gives_nan(n):
    return units.positive("n", n) * (math.nan if np.max(n) > 5 else 1)


def raises_type_error(n):
    return units.positive("n", n) if not isinstance(n, str) else n + 1


@pytest.mark.parametrize(
    "wrong",
    [clips, lets_nan_pass, names_nothing, sees_the_first_entry_only, gives_nan, raises_type_error],
)
def test_the_helper_finds_each_kind_of_fault(wrong):
    with pytest.raises(AssertionError):
        assert_refuses_odd_inputs(wrong, {"n": 3.0})


def test_the_helper_finds_shapes_that_are_not_compared():
    def sums(a, b):
        return units.positive("a", a) + np.sum(units.positive("b", b))

    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        assert_refuses_odd_inputs(sums, {"a": 1.0, "b": 2.0})


def test_whole_numbers_beyond_64_bits_are_numbers():
    assert units.positive("flops", 10**22) == 1e22
    assert units.positive("flops", [10**22, 1]).tolist() == [1e22, 1]
    for value in (10**400, -(10**22), [10**22, "1"], [10**22, True]):
        with pytest.raises(ValueError, match=r"^flops must be"):
            units.positive("flops", value)


def test_a_masked_number_is_refused():
    """numpy would drop the mask, and what somebody had marked as bad would count."""
    masked = np.ma.masked_array([1.0, 999.0], mask=[False, True])
    with pytest.raises(ValueError, match=r"^loss must be"):
        units.positive("loss", masked)
    assert units.positive("loss", np.ma.masked_array([1.0, 2.0])).tolist() == [1, 2]


def test_whole_numbers():
    assert units.whole("n_gpus", 8) == 8.0
    assert units.whole("n_gpus", [1, 8.0], upper=8).tolist() == [1, 8]
    assert units.whole("look", 0, lower=0) == 0
    for value, got in ((2.5, "2.5"), ([1, 2.5], "2.5"), (0, "0"), (9, "9"), ("8", "'8'")):
        with pytest.raises(ValueError, match=f"^n_gpus must be whole, from 1 to 8, got {got}$"):
            units.whole("n_gpus", value, upper=8)
    with pytest.raises(ValueError, match=r"^n must be whole, from 1, got nan$"):
        units.whole("n", math.nan)


def test_one_number():
    assert units.single("delta", units.positive("delta", 0.1)) == 0.1
    with pytest.raises(ValueError, match=r"^delta must be one number, got an array of shape"):
        units.single("delta", units.positive("delta", [1, 2]))


def test_plain_numbers_print_as_such():
    assert type(units.plain(np.float64(1.5))) is float
    assert units.plain(np.array([1.5])).shape == (1,)
