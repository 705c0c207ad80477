"""What stands in a PDF: read back by two programs that did not write it, and the same bytes each time."""

import hashlib
import re
import threading
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pytest

from bursar.billing.documents import printing
from bursar.billing.documents.model import Document, Party
from bursar.billing.documents.page import Dressing
from bursar.billing.documents.printing import Unprintable, code_of, made_at, printed, typeset
from bursar.catalog.kinds import TaxCategory
from tests.makers.documents import (
    CARMEL,
    PARISIAN,
    SELLER,
    a_credit_note,
    a_document,
    a_document_line,
)

pytestmark = pytest.mark.pure

ADDRESS = "https://bills.example.com/i/" + "A" * 72
DRESSING = Dressing(code=code_of(ADDRESS), address=ADDRESS)
UNBROKEN = str.maketrans("", "", "\u200b")


PLAIN = Dressing()


def pages_of(document: Document, dressing: Dressing = PLAIN) -> list[str]:
    """Each page as PDFium reads it, on one line."""
    with pypdfium2.PdfDocument(printed(document, dressing)) as pdf:
        return [" ".join(page.get_textpage().get_text_range().split()).translate(UNBROKEN) for page in pdf]


def text_of(document: Document, dressing: Dressing = PLAIN) -> str:
    return " ".join(pages_of(document, dressing))


