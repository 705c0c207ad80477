"""`bursar invoice pdf` and `xml`: documents as files, the same bytes each time, nothing overwritten."""

from pathlib import Path
from typing import Any

import pytest

from tests.makers.cli import Shell
from tests.makers.einvoices import BUYER
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")
LEGAL = (
    *("--legal-name", "Acme FZ-LLC", "--tax-number", "100123456700003", "--address-line", "Office 5"),
    *("--city", "Dubai", "--subdivision", "DXB"),
)


@pytest.fixture
def issued(shell: Shell) -> dict[str, Any]:
    shell.firm()
    shell.answer("tenant", "edit", "acme", *LEGAL)
    shell.inside(lambda work: a_customer(work, external_code="K-1", company_name="Dune", **BUYER))
    draft = shell.answer("invoice", "create", *IN, "--customer", "K-1", "--line", "Machine | 3 | 190.00")
    return shell.answer("invoice", "issue", draft["id"], *IN)


def test_a_pdf_is_written_by_id_or_number_and_never_over_another_file(
    shell: Shell, issued: dict[str, Any], tmp_path: Path
):
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"

    told = shell.answer("invoice", "pdf", issued["number"], *IN, "--out", str(first))
    shell.answer("invoice", "pdf", issued["id"], *IN, "--out", str(second))
    refused = shell.refusal("invoice", "pdf", issued["id"], *IN, "--out", str(first))

    assert first.read_bytes().startswith(b"%PDF")
    assert first.read_bytes() == second.read_bytes()
    assert (told["number"], told["bytes"]) == (issued["number"], first.stat().st_size)
    assert refused["error"] == "file_exists"


def test_a_credit_note_is_written_too(shell: Shell, issued: dict[str, Any], tmp_path: Path):
    note = shell.answer("credit-note", "create", *IN, "--invoice", issued["number"], "--because", "less")
    out = tmp_path / "note.pdf"

    shell.answer("credit-note", "pdf", note["number"], *IN, "--out", str(out))

    assert out.read_bytes().startswith(b"%PDF")


def test_an_e_invoice_that_lacks_something_says_what(shell: Shell, issued: dict[str, Any], tmp_path: Path):
    out = tmp_path / "invoice.xml"

    refused = shell.refusal("invoice", "xml", issued["number"], *IN, "--out", str(out))

    assert refused["error"] == "einvoice_incomplete"
    assert "ibr-150-ae" in refused["detail"]
    assert not out.exists()
