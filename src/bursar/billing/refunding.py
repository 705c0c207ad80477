"""A paid invoice given back: a credit note over what no note covers yet, and its money returned (R74)."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import credit_notes, locks
from bursar.billing.because import must_say_why
from bursar.billing.queries import credits as credit_queries
from bursar.billing.queries import money
from bursar.billing.queries import refunds as queries
from bursar.billing.refunds import NewRefund, Refund, refund_payment
from bursar.billing.states import REFUND
from bursar.billing.ways_back import can_go_back, till_of
from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Work


async def refund_invoice(
    work: Work,
    invoice_id: UUID,
    *,
    because: str,
    amount: Money | None = None,
    refunded_on: date | None = None,
    method: str | None = None,
    reference: str | None = None,
    done: bool = True,
    by_till: bool = False,
) -> list[Refund]:
    """Give back what was paid on an invoice, all of it or `amount`: one refund for each payment it came from.

    What its credit notes have set free goes back first; over the rest a credit note is issued now. `by_till` sends
    back the way it came what came through a till; other money is then on its way until somebody says that it left.
    Raises `IllegalMove` unless it is paid, `Invalid` for more than was paid, `Conflict` if none came through a till.
    """
    work.allow(AgentRole.AGENT)
    must_say_why(because)
    invoice = await locks.lock_invoice_of_customer(work, invoice_id)
    locks.must_allow(invoice, REFUND)
    wanted = await _wanted(work, invoice, amount)
    notes = (await work.db.execute(queries.notes_of(work, invoice_id))).all()
    free = sum(note.released_minor - note.promised for note in notes)
    if wanted > free:
        missing = Money(wanted - free, invoice.currency)
        await credit_notes.issue_credit_note(work, invoice_id, missing, because=because)
        notes = (await work.db.execute(queries.notes_of(work, invoice_id))).all()
    parts = _parts(wanted, notes, await _left(work, invoice_id))
    told = {"reason": because, "method": method, "reference": reference, "done": done and not by_till}
    by_tills = {id_: by_till and await can_go_back(work, id_) for id_ in {part[0] for part in parts}}
    if by_till and not any(by_tills.values()):
        await till_of(work, parts[0][0])
    return [
        await refund_payment(
            work,
            NewRefund(
                payment_id,
                Money(minor, invoice.currency),
                refunded_on or work.today,
                credit_note_id=note_id,
                by_till=by_tills[payment_id],
                **told,
            ),
        )
        for payment_id, note_id, minor in parts
    ]


async def _wanted(work: Work, invoice: sa.Row[Any], amount: Money | None) -> int:
    """Minor units to give back: at most what pays it now and what its notes set free."""
    live = (await work.db.execute(money.live_allocations(work, invoice_ids=[invoice.id]))).all()
    notes = (await work.db.execute(queries.notes_of(work, invoice.id))).all()
    most = sum(row.amount_minor for row in live if row.taken_minor is None)
    most += sum(note.released_minor - note.promised for note in notes)
    if amount is not None and amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    wanted = most if amount is None else amount.minor
    if not 0 < wanted <= most:
        raise Invalid(
            N_("Refund more than zero and at most %(most)s, which was paid and did not go back."),
            code="refund_above_paid",
            field="amount",
            most=str(Money(most, invoice.currency)),
        )
    return wanted


async def _left(work: Work, invoice_id: UUID) -> list[tuple[UUID, int]]:
    """What the payments of this invoice have left, the newest first."""
    ids = list(await work.db.scalars(queries.payments_of(work, invoice_id)))
    left = {row.id: row.left for row in await work.db.execute(credit_queries.left_of(work, ids))}
    return [(payment_id, left.get(payment_id, 0)) for payment_id in ids]


def _parts(
    wanted: int, notes: Sequence[sa.Row[Any]], left: Sequence[tuple[UUID, int]]
) -> list[tuple[UUID, UUID, int]]:
    """(payment, credit note, minor units), so that no note and no payment gives more than it has."""
    parts = []
    of_payments = [list(one) for one in left]
    for note in notes:
        free = note.released_minor - note.promised
        for one in of_payments:
            taken = min(free, one[1], wanted)
            if taken:
                parts.append((one[0], note.id, taken))
                one[1], free, wanted = one[1] - taken, free - taken, wanted - taken
    if wanted:
        raise Invalid(
            N_("The money that was set free pays other invoices by now. Take it from there first."),
            code="refund_above_payment",
            field="amount",
        )
    return parts
