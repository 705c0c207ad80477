"""Disputes: a customer contests an invoice, and until it is decided nobody reminds them (lifecycle 16)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import allocations, credit_notes, locks, settling
from bursar.billing.because import must_say_why
from bursar.billing.queries import quiet
from bursar.billing.states import (
    ACCEPT_DISPUTE,
    DISPUTE_MOVES,
    REJECT_DISPUTE,
    WITHDRAW_DISPUTE,
    DisputeReason,
    DisputeState,
)
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.moves import move
from bursar.core.states import Move, allowed_from
from bursar.core.work import Happened, Record, Work
from bursar.outbox import sends


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a customer contests, in their words, and how it was decided."""

    id: UUID
    version: int
    invoice_id: UUID
    customer_id: UUID
    reason: DisputeReason
    statement: str
    state: DisputeState
    resolution: str | None
    resolved_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    id: UUID
    author_type: str
    author_id: UUID | None
    body: str
    file_id: UUID | None
    created_at: datetime


async def get_dispute(work: Work, dispute_id: UUID) -> Dispute:
    """Raises `NotFound`."""
    row = (await work.db.execute(quiet.dispute(work, dispute_id))).one_or_none()
    if row is None:
        raise NotFound("dispute")
    return _dispute(row)


async def list_disputes(
    work: Work,
    *,
    invoice_id: UUID | None = None,
    customer_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Dispute]:
    """The newest first, older than `before`."""
    statement = quiet.disputes_before(work, before, limit, invoice_id=invoice_id, customer_id=customer_id)
    return [_dispute(row) for row in await work.db.execute(statement)]


async def notes_of(work: Work, dispute_id: UUID) -> list[Note]:
    """What was said in it, in order. Raises `NotFound`."""
    await get_dispute(work, dispute_id)
    rows = await work.db.execute(quiet.notes_of(work, dispute_id))
    return [
        Note(row.id, row.author_type, row.author_id, row.body, row.file_id, row.created_at) for row in rows
    ]


async def open_dispute(work: Work, invoice_id: UUID, *, reason: DisputeReason, statement: str) -> UUID:
    """Contest an open invoice, in words. A running promise ends, and what was queued about it is dropped.

    Raises `IllegalMove` unless the invoice is open, `Conflict` while it is contested already, `Invalid`
    without words.
    """
    work.allow(AgentRole.AGENT, customer=True)
    if not statement.strip():
        raise Invalid(
            N_("Describe what is wrong with this invoice."), code="statement_missing", field="statement"
        )
    invoice = await locks.lock_invoice(work, invoice_id)
    locks.must_be_open(invoice, "dispute")
    if (await work.db.execute(quiet.open_disputes(work, [invoice_id]))).first():
        raise Conflict(
            N_("This invoice is contested already. Add a comment to that dispute."), code="dispute_exists"
        )
    values = {
        "invoice_id": invoice_id,
        "customer_id": invoice.customer_id,
        "reason": DisputeReason(reason),
        "statement": statement.strip(),
        "state": DisputeState.OPEN,
    }
    dispute_id = (await work.db.execute(quiet.add_dispute(work, values))).scalar_one()
    work.happened.append(Happened("dispute.open", (dispute_id,)))  # its event is the trigger's
    await settling.withdraw_promises(work, invoice_id, because="dispute")
    await sends.drop_subject(work, "invoice", [invoice_id], reason="dispute")
    return dispute_id


async def comment_dispute(work: Work, dispute_id: UUID, *, body: str, file_id: UUID | None = None) -> UUID:
    """Add words, or a file that has been taken in, to an open dispute."""
    work.allow(AgentRole.AGENT, customer=True)
    if not body.strip():
        raise Invalid(N_("Write a comment."), code="comment_missing", field="body")
    dispute, _ = await _open(work, dispute_id, "comment", None)
    values = {
        "dispute_id": dispute_id,
        "customer_id": dispute.customer_id,
        "author_type": work.actor.type,
        "author_id": work.actor.id,
        "body": body.strip(),
        "file_id": file_id,
    }
    note_id = (await work.db.execute(quiet.add_dispute_note(work, values))).scalar_one()
    told = Record(dispute_id, dispute.customer_id, payload={"note_id": str(note_id)})
    await work.record("dispute.comment", told)
    return note_id


async def accept_dispute(
    work: Work,
    dispute_id: UUID,
    *,
    because: str,
    credit: Money | None = None,
    payment_id: UUID | None = None,
    version: int | None = None,
) -> None:
    """The customer is right: take `credit` of the invoice back, or match the payment that was meant for it.

    Exactly one of the two; both happen in this transaction. Raises what they raise.
    """
    if (credit is None) == (payment_id is None):
        raise Invalid(
            N_("Say what to do: credit an amount, or match a payment."), code="remedy_missing", field="credit"
        )
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    _, invoice = await _open(work, dispute_id, ACCEPT_DISPUTE.event, version)
    shares = []
    if credit is not None:
        credit_notes.must_fit(invoice, credit)
    else:
        shares = await allocations.shares_of_credit(work, invoice, payment_id=payment_id)
    await _close(work, ACCEPT_DISPUTE, dispute_id, because)
    if credit is not None:
        reason = credit_notes.CreditReason.CONSIDERATION
        await credit_notes.credit_open(work, invoice, credit, because=because, reason_code=reason)
    await allocations.apply(work, shares)


async def reject_dispute(work: Work, dispute_id: UUID, *, because: str, version: int | None = None) -> None:
    """The invoice stands as it is, and is chased again."""
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    await _open(work, dispute_id, REJECT_DISPUTE.event, version)
    await _close(work, REJECT_DISPUTE, dispute_id, because)


async def withdraw_dispute(
    work: Work, dispute_id: UUID, *, because: str | None = None, version: int | None = None
) -> None:
    """Whoever contested it no longer does."""
    work.allow(AgentRole.AGENT, customer=True)
    await _open(work, dispute_id, WITHDRAW_DISPUTE.event, version)
    await _close(work, WITHDRAW_DISPUTE, dispute_id, because)


async def _close(work: Work, end: Move, dispute_id: UUID, because: str | None) -> None:
    await move(work, end, dispute_id, because=because, resolution=because, resolved_at=work.now)


async def _open(
    work: Work, dispute_id: UUID, event: str, version: int | None
) -> tuple[sa.Row[Any], sa.Row[Any]]:
    """The dispute and its invoice, locked with its customer. Raises `NotFound`, `IllegalMove`, `StaleVersion`.

    The customer's lock comes first because accepting it may move the customer's money.
    """
    found = (await work.db.execute(quiet.dispute(work, dispute_id))).one_or_none()
    if found is None:
        raise NotFound("dispute")
    invoice = await locks.lock_invoice_of_customer(work, found.invoice_id)
    dispute = (await work.db.execute(quiet.dispute(work, dispute_id))).one()
    if dispute.state != DisputeState.OPEN:
        raise IllegalMove("dispute", dispute.state, event, allowed_from(DISPUTE_MOVES, dispute.state))
    if version is not None and dispute.version != version:
        raise StaleVersion("dispute")
    return dispute, invoice


def _dispute(row: sa.Row[Any]) -> Dispute:
    names = ("id", "version", "invoice_id", "customer_id", "statement", "resolution", "resolved_at")
    plain = {name: getattr(row, name) for name in (*names, "created_at")}
    return Dispute(reason=DisputeReason(row.reason), state=DisputeState(row.state), **plain)
