"""`bursar sequence …`: ladders that write by themselves, seen before anything goes."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import typer

from bursar.chasing.sequences import rehearsing, sequences
from bursar.chasing.sequences.ladders import DEFAULT_LADDER, TouchPlan
from bursar.chasing.sequences.sequences import SequencePlan
from bursar.cli import choosing, running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.cli.sequence_answers import clock_time, counts, told
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.house import House

app = typer.Typer(
    no_args_is_help=True, help="Ladders that write by themselves: make, look, switch on, let go."
)
Which = Annotated[str, typer.Argument(metavar="ID", help="The sequence's id.", show_default=False)]
Touches = Annotated[
    list[str] | None,
    typer.Option(
        "--touch",
        metavar="DAYS:TEMPLATE",
        help="One touch, like -5:before_due or +7:overdue_firm; once for each. Unset: the usual ladder.",
        show_default=False,
    ),
]
AtTime = Annotated[str, typer.Option(metavar="HH:MM", help="When a day's list may go, by the firm's clock.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    archived: Annotated[bool, typer.Option("--archived", help="Those of the past too.")] = False,
    as_json: AsJson = False,
) -> None:
    """In their order: the first that applies to an invoice chases it."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await sequences.list_sequences(work, archived=archived)
        rows = [
            (one.id, one.name, "on" if one.active else "off", " ".join(touch.name for touch in one.touches))
            for one in found
        ]
        shown = table("id", "name", "", "touches", rows=rows)
        return Answer({"sequences": [told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """One with its touches, whom it is for, and what it covers today."""
    _with_one(ctx, which, tenant, None, as_json=as_json)


@app.command()
def create(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    name: Annotated[str, typer.Option(help="What it is called here.", show_default=False)],
    touch: Touches = None,
    min_days: choosing.MinDays = None,
    max_days: choosing.MaxDays = None,
    currency: choosing.Currency = None,
    min_amount: choosing.MinAmount = None,
    max_amount: choosing.MaxAmount = None,
    tag: choosing.Tags = None,
    language: choosing.Languages = None,
    country: choosing.Countries = None,
    customer_kind: choosing.Kind = None,
    auto_release: Annotated[
        bool, typer.Option("--auto-release", help="Each day's list goes by itself.")
    ] = False,
    release_time: AtTime = "09:00",
    gap_days: Annotated[int, typer.Option(min=1, max=60, help="Days between two messages to one.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Make one, switched off. Without --touch it has the usual ladder; without a condition it is for everybody."""
    segment = choosing.Chosen(
        *(None, None, min_days, max_days, None, currency, min_amount, max_amount),
        *(tag, language, country, customer_kind, None),
    )

    async def act(house: House) -> Answer:
        plan = SequencePlan(
            name=name,
            touches=_touches(touch) if touch else DEFAULT_LADDER,
            applies_to=segment.selection(),
            auto_release=auto_release,
            release_time=clock_time(release_time),
            gap_days=gap_days,
        )
        async with running.work_in(house, tenant) as work:
            return await _answer(work, await sequences.create_sequence(work, plan))

    running.run(ctx, act, as_json=as_json)


@app.command()
def edit(
    ctx: typer.Context,
    which: Which,
    *,
    tenant: Tenant,
    name: Annotated[str | None, typer.Option(help="What it is called here.")] = None,
    touch: Touches = None,
    release_time: Annotated[str | None, typer.Option(metavar="HH:MM", help="By the firm's clock.")] = None,
    auto_release: Annotated[bool | None, typer.Option(help="Whether each day's list goes by itself.")] = None,
    gap_days: Annotated[int | None, typer.Option(min=1, max=60, help="Days between two messages.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given and keep the rest; a list that is held is made again."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            before = await sequences.get_sequence(work, running.id_of("sequence", which))
            plan = SequencePlan(
                name=name or before.name,
                touches=_touches(touch)
                if touch
                else [TouchPlan(one.offset_days, one.template_code, one.severity) for one in before.touches],
                description=before.description,
                applies_to=before.applies_to,
                group_by=before.group_by,
                sending_account_id=before.sending_account_id,
                sender_name=before.sender_name,
                reply_to=before.reply_to,
                auto_release=before.auto_release if auto_release is None else auto_release,
                release_time=before.release_time if release_time is None else clock_time(release_time),
                gap_days=gap_days or before.gap_days,
            )
            await sequences.edit_sequence(work, before.id, plan)
            return await _answer(work, before.id)

    running.run(ctx, act, as_json=as_json)


@app.command()
def preview(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Who would hear what on the next working day; nothing is kept."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await rehearsing.rehearse(work, running.id_of("sequence", which))
        data = {
            "on_date": found.on_date,
            "messages": found.messages,
            "levels": found.levels,
            "left_out": found.left_out,
            "totals": [{"amount": one, "currency": one.currency} for one in found.totals],
        }
        rows = [(one.name, one.to_address, f"{one.offset_days:+d}", one.invoices) for one in found.readers]
        head = facts(on=found.on_date, messages=found.messages, left_out=counts(found.left_out))
        return Answer(data, (head, table("customer", "to", "touch", "invoices", rows=rows)))

    running.run(ctx, act, as_json=as_json)


@app.command()
def activate(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Switch it on: from now on there is a list for each working day."""
    _with_one(ctx, which, tenant, sequences.activate, as_json=as_json)


@app.command()
def deactivate(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Switch it off; a list that waits is closed."""
    _with_one(ctx, which, tenant, sequences.deactivate, as_json=as_json)


@app.command()
def order(
    ctx: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="The first first.", show_default=False)],
    *,
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Say which of several that apply to an invoice chases it; those not named come after."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await sequences.reorder(work, [running.id_of("sequence", one) for one in ids])
            found = await sequences.list_sequences(work)
        shown = table("id", "name", rows=[(one.id, one.name) for one in found])
        return Answer({"sequences": [told(one) for one in found]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def archive(ctx: typer.Context, which: Which, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Put it away for good; what it sent stays in the history."""
    _with_one(ctx, which, tenant, sequences.archive, as_json=as_json)


def _with_one(
    ctx: typer.Context,
    which: str,
    tenant: str,
    verb: Callable[[Work, UUID], Awaitable[None]] | None,
    *,
    as_json: bool,
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            chosen = running.id_of("sequence", which)
            if verb is not None:
                await verb(work, chosen)
            return await _answer(work, chosen)

    running.run(ctx, act, as_json=as_json)


async def _answer(work: Work, sequence_id: UUID) -> Answer:
    found = await sequences.get_sequence(work, sequence_id)
    covered = await rehearsing.count_covered(work, found.applies_to, before=sequence_id)
    head = facts(
        id=found.id,
        name=found.name,
        state="on" if found.active else "off",
        covers=f"{covered.invoices} invoices of {covered.customers} customers",
        segment=json.dumps(dict(found.applies_to)) if found.applies_to else None,
        release="by itself" if found.auto_release else "by hand",
        at=found.release_time.strftime("%H:%M"),
    )
    rows = [(one.name, one.template_code, one.severity, " ".join(one.languages)) for one in found.touches]
    return Answer(
        {**told(found), "covered": covered.invoices},
        (head, table("day", "template", "severity", "languages", rows=rows)),
    )


def _touches(given: list[str]) -> list[TouchPlan]:
    """Graver with each, in the order of their days."""
    read = []
    for one in given:
        day, _, template = one.partition(":")
        try:
            read.append((int(day), template.strip()))
        except ValueError:
            raise Invalid(
                N_("Write a touch like -5:before_due."), code="touch_unreadable", field="touch"
            ) from None
    return [TouchPlan(day, template, min(level, 9)) for level, (day, template) in enumerate(sorted(read))]
