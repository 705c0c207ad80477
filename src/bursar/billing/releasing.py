"""Money set free from a paid invoice, when a credit note takes back what it had paid (lifecycle 7)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import exchange
from bursar.billing.allocations import names_of, reversal_of
from bursar.billing.credits import give_credits
from bursar.billing.queries import money as queries
from bursar.core.money import Money
from bursar.core.work import Work


async def release(
    work: Work, invoice: sa.Row[Any], amount: int, *, because: str, first: UUID | None = None
) -> dict[UUID, Money]:
    """Set `amount` minor units of what pays a paid invoice free: its customer's credit again, by payment.

    For the credit note that takes the same amount back: the balance stays, and so does the state. What paid
    last goes first, before it the money of the payment `first`; the rest of an allocation that is not wholly released
    is allocated anew. The caller holds the locks of the customer and of `invoice`.
    """
    found = (await work.db.execute(queries.live_allocations(work, invoice_ids=[invoice.id]))).all()
    live = sorted(found, key=lambda row: row.payment_id == first)
    back: list[sa.Row[Any]] = []
    anew: list[dict[str, Any]] = []
    freed: dict[UUID, Money] = {}
    for row in reversed(live):
        if not amount:
            break
        part = min(amount, row.amount_minor)
        amount -= part
        taken = exchange.part_of(row.taken_minor, part, row.amount_minor)
        free = part if taken is None else taken
        already = freed.get(row.payment_id, Money.zero(row.payment_currency))
        freed[row.payment_id] = already + Money(free, row.payment_currency)
        back.append(row)
        if part < row.amount_minor:
            anew.append(_rest_of(work, row, part, taken))
    if amount:
        raise ValueError(f"{amount} more than pays invoice {invoice.id}")
    rows = [*(reversal_of(work, row, because) for row in back), *anew]
    if rows:
        await work.db.execute(queries.add_allocations(work, rows))
        await give_credits(work, {payment_id: money.minor for payment_id, money in freed.items()})
    return freed


def _rest_of(work: Work, row: sa.Row[Any], part: int, taken: int | None) -> dict[str, Any]:
    """What stays of an allocation of which `part` was set free."""
    difference = exchange.part_of(row.difference_minor, part, row.amount_minor)
    return {
        **names_of(row),
        "amount_minor": row.amount_minor - part,
        "taken_minor": None if taken is None else row.taken_minor - taken,
        "difference_minor": None if difference is None else row.difference_minor - difference,
        "applied_on": work.today,
        "reverses_id": None,
        "reason": None,
    }
