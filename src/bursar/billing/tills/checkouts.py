"""Checkouts: attempts to pay for something at a till, and the one act by which all that is seen of them is applied.

A webhook, the page that customers come back to and the clock all end in `see`. It knows no HTTP, may be called
twice, late and in any order, and takes sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from bursar.billing import payments
from bursar.billing.payment_book import NewPayment
from bursar.billing.queries import checkouts as queries
from bursar.billing.states import (
    COMPLETE_CHECKOUT,
    EXPIRE_CHECKOUT,
    CheckoutState,
    PaidFor,
    PaymentSource,
    PaymentStatus,
)
from bursar.billing.tills import rules
from bursar.billing.tills.ports import SeenCheckout
from bursar.billing.tills.rules import Known, Standing
from bursar.core.errors import N_, Conflict, Refusal
from bursar.core.money import Money
from bursar.core.moves import move_rows
from bursar.core.work import Record, Work

log = structlog.get_logger(__name__)

LASTS = timedelta(hours=23)
"""How long a checkout can be paid; Stripe allows a day, counted by its own clock."""
RUNS_OUT = timedelta(hours=1)
"""After the end of a checkout of which the provider says nothing: nobody can pay on it any more."""
CARD = "card"


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """What a room wants paid, made inside the Work that locked it and knows the amount.

    Addresses are absolute. `success_url` may hold `{CHECKOUT_SESSION_ID}`; that somebody comes back there proves
    nothing.
    """

    about: PaidFor
    about_id: UUID
    customer_id: UUID
    amount: Money
    description: str
    locale: str
    email: str | None
    success_url: str
    cancel_url: str


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that is written down and not yet known to the provider."""

    id: UUID
    attempt: int
    expires_at: datetime


async def begin(work: Work, new: NewCheckout, till_id: UUID) -> Begun:
    """Write down the next attempt; earlier ones that are open are called off. The caller has locked what is paid."""
    earlier = (await work.db.execute(queries.about(work, new.about, [new.about_id]))).all()
    attempt = earlier[0].attempt + 1 if earlier else 1
    expires_at = work.now + LASTS
    values = {
        "customer_id": new.customer_id,
        "till_id": till_id,
        "about_type": new.about,
        "about_id": new.about_id,
        "attempt": attempt,
        "amount_minor": new.amount.minor,
        "currency": new.amount.currency,
        "expires_at": expires_at,
    }
    checkout_id = await work.db.scalar(queries.add(work, values))
    if checkout_id is None:
        raise Conflict(N_("Somebody else is paying this right now. Try again in a moment."), code="busy")
    await _call_off(work, [row for row in earlier if row.state == CheckoutState.OPEN], "another_attempt")
    return Begun(checkout_id, attempt, expires_at)


async def call_off(work: Work, about: PaidFor, ids: Sequence[UUID], *, because: str) -> None:
    """Nobody is to pay for these things any more: a job closes their open checkouts at the provider.

    Until it has, money may still come, and counts.
    """
    if ids:
        await _call_off(work, (await work.db.execute(queries.open_about(work, about, ids))).all(), because)


async def see(work: Work, seen: Sequence[tuple[UUID, SeenCheckout]]) -> None:
    """Apply what the provider says of checkouts, by the ids of their rows. What tells nothing new writes nothing.

    A paid invoice's money is recorded here, once: the source is the provider, the external id its payment intent,
    else its session. What was paid for an order is the reactions' to `checkout_session.paid`. Money of another
    amount or currency than was asked for is not applied but told as `checkout_session.mismatch` (R76). Ids of
    nobody are passed over.

    Rows are locked in the order of their ids and before customers, orders and invoices.
    """
    told: dict[UUID, list[SeenCheckout]] = {}
    for checkout_id, one in seen:
        told.setdefault(checkout_id, []).append(one)
    if not told:
        return
    changed: list[_Change] = []
    for row in await work.db.execute(queries.lock(work, sorted(told))):
        before = now = known_of(row)
        other: SeenCheckout | None = None
        for one in told[row.id]:
            if one.live is not row.live:
                log.warning("checkout_of_other_money", id=str(row.id), live=one.live)
                continue
            now = rules.after(now, one)
            other = one if now.standing is Standing.MISMATCHED else None
        if now != before:
            changed.append(_Change(row, before, now, other=other))
    await _write(work, changed)


async def declined(work: Work, checkout_ids: Sequence[UUID]) -> None:
    """A card was refused on these; their pages stay open for another try. Those that are not open are passed over."""
    rows = await work.db.execute(queries.lock(work, sorted(set(checkout_ids))))
    still_open = [row for row in rows if row.state == CheckoutState.OPEN]
    await work.record("checkout_session.declined", *(_record(row) for row in still_open))


async def attach_payments(work: Work, paid: Mapping[UUID, UUID]) -> None:
    """Which payment in our books each of these checkouts became."""
    if paid:
        await work.db.execute(queries.attach(work, sorted(paid.items())))


async def run_out(work: Work, ids: Sequence[UUID], *, because: str) -> None:
    """Open ones of which the provider will not say any more that they are over."""
    found = (await work.db.execute(queries.lock(work, sorted(set(ids))))).all()
    rows = [_row(known_of(row), row, row.last_error) for row in found if row.state == CheckoutState.OPEN]
    if rows:
        await move_rows(work, EXPIRE_CHECKOUT, queries.expire(work, rows), because=because)