def in_order(document: Document) -> str:
    """As pypdf reads it, which keeps the order of writing on a line of two directions."""
    reader = pypdf.PdfReader(BytesIO(printed(document, PLAIN)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split()).translate(UNBROKEN)


def untaxed(**given: Any) -> Any:
    return a_document_line(rate="0", tax_category=TaxCategory.OUT_OF_SCOPE, **given)


def test_a_registered_firm_of_the_emirates_writes_a_tax_invoice_in_both_languages():
    text = text_of(a_document())

    assert "Tax Invoice" in text
    assert "فاتورة ضريبية" in text
    assert "رقم التسجيل الضريبي" in text


def test_a_firm_without_a_number_writes_no_tax_invoice_and_has_no_tax_column():
    text = text_of(
        a_document(untaxed(), seller=Party("Small Studio", None, ("Villa 3",), "Sharjah", "SHJ", "AE"))
    )

    assert "Invoice" in text
    assert "Tax" not in text
    assert "VAT" not in text
    assert "ضريبة" not in text


def test_everything_that_the_law_asks_of_a_full_invoice_stands_on_it():
    document = a_document(
        a_document_line("Season campaign", 1000_00, quantity="2.5", discount=50_00),
        a_document_line("Prints", 80_00),
        supply_date=date(2026, 11, 15),
        purchase_order="PO-7781",
        payment_instructions="By transfer, please.",
        notes="Thank you.",
    )

    text = text_of(document)

    for told in (
        *("Tax Invoice", "Working Title FZ-LLC", "Office 1204, Al Shatha Tower", "100123456700003"),
        *("Maison Azur Trading LLC", "Unit 7, Al Quoz 3", "100765432100003"),
        *("202611200007", "20 November 2026", "15 November 2026", "20 December 2026"),
        *("Season campaign", "2.5", "1,000.00", "−50.00", "5%", "2,450.00", "122.50", "2,572.50"),
        *("2,530.00", "126.50", "AED 2,656.50", "PO-7781", "By transfer, please.", "Thank you."),
        *("AE070331234567890123456", "EBILAEAD", "Emirates NBD"),
    ):
        assert told in text, told


def test_another_currency_shows_the_tax_in_dirhams_and_the_rate_of_the_central_bank():
    document = a_document(currency="USD", exchange_rate=Decimal("3.6725"), tax_local_minor=183_63)

    text = text_of(document)

    assert "1 USD = 3.672500 AED" in text
    assert "183.63" in text
    assert "USD 1,050.00" in text


def test_under_reverse_charge_the_recipient_is_told_to_account_for_the_tax_and_by_which_law():
    line = a_document_line(rate="0", tax_category=TaxCategory.REVERSE_CHARGE)

    assert "the recipient accounts for the VAT under Article 48" in text_of(a_document(line))


def test_a_credit_note_says_what_was_shown_what_is_right_and_the_difference():
    text = text_of(a_credit_note(a_document_line("Studio day", 320_00)))

    for told in (
        *("Tax Credit Note", "إشعار دائن ضريبي", "202611210001", "202611200003", "20 November 2026"),
        *("One day was not used", "2,100.00", "1,764.00", "336.00"),
    ):
        assert told in text, told


def test_a_hebrew_invoice_reads_from_right_to_left_and_copies_as_it_was_written():
    document = a_document(
        a_document_line("ייעוץ עסקי, נובמבר", rate="18"),
        currency="ILS",
        local_currency="ILS",
        seller=CARMEL,
        locale="he",
        notes="תודה! חשבונית 202611200007 על סך 1,180.00 ILS לתשלום עד 20.12.2026",
    )

    text = text_of(document)

    for told in (
        *("חשבונית מס", "סטודיו כרמל בע״מ", "רחוב הרצל 12", "תל אביב, ישראל", "ייעוץ עסקי, נובמבר"),
        *("תודה! חשבונית 202611200007 על סך 1,180.00 ILS לתשלום עד 20.12.2026", "1,180.00"),
    ):
        assert told in text, told


def test_a_french_invoice_says_what_late_payment_costs():
    text = text_of(
        a_document(a_document_line(rate="20"), seller=PARISIAN, currency="EUR", local_currency="EUR")
    )

    for told in ("Facture", "20 novembre 2026", "SIREN 123 456 789", "recouvrement de 40 €", "EUR 1 200,00"):
        assert told in text, told


def test_a_line_of_two_directions_keeps_the_order_of_its_numbers():
    document = a_document(notes="INV-20261120-0007 بمبلغ 1,050.00 AED")

    found = re.search(r"INV-20261120-0007\s*بمبلغ\s*1,050\.00\s*AED", in_order(document))

    assert found


def test_descriptions_stand_side_by_side_in_both_languages():
    text = text_of(a_document(a_document_line("Studio day", description_local="يوم تصوير")))

    assert "Studio day" in text
    assert {"يوم", "تصوير"} <= set(text.split())


@pytest.mark.parametrize(
    "written",
    [
        '#read("/etc/passwd")',
        "$x^2$ and \\alpha",
        "@label <label>",
        "*bold* _slanted_ `code`",
        "= Heading",
        "// gone? /* gone? */",
        "#set page(fill: red)",
        "]#[",
        '"quoted" \\" \\u{41}',
    ],
)
def test_what_people_write_is_printed_and_never_read_as_markup(written: str):
    named = Party(written, None, (written,), "Dubai", "DXB", "AE")

    text = text_of(a_document(a_document_line(written), buyer=named, notes=written))

    assert text.count(written) == 4


def test_an_override_of_direction_does_not_turn_a_name_around():
    text = text_of(a_document(buyer=Party("Acme \u202egnp.exe\u202c LLC", None, ("Street 1",))))

    assert "Acme gnp.exe LLC" in text


def test_letters_that_no_typeface_has_hold_nothing_up():
    assert "Studio" in text_of(a_document(a_document_line("Studio 😀 中文 \u200d")))


def test_ten_thousand_letters_without_a_space_stay_on_the_paper():
    document = a_document(a_document_line("W" * 2_000), notes="x" * 10_000, buyer=Party("N" * 300))

    with pypdfium2.PdfDocument(printed(document, DRESSING)) as pdf:
        for page in pdf:
            text = page.get_textpage()
            edges = [text.get_rect(at)[2] for at in range(text.count_rects())]
            assert max(edges) <= page.get_width() - 17 / 25.4 * 72 + 1
    assert text_of(document).replace(" ", "").count("x") >= 10_000


def test_a_hundred_lines_go_on_over_pages_that_each_repeat_the_head_and_say_which_they_are():
    lines = [a_document_line(f"Machine {number:03}") for number in range(1, 101)]

    pages = pages_of(a_document(*lines))

    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert ("Unit price" in page) == ("Machine" in page)
    assert all(f"Machine {number:03}" in " ".join(pages) for number in range(1, 101))


def test_the_picture_of_the_page_s_address_is_a_link_to_it():
    reader = pypdf.PdfReader(BytesIO(printed(a_document(), DRESSING)))

    [link] = [entry.get_object() for entry in reader.pages[0]["/Annots"]]  # pyright: ignore[reportGeneralTypeIssues]  # a PDF array

    assert link["/A"]["/URI"] == ADDRESS


def test_the_same_document_is_the_same_bytes():
    digests = {hashlib.sha256(printed(a_document(), DRESSING)).hexdigest() for _ in range(3)}

    assert len(digests) == 1


def test_a_document_says_it_was_made_on_its_day_of_issue():
    information = pypdf.PdfReader(BytesIO(printed(a_document(), PLAIN))).metadata

    assert information is not None
    assert information["/CreationDate"] == "D:20261120000000Z"
    assert information["/Title"] == "Tax Invoice 202611200007"
    assert information["/Author"] == "Working Title FZ-LLC"


def test_every_typeface_is_in_the_document():
    document = a_document(seller=SELLER, notes="שלום")
    reader = pypdf.PdfReader(BytesIO(printed(document, PLAIN)))

    faces = {}
    for face in reader.pages[0]["/Resources"]["/Font"].values():  # pyright: ignore[reportIndexIssue]  # a PDF dictionary
        inner = face.get_object()["/DescendantFonts"][0].get_object()
        descriptor = inner["/FontDescriptor"].get_object()
        faces[inner["/BaseFont"].partition("+")[2].partition("-")[0]] = bool(
            {"/FontFile2", "/FontFile3"} & set(descriptor)
        )

    assert faces == {"Inter": True, "Amiri": True, "NotoSansHebrew": True}


def test_what_the_layout_cannot_read_prints_nothing():
    with pytest.raises(Unprintable):
        typeset("{}", made_at(a_document()))


def test_a_typeface_that_is_missing_prints_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(printing, "FONTS", tmp_path)
    monkeypatch.setattr(printing, "_mine", threading.local())

    with pytest.raises(Unprintable, match="unknown font family"):
        printed(a_document(), PLAIN)
