"""What a message says of invoices, calculated from facts alone: amounts and days as a reader sees them, their sums."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from bursar.core.formats import format_day, money_setter

_day = lru_cache(4_000)(format_day)  # a season's invoices share few days


class Fact(NamedTuple):
    """One invoice as it stands at the claim."""

    id: UUID
    number: str
    currency: str
    total_minor: int
    balance_minor: int
    issue_date: date
    due_date: date
    silent: str | None = None  # why it may not be spoken of: paid, credited, processing, dispute, promise


def silence(
    state: str, balance_minor: int, *, disputed: bool, promised: bool, being_paid: bool
) -> str | None:
    """Why an invoice may not be spoken of any more, or None (R80)."""
    if state == "cancelled":
        return "credited"
    if state != "issued" or balance_minor <= 0:
        return "paid"
    if being_paid:
        return "processing"
    if disputed:
        return "dispute"
    return "promise" if promised else None


def invoice_values(
    facts: Sequence[Fact],
    today: date,
    locale: str,
    address_of: Callable[[UUID], str] | None = None,
    *,
    all_of_it: str | None = None,
) -> dict[str, Any]:
    """The merge tags about open invoices (`outbox.tags`); no amount is ever added across currencies.

    `address_of` gives the public address of an invoice's page, `all_of_it` is that of the customer's own.
    """
    by_currency: dict[str, list[int]] = {}
    for fact in facts:
        by_currency.setdefault(fact.currency, []).append(fact.balance_minor)
    written = {currency: money_setter(locale, currency) for currency in by_currency}
    return {
        "invoices": [
            {
                "number": fact.number,
                "issue_date": _day(fact.issue_date, locale),
                "due_date": _day(fact.due_date, locale),
                "days_overdue": max((today - fact.due_date).days, 0),
                "total": written[fact.currency](fact.total_minor),
                "balance": written[fact.currency](fact.balance_minor),
                "currency": fact.currency,
                "link": address_of(fact.id) if address_of else None,
            }
            for fact in facts
        ],
        "totals": [
            {
                "currency": currency,
                "balance": written[currency](sum(amounts)),
                "count": len(amounts),
            }
            for currency, amounts in sorted(by_currency.items())
        ],
        "oldest_days_overdue": max((today - min(fact.due_date for fact in facts)).days, 0) if facts else 0,
        "pay_link": all_of_it,
    }
