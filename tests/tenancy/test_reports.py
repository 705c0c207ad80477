"""Reports that spreadsheets open: nothing in them calculates, and everything in them comes back."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.tenancy.phones import parse_phone
from bursar.tenancy.reports import csv_report, harmless
from bursar.tenancy.sheets import read_sheet

pytestmark = pytest.mark.pure


def test_a_report_is_rfc_4180_with_a_mark_of_utf_8():
    data = csv_report(["Row", "Reason"], [[2, 'He said "no", twice'], [3, "two\nlines"]])

    assert data == '\ufeffRow,Reason\r\n2,"He said ""no"", twice"\r\n3,"two\nlines"\r\n'.encode()


def test_typed_values_stay_what_they_are():
    data = csv_report(["a"] * 6, [[-5, Decimal("-1050.00"), date(2026, 11, 20), True, None, Decimal("1E+3")]])

    assert data.decode("utf-8-sig").splitlines()[1] == "-5,-1050.00,2026-11-20,true,,1000"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+971501234567", "'+971501234567"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1", "'＝1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠x", "'＠x"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\nx", "'\nx"),
        ("  =1", "  '=1"),
        ("\ufeff=1", "\ufeff'=1"),
        ("x;=1", "x;'=1"),
        ("x\n=1", "x\n'=1"),
        ("x\n\n=1", "x\n\n'=1"),
        ("x\t@y", "x\t'@y"),
        ('";=1', "\";'=1"),
        ("'=1", "'=1"),
        ("a@example.com", "a@example.com"),
        ("A-7, B+C = D", "A-7, B+C = D"),
        ("شركة النور", "شركة النور"),
        ("", ""),
    ],
)
def test_texts_that_would_calculate_get_an_apostrophe(text, written):
    assert harmless(text) == written


@given(st.text("=+-@＝＋－＠;\t\r\n\"', ax\ufeff", max_size=12))
def test_no_cell_starts_a_formula_wherever_a_spreadsheet_parts_the_line(text):
    line = csv_report(["h"], [[text]]).decode("utf-8-sig").partition("\r\n")[2]

    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(line, newline=""), delimiter=delimiter):
            assert not any(
                cell.lstrip(' "\ufeff')[:1] and cell.lstrip(' "\ufeff')[0] in "=+-@＝＋－＠" for cell in row
            )


@given(st.text(max_size=30))
def test_making_a_text_harmless_twice_changes_nothing_more(text):
    assert harmless(harmless(text)) == harmless(text)


def test_a_report_can_be_corrected_and_read_again():
    sheet = read_sheet(csv_report(["Name", "Phone"], [["النور, Sons", "+971501234567"]]), "report.csv")

    assert sheet.rows[0].cells[0] == "النور, Sons"
    assert parse_phone(sheet.rows[0].cells[1], "AE") == "+971501234567"
