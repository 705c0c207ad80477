"""Rows taken in the one order that cannot deadlock: customers by id, then invoices by id, then the rest."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import invoices as queries
from bursar.billing.states import INVOICE_MOVES, InvoiceState
from bursar.core.errors import IllegalMove, NotFound, StaleVersion
from bursar.core.states import Move, allowed_from
from bursar.core.work import Work


async def lock_customers(work: Work, ids: Iterable[UUID]) -> set[UUID]:
    """Those of `ids` that this tenant has, theirs until the end of this Work."""
    wanted = sorted(set(ids))
    return set(await work.db.scalars(queries.lock_customers(work, wanted))) if wanted else set()


async def lock_invoices(work: Work, ids: Iterable[UUID]) -> dict[UUID, sa.Row[Any]]:
    """Those of `ids` that this tenant has, as they are now that nobody else changes them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    return {row.id: row for row in await work.db.execute(queries.lock_invoices(work, wanted))}


async def lock_invoice(work: Work, invoice_id: UUID) -> sa.Row[Any]:
    """One invoice, locked. Raises `NotFound`."""
    return there((await lock_invoices(work, [invoice_id])).get(invoice_id))


def there(invoice: sa.Row[Any] | None) -> sa.Row[Any]:
    """The invoice that was looked for. Raises `NotFound`."""
    if invoice is None:
        raise NotFound("invoice")
    return invoice


async def owners_of(work: Work, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The customer of each invoice, read without a lock: who is to be locked before the invoices are."""
    if not ids:
        return {}
    return {row.id: row.customer_id for row in await work.db.execute(queries.owners(work, ids))}


async def lock_invoice_of_customer(work: Work, invoice_id: UUID) -> sa.Row[Any]:
    """One invoice, locked after its customer: for acts on the customer's money. Raises `NotFound`."""
    owner = (await owners_of(work, [invoice_id])).get(invoice_id)
    if owner is None:
        raise NotFound("invoice")
    await lock_customers(work, [owner])
    return await lock_invoice(work, invoice_id)


def refuse(invoice: sa.Row[Any], event: str) -> IllegalMove:
    """The answer to an event that this invoice's state does not know."""
    return IllegalMove("invoice", invoice.state, event, allowed_from(INVOICE_MOVES, invoice.state))


def must_allow(invoice: sa.Row[Any], move: Move) -> None:
    """Raises `IllegalMove` before anything is written, where the move itself would come too late."""
    if invoice.state not in move.sources:
        raise refuse(invoice, move.event)


def must_be_open(invoice: sa.Row[Any], event: str) -> None:
    """Raises `IllegalMove` unless it is issued and something of it is to be paid."""
    if invoice.state != InvoiceState.ISSUED or invoice.balance_minor == 0:
        raise refuse(invoice, event)


def must_be_version(invoice: sa.Row[Any], version: int | None) -> None:
    """Raises `StaleVersion` if it is no longer what the caller read."""
    if version is not None and invoice.version != version:
        raise StaleVersion("invoice")
