"""How one customer, or one invoice, is chased: paused, resumed, stopped, started again (lifecycle 18).

Paid, promised, disputed, suppressed are read live and stand nowhere here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing import states
from bursar.chasing.queries import sequence_chases as queries
from bursar.chasing.queries import sequences as sequence_queries
from bursar.chasing.states import ChaseState, PauseReason
from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.moves import move, move_all
from bursar.core.states import Move, allowed_from
from bursar.core.work import Work
from bursar.outbox.calling_off import call_off
from bursar.outbox.states import Purpose
from bursar.outbox.taking_out import take_out
from bursar.tenancy import cells

MOVES = tuple(value for value in vars(states).values() if isinstance(value, Move) and value.table == "chases")
LONGEST_REASON = 300  # characters
LARGEST_PAGE = 200
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Chase:
    """`invoice_id` None: all that the sequence covers of this customer. `next_touch_on` is before the firm's calendar.

    `paused_until` is the first day on which it goes on; None: until somebody resumes it.
    """

    id: UUID
    version: int
    sequence_id: UUID
    sequence_name: str
    sequence_active: bool
    customer_id: UUID
    customer_name: str
    invoice_id: UUID | None
    invoice_number: str | None
    state: ChaseState
    pause_reason: PauseReason | None
    paused_until: date | None
    note: str | None
    touch_number: int
    last_touch_on: date | None
    next_touch_on: date | None


@dataclass(frozen=True, slots=True)
class Page:
    """`next` is the cursor of the page after, or None at the end."""

    rows: list[Chase]
    next: UUID | None


async def list_chases(
    work: Work,
    *,
    customer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    sequence_id: UUID | None = None,
    state: ChaseState | None = None,
    cursor: UUID | None = None,
    limit: int = 50,
) -> Page:
    """The newest first."""
    asked = {
        "customer_id": customer_id,
        "invoice_id": invoice_id,
        "sequence_id": sequence_id,
        "state": state,
    }
    wanted = {name: value for name, value in asked.items() if value is not None}
    size = max(1, min(limit, LARGEST_PAGE))
    rows = (await work.db.execute(queries.page(work, wanted, cursor, size + 1))).all()
    return Page([_chase(row) for row in rows[:size]], rows[size - 1].id if len(rows) > size else None)


async def get_chase(work: Work, chase_id: UUID) -> Chase:
    """Raises `NotFound`."""
    return _chase(await _row(work, chase_id))


async def pause(
    work: Work,
    chase_id: UUID,
    *,
    until: date | None = None,
    because: str | None = None,
    version: int | None = None,
) -> None:
    """Leave them in peace until a day, or until somebody resumes; what waits is cancelled, its rungs are free.

    Raises `NotFound`, `IllegalMove`, `StaleVersion`, `Invalid` for a day that is over.
    """
    work.allow(AgentRole.AGENT)
    _check_until(work, until)
    row = await _row(work, chase_id, lock=True)
    await _move(
        work,
        states.PAUSE_CHASE,
        row,
        version=version,
        pause_reason=PauseReason.AGENT,
        paused_until=until,
        note=_said(because),
    )
    await _call_off(work, row, "chase_paused")


async def resume(work: Work, chase_id: UUID, *, version: int | None = None) -> None:
    """Go on: what was missed meanwhile becomes one touch. Raises `NotFound`, `IllegalMove`, `StaleVersion`."""
    work.allow(AgentRole.AGENT)
    row = await _row(work, chase_id, lock=True)
    await _move(
        work,
        states.RESUME_CHASE,
        row,
        version=version,
        pause_reason=None,
        paused_until=None,
        note=None,
    )


async def stop(work: Work, chase_id: UUID, *, because: str, version: int | None = None) -> None:
    """Write no more about it, until an agent starts it again; what waits is cancelled.

    Raises `NotFound`, `IllegalMove`, `StaleVersion`, `Invalid` without a reason.
    """
    work.allow(AgentRole.AGENT)
    if cells.says_nothing(because):
        raise Invalid(N_("Say why, for whoever looks at it later."), code="reason_missing", field="reason")
    row = await _row(work, chase_id, lock=True)
    await _move(
        work,
        states.STOP_CHASE,
        row,
        version=version,
        pause_reason=None,
        paused_until=None,
        note=_said(because),
        next_touch_on=None,
    )
    await _call_off(work, row, "chase_stopped")


async def start(work: Work, chase_id: UUID, *, version: int | None = None) -> None:
    """Chase again what was stopped or done. Raises `NotFound`, `IllegalMove`, `StaleVersion`."""
    work.allow(AgentRole.AGENT)
    row = await _row(work, chase_id, lock=True)
    await _move(work, states.START_CHASE, row, version=version, touch_number=0, note=None)


async def chase_of_customer(work: Work, customer_id: UUID) -> list[UUID]:
    """The chases of all of a customer's invoices, for an agent who wants them paused or stopped; made where none is.

    Raises `NotFound`, `Conflict` for a firm without a sequence.
    """
    work.allow(AgentRole.AGENT)
    if await work.db.scalar(queries.known_customer(work, customer_id)) is None:
        raise NotFound("customer")
    return await _made(work, customer_id, None)


async def chase_of_invoice(work: Work, invoice_id: UUID) -> list[UUID]:
    """The same of a single invoice, apart from its customer's others."""
    work.allow(AgentRole.AGENT)
    customer_id = await work.db.scalar(queries.customer_of_invoice(work, invoice_id))
    if customer_id is None:
        raise NotFound("invoice")
    return await _made(work, customer_id, invoice_id)


