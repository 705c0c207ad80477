"""`bursar why …`: what happens next, when, and what stands in the way."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from bursar.chasing.why import NEXT, Why
from bursar.chasing.why import why as ask
from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table, translate
from bursar.house import House


class Kind(StrEnum):
    INVOICE = "invoice"
    CUSTOMER = "customer"
    SEND = "send"


def why(
    ctx: typer.Context,
    *,
    kind: Annotated[Kind, typer.Argument(help="What to ask about.", show_default=False)],
    key: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="Its id; an invoice's number, a customer's code or address do too."
        ),
    ],
    tenant: Tenant,
    as_json: AsJson = False,
) -> None:
    """Say why something did or did not go out, and what comes next."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            said = await ask(work, kind, key)
        return Answer(_told(said), _shown(said))

    running.run(ctx, act, as_json=as_json)


def _told(said: Why) -> dict[str, object]:
    sends = [
        {
            "id": line.id,
            "state": line.state,
            "reason": line.reason,
            "at": line.at,
            "campaign": line.campaign,
            "sequence": line.sequence,
            "crossed": line.crossed,
        }
        for line in said.sends
    ]
    return {
        "kind": said.kind,
        "id": said.id,
        "state": said.state,
        "next": said.next,
        "next_at": said.next_at,
        "stopped_by": list(said.stopped_by),
        "sends": sends,
        "evidence": [asdict(one) for one in said.evidence],
        "mailbox": asdict(said.mailbox) if said.mailbox else None,
        "run_id": said.run_id,
        "upcoming": asdict(said.upcoming) if said.upcoming else None,
    }


def _shown(said: Why) -> tuple[Table, ...]:
    sentence = translate(NEXT[said.next])
    stopped = ", ".join(said.stopped_by) or None
    head = facts(
        **{said.kind: said.name},
        state=said.state,
        next=sentence,
        when=said.next_at,
        stopped_by=stopped,
        sequence=said.upcoming.sequence_name if said.upcoming else None,
        touch=f"{said.upcoming.offset_days:+d} on {said.upcoming.on_date}" if said.upcoming else None,
        mailbox=said.mailbox.address if said.mailbox else None,
        mailbox_empty=said.mailbox.finishes_at if said.mailbox else None,
    )
    proof = [(one.reason, one.kind, one.text, one.on_date or one.at, one.id) for one in said.evidence]
    shown = (head, table("reason", "because of", "", "when", "id", rows=proof)) if proof else (head,)
    if not said.sends:
        return shown
    rows = [
        (
            line.at,
            line.state,
            line.reason,
            line.campaign or line.sequence,
            "crossed a payment" if line.crossed else "",
        )
        for line in said.sends
    ]
    return *shown, table("when", "message", "reason", "written by", "", rows=rows)