async def give_up_money(work: Work, ids: Sequence[UUID], *, because: str) -> None:
    """Money under way of which nobody will tell us any more: it did not come, as far as we shall know."""
    found = (await work.db.execute(queries.lock(work, sorted(set(ids))))).all()
    under_way = [row for row in found if known_of(row).standing is Standing.PROCESSING]
    if under_way:
        await work.db.execute(
            queries.stamp(work, [row.id for row in under_way], payment_status=PaymentStatus.FAILED)
        )
        await work.record("checkout_session.failed", *(_record(row, because=because) for row in under_way))


async def is_processing(work: Work, about: PaidFor, about_id: UUID) -> bool:
    """Whether money for it is under way: a checkout that was gone through and is not paid yet."""
    rows = await work.db.execute(queries.about(work, about, [about_id]))
    return any(known_of(row).standing is Standing.PROCESSING for row in rows)


@dataclass(slots=True)
class _Change:
    row: sa.Row[Any]
    before: Known
    now: Known
    payment_id: UUID | None = None
    other: SeenCheckout | None = None

    def reaches(self, standing: Standing) -> bool:
        return self.now.standing is standing and self.before.standing is not standing


async def _write(work: Work, changed: Sequence[_Change]) -> None:
    """At most one statement for each way a checkout can go, and one for each event."""
    if not changed:
        return
    await _enter_payments(work, changed)
    ways: dict[bool | None, list[list[Any]]] = {True: [], False: [], None: []}
    for one in changed:
        way = None
        if one.now.state != one.before.state:
            way = one.now.state is CheckoutState.COMPLETE
        error = queries.MISMATCH if one.now.standing is Standing.MISMATCHED else None
        ways[way].append(_row(one.now, one.row, error, one.payment_id))
    if ways[True]:
        await move_rows(work, COMPLETE_CHECKOUT, queries.complete(work, ways[True]))
    if ways[False]:
        await move_rows(work, EXPIRE_CHECKOUT, queries.expire(work, ways[False]))
    if ways[None]:
        await work.db.execute(queries.note(work, ways[None]))
    for standing, event in (
        (Standing.PROCESSING, "checkout_session.processing"),
        (Standing.FAILED, "checkout_session.failed"),
        (Standing.MISMATCHED, "checkout_session.mismatch"),
        (Standing.PAID, "checkout_session.paid"),
    ):
        records = [_record(one.row, **_came(one.other)) for one in changed if one.reaches(standing)]
        await work.record(event, *records)


def _came(other: SeenCheckout | None) -> dict[str, Any]:
    """What was seen in place of what was asked for: whoever decides about it has to know."""
    if other is None or other.amount is None:
        return {}
    told = {"came_minor": other.amount.minor, "came_currency": other.amount.currency}
    return {**told, "came_status": other.payment_status}


async def _enter_payments(work: Work, changed: Sequence[_Change]) -> None:
    """Money for invoices goes into the books; what an invoice no longer needs is its customer's credit (T54)."""
    paid = [
        one
        for one in changed
        if one.reaches(Standing.PAID) and one.row.about_type == PaidFor.INVOICE and one.now.asked.minor
    ]
    if not paid:
        return
    given = [
        NewPayment(
            amount=one.now.asked,
            received_on=work.today,
            customer_id=one.row.customer_id,
            allocate_to=((one.row.about_id, None),),
            method=CARD,
            source=PaymentSource.STRIPE,
            external_id=one.now.payment_intent or one.now.session_id,
        )
        for one in paid
    ]
    for one, answer in zip(paid, await payments.record_payments(work, given), strict=True):
        if isinstance(answer, Refusal):
            raise answer
        one.payment_id = answer.payment_id


async def _call_off(work: Work, rows: Sequence[sa.Row[Any]], because: str) -> None:
    await work.record("checkout_session.call_off", *(_record(row, because=because) for row in rows))


def known_of(row: sa.Row[Any]) -> Known:
    """A row as the rules take it."""
    mismatched = row.last_error == queries.MISMATCH
    return Known(
        standing=rules.standing_of(row.state, row.payment_status, mismatched=mismatched),
        asked=Money(row.amount_minor, row.currency),
        payment_status=PaymentStatus(row.payment_status),
        session_id=row.session_id,
        url=row.url,
        expires_at=row.expires_at,
        payment_intent=row.payment_intent,
        provider_customer=row.provider_customer,
    )


def _row(known: Known, row: sa.Row[Any], error: str | None, payment_id: UUID | None = None) -> list[Any]:
    """In the order of the columns that `queries` writes."""
    return [
        row.id,
        known.payment_status,
        known.session_id,
        known.url if known.standing is Standing.OPEN else None,
        known.payment_intent,
        known.provider_customer,
        payment_id or row.payment_id,
        known.expires_at,
        error,
    ]


def _record(row: sa.Row[Any], **more: Any) -> Record:
    told = {
        "about": row.about_type,
        "about_id": str(row.about_id),
        "amount_minor": row.amount_minor,
        "currency": row.currency,
        **more,
    }
    return Record(row.id, row.customer_id, payload=told)
