"""`bursar campaign …`: chosen invoices, one calm message a customer, seen before it goes."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.chasing import campaigns as verbs
from bursar.chasing import leaving_out as taking
from bursar.chasing.comparing import comparison_of
from bursar.chasing.planning import CampaignPlan
from bursar.chasing.previews import previews
from bursar.chasing.results import list_campaigns, results_of
from bursar.chasing.results import show as find
from bursar.chasing.states import CampaignKind, GroupBy
from bursar.cli import choosing, previewing, running, watching
from bursar.cli.campaign_answers import answer_of, compared, local_time, numbers_of, told
from bursar.cli.options import AsJson, CampaignId, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox.accounts import list_accounts

app = typer.Typer(no_args_is_help=True, help="Chase invoices: prepare, look, release.")

AnyHour = Annotated[
    bool, typer.Option("--any-hour", help="Also outside the firm's sending hours; journalled.")
]


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="What it is called here.", show_default=False)],
    kind: Annotated[CampaignKind, typer.Option(help="What it says.", show_default=False)],
    invoices: choosing.Invoices = None,
    sheet: choosing.Sheet = None,
    min_days: choosing.MinDays = None,
    max_days: choosing.MaxDays = None,
    due_within: choosing.DueWithin = None,
    currency: choosing.Currency = None,
    min_amount: choosing.MinAmount = None,
    max_amount: choosing.MaxAmount = None,
    tag: choosing.Tags = None,
    language: choosing.Languages = None,
    country: choosing.Countries = None,
    customer_kind: choosing.Kind = None,
    quiet_days: choosing.QuietDays = None,
    group_by: Annotated[GroupBy, typer.Option(help="One message for each of these.")] = GroupBy.CUSTOMER,
    template: Annotated[str | None, typer.Option(help="A template's code. Unset: the kind's own.")] = None,
    other_template: choosing.OtherTemplate = None,
    other_share: choosing.OtherShare = 50,
    holdout: choosing.Holdout = 0,
    sending_account: Annotated[str | None, typer.Option(help="An address. Unset: the primary one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a list of invoices into a draft: who would be written to, and why others would not."""
    chosen = choosing.Chosen(
        *(invoices, sheet, min_days, max_days, due_within, currency, min_amount, max_amount),
        *(tag, language, country, customer_kind, quiet_days),
    )

    async def act(house: House) -> Answer:
        selection = chosen.selection()
        async with running.work_in(house, tenant) as work:
            plan = CampaignPlan(
                name,
                kind,
                selection,
                group_by,
                template,
                await _account(work, sending_account),
                other_template=other_template,
                other_share=other_share,
                holdout_percent=holdout,
            )
            return answer_of(await find(work, await verbs.create_campaign(work, plan)))

    running.run(ctx, act, as_json=as_json)


