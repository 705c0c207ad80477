"""Texts, addresses and codes of one cell: kept as meant, or refused with what to do."""

from datetime import date
from decimal import Decimal
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.cells import (
    FORMULA_STARTS,
    parse_code,
    parse_currency,
    parse_email,
    parse_kind,
    parse_locale,
    parse_name,
    parse_tags,
    parse_tax_number,
    parse_text,
    says_nothing,
    text_of,
)
from bursar.tenancy.grids import Flaw

pytestmark = pytest.mark.pure


def code_of(parse, *args, **kwargs):
    with pytest.raises(Invalid) as refused:
        parse(*args, **kwargs)
    return refused.value.code


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("  Noor   Trading\u00a0LLC ", "Noor Trading LLC"),
        ("\u200fشركة النور\u200e", "شركة النور"),
        ("\ufeffNoor", "Noor"),
        ("Cafe\u0301", "Café"),
        ("Noor\tTrading", "Noor Trading"),
        ("O'Neil & Söhne – “Haus”", "O'Neil & Söhne – “Haus”"),
        ("نیک\u200cنام", "نیک\u200cنام"),
        (Decimal(7), "7"),
        (Decimal("7.50"), "7.50"),
        (date(2026, 11, 20), "2026-11-20"),
        (True, "true"),
    ],
)
def test_names_keep_their_letters_and_lose_what_is_invisible(value, name):
    assert parse_name(value, field="full_name") == name


@pytest.mark.parametrize("start", list("=+-@＝＋－＠"))
@pytest.mark.parametrize("before", ["", " ", "\t", "\r\n", "\u200f", "\ufeff "])
def test_a_text_that_a_spreadsheet_would_calculate_is_refused(start, before):
    assert code_of(parse_text, f"{before}{start}cmd|' /C calc'!A0", field="description") == "text_formula"


@pytest.mark.parametrize("mark", list("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
def test_marks_that_turn_a_text_around_are_refused(mark):
    assert code_of(parse_text, f"Noor {mark}gpj.exe", field="full_name") == "text_direction_override"
    assert code_of(parse_email, f"a{mark}@example.com") == "text_direction_override"


@pytest.mark.parametrize("character", ["\0", "\x07", "\x1b", "\x7f", "\x85"])
def test_control_characters_are_refused(character):
    assert code_of(parse_text, f"No{character}or", field="full_name") == "text_control_characters"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\u2029"])
def test_a_name_is_one_line_and_an_address_may_be_several(end):
    assert code_of(parse_name, f"Noor{end}Bcc: x@example.com", field="full_name") == "text_line_break"
    assert parse_text(f"Tower 1{end}Dubai", field="address").splitlines() == ["Tower 1", "Dubai"]


def test_texts_have_a_length():
    assert parse_name("x" * 200, field="full_name") == "x" * 200
    assert code_of(parse_name, "x" * 201, field="full_name") == "text_too_long"
    assert code_of(parse_text, "x" * 2001, field="description") == "text_too_long"


def test_a_flawed_cell_refuses_with_its_own_reason_and_place():
    with pytest.raises(Invalid) as refused:
        text_of(Flaw("Cell %(cell)s holds a formula.", "cell_formula", "D7"), "full_name")

    assert (refused.value.code, refused.value.field) == ("cell_formula", "full_name")
    assert str(refused.value) == "Cell D7 holds a formula."


@pytest.mark.parametrize("value", ["", "  ", "-", " – ", "—", "\u200f", "\u00a0"])
def test_dashes_and_spaces_say_nothing(value):
    assert says_nothing(value)


@pytest.mark.parametrize("value", ["0", "--", "none", Decimal(0), False])
def test_a_zero_says_something(value):
    assert not says_nothing(value)


def test_codes_keep_their_zeros_and_are_never_guessed():
    assert parse_code("007", field="external_code") == "007"
    assert parse_code(Decimal(1042), field="external_code") == "1042"
    assert parse_code("1E5", field="external_code") == "1E5"
    assert code_of(parse_code, "1.00235E+14", field="number") == "number_shortened"
    assert code_of(parse_code, "1,00235E+14", field="number") == "number_shortened"


@pytest.mark.parametrize(
    ("text", "given_as", "key"),
    [
        ("Noor.Sons@Example.COM", "Noor.Sons@example.com", "noor.sons@example.com"),
        (" a+b@example.com\u200f ", "a+b@example.com", "a+b@example.com"),
        ("a@Müller.de", "a@müller.de", "a@xn--mller-kva.de"),
        ("a@مثال.إختبار", "a@مثال.إختبار", "a@xn--mgbh0fb.xn--kgbechtv"),
        ("o'neil_7@mail.example.ae", "o'neil_7@mail.example.ae", "o'neil_7@mail.example.ae"),
    ],
)
def test_one_address_is_kept_as_given_with_a_key_in_small_letters(text, given_as, key):
    assert parse_email(text) == (given_as, key)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "email_invalid"),
        ("noor", "email_invalid"),
        ("@example.com", "text_formula"),
        ("noor@", "email_invalid"),
        ("noor@localhost", "email_invalid"),
        ("noor@example", "email_invalid"),
        ("noor@-example.com", "email_invalid"),
        ("نور@example.com", "email_invalid"),
        (f"{'x' * 65}@example.com", "email_invalid"),
        ("noor@[127.0.0.1]", "email_invalid"),
        ("a@example.com; b@example.com", "email_not_one"),
        ("a@example.com,b@example.com", "email_not_one"),
        ("a@example.com b@example.com", "email_not_one"),
        ("alice@example.org)bob@evil.com", "email_not_one"),
        ("Noor Sons <a@example.com>", "email_not_one"),
        ("a@example.com\r\nBcc: b@example.com", "text_line_break"),
        ("a@example.com\nb", "text_line_break"),
        ("a\0@example.com", "text_control_characters"),
        ("=a@example.com", "text_formula"),
        ("+a@example.com", "text_formula"),
    ],
)
def test_what_is_not_exactly_one_address_is_refused(text, code):
    assert code_of(parse_email, text) == code


