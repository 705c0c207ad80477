"""The journal from the command line: listed, narrowed, written to a file."""

import csv
from pathlib import Path

import openpyxl
import pytest

from tests.makers.chasing_cli import IN, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def test_the_journal_is_listed_and_narrowed(firm: Shell) -> None:
    number = numbers(firm)[0]

    def types(*words: str) -> list[str]:
        return [one["type"] for one in firm.answer("audit", "list", *IN, *words)["events"]]

    assert types("--of", number) == ["invoice.issued"]
    assert set(types("--about", "invoice")) == {"invoice.issued"}
    assert types("--type", "invoice.issued", "--limit", "1") == ["invoice.issued"]
    assert types("--about", "invoice", "--actor", "agent") == []
    assert types("--until", "2020-01-01") == []
    assert types("--since", "2020-01-01", "--of", number) == ["invoice.issued"]
    assert "Invoice imported" in firm("audit", "list", *IN, "--of", number).stdout
    assert firm.refusal("audit", "list", *IN, "--of", "NO-SUCH")["error"] == "not_found"
    assert firm.refusal("audit", "list", *IN, "--since", "31/02/2026")["field"] == "since"
    assert firm.refusal("audit", "list", *IN, "--agent", "somebody")["error"] == "not_found"


def test_it_is_written_to_a_file_that_was_not_there(firm: Shell, tmp_path: Path) -> None:
    number = numbers(firm)[0]
    sheet, book = tmp_path / "journal.csv", tmp_path / "journal.xlsx"

    made = firm.answer("audit", "export", *IN, "--out", str(sheet), "--of", number)
    firm.answer("audit", "export", *IN, "--out", str(book), "--format", "xlsx", "--of", number)

    assert made == {"file": str(sheet), "bytes": sheet.stat().st_size}
    rows = list(csv.reader(sheet.read_text("utf-8-sig").splitlines()))
    assert [row[4] for row in rows] == ["Event", "invoice.issued"]
    told = openpyxl.load_workbook(book).active
    assert told is not None
    assert [row[4] for row in told.iter_rows(values_only=True)] == ["Event", "invoice.issued"]
    again = firm.refusal("audit", "export", *IN, "--out", str(sheet))
    assert (again["error"], again["field"]) == ("file_not_writable", "out")
    assert len(sheet.read_text().splitlines()) == 2
