"""The story as sheets, the way firms have them: Arabic headings, a byte order mark, rows that stand there twice."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from bursar.demo.stories import Bill, Buyer

CUSTOMERS = (
    "كود العميل", "اسم الشركة", "الاسم", "اللغة", "المدينة", "العنوان", "البريد الإلكتروني", "رقم الجوال",
    "الرقم الضريبي", "التصنيف",
)  # fmt: skip
INVOICES = (
    "Invoice no", "Customer code", "Customer name", "Email", "Invoice date", "Due date", "Currency", "Total",
    "Paid", "Description", "LPO no",
)  # fmt: skip
TILES = ("رقم الفاتورة", "اسم الشركة", "البريد الإلكتروني", "تاريخ الفاتورة", "تاريخ الاستحقاق", "المبلغ")
TRANSFERS = ("رقم الفاتورة", "المبلغ", "تاريخ الدفع", "طريقة الدفع", "المرجع")
ARABIC_DIGITS = str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")
TWICE = (6, 23)
"""Customers who stand in the sheet a second time, typed by somebody else."""
REPEATED = (17, 118, 305)
"""Invoices whose row was pasted twice."""


def write_customers(path: Path, buyers: Sequence[Buyer]) -> int:
    """CSV in UTF-8 with a byte order mark, as Excel saves it; returns the number of rows."""
    again = [_typed_again(buyers[place]) for place in TWICE]
    rows = [astuple(buyer) for buyer in (*buyers, *again)]
    _write_csv(path, CUSTOMERS, rows, encoding="utf-8-sig", delimiter=",")
    return len(rows)


def write_invoices(path: Path, bills: Sequence[Bill]) -> int:
    """XLSX with real dates and amounts; returns the number of rows."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "Season"
    sheet.append(INVOICES)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    rows = [*bills, *(bills[place] for place in REPEATED)]
    for bill in rows:
        buyer = bill.buyer
        sheet.append(
            [
                bill.number,
                buyer.code,
                buyer.company,
                buyer.email or None,
                bill.issued,
                bill.due,
                bill.currency,
                float(bill.total),
                float(bill.paid),
                bill.description,
                bill.order,
            ]
        )
    sheet.freeze_panes = "A2"
    book.save(path)
    return len(rows)


def write_tiles(path: Path, bills: Sequence[Bill]) -> int:
    """CSV of an older program: Windows' Arabic code page, semicolons, days first; returns the number of rows."""
    rows = [
        (
            bill.number,
            bill.buyer.company,
            bill.buyer.email,
            f"{bill.issued:%d/%m/%Y}",
            f"{bill.due:%d/%m/%Y}",
            f"{bill.total:.2f}",
        )
        for bill in bills
    ]
    _write_csv(path, TILES, rows, encoding="cp1256", delimiter=";")
    return len(rows)


def write_transfers(path: Path, bills: Sequence[Bill], received_on: date) -> int:
    """CSV from an Arabic bank statement, in Arabic-Indic digits; returns the number of rows."""
    day = f"{received_on:%d/%m/%Y}"
    rows = [
        (
            bill.number,
            f"{bill.total}".translate(ARABIC_DIGITS),
            day.translate(ARABIC_DIGITS),
            "تحويل",
            bill.order,
        )
        for bill in bills
    ]
    _write_csv(path, TRANSFERS, rows, encoding="utf-8-sig", delimiter=",")
    return len(rows)


def write_numbers(path: Path, bills: Iterable[Bill]) -> None:
    """The list that somebody pastes: every invoice of the season, a line each."""
    path.write_text("".join(f"{bill.number}\n" for bill in bills), "utf-8")


def _typed_again(buyer: Buyer) -> Buyer:
    return replace(buyer, email=buyer.email.upper(), phone="", tag="")


def _write_csv(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], *, encoding: str, delimiter: str
) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(header)
        writer.writerows(rows)
