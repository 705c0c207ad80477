"""Sheets as people bring them, and the desk that takes them in."""

import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from openpyxl import Workbook

from bursar.billing.importers import import_desk
from bursar.core.errors import Invalid
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.imports import ImportReport, import_sheet
from bursar.tenancy.sheets import Sheet, read_sheet
from bursar.tenancy.states import ImportKind
from tests.makers.tenancy import a_tenant

CLERK = Actor(ActorType.AGENT, UUID(int=7), AgentRole.AGENT)
INVOICES = ("Invoice number", "Customer name", "E-mail", "Issue date", "Due date", "Total")

_ARABIC_DIGITS = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
_ARABIC_NAMES = (
    "مؤسسة النور للتجارة",
    "شركة الخليج",
    "أحمد المنصوري",
    "دار الفنون",
    "متجر الواحة",
    "فاطمة الزعابي",
)
_ENGLISH_NAMES = (
    "Harbour Cafe",
    "Blue Door Gallery",
    "Desert Rose Events",
    "John Carter",
    "Marina Books",
    "Palm Studio",
)


def csv_of(
    header: Sequence[str], *rows: Sequence[Any], delimiter: str = ",", encoding: str = "utf-8"
) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_of(header: Sequence[str], *rows: Sequence[Any]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Open")
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def an_invoice_row(number: str = "A-1", **given: Any) -> dict[str, Any]:
    row = {
        "Invoice number": number,
        "Customer name": "Harbour Cafe",
        "E-mail": "pay@harbour.example",
        "Issue date": "2026-10-01",
        "Due date": "2026-10-31",
        "Total": "1,050.00",
    }
    return {**row, **given}


def invoices_csv(*rows: dict[str, Any]) -> bytes:
    header = list(dict.fromkeys(name for row in rows for name in row))
    return csv_of(header, *([row.get(name, "") for name in header] for row in rows))


def a_season(invoices: int = 420, customers: int = 60) -> tuple[bytes, int]:
    """A workbook of a season's open invoices, and the fils open in it: half of the customers write Arabic."""
    header = (
        "رقم الفاتورة",
        "العميل",
        "البريد الإلكتروني",
        "رقم الهاتف",
        "اللغة",
        "تاريخ الفاتورة",
        "تاريخ الاستحقاق",
        "المبلغ",
    )
    rows, fils = [], 0
    for at in range(invoices):
        who = at % customers
        arabic = who % 2
        name = (_ARABIC_NAMES if arabic else _ENGLISH_NAMES)[who % 6] + f" {who}"
        issued = date(2026, 8, 1) + timedelta(days=at % 60)
        amount = 100_00 + at * 25
        fils += amount
        text = f"{amount / 100:,.2f}" if not arabic else f"{amount / 100:.2f}".translate(_ARABIC_DIGITS)
        days = [issued.isoformat(), (issued + timedelta(days=30)).isoformat()]
        rows.append(
            [
                f"WT-{at + 1:04}",
                name,
                f"customer{who}@example.com" if who % 10 != 9 else "",
                f"050123{who:04}".translate(_ARABIC_DIGITS) if arabic else f"050123{who:04}",
                "عربي" if arabic else "English",
                *([day.translate(_ARABIC_DIGITS) for day in days] if arabic else days),
                text,
            ]
        )
    return xlsx_of(header, *rows), fils


async def a_desk(office: Office) -> tuple[Desk, UUID]:
    """A desk, and a tenant in Dubai whose sheets come there."""
    return import_desk(office), await a_tenant(office)


async def bring(
    desk: Desk, tenant_id: UUID, kind: str, data: bytes, *, apply: bool = True, **given: Any
) -> ImportReport:
    return await import_sheet(
        desk, tenant_id, CLERK, ImportKind(kind), "sheet.csv", data, apply=apply, **given
    )


def told(report: ImportReport) -> list[tuple[int, str | None]]:
    return [(row.number, row.outcome) for row in report.rows]


async def count(work: Work, table: sa.Table) -> int:
    counted = sa.select(sa.func.count()).select_from(table).where(table.c.tenant_id == work.tenant_id)
    return (await work.db.execute(counted)).scalar_one()


def csv_sheet(text: str, encoding: str = "utf-8") -> Sheet:
    return read_sheet(text.encode(encoding), "sheet.csv")


def workbook(*rows: list[Any], hidden: Sequence[list[Any]] = ()) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    if hidden:
        for row in hidden:
            sheet.append(row)
        sheet.sheet_state = "hidden"
        sheet = book.create_sheet("Open invoices")
    for row in rows:
        sheet.append(row)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The same archive with one part put in another's place."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return written.getvalue()


def code_of(data: bytes, name: str = "sheet.csv") -> str:
    with pytest.raises(Invalid) as refused:
        read_sheet(data, name)
    assert refused.value.field == "file"
    return refused.value.code
