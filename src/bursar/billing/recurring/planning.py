"""What a customer is billed each month: agreed, changed, paused, resumed (lifecycle 8)."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries import recurring as queries
from bursar.billing.recurring import schedule
from bursar.billing.recurring.plans import Plan, checked
from bursar.billing.states import (
    END_RECURRING,
    PAUSE_RECURRING,
    RECURRING_MOVES,
    RESUME_RECURRING,
    RecurringState,
)
from bursar.core.errors import N_, Conflict, IllegalMove, Invalid, NotFound, StaleVersion
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.states import allowed_from
from bursar.core.work import Record, Work

_PERSONAL = ("description", "notes")


async def create_recurring(work: Work, plan: Plan) -> UUID:
    """A new agreement, active from now on; its first run is the first billing day from the start on.

    Raises `NotFound` for a customer or product of nobody here, `Invalid` or `Conflict` naming what cannot be.
    """
    work.allow(AgentRole.AGENT)
    values = await checked(work, plan)
    first = next(schedule.next_runs(plan.day_of_month, plan.start_date, plan.end_date, plan.start_date), None)
    if first is None:
        raise Invalid(
            N_("No billing day falls between the start and the end."), code="never_runs", field="end_date"
        )
    values |= {
        "customer_id": plan.customer_id,
        "next_run_on": first,
        "state": RecurringState.ACTIVE,
        "created_by": work.actor.id,
    }
    return (await work.db.execute(queries.add(work, values))).scalar_one()


async def edit_recurring(work: Work, recurring_id: UUID, plan: Plan, *, version: int | None = None) -> None:
    """Put `plan` in the place of what was agreed; it holds for months that were not billed yet.

    The month that is next to be billed stays the next: another billing day bills it on that day, so that no month is
    billed twice or left out. Raises `IllegalMove` once it has ended, `StaleVersion`, and as `create_recurring`.
    """
    work.allow(AgentRole.AGENT)
    before = await lock(work, recurring_id, "edit", END_RECURRING.sources, version)
    if plan.customer_id != before.customer_id:
        raise Invalid(
            N_("A recurring invoice stays with its customer. End it and make a new one."),
            code="other_customer",
            field="customer_id",
        )
    after = await checked(work, plan, kept=before.product_id)
    if before.next_run_on == schedule.first_run(before.day_of_month, before.start_date):
        after["next_run_on"] = schedule.first_run(plan.day_of_month, plan.start_date)
    elif plan.start_date != before.start_date:
        raise Conflict(
            N_("It has billed its first month: the start stays."), code="already_started", field="start_date"
        )
    else:
        after["next_run_on"] = before.next_run_on.replace(day=plan.day_of_month)
    changed = [name for name, value in after.items() if getattr(before, name) != value]
    if not changed:
        return
    await work.db.execute(queries.change(work, recurring_id, {**after, "refusal": None}))
    await work.record(
        "recurring_invoice.edit",
        Record(
            recurring_id,
            before.customer_id,
            changes=_told(before, after, [name for name in changed if name not in _PERSONAL]),
            private=_told(before, after, [name for name in changed if name in _PERSONAL]),
        ),
    )


async def pause_recurring(work: Work, recurring_id: UUID, *, version: int | None = None) -> None:
    """Bill nothing until it is resumed; the months between are not billed later.

    Raises `NotFound`, `IllegalMove`, `StaleVersion`.
    """
    work.allow(AgentRole.AGENT)
    await lock(work, recurring_id, PAUSE_RECURRING.event, PAUSE_RECURRING.sources, version)
    await move(work, PAUSE_RECURRING, recurring_id)


async def resume_recurring(work: Work, recurring_id: UUID, *, version: int | None = None) -> None:
    """Bill again from the next billing day on; today's, if it is one. Nothing is billed for the pause (R84).

    Raises `NotFound`, `IllegalMove`, `StaleVersion`, `Conflict` when its last day is over.
    """
    work.allow(AgentRole.AGENT)
    before = await lock(work, recurring_id, RESUME_RECURRING.event, RESUME_RECURRING.sources, version)
    upcoming = next(runs_from(before, work.today), None)
    if upcoming is None:
        raise Conflict(
            N_("No billing day is left before its end. Change the end first."),
            code="end_passed",
            field="end_date",
        )
    await move(work, RESUME_RECURRING, recurring_id, next_run_on=upcoming, refusal=None)


async def lock(
    work: Work, recurring_id: UUID, event: str, sources: Collection[str], version: int | None
) -> sa.Row[Any]:
    """One that stands in one of `sources`, as it is now that nobody else changes it.

    Raises `NotFound`, `IllegalMove`, `StaleVersion`.
    """
    row = (await work.db.execute(queries.lock(work, recurring_id))).one_or_none()
    if row is None:
        raise NotFound("recurring invoice")
    if row.state not in sources:
        permitted = allowed_from(RECURRING_MOVES, row.state)
        raise IllegalMove("recurring_invoice", row.state, event, permitted)
    if version is not None and row.version != version:
        raise StaleVersion("recurring invoice")
    return row


def runs_from(row: Any, today: date) -> Any:
    """Its billing days from `today` on, past the month that it has billed."""
    runs = schedule.next_runs(row.day_of_month, row.start_date, row.end_date, today)
    billed = schedule.period_of(row.last_generated_on) if row.last_generated_on else ""
    return (run for run in runs if schedule.period_of(run) > billed)


def _told(before: sa.Row[Any], after: dict[str, Any], names: list[str]) -> dict[str, Any]:
    if not names:
        return {}
    return {
        "before": {name: _plain(getattr(before, name)) for name in names},
        "after": {name: _plain(after[name]) for name in names},
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)