@app.command("leave-out")
def leave_out(
    ctx: typer.Context,
    *,
    campaign_id: CampaignId,
    tenant: Tenant,
    invoices: Annotated[
        Path, typer.Option(help="File of invoice numbers, a line each; - is stdin.", show_default=False)
    ],
    reason: Annotated[str | None, typer.Option(help="Why, for whoever looks at it later.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take invoices out of a list that was not let go yet; every later list leaves them out again."""

    async def act(house: House) -> Answer:
        numbers = numbers_of(invoices)
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("campaign", campaign_id)
            await taking.leave_out(work, chosen, numbers=numbers, reason=reason)
            return answer_of(await find(work, chosen))

    running.run(ctx, act, as_json=as_json)


@app.command()
def compare(
    ctx: typer.Context,
    *,
    campaign_id: CampaignId,
    tenant: Tenant,
    days: Annotated[int, typer.Option(min=1, max=90, help="Payments of so many days count.")] = 14,
    as_json: AsJson = False,
) -> None:
    """What came of each text, and of those who were kept out; and what may be said of it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("campaign", campaign_id)
            found = await comparison_of(work, chosen, within=timedelta(days=days))
        return compared(found)

    running.run(ctx, act, as_json=as_json)


@app.command()
def preview(
    ctx: typer.Context,
    *,
    campaign_id: CampaignId,
    tenant: Tenant,
    full: Annotated[
        bool, typer.Option("--full", help="Show each message whole, not its first lines.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Only so many messages.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every message exactly as it would go now."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("campaign", campaign_id)
            shown = await find(work, chosen)

            async def page(after: UUID | None, size: int) -> Any:
                return await previews(work, house.letters, house.composers, chosen, after=after, limit=size)

            return await previewing.answer(shown, page, limit=limit, full=full)

    running.run(ctx, act, as_json=as_json)


@app.command()
def release(
    ctx: typer.Context,
    *,
    campaign_id: CampaignId,
    tenant: Tenant,
    at: Annotated[
        str | None, typer.Option(metavar="'YYYY-MM-DD HH:MM'", help="Then, by the firm's clock.")
    ] = None,
    any_hour: AnyHour = False,
    wait: Annotated[bool, typer.Option("--wait", help="Show how it goes on until it is done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let it go: now, or at a local time of the firm."""

    async def act(house: House) -> Answer:
        chosen = running.id_of("campaign", campaign_id)
        async with running.work_in(house, tenant) as work:
            if at is None:
                await verbs.send_now(work, chosen, any_hour=any_hour)
            else:
                await verbs.schedule(work, chosen, local_time(at), any_hour=any_hour)
            shown = await find(work, chosen)
        if wait:
            shown = await watching.until_done(house, tenant, shown, quiet=as_json)
        return answer_of(shown)

    running.run(ctx, act, as_json=as_json)


@app.command()
def pause(ctx: typer.Context, *, campaign_id: CampaignId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Claim no further message; what is on the wire arrives."""
    _move(ctx, campaign_id, tenant, as_json, verbs.pause)


@app.command()
def resume(ctx: typer.Context, *, campaign_id: CampaignId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Go on with what is left."""
    _move(ctx, campaign_id, tenant, as_json, verbs.resume)


@app.command()
def cancel(ctx: typer.Context, *, campaign_id: CampaignId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Call off what was not sent; what is sent stays sent."""
    _move(ctx, campaign_id, tenant, as_json, verbs.cancel)


@app.command()
def retry(ctx: typer.Context, *, campaign_id: CampaignId, tenant: Tenant, as_json: AsJson = False) -> None:
    """Queue the failed messages of a finished campaign again."""
    _move(ctx, campaign_id, tenant, as_json, verbs.retry_failed)


@app.command()
def clone(
    ctx: typer.Context,
    *,
    campaign_id: CampaignId,
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="What the new one is called.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """A new draft by the same choice, frozen anew."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            new_id = await verbs.clone(work, running.id_of("campaign", campaign_id), name)
            return answer_of(await find(work, new_id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, *, campaign_id: CampaignId, tenant: Tenant, as_json: AsJson = False) -> None:
    """How it stands: messages by state, who is out and why, what came of it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            shown = await find(work, running.id_of("campaign", campaign_id))
            came = await results_of(work, shown.id)
        answer = answer_of(shown)
        results = {
            "opened": came.opened,
            "clicked": came.clicked,
            "collected": [{"amount": one, "currency": one.currency} for one in came.collected],
            "not_sent": {f"{state}/{reason}": many for (state, reason), many in came.not_sent.items()},
        }
        collected = ", ".join(map(str, came.collected)) or None
        told = facts(opened=came.opened, clicked=came.clicked, collected_since=collected)
        return Answer({**answer.data, **results}, (*answer.shown, told))

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    limit: Annotated[int, typer.Option(min=1, max=500, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """A firm's campaigns, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await list_campaigns(work, limit=limit)
        rows = [(one.id, one.name, one.state, one.total, one.done) for one in found]
        shown = table("id", "name", "state", "messages", "done", rows=rows)
        return Answer({"campaigns": [told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


def _move(
    ctx: typer.Context,
    campaign_id: str,
    tenant: str,
    as_json: bool,
    verb: Callable[[Work, UUID], Awaitable[Any]],
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("campaign", campaign_id)
            await verb(work, chosen)
            return answer_of(await find(work, chosen))

    running.run(ctx, act, as_json=as_json)


async def _account(work: Work, address: str | None) -> UUID | None:
    if address is None:
        return None
    for account in await list_accounts(work):
        if account.address == address.strip().lower():
            return account.id
    raise Invalid(
        N_("This firm has no sending account with that address."),
        code="unknown_account",
        field="sending_account",
    )
