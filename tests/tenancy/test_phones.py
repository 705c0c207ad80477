"""The table of R52, typed by hand, and what a cell of a sheet adds to it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.phones import may_be_mobile, parse_phone

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("050-2345678", "IL", "+972502345678"),
        ("0502345678", "IL", "+972502345678"),
        ("+972-50-2345678", "IL", "+972502345678"),
        ("+972 050 2345678", "IL", "+972502345678"),
        ("00972 50 2345678", "IL", "+972502345678"),
        ("05-02345678", "IL", "+972502345678"),
        ("\u200f050-2345678\u200e", "IL", "+972502345678"),
        ("0592345678", "IL", "+972592345678"),
        ("050 123 4567", "AE", "+971501234567"),
        ("501234567", "AE", "+971501234567"),
        ("٠٥٠١٢٣٤٥٦٧", "AE", "+971501234567"),
        ("+971 (0)50 123 4567", "AE", "+971501234567"),
        ("050\u00a0123\u00a04567", "AE", "+971501234567"),
        ("050–123–4567", "AE", "+971501234567"),
        ("＋９７１５０１２３４５６７", "AE", "+971501234567"),
        ("'+971501234567", "AE", "+971501234567"),
        (Decimal(501234567), "AE", "+971501234567"),
        (Decimal(971501234567), "AE", "+971501234567"),
        ("+33 6 12 34 56 78", "AE", "+33612345678"),
        ("06 12 34 56 78", "FR", "+33612345678"),
    ],
)
def test_mobile_numbers_become_e164(text, region, e164):
    assert parse_phone(text, region) == e164
    assert may_be_mobile(e164)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("0501234567", "IL"),
        ("0541234567", "IL"),
        ("0521234567", "IL"),
        ("050234567", "IL"),
        ("05023456789", "IL"),
        ("*2700", "IL"),
        ("", "AE"),
        ("call the office", "AE"),
        ("050 123 4567 / 050 765 4321", "AE"),
        ("050 123 4567, 050 765 4321", "AE"),
        ("04 221 2345 ext 7", "AE"),
        ("050 123 4567 x7", "AE"),
        ("0501234567 (Ahmed)", "AE"),
        ("=050 123 4567", "AE"),
        ("050\n123 4567\nBcc", "AE"),
        ("1-800-FLOWERS", "US"),
        ("9" * 60, "AE"),
        (True, "AE"),
    ],
)
def test_what_is_not_exactly_one_valid_number_is_refused(text, region):
    with pytest.raises(Invalid) as refused:
        parse_phone(text, region)
    assert (refused.value.code, refused.value.field) == ("phone_invalid", "phone")


def test_a_number_that_the_spreadsheet_shortened_is_refused_and_not_guessed():
    with pytest.raises(Invalid) as refused:
        parse_phone("9.71501E+11", "AE")
    assert refused.value.code == "number_shortened"


@pytest.mark.parametrize(
    ("text", "region"), [("03-6123456", "IL"), ("1-800-123456", "IL"), ("04 221 2345", "AE")]
)
def test_landlines_and_free_numbers_are_kept_and_are_not_mobile(text, region):
    assert not may_be_mobile(parse_phone(text, region))


@given(st.text(max_size=25) | st.text("+0123456789 -()", max_size=20), st.sampled_from(["AE", "IL", "FR"]))
def test_what_is_accepted_comes_back_unchanged(text, region):
    try:
        number = parse_phone(text, region)
    except Invalid:
        return
    assert parse_phone(number, region) == number
