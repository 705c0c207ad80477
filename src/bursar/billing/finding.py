"""Invoices as others see them: one, a list, or those that bear a number."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.filters import ALL, OPEN, Chosen
from bursar.billing.queries import books
from bursar.billing.queries import invoices as queries
from bursar.billing.rules import Status
from bursar.billing.states import InvoiceState
from bursar.core.errors import N_, Conflict, NotFound
from bursar.core.money import Money
from bursar.core.work import Work

FEW_CUSTOMERS = 200
"""So many may be named by their ids: their index finds their invoices faster than reading all of them."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice today. `status` is computed on the tenant's calendar; a draft has neither number nor dates.

    `tax_local` is its tax in the seller's own currency at `exchange_rate`, when it is in another (R19).
    """

    id: UUID
    customer_id: UUID
    customer_name: str
    series: str | None
    number: str | None
    state: InvoiceState
    status: Status
    version: int
    subtotal: Money
    tax: Money
    total: Money
    balance: Money
    issue_date: date | None
    due_date: date | None
    paid_on: date | None
    purchase_order: str | None
    locale: str | None
    days_late: int
    promised: bool
    disputed: bool
    supply_date: date | None
    allocation_number: str | None
    refunded: Money
    exchange_rate: Decimal | None
    tax_local: Money | None


@dataclass(frozen=True, slots=True)
class Numbered:
    """What a number was found to name."""

    id: UUID
    customer_id: UUID
    number: str
    series: str
    state: InvoiceState
    balance: Money


class AmbiguousNumber(Conflict):
    """Two series hold this number; whoever asks must say which (R67)."""

    def __init__(self, number: str, found: Sequence[Numbered]) -> None:
        super().__init__(
            N_("Number %(number)s exists more than once: in %(series)s. Say which one you mean."),
            code="ambiguous_number",
            field="number",
            number=number,
            series=", ".join(one.series for one in found),
        )
        self.found = tuple(found)


async def get_invoice(work: Work, invoice_id: UUID) -> Invoice:
    """Raises `NotFound`."""
    row = (await work.db.execute(books.chosen_invoices(work, Chosen(ids=[invoice_id])))).one_or_none()
    if row is None:
        raise NotFound("invoice")
    return _invoice(work, row)


async def lines_of(work: Work, invoice_id: UUID) -> list[dict[str, Any]]:
    """The lines of an invoice in their order, as they are stored: amounts in minor units."""
    return [dict(row) for row in (await work.db.execute(queries.lines_of(work, invoice_id))).mappings()]


async def list_invoices(
    work: Work, chosen: Chosen = ALL, *, before: UUID | None = None, limit: int = 50
) -> list[Invoice]:
    """The chosen ones, the newest first; `before` is the last id of the page that was read."""
    chosen = await looked_up(work, chosen)
    return [_invoice(work, row) for row in await work.db.execute(books.newest(work, chosen, before, limit))]


async def looked_up(work: Work, chosen: Chosen) -> Chosen:
    """The same choice, with the customers that its text names if they are few."""
    if chosen.text is None or chosen.named is not None:
        return chosen
    named = list(await work.db.scalars(books.customers_called(work, chosen.text, FEW_CUSTOMERS + 1)))
    return chosen if len(named) > FEW_CUSTOMERS else replace(chosen, named=named)


async def open_invoices(
    work: Work, chosen: Chosen = OPEN, *, after: Invoice | None = None, limit: int = 50
) -> list[Invoice]:
    """The chosen ones that have a due date, the longest due first; `after` is the last one that was read."""
    place = (after.due_date, after.id) if after and after.due_date else None
    rows = await work.db.execute(books.longest_due(work, chosen, place, limit))
    return [_invoice(work, row) for row in rows]


async def invoices_of(work: Work, customer_id: UUID, *, limit: int = 50) -> list[Invoice]:
    """A customer's invoices, the newest first."""
    return await list_invoices(work, Chosen(customer_id=customer_id), limit=limit)


async def with_numbers(work: Work, numbers: Iterable[str]) -> dict[str, tuple[Numbered, ...]]:
    """What each of these numbers names, over all series; a number that names nothing has no key."""
    found: dict[str, list[Numbered]] = defaultdict(list)
    for row in await work.db.execute(books.with_numbers(work, sorted({*numbers}))):
        balance = Money(row.balance_minor, row.currency)
        found[row.number].append(
            Numbered(row.id, row.customer_id, row.number, row.series, InvoiceState(row.state), balance)
        )
    return {number: tuple(rows) for number, rows in found.items()}


async def by_number(work: Work, number: str, *, series: str | None = None) -> Numbered:
    """The one invoice with this number. Raises `NotFound`, or `AmbiguousNumber` if only a series could tell."""
    named = (await with_numbers(work, [number])).get(number, ())
    found = [one for one in named if series is None or one.series == series]
    if not found:
        raise NotFound("invoice")
    if len(found) > 1:
        raise AmbiguousNumber(number, found)
    return found[0]


def _invoice(work: Work, row: sa.Row[Any]) -> Invoice:
    is_late = row.state == InvoiceState.ISSUED and row.balance_minor and row.due_date < work.today
    return Invoice(
        id=row.id,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        series=row.series,
        number=row.number,
        state=InvoiceState(row.state),
        status=Status(row.status),
        version=row.version,
        subtotal=Money(row.subtotal_minor, row.currency),
        tax=Money(row.tax_minor, row.currency),
        total=Money(row.total_minor, row.currency),
        balance=Money(row.balance_minor, row.currency),
        issue_date=row.issue_date,
        due_date=row.due_date,
        paid_on=row.paid_on,
        purchase_order=row.purchase_order,
        locale=row.locale,
        days_late=(work.today - row.due_date).days if is_late else 0,
        promised=row.promised,
        disputed=row.disputed,
        supply_date=row.supply_date,
        allocation_number=row.allocation_number,
        refunded=Money(row.refunded_minor, row.currency),
        exchange_rate=row.exchange_rate,
        tax_local=None
        if row.tax_local_minor is None
        else Money(row.tax_local_minor, row.seller["tax_currency"]),
    )
