"""Files as people have them: every delimiter, and what must not be read."""

import io
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy import grids
from bursar.tenancy.grids import Flaw, cell_name
from bursar.tenancy.sheets import read_sheet
from tests.makers.sheets import code_of, csv_sheet, with_part, workbook

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_delimiter_inside_quotes_parts_nothing(delimiter, end):
    lines = ["Invoice number;Company;Amount", '7;"Al Noor; Sons, ""LLC""\tDubai";10', "8;Plain;20", ""]
    sheet = csv_sheet(
        end.join(line.replace(";", delimiter) if i != 1 else line for i, line in enumerate(lines))
        .replace('7;"', f'7{delimiter}"')
        .replace('Dubai";10', f'Dubai"{delimiter}10')
    )

    assert sheet.header == ["Invoice number", "Company", "Amount"]
    assert [row.cells for row in sheet.rows] == [
        ["7", 'Al Noor; Sons, "LLC"\tDubai', "10"],
        ["8", "Plain", "20"],
    ]


def test_rows_are_numbered_as_a_spreadsheet_shows_them():
    sheet = csv_sheet('Number,Address\n1,"two\nlines"\n\n,\n2,one\n')

    assert [(row.number, row.cells) for row in sheet.rows] == [(2, ["1", "two\nlines"]), (5, ["2", "one"])]


def test_decimal_commas_do_not_make_a_comma_file_of_a_semicolon_file():
    sheet = csv_sheet("Réf;Solde\nA;1,50\nB;2,50\nC;3,75\n")

    assert sheet.rows[0].cells == ["A", "1,50"]


def test_unknown_names_leave_the_choice_to_even_rows():
    sheet = csv_sheet("alpha;beta;gamma\n1,5;2,5;x\n3,5;4;y\n")

    assert sheet.header == ["alpha", "beta", "gamma"]


def test_the_delimiter_that_excel_wrote_first_is_obeyed_and_counted_as_a_row():
    sheet = csv_sheet("sep=;\r\nName;E-mail\r\nA, B;a@example.com\r\n")

    assert sheet.header == ["Name", "E-mail"]
    assert [(row.number, row.cells) for row in sheet.rows] == [(3, ["A, B", "a@example.com"])]


def test_titles_above_a_header_with_known_names_are_passed_over():
    sheet = csv_sheet(
        "Working Title FZ,,\nAged list of 20 November,,\n\nInvoice no,Customer,Amount\n7,Noor,5\n"
    )

    assert sheet.header == ["Invoice no", "Customer", "Amount"]
    assert [row.number for row in sheet.rows] == [5]


def test_without_known_names_the_first_row_is_the_header():
    assert csv_sheet("aaa,bbb\n1,2\n").header == ["aaa", "bbb"]


def test_one_column_alone_is_a_sheet():
    sheet = csv_sheet("E-mail\na@example.com\nb@example.com\n")

    assert [row.cells for row in sheet.rows] == [["a@example.com"], ["b@example.com"]]


def test_trailing_empty_rows_and_columns_are_dropped_and_short_rows_filled():
    sheet = csv_sheet("Name,E-mail,City,,\nA,a@example.com,,,\nB\n,,,,\n\n")

    assert sheet.header == ["Name", "E-mail", "City"]
    assert [row.cells for row in sheet.rows] == [["A", "a@example.com", ""], ["B", "", ""]]


def test_a_text_row_wider_than_its_header_refuses_itself_and_no_other():
    shifted, whole = csv_sheet("Name,City\nNoor, Sons,Dubai\nSafa,Ajman\n").rows

    assert shifted.refusal is not None
    assert (shifted.refusal.code, shifted.refusal.params) == ("row_too_wide", {"row": 2})
    assert whole.refusal is None


