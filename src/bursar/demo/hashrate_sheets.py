"""Hashrate Hosting's sheets: exports of its older program, with that program's names, and the bank's own."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

from bursar.demo.hashrate import ABROAD, HERE, TANKS, Machine, Miner, Past, Rate

USERS = ("userId", "companyName", "name", "language", "country", "city", "address", "email", "trn", "tags")
PRODUCTS = ("code", "name", "name ar", "price", "currency", "taxCategory", "taxRate")
RATES = ("userId", "productCode", "hostingRate", "effectiveFrom")
MINERS = ("userId", "productCode", "serialNumber", "activeFrom", "activeTo")
INVOICES = (
    *("invoiceNumber", "userId", "email", "currency", "totalAmount", "amountPaid", "status", "issuedDate"),
    *("dueDate", "paidDate"),
)
BANK = ("Date", "Amount", "Currency", "Payer", "Details")


def write_all(
    folder: Path,
    miners: Sequence[Miner],
    rates: Sequence[Rate],
    machines: Sequence[Machine],
    past: Sequence[Past],
) -> None:
    _write(folder / "users.csv", USERS, map(_user, miners))
    _write(folder / "products.csv", PRODUCTS, _products())
    told = [(one.miner.code, one.miner.product, one.price, one.since) for one in rates]
    _write(folder / "miner_rate_history.csv", RATES, told)
    units = [(one.miner.code, one.miner.product, one.label, one.since, one.until) for one in machines]
    _write(folder / "miners.csv", MINERS, units)
    _write(folder / "cost_payments.csv", INVOICES, map(_invoice, past))


def write_bank(path: Path, day: date, lines: Iterable[tuple[Decimal, str, str, str]]) -> int:
    """Returns the number of rows, money that went out among them."""
    rows = [(day, amount, currency, payer, told) for amount, currency, payer, told in lines]
    _write(path, BANK, rows)
    return len(rows)


def _products() -> list[tuple[object, ...]]:
    return [
        (HERE, "Hosting of a machine", "استضافة جهاز", "215.00", "AED", "S", "5"),
        (ABROAD, "Hosting of a machine, exported", "استضافة جهاز للتصدير", "58.00", "USD", "Z", "0"),
        (TANKS, "Place in an immersion tank", "موضع في حوض غمر", "", "USD", "Z", "0"),
    ]


def _user(one: Miner) -> tuple[object, ...]:
    size = "large" if one.machines >= 10 else "small"
    who = (one.code, one.company, one.person, one.locale)
    return (*who, one.country, one.city, one.street, one.email, one.tax_number, size)


def _invoice(one: Past) -> tuple[object, ...]:
    amounts = (one.miner.currency, one.total, one.paid, one.state)
    return (one.number, one.miner.code, one.miner.email, *amounts, one.issued, one.due, one.paid_on)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
