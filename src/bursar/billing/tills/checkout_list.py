"""Checkouts as people look at them: what was begun for a thing or by a customer, and where each stands."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import checkouts as queries
from bursar.billing.states import CheckoutState, PaidFor, PaymentStatus
from bursar.billing.tills.checkouts import known_of
from bursar.billing.tills.rules import Standing
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class CheckoutShown:
    """One attempt to pay, as people see it. `standing` is a word of `STANDINGS`."""

    id: UUID
    version: int
    customer_id: UUID
    till_id: UUID
    about: PaidFor
    about_id: UUID
    attempt: int
    amount: Money
    state: CheckoutState
    payment_status: PaymentStatus
    standing: str
    session_id: str | None
    payment_intent: str | None
    payment_id: UUID | None
    expires_at: datetime
    seen_at: datetime | None
    created_at: datetime


STANDINGS = {standing: standing.name.lower() for standing in Standing}


async def list_checkouts(
    work: Work,
    *,
    customer_id: UUID | None = None,
    about: PaidFor | None = None,
    about_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[CheckoutShown]:
    """Attempts to pay, the newest first: of a customer, for a thing, or all."""
    found = queries.before(work, before, limit, customer_id=customer_id, kind=about, about_id=about_id)
    return [_shown(row) for row in await work.db.execute(found)]


async def get_checkout(work: Work, checkout_id: UUID) -> CheckoutShown:
    """Raises `NotFound`."""
    row = (await work.db.execute(queries.one(work, checkout_id))).one_or_none()
    if row is None:
        raise NotFound("checkout")
    return _shown(row)


def _shown(row: sa.Row[Any]) -> CheckoutShown:
    names = ("id", "version", "customer_id", "till_id", "about_id", "attempt", "session_id", "payment_intent")
    times = ("payment_id", "expires_at", "seen_at", "created_at")
    known = known_of(row)
    return CheckoutShown(
        **{name: getattr(row, name) for name in (*names, *times)},
        about=PaidFor(row.about_type),
        amount=known.asked,
        state=CheckoutState(row.state),
        payment_status=known.payment_status,
        standing=STANDINGS[known.standing],
    )
