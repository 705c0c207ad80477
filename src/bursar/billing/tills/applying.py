"""What a provider told is applied in sets of one tenant: what proves itself at once, the rest after a look (R128).

Signed events that nothing later takes back are applied as they stand, many in one Work. For the others the object is
retrieved first, with no Work open, once however many events speak of it. Money that went back comes after the money
that came. A crash leaves what was not applied waiting; nothing is applied twice, because whatever is applied only ever
moves forward.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog

from bursar.billing.tills import asking, checkouts, moneyback
from bursar.billing.tills.asking import Answers
from bursar.billing.tills.cashier import Cashier
from bursar.billing.tills.naming import rows_named
from bursar.billing.tills.ports import (
    SeenChargeback,
    SeenCheckout,
    SeenRefund,
    TillDesk,
    TillEvent,
    TillEventKind,
)
from bursar.core import inbounds
from bursar.core.errors import N_, Refusal
from bursar.core.work import Office, Work

log = structlog.get_logger(__name__)

STRIPE = "stripe"
A_SET = 100
"""A set costs some seventy statements however long it is: a hundred at once take half the time of twice fifty. Longer
ones keep the firm's other payments waiting at its numbers.
"""
IN_HAND = timedelta(minutes=5)
"""How long others leave alone what is being asked about; a worker that is killed meanwhile costs that delay."""
NOT_OURS = N_("none of our checkouts")
UNREADABLE = N_("This is no event that we can read.")
K = TillEventKind


@dataclass(frozen=True, slots=True)
class Told:
    """An inbound, and what it says."""

    inbound: sa.Row[Any]
    till_id: UUID
    event: TillEvent

    @property
    def id(self) -> UUID:
        return self.inbound.id

    @property
    def proves_itself(self) -> bool:
        return self.event.is_decisive and isinstance(self.event.told, SeenCheckout)

    @property
    def is_about_checkout(self) -> bool:
        return isinstance(self.event.told, SeenCheckout)


async def apply_waiting(cashier: Cashier, desk: TillDesk, tenant_id: UUID) -> int:
    """All that waits of one tenant, set by set; how many were looked at. Safe twice and at once."""
    looked_at = 0
    while True:
        count = await _apply_set(cashier, desk, tenant_id)
        looked_at += count
        if count < A_SET:
            return looked_at


async def _apply_set(cashier: Cashier, desk: TillDesk, tenant_id: UUID) -> int:
    """The next set. What proves itself is through when its Work ends; the rest is then in our hands alone."""
    office = cashier.office
    try:
        async with office.work(tenant_id, cause="provider") as work:
            told, count = await _take(work, desk)
            await _apply_proven(work, [one for one in told if one.proves_itself])
    except Exception as error:
        log.warning("set_not_applied", tenant=str(tenant_id), exc_info=error)
        told, count = await _one_by_one(office, desk, tenant_id)
    await _look_and_apply(cashier, tenant_id, [one for one in told if not one.proves_itself])
    return count


async def _take(work: Work, desk: TillDesk) -> tuple[list[Told], int]:
    """What is due, locked, without what means nothing to us; and how many there were."""
    rows = await inbounds.lock_waiting(work, STRIPE, limit=A_SET)
    told: list[Told] = []
    nothing: list[UUID] = []
    for row in rows:
        try:
            event = desk.read(row.payload["event"])
        except (ValueError, KeyError):
            await inbounds.postpone(work, row, UNREADABLE)
            continue
        if event.kind is K.OTHER:
            nothing.append(row.id)
        else:
            told.append(Told(row, UUID(row.payload["till_id"]), event))
    await inbounds.handled(work, nothing)
    later = [one.id for one in told if not one.proves_itself]
    await inbounds.in_hand(work, later, until=work.now + IN_HAND)
    return told, len(rows)


async def _apply_proven(work: Work, told: Sequence[Told]) -> None:
    """Checkouts that were paid, all in one go."""
    if not told:
        return
    seen = [(one.till_id, one.event.told) for one in told if isinstance(one.event.told, SeenCheckout)]
    named = await rows_named(work, seen)
    pairs = [
        (row_id, checkout) for row_id, (_, checkout) in zip(named, seen, strict=True) if row_id is not None
    ]
    await checkouts.see(work, pairs)
    through: dict[bool, list[UUID]] = {True: [], False: []}
    for one, row_id in zip(told, named, strict=True):
        through[row_id is not None].append(one.id)
    await inbounds.handled(work, through[True])
    await inbounds.handled(work, through[False], note=NOT_OURS)


async def _one_by_one(office: Office, desk: TillDesk, tenant_id: UUID) -> tuple[list[Told], int]:
    """The same set again, each in a Work of its own, so that one that cannot be applied spoils nobody else's."""
    async with office.work(tenant_id, cause="provider") as work:
        told, count = await _take(work, desk)
        await inbounds.in_hand(work, [one.id for one in told], until=work.now + IN_HAND)
    for one in told:
        if one.proves_itself:
            await _each(office, tenant_id, one, lambda work, one=one: _apply_proven(work, [one]))
    return told, count


