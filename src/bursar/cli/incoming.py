"""`bursar inbox …`: what customers answered and mail servers reported, and which mailboxes are read for it."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import NotFound
from bursar.core.work import SYSTEM, Work
from bursar.house import House
from bursar.outbox.accounts import list_accounts
from bursar.outbox.incoming import inbox, switching
from bursar.outbox.incoming.inbox import Message
from bursar.outbox.states import HandledAs, IncomingClass
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="Replies and delivery reports, and the mailboxes read for them.")


class Dealt(StrEnum):
    SEEN = "seen"
    ANSWERED = "answered"
    PROMISE = "promise"
    DISPUTE = "dispute"
    ALREADY_PAID = "already_paid"


class Encryption(StrEnum):
    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


Address = Annotated[str, typer.Option(help="The mailbox's address.", show_default=False)]
Reply = Annotated[str, typer.Argument(metavar="ID", help="Of the reply.", show_default=False)]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those nobody has dealt with.")] = False,
    kind: Annotated[IncomingClass | None, typer.Option(help="Only these.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What came back, the newest first."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            page = await inbox.list_incoming(work, waiting=True if waiting else None, kind=kind, limit=limit)
        cells = [
            [
                one.received_at,
                one.customer_name or one.from_address,
                one.verdict or one.kind,
                " ".join(one.text.split())[:60],
                one.handled_as or "waits",
                one.id,
            ]
            for one in page.rows
        ]
        shown = table("came", "from", "kind", "text", "state", "id", rows=cells)
        return Answer({"items": [_told(one) for one in page.rows]}, (shown,))

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, *, reply: Reply, tenant: Tenant, as_json: AsJson = False) -> None:
    """One message with its text."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            one = await inbox.get_incoming(work, running.id_of("reply", reply))
        told = _told(one)
        shown = {
            name: value for name, value in told.items() if name not in ("text", "quoted", "report") and value
        }
        return Answer(told, (facts(**shown), one.text))

    running.run(ctx, act, as_json=as_json)


@app.command()
def handle(
    ctx: typer.Context,
    *,
    reply: Reply,
    tenant: Tenant,
    how: Annotated[Dealt, typer.Option("--as", help="What came of it.")] = Dealt.SEEN,
    as_json: AsJson = False,
) -> None:
    """Say that it was dealt with: the customer's reminders go on."""

    async def act(house: House) -> Answer:
        reply_id = running.id_of("reply", reply)
        async with running.work_in(house, tenant) as work:
            await inbox.handle(work, reply_id, HandledAs(how.value))
        return Answer({"id": reply_id, "handled_as": how.value}, (facts(handled_as=how.value),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def read(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Address,
    host: Annotated[
        str | None, typer.Option(help="Its IMAP server; for SMTP accounts.", show_default=False)
    ] = None,
    port: Annotated[int, typer.Option(help="993, or 143 for STARTTLS.")] = 993,
    tls: Annotated[Encryption, typer.Option(help="How the connection is encrypted.")] = Encryption.IMPLICIT,
    folder: Annotated[str, typer.Option(help="Which folder is looked into.")] = switching.INBOX,
    as_json: AsJson = False,
) -> None:
    """Read a mailbox's replies and reports from now on; tried first."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        async with running.work_in(house, tenant) as work:
            account_id = await _account(work, address)
        server = switching.ImapServer(host, port, tls.value) if host else None
        await switching.start_reading(
            house.office, tenant_id, SYSTEM, house.readers, account_id, server=server, folder=folder
        )
        return Answer({"address": address, "folder": folder}, (facts(address=address, folder=folder),))

    running.run(ctx, act, as_json=as_json)


@app.command()
def leave(ctx: typer.Context, *, tenant: Tenant, address: Address, as_json: AsJson = False) -> None:
    """Look into a mailbox no more."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            await switching.stop_reading(work, await _account(work, address))
        return Answer({"address": address}, (facts(address=address),))

    running.run(ctx, act, as_json=as_json)


async def _account(work: Work, address: str) -> UUID:
    wanted = address.strip().lower()
    for account in await list_accounts(work):
        if account.address.lower() == wanted:
            return account.id
    raise NotFound("sending account")


def _told(one: Message) -> dict[str, Any]:
    names = (
        "id", "kind", "from_address", "from_name", "customer_id", "customer_name", "send_id", "mailbox", "subject",
        "text", "quoted", "evidence", "perhaps_automatic", "verdict", "received_at", "handled_at", "handled_as",
    )  # fmt: skip
    return {**{name: getattr(one, name) for name in names}, "report": dict(one.report)}