@given(st.emails())
def test_an_accepted_address_is_one_and_its_key_is_stable(address):
    try:
        given_as, key = parse_email(address)
    except Invalid:
        return
    assert Address(addr_spec=key).domain == key.rpartition("@")[2]
    assert parse_email(given_as)[1] == key == parse_email(key)[1]


@pytest.mark.parametrize(
    ("value", "warned"),
    [
        ("100234567890003", False),
        ("100-2345-6789-0003", False),
        ("100 234 567 890 003", False),
        ("١٠٠٢٣٤٥٦٧٨٩٠٠٠٣", False),
        ("\u200f100234567890003", False),
        (Decimal(100234567890003), False),
        ("100234567890004", True),
        ("200234567890003", True),
    ],
)
def test_a_tax_number_of_the_emirates_has_15_digits_and_a_usual_shape(value, warned):
    number = parse_tax_number(value, "AE")

    assert len(number.value) == 15
    assert number.value.isascii()
    assert (number.warning is not None) == warned


@pytest.mark.parametrize(
    "value", ["10023456789000", "1002345678900030", "10023456789000X", "TRN", Decimal(7)]
)
def test_other_numbers_of_digits_are_refused_in_the_emirates_only(value):
    assert code_of(parse_tax_number, value, "AE") == "tax_number_not_15_digits"
    assert parse_tax_number(value, "FR").warning is None


def test_a_shortened_tax_number_is_refused_anywhere():
    assert code_of(parse_tax_number, "1.00235E+14", "AE") == "number_shortened"
    assert code_of(parse_tax_number, "1.00235E+14", "FR") == "number_shortened"


@pytest.mark.parametrize(
    ("text", "locale"),
    [("en", "en"), ("EN-GB", "en"), ("ar_AE", "ar"), ("Arabic", "ar"), ("عربي", "ar"), ("العربية", "ar"), ("arabe", "ar"),
     ("Français", "fr"), ("FRANCAIS", "fr"), ("fr-FR", "fr"), ("Hebrew", "he"), ("עברית", "he"), ("iw", "he"),
     ("الإنجليزية", "en"), ("anglais", "en")],
)  # fmt: skip
def test_languages_are_known_by_tag_and_by_name(text, locale):
    assert parse_locale(text) == locale


@pytest.mark.parametrize("text", ["de", "Klingon", "", "12"])
def test_other_languages_are_refused(text):
    assert code_of(parse_locale, text) == "locale_unknown"


def test_currencies_are_iso_codes_and_nothing_else():
    assert parse_currency(" aed ") == "AED"
    assert code_of(parse_currency, "XXQ") == "unknown_currency"
    assert code_of(parse_currency, "dirham") == "unknown_currency"
    assert code_of(parse_currency, "=AED") == "unknown_currency"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Company", "firm"),
        ("شركة", "firm"),
        ("Individual", "person"),
        ("فرد", "person"),
        ("particulier", "person"),
    ],
)
def test_persons_and_firms_are_told_apart(text, kind):
    assert parse_kind(text) == kind


def test_a_kind_that_is_neither_is_refused():
    assert code_of(parse_kind, "robot") == "kind_unknown"


def test_tags_are_parted_and_each_kept_once():
    assert parse_tags("vip, late ;vip|الرياض، دبي,,") == ["vip", "late", "الرياض", "دبي"]
    assert code_of(parse_tags, "vip, =1+1") == "text_formula"
    assert code_of(parse_tags, "x" * 51) == "text_too_long"


@given(st.text(max_size=80))
def test_no_accepted_name_has_a_second_line_an_override_or_a_formula(text):
    try:
        name = parse_name(text, field="full_name")
    except Invalid:
        return
    assert len(name.splitlines()) <= 1
    assert not set(name) & set("\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\0\r\n")
    assert name[:1] not in FORMULA_STARTS or not name
    assert parse_name(name, field="full_name") == name
