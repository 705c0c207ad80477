"""Workbooks: what a cell holds, which sheet is meant, and archives that must not be unpacked."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.tenancy import grids
from bursar.tenancy.grids import Flaw
from bursar.tenancy.sheets import read_sheet
from tests.makers.sheets import code_of, with_part, workbook

pytestmark = pytest.mark.pure


def test_a_workbook_gives_dates_exact_numbers_and_booleans():
    sheet = read_sheet(
        workbook(
            ["Number", "Due date", "Amount", "TRN", "Paid", "City"],
            ["INV-1", date(2026, 11, 20), 0.1 + 0.2, 100234567890003, True, None],
            ["INV-2", datetime(2026, 2, 28, 13, 30), 1234.5, 7, False, "Dubai"],  # noqa: DTZ001  Excel has no zones
        ),
        "open.xlsx",
    )

    assert [row.cells for row in sheet.rows] == [
        ["INV-1", date(2026, 11, 20), Decimal("0.3"), Decimal(100234567890003), True, ""],
        ["INV-2", date(2026, 2, 28), Decimal("1234.5"), Decimal(7), False, "Dubai"],
    ]


def test_formula_and_error_cells_are_seen_and_named():
    row = read_sheet(workbook(["Number", "Amount", "Total"], ["A", "=1+1", "#REF!"]), "open.xlsx").rows[0]

    assert [(cell.code, cell.cell) for cell in row.cells if isinstance(cell, Flaw)] == [
        ("cell_formula", "B2"),
        ("cell_error", "C2"),
    ]


def test_times_and_days_before_any_calendar_are_flaws_and_not_numbers():
    data = workbook(["Number", "Due date"], ["A", datetime(2026, 1, 1).time()])  # noqa: DTZ001  a cell has no zone
    flaw = read_sheet(data, "open.xlsx").rows[0].cells[1]

    assert isinstance(flaw, Flaw)
    assert flaw.code == "cell_unreadable"


def test_the_first_visible_sheet_with_rows_is_read_and_its_row_numbers_kept():
    sheet = read_sheet(
        workbook(["Working Title"], [], ["Invoice no", "Amount"], [], ["7", 5], hidden=[["secret"], ["x"]]),
        "open.xlsx",
    )

    assert sheet.source == "Open invoices"
    assert sheet.header == ["Invoice no", "Amount"]
    assert [(row.number, row.cells) for row in sheet.rows] == [(5, ["7", Decimal(5)])]


def test_remarks_beside_the_table_of_a_workbook_are_left_out():
    row = read_sheet(workbook(["Invoice no", "Amount"], ["7", 5, None, "call him"]), "open.xlsx").rows[0]

    assert row.cells == ["7", Decimal(5)]
    assert row.refusal is None


def test_a_workbook_with_nothing_visible_is_refused():
    assert code_of(workbook(hidden=[["secret", "x"]]), "open.xlsx") == "sheet_empty"


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    data = with_part(workbook(["Name"], ["A"]), "xl/bomb.bin", bytes(101 * 1024**2))
    assert len(data) < grids.MAX_BYTES

    assert code_of(data, "open.xlsx") == "sheet_unpacks_too_large"


def test_a_workbook_that_lies_about_its_size_or_its_rows_does_not_run_away():
    sheet_xml = "xl/worksheets/sheet1.xml"
    space = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    lying = (
        space
        + b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="str"><v>Name</v></c></row>'
        b'<row r="2"><c r="A2" t="str"><v>Noor</v></c><c r="XFD2"/></row></sheetData></worksheet>'
    )
    sheet = read_sheet(with_part(workbook(["x"]), sheet_xml, lying), "open.xlsx")
    assert [row.cells for row in sheet.rows] == [["Noor"]]

    far = (
        space
        + b'<sheetData><row r="99999999999"><c r="A99999999999"><v>1</v></c></row></sheetData></worksheet>'
    )
    assert code_of(with_part(workbook(["x"]), sheet_xml, far), "open.xlsx") == "sheet_too_many_rows"


def test_entities_of_entities_are_refused():
    bomb = b'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "' + b"x" * 1000 + b'">'
    for level, below in zip("bcdefgh", "abcdefg", strict=True):
        bomb += f'<!ENTITY {level} "{f"&{below};" * 10}">'.encode()
    bomb += b"]><worksheet>&h;</worksheet>"

    assert (
        code_of(with_part(workbook(["x"]), "xl/worksheets/sheet1.xml", bomb), "a.xlsx") == "sheet_unreadable"
    )


_SAMPLE = workbook(["Invoice no", "Due date", "Amount"], ["7", date(2026, 1, 2), 5.5], ["8", None, "=1+1"])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(_SAMPLE) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_read_or_refused_and_never_breaks_us(at, noise):
    damaged = _SAMPLE[:at] + noise + _SAMPLE[at + len(noise) :]
    try:
        assert read_sheet(damaged, "open.xlsx").rows
    except Invalid as refused:
        assert refused.field == "file"  # noqa: PT017  either outcome is right, nothing else is
