"""`bursar sequence stage|lists|messages|release|call-off`: the lists of days, looked at and let go."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from bursar.chasing.previews import previews_in_run
from bursar.chasing.sequences import lists, releasing, staging
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.cli.sequence_answers import clock_time, counts, day_told, lists_answer
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.tenants import find_tenant

RunId = Annotated[
    str, typer.Argument(metavar="RUN", help="The list's run, as `lists` shows it.", show_default=False)
]


def stage(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Make the lists of the next working day now, and not with the hour."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        run_ids = await staging.stage_all(house.office, tenant_id)
        async with running.work_in(house, tenant) as work:
            return lists_answer([await lists.get_list(work, one) for one in run_ids])

    running.run(ctx, act, as_json=as_json)


def lists_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    held: Annotated[bool, typer.Option("--held", help="Only those that wait.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 30,
    as_json: AsJson = False,
) -> None:
    """The lists of the last days, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await (lists.held_lists(work) if held else lists.recent_lists(work, limit=limit))
        return lists_answer(found)

    running.run(ctx, act, as_json=as_json)


def messages(
    ctx: typer.Context,
    run_id: RunId,
    *,
    tenant: Tenant,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Each message of a list as it would go now."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            run = (await lists.get_list(work, running.id_of("list", run_id))).run_id
            found = await previews_in_run(work, house.letters, house.composers, run, limit=limit)
        rows = [(one.send_id, one.to_name or one.to_address, one.subject, one.problem) for one in found]
        told = [
            {
                "id": one.send_id,
                "to": one.to_address,
                "subject": one.subject,
                "text": one.text,
                "problem": one.problem,
            }
            for one in found
        ]
        return Answer({"messages": told}, (table("id", "to", "subject", "problem", rows=rows),))

    running.run(ctx, act, as_json=as_json)


def release(
    ctx: typer.Context,
    run_id: RunId,
    *,
    tenant: Tenant,
    at: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="By itself at this time of its day.")
    ] = None,
    any_hour: Annotated[
        bool, typer.Option("--any-hour", help="Also outside the sending hours; journalled.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Let a day's list go, now or by itself; say what changed since it was made."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            run = running.id_of("list", run_id)
            changed = await lists.changes(work, run)
            if at is None:
                await releasing.release(work, run, any_hour=any_hour)
            else:
                await releasing.announce(work, run, clock_time(at))
            day = await lists.get_list(work, run)
        since = facts(
            stopped=counts(changed.stopped), dropped=counts(changed.dropped), added=changed.added or None
        )
        answer = lists_answer([day])
        data = {
            **day_told(day),
            "stopped": changed.stopped,
            "dropped": changed.dropped,
            "added": changed.added,
        }
        return Answer(data, (*answer.shown, since))

    running.run(ctx, act, as_json=as_json)


def call_off(ctx: typer.Context, run_id: RunId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Nothing more of a day's list goes; the next says what it would have said."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            run = running.id_of("list", run_id)
            await releasing.cancel(work, run)
            return lists_answer([await lists.get_list(work, run)])

    running.run(ctx, act, as_json=as_json)


def left_out(
    ctx: typer.Context,
    run_id: RunId,
    *,
    tenant: Tenant,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Invoices that had reached a touch and are not in a day's list, with why."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            run = (await lists.get_list(work, running.id_of("list", run_id))).run_id
            found = await lists.left_out(work, run, limit=limit)
        rows = [
            (one.number, one.customer_name, one.balance, f"{one.offset_days:+d}", one.reason) for one in found
        ]
        told = [
            {
                "invoice_id": one.invoice_id,
                "number": one.number,
                "touch": one.offset_days,
                "reason": one.reason,
            }
            for one in found
        ]
        return Answer(
            {"left_out": told}, (table("invoice", "customer", "open", "touch", "reason", rows=rows),)
        )

    running.run(ctx, act, as_json=as_json)


def pause(ctx: typer.Context, run_id: RunId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Nothing further of a list leaves; what is on the wire arrives."""
    _with_one(ctx, run_id, tenant, releasing.pause, as_json=as_json)


def resume(ctx: typer.Context, run_id: RunId, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Go on with what is left of a list."""
    _with_one(ctx, run_id, tenant, releasing.resume, as_json=as_json)


def _with_one(
    ctx: typer.Context,
    run_id: str,
    tenant: str,
    verb: Callable[[Work, UUID], Awaitable[None]],
    *,
    as_json: bool,
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            run = running.id_of("list", run_id)
            await verb(work, run)
            return lists_answer([await lists.get_list(work, run)])

    running.run(ctx, act, as_json=as_json)
