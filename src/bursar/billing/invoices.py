"""Drafts of invoices. How one is issued stands in issuing.py, what ends it in credit_notes.py and payments.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks
from bursar.billing.lines import Line, Priced, must_be_sold, price, write_lines
from bursar.billing.queries import invoices as queries
from bursar.billing.queries import money
from bursar.billing.states import InvoiceState
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import exponent_of
from bursar.core.work import Record, Work


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice before it is issued. Without a due date the tenant's terms count from the day of issue."""

    customer_id: UUID
    currency: str
    lines: Sequence[Line]
    due_date: date | None = None
    supply_date: date | None = None
    notes: str | None = None
    purchase_order: str | None = None
    locale: str | None = None
    allocation_number: str | None = None


async def create_draft(work: Work, draft: Draft) -> UUID:
    """A new draft; it has no number and owes nothing yet. Raises `NotFound` for an unknown customer."""
    work.allow(AgentRole.AGENT)
    if not (await work.db.execute(queries.parties(work, draft.customer_id))).first():
        raise NotFound("customer")
    priced = _priced(draft)
    await must_be_sold(work, draft.customer_id, draft.lines)
    values = {**_columns(draft), **priced.totals, "state": InvoiceState.DRAFT, "created_by": work.actor.id}
    invoice_id = (await work.db.execute(queries.add_invoice(work, values))).scalar_one()
    await write_lines(work, invoice_id, draft.customer_id, priced)
    return invoice_id


async def create_drafts(work: Work, given: Sequence[Draft]) -> list[UUID]:
    """Several new drafts in the order given, in two statements. Their customers and products are known to be ours.

    Raises `Invalid` for lines that cannot be charged, and then none is made.
    """
    work.allow(AgentRole.AGENT)
    if not given:
        return []
    priced = [_priced(draft) for draft in given]
    ids = list(await work.db.scalars(money.new_ids(len(given))))
    each = list(zip(ids, given, priced, strict=True))
    heads = [{**_columns(draft), **its.totals, "id": id_} for id_, draft, its in each]
    await work.db.execute(queries.add_drafts(work, heads, created_by=work.actor.id))
    owners = [({"invoice_id": id_, "customer_id": draft.customer_id}, its) for id_, draft, its in each]
    await work.db.execute(
        queries.add_lines_of_many(work, [{**owner, **row} for owner, its in owners for row in its.rows])
    )
    return ids


async def edit_draft(work: Work, invoice_id: UUID, draft: Draft, *, version: int | None = None) -> None:
    """Put `draft` in the place of what stood there. Raises `IllegalMove` once it is issued, `StaleVersion`."""
    work.allow(AgentRole.AGENT)
    before = await _locked_draft(work, invoice_id, "edit", version)
    if draft.customer_id != before.customer_id:
        raise Invalid(
            N_("A draft stays with its customer. Delete it and make a new one."),
            code="other_customer",
            field="customer_id",
        )
    priced = _priced(draft)
    await must_be_sold(work, draft.customer_id, draft.lines)
    after = {**_columns(draft), **priced.totals}
    await work.db.execute(queries.change_draft(work, invoice_id, after))
    await write_lines(work, invoice_id, draft.customer_id, priced)
    changed = [name for name, value in after.items() if name != "notes" and getattr(before, name) != value]
    told = {
        "before": {name: _plain(getattr(before, name)) for name in changed},
        "after": {name: _plain(after[name]) for name in changed},
    }
    besides = {"currency": draft.currency}
    await work.record("invoice.edit", Record(invoice_id, draft.customer_id, changes=told, payload=besides))


async def delete_draft(work: Work, invoice_id: UUID, *, version: int | None = None) -> None:
    """Remove a draft for good; no number was used. Raises `IllegalMove` once it is issued, `StaleVersion`."""
    work.allow(AgentRole.AGENT)
    draft = await _locked_draft(work, invoice_id, "delete", version)
    await work.db.execute(queries.drop_lines(work, invoice_id))
    await work.db.execute(queries.drop_invoice(work, invoice_id))
    told = {"before": {"state": draft.state, "total_minor": draft.total_minor, "currency": draft.currency}}
    await work.record("invoice.delete", Record(invoice_id, draft.customer_id, changes=told))


async def _locked_draft(work: Work, invoice_id: UUID, event: str, version: int | None) -> sa.Row[Any]:
    draft = await locks.lock_invoice(work, invoice_id)
    if draft.state != InvoiceState.DRAFT:
        raise locks.refuse(draft, event)
    locks.must_be_version(draft, version)
    return draft


def _priced(draft: Draft) -> Priced:
    exponent_of(draft.currency)
    if not draft.lines:
        raise Invalid(N_("An invoice needs at least one line."), code="no_lines", field="lines")
    return price(draft.lines, draft.currency)


def _columns(draft: Draft) -> dict[str, Any]:
    names = (
        *("customer_id", "currency", "due_date", "supply_date", "notes", "purchase_order", "locale"),
        "allocation_number",
    )
    return {name: getattr(draft, name) for name in names}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
