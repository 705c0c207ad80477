"""Paying an invoice by card from its public page: whether it can be, what is to be paid, and what is known of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from bursar.billing import locks
from bursar.billing.queries import checkouts as checkout_queries
from bursar.billing.queries import hosted as queries
from bursar.billing.states import PaidFor
from bursar.billing.tills import checkouts, tills
from bursar.billing.tills.checkouts import NewCheckout
from bursar.billing.tills.rules import Standing
from bursar.core.errors import N_, Conflict
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Paying:
    """`till`: somebody can be paid here, with `live` money or to try it out. `standing` of the last attempt, if any."""

    till: bool
    live: bool
    standing: Standing | None

    @property
    def is_under_way(self) -> bool:
        return self.standing is Standing.PROCESSING


async def paying(work: Work, invoice_id: UUID) -> Paying:
    """What the page of an invoice says of paying by card."""
    till = await tills.taking_money(work)
    attempts = await work.db.execute(checkout_queries.about(work, PaidFor.INVOICE, [invoice_id]))
    standings = [checkouts.known_of(row).standing for row in attempts]
    under_way = Standing.PROCESSING if Standing.PROCESSING in standings else None
    last = standings[0] if standings else None
    return Paying(till is not None, till is not None and till.live, under_way or last)


async def under_way(work: Work, invoice_ids: Sequence[UUID]) -> Collection[UUID]:
    """Those of the invoices whose money is on its way."""
    if not invoice_ids:
        return ()
    return frozenset(await work.db.scalars(checkout_queries.under_way(work, PaidFor.INVOICE, invoice_ids)))


async def checkout_of(
    work: Work, invoice_id: UUID, *, words: str, locale: str, success_url: str, cancel_url: str
) -> NewCheckout:
    """All that is open of an invoice, locked. `words` are what it is called, with a place for its `number`.

    Raises `NotFound`, `IllegalMove` for an invoice of which nothing is to be paid, `Conflict` while money for it is
    under way.
    """
    invoice = await locks.lock_invoice_of_customer(work, invoice_id)
    locks.must_be_open(invoice, "pay")
    if await checkouts.is_processing(work, PaidFor.INVOICE, invoice_id):
        raise Conflict(
            N_("A payment for this is on its way. Paying again would pay twice."), code="being_paid"
        )
    return NewCheckout(
        about=PaidFor.INVOICE,
        about_id=invoice_id,
        customer_id=invoice.customer_id,
        amount=Money(invoice.balance_minor, invoice.currency),
        description=words.format(number=invoice.number),
        locale=locale,
        email=await work.db.scalar(queries.payer(work, invoice.customer_id)),
        success_url=success_url,
        cancel_url=cancel_url,
    )
