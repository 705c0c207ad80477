"""Sheets from the command line."""

from pathlib import Path

import pytest

from tests.makers.cli import Shell

HEADER = "Invoice,Customer,Email,Amount,Currency,Issued,Due"
SHEET = [
    "INV-1,Bassam Trading,bassam@example.com,1250.00,AED,2026-09-01,2026-10-01",
    "INV-2,Bassam Trading,bassam@example.com,300,AED,2026-09-15,2026-10-15",
    "INV-3,Noor Fashion,noor@example.com,99.90,AED,2026-10-01,2026-11-01",
]


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()
    return shell


def a_sheet(folder: Path, *rows: str, header: str = HEADER) -> str:
    file = folder / "invoices.csv"
    file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return str(file)


def bring_in(shell: Shell, file: str, *more: str, kind: str = "invoices"):
    return shell.answer("import", kind, file, "--tenant", "acme", *more)


def test_without_apply_nothing_is_written(firm: Shell, tmp_path: Path):
    file = a_sheet(tmp_path, *SHEET)

    told = [bring_in(firm, file) for _ in range(2)]

    for one in told:
        assert (one["created"], one["updated"], one["unchanged"], one["refused"]) == (3, 0, 0, 0)
        assert one["state"] == "ready"
        assert one["id"]
        assert [(row["number"], row["outcome"], row["reason"]) for row in one["rows"]] == [
            (2, "created", None),
            (3, "created", None),
            (4, "created", None),
        ]


def test_applied_once_it_is_unchanged_the_second_time(firm: Shell, tmp_path: Path):
    file = a_sheet(tmp_path, *SHEET)

    first, second = bring_in(firm, file, "--apply"), bring_in(firm, file, "--apply")

    assert (first["created"], first["state"]) == (3, "applied")
    assert (second["created"], second["unchanged"]) == (0, 3)
    assert [row["id"] for row in first["rows"]] == [row["id"] for row in second["rows"]]
    assert all(row["id"] for row in first["rows"])


@pytest.mark.parametrize(
    "row",
    [
        "INV-9,Noor,noor@example.com,-5,AED,2026-10-01,2026-11-01",
        "INV-9,Noor,noor@example.com,0,AED,2026-10-01,2026-11-01",
        "INV-9,Noor,noor@example.com,5,QQQ,2026-10-01,2026-11-01",
        "INV-9,Noor,noor@example.com,5,AED,2026-10-01,31/02/2026",
        'INV-9,Noor,"a@b.com\nBcc: c@d.com",5,AED,2026-10-01,2026-11-01',
        "INV-9,Noor,=HYPERLINK(1),5,AED,2026-10-01,2026-11-01",
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_reason_and_the_others_go_in(
    firm: Shell, tmp_path: Path, row
):
    told = bring_in(firm, a_sheet(tmp_path, SHEET[0], row), "--apply")

    assert (told["created"], told["refused"]) == (1, 1)
    [refused] = [one for one in told["rows"] if one["outcome"] == "refused"]
    assert refused["reason"]
    assert refused["number"] == 3


def test_a_number_twice_in_a_file_is_refused(firm: Shell, tmp_path: Path):
    other = "INV-1,Noor Fashion,noor@example.com,5,AED,2026-09-01,2026-10-01"

    assert bring_in(firm, a_sheet(tmp_path, SHEET[0], other))["refused"] >= 1


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("missing.csv", None, "file"),
        ("empty.csv", b"", "file"),
        ("picture.xlsx", b"PK\x03\x04nothing of a workbook", "file"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(firm: Shell, tmp_path: Path, name, data, field):
    if data is not None:
        (tmp_path / name).write_bytes(data)

    refused = firm.refusal("import", "invoices", str(tmp_path / name), "--tenant", "acme", "--apply")

    assert refused["field"] == field
    assert refused["detail"]


def test_a_header_that_says_too_little_is_refused(firm: Shell, tmp_path: Path):
    file = a_sheet(tmp_path, "1,2", header="what,ever")

    assert firm.refusal("import", "invoices", file, "--tenant", "acme")["field"] == "mapping"


def test_a_tenant_nobody_knows_is_refused(firm: Shell, tmp_path: Path):
    refused = firm.refusal("import", "invoices", a_sheet(tmp_path, *SHEET), "--tenant", "others")

    assert refused == {"error": "not_found", "field": None, "detail": "There is no such tenant."}


@pytest.mark.parametrize("kind", ["customers", "contacts"])
def test_customers_and_their_people_come_in_too(firm: Shell, tmp_path: Path, kind: str):
    header = "Customer,Name,Email" if kind == "contacts" else "Company,Email"
    row = "Noor Fashion,Noor,n@example.com" if kind == "contacts" else "Noor,noor@example.com"
    bring_in(
        firm,
        a_sheet(tmp_path, "Noor Fashion,noor@example.com", header="Company,Email"),
        "--apply",
        kind="customers",
    )

    assert bring_in(firm, a_sheet(tmp_path, row, header=header), kind=kind)["refused"] == 0


def test_payments_come_in_and_pay(firm: Shell, tmp_path: Path):
    bring_in(firm, a_sheet(tmp_path, *SHEET), "--apply")
    file = tmp_path / "payments.csv"
    file.write_text("Invoice,Amount,Currency,Date,Reference\nINV-1,1250.00,AED,2026-11-01,T-1\n")

    assert bring_in(firm, str(file), "--apply", kind="payments")["created"] == 1
    said = firm.answer("why", "invoice", "INV-1", "--tenant", "acme")
    assert said["state"] == "paid"


def test_people_see_counts_and_why_rows_were_refused(firm: Shell, tmp_path: Path):
    file = a_sheet(tmp_path, *SHEET, "INV-9,Noor,noor@example.com,0,AED,2026-10-01,2026-11-01")

    shown = firm("import", "invoices", file, "--tenant", "acme")

    assert shown.exit_code == 0
    assert "created" in shown.stdout
    assert "Refused (1 " in shown.stdout
    assert "--apply" in shown.stdout