def test_control_characters_spoil_their_cell_only():
    row = csv_sheet("Name,City\nNo\x07or,Dubai\n").rows[0]

    flaw = row.cells[0]
    assert isinstance(flaw, Flaw)
    assert (flaw.code, flaw.cell) == ("cell_control_characters", "A2")
    assert row.cells[1] == "Dubai"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet_empty"),
        (b" \r\n\r\n", "sheet_empty"),
        (b"\xef\xbb\xbf", "sheet_empty"),
        (b",,\n,,\n", "sheet_empty"),
        (b"Name,City\n", "sheet_only_header"),
        (b"Name,City\n,\n \n", "sheet_only_header"),
        (b'Name,City\n"Noor,Dubai\nSafa,Ajman\n', "sheet_broken_quotes"),
        (b'Name,City\n"Noor"s,Dubai\n', "sheet_broken_quotes"),
        (b"\0\0\0\0\0\0\0", "sheet_not_text"),
        (b"Name,City\nNo\0or,Dubai\n", "sheet_not_text"),
        (b"%PDF-1.7 ...", "sheet_wrong_kind"),
        (b"<html><table><tr><td>1</td></tr></table>", "sheet_wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "sheet_wrong_kind"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "sheet_encrypted"),
        (b"PK\x03\x04 and then noise", "sheet_unreadable"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\x06\0\0\0", "sheet_not_text"),
    ],
)
def test_what_is_no_sheet_is_refused(data, code):
    assert code_of(data) == code


def test_the_row_of_broken_quotes_is_named():
    with pytest.raises(Invalid) as refused:
        csv_sheet('Name,City\nSafa,Ajman\n"Noor"s,Dubai\n')

    assert refused.value.params == {"row": 3}


def test_other_archives_and_text_named_xlsx_are_refused():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert code_of(written.getvalue()) == "sheet_wrong_kind"

    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert code_of(other.getvalue()) == "sheet_wrong_kind"
    assert code_of(b"Name,City\nA,B\n", "open.xlsx") == "sheet_wrong_kind"


def test_a_cell_of_a_megabyte_is_refused_by_row_and_column():
    with pytest.raises(Invalid) as refused:
        csv_sheet(f"Name,City\nNoor,Dubai\nSafa,{'x' * 1_000_000}\n")
    assert (refused.value.code, refused.value.params["cell"]) == ("cell_too_long", "B3")

    data = with_part(
        workbook(["Name"], ["A"]),
        "xl/worksheets/sheet1.xml",
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="2">'
        b'<c r="C2" t="inlineStr"><is><t>'
        + b"x" * 1_000_000
        + b"</t></is></c></row></sheetData></worksheet>",
    )
    with pytest.raises(Invalid) as refused:
        read_sheet(data, "long.xlsx")
    assert (refused.value.code, refused.value.params["cell"]) == ("cell_too_long", "C2")


def test_the_longest_cell_that_excel_holds_is_read():
    assert csv_sheet(f"Name\n{'x' * grids.MAX_CELL}\n").rows[0].cells == ["x" * grids.MAX_CELL]


def test_the_limits_of_size_rows_and_columns_hold():
    assert code_of(b"a" * (grids.MAX_BYTES + 1)) == "sheet_too_large"
    assert code_of(b"Name\n" + b"x\n" * (grids.MAX_ROWS + 1)) == "sheet_too_many_rows"
    assert len(read_sheet(b"Name\n" + b"x\n" * grids.MAX_ROWS, "a.csv").rows) == grids.MAX_ROWS
    wide = ",".join(["n"] * (grids.MAX_COLUMNS + 1)).encode()
    assert code_of(wide + b"\n" + wide) == "sheet_too_many_columns"
    assert code_of(workbook(["n"] * (grids.MAX_COLUMNS + 1), ["x"])) == "sheet_too_many_columns"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"Name,City\n", b"\xff\xfe", b"PK\x03\x04", b'"']))
def test_any_bytes_are_read_or_refused_and_never_break_us(noise, start):
    try:
        sheet = read_sheet(start + noise, "any.csv")
    except Invalid as refused:
        assert refused.field == "file"  # noqa: PT017  either outcome is right, nothing else is
    else:
        assert all(len(row.cells) == len(sheet.header) for row in sheet.rows)


@pytest.mark.parametrize(
    ("row", "column", "name"), [(7, 3, "D7"), (1, 0, "A1"), (2, 26, "AA2"), (9, 199, "GR9")]
)
def test_cells_are_named_as_a_spreadsheet_names_them(row, column, name):
    assert cell_name(row, column) == name


def test_ten_thousand_rows_are_read_in_a_part_of_the_time_an_import_has():
    lines = [
        f"INV-{i},C{i},Noor {i},a{i}@example.com,05,20/11/2026,20/12/2026,AED,{i}.50,ar"
        for i in range(10_000)
    ]
    data = "\n".join(["Number,Code,Name,E-mail,Phone,Issued,Due,Currency,Amount,Language", *lines]).encode()

    began = time.process_time()
    rows = read_sheet(data, "open.csv").rows

    assert len(rows) == 10_000
    assert time.process_time() - began < 1
