"""Promises to pay by a date: until then the invoice is left in peace (lifecycle 15)."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing import locks, rules
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.queries import quiet
from bursar.billing.states import BREAK_PROMISE, PROMISE_MOVES, WITHDRAW_PROMISE, PromiseState
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.moves import move, move_all
from bursar.core.states import allowed_from
from bursar.core.work import Record, Work
from bursar.outbox import sends


@dataclass(frozen=True, slots=True)
class Promise:
    """Somebody's word for `amount` of an invoice; `moves` counts how often a customer changed the date."""

    id: UUID
    version: int
    invoice_id: UUID
    customer_id: UUID
    amount: Money
    promised_for: date
    moves: int
    reason: str | None
    state: PromiseState
    created_at: datetime


async def get_promise(work: Work, promise_id: UUID) -> Promise:
    """Raises `NotFound`."""
    row = (await work.db.execute(quiet.promise(work, promise_id))).one_or_none()
    if row is None:
        raise NotFound("promise")
    return _promise(row)


async def list_promises(
    work: Work,
    *,
    invoice_id: UUID | None = None,
    customer_id: UUID | None = None,
    before: UUID | None = None,
    limit: int = 50,
) -> list[Promise]:
    """The newest first, older than `before`."""
    statement = quiet.promises_before(work, before, limit, invoice_id=invoice_id, customer_id=customer_id)
    return [_promise(row) for row in await work.db.execute(statement)]


async def make_promise(
    work: Work,
    invoice_id: UUID,
    *,
    promised_for: date,
    amount: Money | None = None,
    reason: str | None = None,
) -> UUID:
    """Somebody gives their word for `amount`, or for all that is open; what was queued about it is dropped.

    Raises `IllegalMove` unless the invoice is open, `Conflict` while a promise runs or it is contested,
    `Invalid` for an amount or a date that cannot be promised.
    """
    work.allow(AgentRole.AGENT, customer=True)
    invoice = await locks.lock_invoice(work, invoice_id)
    locks.must_be_open(invoice, "promise")
    await _must_be_free(work, invoice_id)
    _check_amount(invoice, amount)
    _check_date(work, promised_for, await _terms(work))
    values = {
        "invoice_id": invoice_id,
        "customer_id": invoice.customer_id,
        "amount_minor": amount.minor if amount else invoice.balance_minor,
        "currency": invoice.currency,
        "promised_for": promised_for,
        "reason": reason,
        "state": PromiseState.ACTIVE,
    }
    promise_id = (await work.db.execute(quiet.add_promise(work, values))).scalar_one()
    await sends.drop_subject(work, "invoice", [invoice_id], reason="promise")
    return promise_id


async def move_promise(
    work: Work, promise_id: UUID, *, promised_for: date, version: int | None = None
) -> None:
    """Another date for a running promise; a customer may ask for it only so often, an agent always."""
    work.allow(AgentRole.AGENT, customer=True)
    promise = await _active(work, promise_id, "move", version)
    terms = await _terms(work)
    by_customer = work.actor.type is ActorType.CUSTOMER
    if by_customer and promise.moves >= terms.promise_moves:
        raise Conflict(
            N_("The date was changed as often as it can be. Please talk to us."), code="no_moves_left"
        )
    _check_date(work, promised_for, terms)
    after = {"promised_for": promised_for, "moves": promise.moves + by_customer}
    if await work.db.scalar(quiet.change_promise(work, promise_id, promise.version, after)) is None:
        raise StaleVersion("promise")
    told = {
        "before": {"promised_for": promise.promised_for.isoformat()},
        "after": {"promised_for": promised_for.isoformat()},
    }
    await work.record("promise.move", Record(promise_id, promise.customer_id, changes=told))


async def withdraw_promise(
    work: Work, promise_id: UUID, *, because: str | None = None, version: int | None = None
) -> None:
    """The word is taken back; the invoice is chased again if something of it is open."""
    work.allow(AgentRole.AGENT, customer=True)
    await _active(work, promise_id, WITHDRAW_PROMISE.event, version)
    await move(work, WITHDRAW_PROMISE, promise_id, because=because, version=version, reason=because)


async def break_promises(work: Work, *, limit: int = 5_000) -> list[UUID]:
    """Promises whose date is over without the money: the chase goes on where it stood. Safe to repeat."""
    work.allow(AgentRole.ADMIN)
    past = list(await work.db.scalars(quiet.promises_past(work, limit)))
    return await move_all(work, BREAK_PROMISE, past)


async def _active(work: Work, promise_id: UUID, event: str, version: int | None) -> sa.Row[Any]:
    """The promise behind its invoice's lock. Raises `NotFound`, `IllegalMove`, `StaleVersion`."""
    found = (await work.db.execute(quiet.promise(work, promise_id))).one_or_none()
    if found is None:
        raise NotFound("promise")
    await locks.lock_invoice(work, found.invoice_id)
    promise = (await work.db.execute(quiet.promise(work, promise_id))).one()
    if promise.state != PromiseState.ACTIVE:
        raise IllegalMove("promise", promise.state, event, allowed_from(PROMISE_MOVES, promise.state))
    if version is not None and promise.version != version:
        raise StaleVersion("promise")
    return promise


async def _terms(work: Work) -> rules.Terms:
    return rules.Terms.of((await work.db.execute(invoice_queries.settings(work))).one().settings)


async def _must_be_free(work: Work, invoice_id: UUID) -> None:
    if (await work.db.execute(quiet.open_disputes(work, [invoice_id]))).first():
        raise Conflict(
            N_("This invoice is contested. Settle or withdraw the dispute first."), code="disputed"
        )
    if (await work.db.execute(quiet.promises_on(work, [invoice_id], PromiseState.ACTIVE))).first():
        raise Conflict(
            N_("There is a promise for this invoice already. Change its date instead."),
            code="promise_exists",
        )


def _check_amount(invoice: sa.Row[Any], amount: Money | None) -> None:
    if amount is None:
        return
    if amount.currency != invoice.currency:
        raise MixedCurrencies(invoice.currency, amount.currency)
    if not 0 < amount.minor <= invoice.balance_minor:
        raise Invalid(
            N_("Promise more than zero and at most what is open: %(open)s."),
            code="promise_does_not_fit",
            field="amount",
            open=Money(invoice.balance_minor, invoice.currency).plain(),
        )


def _check_date(work: Work, promised_for: date, terms: rules.Terms) -> None:
    last = work.today + terms.promise_ahead
    if not work.today <= promised_for <= last:
        raise Invalid(
            N_("Choose a day from today to %(last)s."),
            code="promise_date",
            field="promised_for",
            last=last.isoformat(),
        )


def _promise(row: sa.Row[Any]) -> Promise:
    names = ("id", "version", "invoice_id", "customer_id", "promised_for", "moves", "reason", "created_at")
    plain = {name: getattr(row, name) for name in names}
    return Promise(amount=Money(row.amount_minor, row.currency), state=PromiseState(row.state), **plain)
