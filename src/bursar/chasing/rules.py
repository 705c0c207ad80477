"""What a reminder says, calculated from facts alone: amounts, days and their totals as a reader sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

from bursar.core.formats import format_day, format_money
from bursar.core.money import Money

_day = lru_cache(4_000)(format_day)  # a season's invoices share few days


@dataclass(frozen=True, slots=True)
class Fact:
    """One invoice as it stands at the claim."""

    id: UUID
    number: str
    currency: str
    total_minor: int
    balance_minor: int
    issue_date: date
    due_date: date
    silent: str | None = None  # why it may not be spoken of: paid, credited, dispute, promise


def silence(state: str, balance_minor: int, *, disputed: bool, promised: bool) -> str | None:
    """Why an invoice may not be spoken of any more, or None (R80)."""
    if state == "cancelled":
        return "credited"
    if state != "issued" or balance_minor <= 0:
        return "paid"
    if disputed:
        return "dispute"
    return "promise" if promised else None


def invoice_values(facts: Sequence[Fact], today: date, locale: str) -> dict[str, Any]:
    """The merge tags about open invoices (`outbox.tags`); no amount is ever added across currencies."""
    by_currency: dict[str, list[int]] = {}
    for fact in facts:
        by_currency.setdefault(fact.currency, []).append(fact.balance_minor)
    return {
        "invoices": [
            {
                "number": fact.number,
                "issue_date": _day(fact.issue_date, locale),
                "due_date": _day(fact.due_date, locale),
                "days_overdue": max((today - fact.due_date).days, 0),
                "total": format_money(Money(fact.total_minor, fact.currency), locale),
                "balance": format_money(Money(fact.balance_minor, fact.currency), locale),
                "currency": fact.currency,
                "link": None,
            }
            for fact in facts
        ],
        "totals": [
            {
                "currency": currency,
                "balance": format_money(Money(sum(amounts), currency), locale),
                "count": len(amounts),
            }
            for currency, amounts in sorted(by_currency.items())
        ],
        "oldest_days_overdue": max((max((today - fact.due_date).days, 0) for fact in facts), default=0),
        "pay_link": None,
    }


def differs(
    reviewed: Mapping[str, Any], facts: Sequence[Fact], to_address: str | None, *, edited: bool
) -> str | None:
    """What changed since a person reviewed a send, beyond what may change by itself; None if nothing did.

    Subjects may only drop and amounts only fall; of a text edited by hand nothing may change at all.
    """
    seen: Mapping[str, int] = reviewed["invoices"]
    if reviewed["to"] != to_address:
        return "address"
    for fact in facts:
        before = seen.get(str(fact.id))
        if before is None:
            return "invoice_added"
        if fact.balance_minor > before or (edited and fact.balance_minor != before):
            return "balance"
    return "invoice_dropped" if edited and len(facts) != len(seen) else None
