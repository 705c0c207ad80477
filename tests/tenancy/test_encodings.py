"""Text files of offices in Dubai and Paris, saved by whatever program they had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy.encodings import decode

pytestmark = pytest.mark.pure

ARABIC = "رقم الفاتورة;اسم العميل;المبلغ\r\nINV-7;شركة النور للتجارة;1,050.00\r\n"
FRENCH = "Facture;Société;Échéance\r\nF-7;CRÉATIONS À LA MODE, Müller & Cie;20/11/2026 €\r\n"


@pytest.mark.parametrize("text", [ARABIC, FRENCH, ARABIC + FRENCH, "plain;ascii\r\n"])
@pytest.mark.parametrize(
    ("write", "named"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-16", "utf-16-le"),
    ],
)
def test_unicode_is_read_with_and_without_its_mark(text, write, named):
    assert decode(text.encode(write)) == (text, named)


def test_the_big_end_first_mark_is_read():
    assert decode(b"\xfe\xff" + ARABIC.encode("utf-16-be")) == (ARABIC, "utf-16-be")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ARABIC, "cp1256"),
        (ARABIC + "Company;Noor Trading LLC, Dubai;AED\r\n" * 20, "cp1256"),
        ("الاسم\r\nأحمد\r\n", "cp1256"),
        ("Name;City\r\nNoor Trading;دبي\r\n", "cp1256"),
        ("Name;Groups\r\nNoor;دبي أ و ب و ج و د\r\n", "cp1256"),
        (FRENCH, "cp1252"),
        ("NOM;PRÉNOM\r\nLEFÈVRE;ZOÉ\r\n", "cp1252"),
        ("Nombre\r\nEspaña\r\nPeña Nieto\r\n", "cp1252"),
        ("Name\r\nJäger – Söhne’s “Haus”\r\n", "cp1252"),
        ("À payer\r\nà définir\r\nÇa va\r\n", "cp1252"),
        ("Prix\r\n5 €\r\n", "cp1252"),
    ],
)
def test_the_two_pages_of_windows_are_told_apart_by_their_words(text, encoding):
    assert decode(text.encode(encoding)) == (text, encoding)


_ARABIC_WORDS = st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويةأإآ", min_size=2, max_size=12)
_LATIN_WORDS = st.text("abcdefghilmnoprstuvz", min_size=2, max_size=8)
_FRENCH_WORDS = st.builds(
    lambda start, accent, end: start + accent + end,
    _LATIN_WORDS,
    st.sampled_from("ÉÈÀÊÔÎÇÄÖñäöåø"),
    _LATIN_WORDS,
)


@given(
    st.lists(st.one_of(_ARABIC_WORDS, _LATIN_WORDS), min_size=1).filter(
        lambda ws: not all(map(str.isascii, ws))
    )
)
def test_arabic_words_among_latin_ones_are_always_cp1256(words):
    text = ";".join(words)
    assert decode(text.encode("cp1256")) == (text, "cp1256")


@given(
    st.lists(st.one_of(_FRENCH_WORDS, _LATIN_WORDS), min_size=1).filter(
        lambda ws: not all(map(str.isascii, ws))
    )
)
def test_accents_inside_latin_words_are_always_cp1252(words):
    text = ";".join(words)
    assert decode(text.encode("cp1252")) == (text, "cp1252")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_whatever_utf_8_says_is_what_is_read(text):
    assert decode(text.encode("utf-8-sig"))[0] == text


@pytest.mark.parametrize(
    "data", [b"\0" * 40, b"\xff\xfea", b"ab\0cd\0\0ef\0", b"\xff\xfe\0\0a\0\0\0", b"\xfe\xff\xd8\x00"]
)
def test_bytes_that_are_no_text_are_refused(data):
    with pytest.raises(Invalid) as refused:
        decode(data)
    assert refused.value.code == "sheet_not_text"
