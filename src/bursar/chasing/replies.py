"""An answer turned into what it says: a promise, a dispute, "I already paid". With it the answer is dealt with."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from bursar.billing.disputes import open_dispute
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.chasing.previews import InvoiceLine
from bursar.chasing.queries import replies as queries
from bursar.core.errors import N_, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.outbox.incoming.inbox import get_incoming, handle
from bursar.outbox.states import HandledAs


async def invoices_meant(work: Work, message_id: UUID) -> list[InvoiceLine]:
    """What an answer may be about: open invoices of the message it answers, or all open ones of who wrote it.

    Raises `NotFound`.
    """
    message = await get_incoming(work, message_id)
    if message.customer_id is None:
        return []
    rows = (await work.db.execute(queries.open_invoices(work, message.customer_id, message.send_id))).all()
    spoken_of = [row for row in rows if row.spoken_of] or rows
    return [
        InvoiceLine(row.id, row.number, Money(row.balance_minor, row.currency), None) for row in spoken_of
    ]


async def promised(
    work: Work, message_id: UUID, *, promised_for: date, invoice_ids: Sequence[UUID] = ()
) -> list[UUID]:
    """They say when they will pay: a promise for each of these invoices, or for all that are meant.

    Raises `NotFound`, `Invalid` when nothing is open, and what making a promise raises; then nothing is written.
    """
    work.allow(AgentRole.AGENT)
    made = [
        await make_promise(work, invoice_id, promised_for=promised_for)
        for invoice_id in await _chosen(work, message_id, invoice_ids)
    ]
    await handle(work, message_id, HandledAs.PROMISE)
    return made


async def disputed(
    work: Work,
    message_id: UUID,
    *,
    reason: DisputeReason,
    statement: str = "",
    invoice_ids: Sequence[UUID] = (),
) -> list[UUID]:
    """They contest, or say that they paid: a dispute for each of these invoices, in their own words.

    Raises as `promised` does, with what opening a dispute raises.
    """
    work.allow(AgentRole.AGENT)
    chosen = await _chosen(work, message_id, invoice_ids)
    words = statement.strip() or (await get_incoming(work, message_id)).text
    made = [await open_dispute(work, one, reason=reason, statement=words) for one in chosen]
    paid = reason is DisputeReason.ALREADY_PAID
    await handle(work, message_id, HandledAs.ALREADY_PAID if paid else HandledAs.DISPUTE)
    return made


async def _chosen(work: Work, message_id: UUID, invoice_ids: Sequence[UUID]) -> list[UUID]:
    """In id order, as all who lock several invoices; only those of the customer who wrote."""
    message = await get_incoming(work, message_id)
    rows = (
        (await work.db.execute(queries.open_invoices(work, message.customer_id, message.send_id))).all()
        if message.customer_id
        else []
    )
    theirs = {row.id for row in rows}
    if not set(invoice_ids) <= theirs:
        raise NotFound("invoice")
    chosen = set(invoice_ids) or {row.id for row in rows if row.spoken_of} or theirs
    if not chosen:
        raise Invalid(N_("No invoice of this customer is open."), code="nothing_open", field="invoices")
    return sorted(chosen)