async def _each(office: Office, tenant_id: UUID, one: Told, act: Callable[[Work], Awaitable[None]]) -> None:
    """Apply one inbound; what stands in its way is written beside it, and it is tried again later."""
    try:
        async with office.work(tenant_id, cause="provider") as work:
            if await inbounds.lock_waiting(work, STRIPE, ids=[one.id]):
                await act(work)
    except Exception as error:
        log.exception("inbound_not_applied", tenant=str(tenant_id), inbound=str(one.id))
        said = str(error) if isinstance(error, Refusal) else f"{type(error).__name__}: {error}"
        await _postpone(office, tenant_id, one, said)


async def _postpone(
    office: Office,
    tenant_id: UUID,
    one: Told,
    error: str,
    *,
    pause: timedelta | None = None,
    spend: bool = True,
) -> None:
    async with office.work(tenant_id, cause="provider") as work:
        for row in await inbounds.lock_waiting(work, STRIPE, ids=[one.id]):
            await inbounds.postpone(work, row, error, pause=pause, spend=spend)


async def _look_and_apply(cashier: Cashier, tenant_id: UUID, told: Sequence[Told]) -> None:
    """What is in our hands: asked about where that is needed, and applied, the money that came before what went."""
    if not told:
        return
    known = await _known_money(cashier.office, tenant_id, told)
    answers = await asking.ask(cashier, tenant_id, [_question(one, known) for one in told])
    for one in sorted(told, key=lambda one: not one.is_about_checkout):
        question = _question(one, known)
        trouble = answers.troubles.get(question) if question else None
        if trouble is not None:
            await _postpone(
                cashier.office, tenant_id, one, trouble.text, pause=trouble.pause, spend=trouble.spend
            )
            continue
        await _apply_one(cashier.office, tenant_id, one, question, answers)


async def _known_money(office: Office, tenant_id: UUID, told: Sequence[Told]) -> set[tuple[UUID, str]]:
    """Of the money that these speak of: what is in our books already, and need not be asked about."""
    asked = {
        (one.till_id, one.event.payment_intent)
        for one in told
        if one.event.is_decisive and one.event.payment_intent
    }
    if not asked:
        return set()
    async with office.work(tenant_id, read_only=True) as work:
        return await moneyback.booked(work, asked)


def _question(one: Told, known: set[tuple[UUID, str]]) -> asking.Question | None:
    """What to retrieve before this is believed; None for what can be believed as it stands."""
    event = one.event
    if isinstance(event.told, SeenCheckout):
        return asking.Question(one.till_id, session_id=event.told.session_id)
    if event.payment_intent is None:
        return None
    if event.is_decisive and (one.till_id, event.payment_intent) in known:
        return None
    return asking.Question(one.till_id, payment_intent=event.payment_intent)


async def _apply_one(
    office: Office, tenant_id: UUID, one: Told, question: asking.Question | None, answers: Answers
) -> None:
    money = answers.money.get(question) if question else None
    seen = money.checkout if money else answers.checkouts.get(question) if question else None
    if seen is not None:
        # Its reactions book the money, and are over when its Work ends: what went back of it comes after that.
        came = _checkout_act(one, seen, through=money is None or one.event.kind is K.PAYMENT_FAILED)
        await _each(office, tenant_id, one, came)
        if money is None or one.event.kind is K.PAYMENT_FAILED:
            return
    refunds: Sequence[SeenRefund] = money.refunds if money else _only(one, SeenRefund)
    chargebacks: Sequence[SeenChargeback] = money.chargebacks if money else _only(one, SeenChargeback)

    async def went(work: Work) -> None:
        intent = one.event.payment_intent
        note = None
        if intent is None:
            note = NOT_OURS
        elif one.event.kind is not K.PAYMENT_FAILED:
            note = await moneyback.see(work, one.till_id, intent, refunds, chargebacks)
        await inbounds.handled(work, [one.id], note=note)

    await _each(office, tenant_id, one, went)


def _only(one: Told, kind: type[Any]) -> list[Any]:
    return [one.event.told] if isinstance(one.event.told, kind) else []


def _checkout_act(one: Told, seen: SeenCheckout, *, through: bool) -> Callable[[Work], Awaitable[None]]:
    async def act(work: Work) -> None:
        [row_id] = await rows_named(work, [(one.till_id, seen)])
        if row_id is not None:
            await checkouts.see(work, [(row_id, seen)])
            if one.event.kind is K.PAYMENT_FAILED:
                await checkouts.declined(work, [row_id])
        if through:
            await inbounds.handled(work, [one.id], note=None if row_id else NOT_OURS)

    return act
