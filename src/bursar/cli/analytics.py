"""`bursar results`: what messages came to."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from bursar.chasing.analytics import overview
from bursar.chasing.analytics.overview import Collected, Part, Promised, Results
from bursar.chasing.asking import WINDOWS, Asked, Dimension, Interval
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, table
from bursar.core.errors import N_, Invalid
from bursar.house import House
from bursar.outbox.counted import Counts
from bursar.outbox.outcomes import Figure, Outcome
from bursar.outbox.states import Purpose
from bursar.tenancy.dates import parse_date

SHOWN = (
    *("ordered", "accepted", "bounced", "failed", "suppressed", "cancelled", "waiting", "uncertain"),
    *("replied", "opened", "clicked"),
)


def results(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="The first day; twelve weeks before the last."),
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The last day; today.")] = None,
    interval: Annotated[Interval, typer.Option(help="How long a period is.")] = Interval.WEEK,
    by: Annotated[Dimension | None, typer.Option(help="Also by this.", show_default=False)] = None,
    purpose: Annotated[
        Purpose | None, typer.Option(help="Only messages of this kind.", show_default=False)
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this campaign.", show_default=False)
    ] = None,
    sequence: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this sequence.", show_default=False)
    ] = None,
    template: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this template.", show_default=False)
    ] = None,
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="Only through this mailbox.", show_default=False)
    ] = None,
    days: Annotated[
        str, typer.Option(metavar="DAYS", help="Money counts within so many days after a message.")
    ] = ",".join(map(str, WINDOWS)),
    as_json: AsJson = False,
) -> None:
    """What messages came to: what went, what did not and why, who answered, what money followed."""

    async def act(house: House) -> Answer:
        asked = Asked(
            first=parse_date(first, field="from") if first else None,
            last=parse_date(last, field="to") if last else None,
            interval=interval,
            purpose=purpose,
            campaign_id=running.id_of("campaign", campaign) if campaign else None,
            sequence_id=running.id_of("sequence", sequence) if sequence else None,
            template_id=running.id_of("template", template) if template else None,
            sending_account_id=running.id_of("sending account", account) if account else None,
            windows=_windows(days),
        )
        async with running.work_in(house, tenant) as work:
            found = await overview.results(work, asked, by=[by] if by else [])
        tables = [_table("from", found.periods)]
        if by:
            tables.append(_table(by, found.parts[by]))
        return Answer(_data(found), tuple(tables))

    running.run(ctx, act, as_json=as_json)


def _windows(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        raise Invalid(
            N_("Choose up to three numbers of days, each from 1 to 90."),
            code="windows_unusable",
            field="days",
        )
    return tuple(sorted({int(part) for part in parts}))


def _table(head: str, parts: Sequence[Part]) -> Any:
    rows = [
        (
            part.name or part.id,
            *(part.counts.of(name) for name in SHOWN),
            f"{part.promised.kept}/{part.promised.made}",
            ", ".join(str(sums.within[-1]) for sums in part.collected.values()),
        )
        for part in parts
    ]
    return table(head, *SHOWN, "promises kept", "came in", rows=rows)


def _data(found: Results) -> dict[str, Any]:
    return {
        "first": found.first,
        "last": found.last,
        "days": list(found.windows),
        **_figures(found.counts, found.collected, found.promised),
        "reasons": [
            {"outcome": outcome, "reason": reason, "many": many}
            for (outcome, reason), many in found.reasons.items()
        ],
        "median_days": found.median_days,
        "periods": [_part(part) for part in found.periods],
        "parts": {dimension: [_part(part) for part in parts] for dimension, parts in found.parts.items()},
    }


def _part(part: Part) -> dict[str, Any]:
    name = str(part.id) if part.id is not None else None
    return {"id": name, "name": part.name, **_figures(part.counts, part.collected, part.promised)}


def _figures(counts: Counts, collected: Mapping[str, Collected], promised: Promised) -> dict[str, Any]:
    return {
        "ordered": counts.ordered,
        **{name: counts.of(name) for name in (*Outcome, *Figure)},
        "promises": {"made": promised.made, "kept": promised.kept, "broken": promised.broken},
        "collected": {currency: list(sums.within) for currency, sums in collected.items()},
    }
