"""What ends when money or a credit arrives: reminders, promises and disputes, in the same transaction (T50).

Written once, below everything that can lower a balance. The caller holds the invoices' locks.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from bursar.billing import rules
from bursar.billing.queries import quiet
from bursar.billing.states import (
    BREAK_PROMISE,
    KEEP_PROMISE,
    REVIVE_PROMISE,
    SETTLE,
    SETTLE_DISPUTE,
    UNKEEP_PROMISE,
    WITHDRAW_PROMISE,
    PromiseState,
)
from bursar.core.moves import move_all
from bursar.core.work import Work
from bursar.outbox import sends


async def settle(work: Work, paid_on: Mapping[UUID, date]) -> None:
    """These invoices have nothing left to pay: paid, each on its day, and nobody is reminded any more."""
    by_day: dict[date, list[UUID]] = defaultdict(list)
    for invoice_id, day in paid_on.items():
        by_day[day].append(invoice_id)
    for day, ids in sorted(by_day.items()):
        await move_all(work, SETTLE, ids, paid_on=day, balance_minor=0)


async def after_payment(work: Work, touched: Collection[UUID], settled: Sequence[UUID]) -> None:
    """Judge the promises about `touched`; of `settled`, end the disputes and drop what was queued."""
    await _judge_promises(work, touched, frozenset(settled))
    await _close_disputes(work, settled)
    await sends.drop_subject(work, "invoice", settled, reason="paid")


async def after_credit(work: Work, invoice_id: UUID) -> None:
    """Nothing is left to pay because it was taken back."""
    await withdraw_promises(work, invoice_id, because="credited")
    await _close_disputes(work, [invoice_id])
    await sends.drop_subject(work, "invoice", [invoice_id], reason="credited")


async def withdraw_promises(work: Work, invoice_id: UUID, *, because: str) -> None:
    """Whoever gave their word about this invoice is free of it."""
    given = await work.db.execute(quiet.promises_on(work, [invoice_id], PromiseState.ACTIVE))
    await move_all(work, WITHDRAW_PROMISE, [row.id for row in given], because=because, reason=because)


async def after_reversal(work: Work, invoice_ids: Sequence[UUID]) -> None:
    """Promises that were kept by money which is gone again: active, or broken if their date is over.

    Only one word counts at a time. An older promise beside an active or newer one does not come back.
    """
    kept = (await work.db.execute(quiet.promises_on(work, invoice_ids, PromiseState.KEPT))).all()
    active = await work.db.execute(quiet.promises_on(work, invoice_ids, PromiseState.ACTIVE))
    spoken_for = {row.invoice_id for row in active}
    revived, broken = [], []
    for promise in kept:
        if promise.paid_in_time >= promise.amount_minor:
            continue
        comes_back = promise.promised_for >= work.today and promise.invoice_id not in spoken_for
        (revived if comes_back else broken).append(promise.id)
        spoken_for.add(promise.invoice_id)
    await move_all(work, REVIVE_PROMISE, revived)
    await move_all(work, UNKEEP_PROMISE, broken)


async def _judge_promises(work: Work, invoice_ids: Collection[UUID], settled: Collection[UUID]) -> None:
    if not invoice_ids:
        return
    judged: dict[PromiseState, list[UUID]] = defaultdict(list)
    for promise in await work.db.execute(quiet.promises_on(work, [*invoice_ids], PromiseState.ACTIVE)):
        outcome = rules.promise_outcome(
            promise.amount_minor,
            promise.paid_in_time,
            promise.promised_for,
            work.today,
            settled=promise.invoice_id in settled,
        )
        judged[outcome].append(promise.id)
    await move_all(work, KEEP_PROMISE, judged[PromiseState.KEPT])
    # One whose date is over breaks by the clock while its invoice is open, and here when that ends.
    await move_all(work, BREAK_PROMISE, judged[PromiseState.BROKEN])


async def _close_disputes(work: Work, invoice_ids: Sequence[UUID]) -> None:
    if not invoice_ids:
        return
    contested = list(await work.db.scalars(quiet.open_disputes(work, invoice_ids)))
    await move_all(
        work, SETTLE_DISPUTE, contested, because="settled", resolution="settled", resolved_at=work.now
    )