async def pause_for_reply(work: Work, customer_ids: Sequence[UUID]) -> None:
    """They answered: every chase of theirs waits for an agent, and what is queued is suppressed(replied)."""
    if not customer_ids:
        return
    await call_off(work, customer_ids, Purpose.CHASE, reason="replied", by_hand=False)
    rows = await work.db.execute(queries.of_customers(work, customer_ids, [ChaseState.RUNNING]))
    ids = [row.id for row in rows]
    await move_all(work, states.PAUSE_CHASE, ids, because="reply", pause_reason=PauseReason.REPLY)


async def resume_after_reply(work: Work, customer_ids: Sequence[UUID]) -> None:
    """An agent dealt with the answer: what waited for that goes on. What an agent paused stays paused."""
    rows = await work.db.execute(queries.of_customers(work, customer_ids, [ChaseState.PAUSED]))
    ids = [row.id for row in rows if row.pause_reason == PauseReason.REPLY]
    await move_all(work, states.RESUME_CHASE, ids, because="reply_handled", pause_reason=None)


async def _made(work: Work, customer_id: UUID, invoice_id: UUID | None) -> list[UUID]:
    found = [row.id for row in await work.db.execute(queries.of_subject(work, customer_id, invoice_id))]
    if found:
        return found
    sequence = (await work.db.execute(sequence_queries.listed(work, archived=False))).first()
    if sequence is None:
        raise Conflict(N_("There is no sequence yet that could write to them."), code="no_sequence")
    return list(await work.db.scalars(queries.add(work, sequence.id, customer_id, invoice_id)))


async def _call_off(work: Work, row: Row[Any], reason: str) -> None:
    if row.invoice_id is None:
        await call_off(work, [row.customer_id], Purpose.CHASE, reason="agent", by_hand=True)
    else:
        await take_out(
            work, "invoice", [row.invoice_id], reason=reason, purposes=[Purpose.CHASE], by_hand=True
        )


async def _move(
    work: Work, step: Move, row: Row[Any], *, version: int | None, note: str | None, **values: Any
) -> None:
    allowed = allowed_from(MOVES, row.state)
    await move(work, step, row.id, because=note, version=version, allowed=allowed, note=note, **values)


async def _row(work: Work, chase_id: UUID, *, lock: bool = False) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, chase_id, lock=lock))).one_or_none()
    if row is None:
        raise NotFound("chase")
    return row


def _said(because: str | None) -> str | None:
    if because is None or cells.says_nothing(because):
        return None
    return cells.parse_text(because, field="reason", limit=LONGEST_REASON)


def _check_until(work: Work, until: date | None) -> None:
    if until is not None and not work.today < until <= work.today + LONGEST_PAUSE:
        raise Invalid(N_("Choose a day within the next year."), code="until_unusable", field="until")


def _chase(row: Row[Any]) -> Chase:
    return Chase(
        row.id,
        row.version,
        row.sequence_id,
        row.sequence_name,
        row.sequence_active,
        row.customer_id,
        row.customer_name,
        row.invoice_id,
        row.invoice_number,
        ChaseState(row.state),
        PauseReason(row.pause_reason) if row.pause_reason else None,
        row.paused_until,
        row.note,
        row.touch_number,
        row.last_touch_on,
        row.next_touch_on,
    )
