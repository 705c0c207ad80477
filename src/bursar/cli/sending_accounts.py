"""`bursar sending-account …`: the mailboxes from which a firm writes."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from bursar.cli import running
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer, facts, table
from bursar.cli.tenants import from_environment
from bursar.core.work import SYSTEM
from bursar.house import House
from bursar.outbox import amazon, signing_in
from bursar.outbox.account_fields import AccountInput, SmtpServer, usual_pace
from bursar.outbox.accounts import Account, account_called, get_account, list_accounts
from bursar.outbox.connecting import connect_smtp
from bursar.outbox.consent_addresses import redirect_uri
from bursar.outbox.signing_in import Begun
from bursar.outbox.states import AccountKind
from bursar.tenancy.tenants import find_tenant

app = typer.Typer(no_args_is_help=True, help="Mailboxes from which a firm writes.")
add = typer.Typer(no_args_is_help=True, help="Connect a mailbox.")
app.add_typer(add, name="add")

IMPLICIT_PORT = 465


class Encryption(StrEnum):
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@add.callback()
def adding() -> None:
    """Each kind of account is a word of its own."""


@add.command()
def smtp(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="The mailbox's address.", show_default=False)],
    host: Annotated[str, typer.Option(help="Its SMTP server.", show_default=False)],
    port: Annotated[int, typer.Option(help="587, or 465 for a server that encrypts from the start.")],
    username: Annotated[
        str | None, typer.Option(help="With --password-env; without, nobody signs in.")
    ] = None,
    password_env: Annotated[str | None, typer.Option(help="Variable that holds the password.")] = None,
    tls: Annotated[Encryption | None, typer.Option(help="Unset: by the port.", show_default=False)] = None,
    no_tls: Annotated[
        bool, typer.Option("--no-tls", help="Unencrypted: inside your own network only.")
    ] = False,
    batch_size: Annotated[int | None, typer.Option(help="Messages of one batch.")] = None,
    batch_interval: Annotated[float | None, typer.Option(help="Seconds between two batches.")] = None,
    daily_quota: Annotated[int | None, typer.Option(help="Messages within any 24 hours.")] = None,
    connections: Annotated[int | None, typer.Option(help="Connections to the server at a time.")] = None,
    display_name: Annotated[str | None, typer.Option(help="Beside the address in From.")] = None,
    reply_to: Annotated[str | None, typer.Option(help="Where answers go, if not to the address.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign in to an SMTP server, and send through it from now on."""
    usual = Encryption.IMPLICIT if port == IMPLICIT_PORT else Encryption.STARTTLS
    way = "none" if no_tls else (tls or usual).value
    pace = _given(batch_size, batch_interval, daily_quota, connections, display_name, reply_to)

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        password = from_environment(password_env)
        server = SmtpServer(host, port, username, password, way)
        account_id = await connect_smtp(
            house.office, tenant_id, SYSTEM, house.senders, address=address, server=server, given=pace
        )
        return await _answer(house, tenant, account_id)

    running.run(ctx, act, as_json=as_json)


@add.command()
def gmail(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="The mailbox's address.", show_default=False)],
    reads: Annotated[bool, typer.Option("--reads", help="Also look into the mailbox for answers.")] = False,
    display_name: Annotated[str | None, typer.Option(help="Beside the address in From.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the address at Google that an owner of the firm opens, signed in to Bursar, to allow sending."""
    _ask(ctx, AccountKind.GMAIL, tenant, address, reads=reads, display_name=display_name, as_json=as_json)


@add.command()
def outlook(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="The mailbox's address.", show_default=False)],
    reads: Annotated[bool, typer.Option("--reads", help="Also look into the mailbox for answers.")] = False,
    display_name: Annotated[str | None, typer.Option(help="Beside the address in From.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the address at Microsoft that an owner of the firm opens, signed in to Bursar, to allow sending."""
    _ask(ctx, AccountKind.OUTLOOK, tenant, address, reads=reads, display_name=display_name, as_json=as_json)


@add.command()
def ses(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="A verified address.", show_default=False)],
    host: Annotated[
        str, typer.Option(help="email-smtp.REGION.amazonaws.com", metavar="HOST", show_default=False)
    ],
    username: Annotated[str, typer.Option(help="SMTP user name of SES.", show_default=False)],
    password_env: Annotated[str, typer.Option(help="Variable that holds the password.", show_default=False)],
    port: Annotated[int, typer.Option(help="587, or 465 for encryption from the start.")] = 587,
    topic_arn: Annotated[str, typer.Option(help="Topic of SNS that tells what became of messages.")] = "",
    display_name: Annotated[str | None, typer.Option(help="Beside the address in From.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign in to Amazon SES, and print where its topic is to tell what became of messages."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        account_id = await amazon.connect_ses(
            house.office,
            tenant_id,
            SYSTEM,
            house.senders,
            address=address,
            host=host,
            port=port,
            username=username,
            password=from_environment(password_env) or "",
            topic_arn=topic_arn,
            given={**usual_pace(AccountKind.SES), "display_name": display_name},
        )
        async with running.work_in(house, tenant) as work:
            account = await get_account(work, account_id)
            hook = house.settings.base_url + amazon.hook_path(work, account_id)
        told = {**_told(account), "topic_arn": topic_arn or None, "hook": hook}
        return Answer(told, (facts(**{name: told[name] for name in told if name != "last_error"}),))

    running.run(ctx, act, as_json=as_json)


@app.command("consent")
def consent(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    address: Annotated[str, typer.Option(help="The mailbox's address.", show_default=False)],
    reads: Annotated[
        bool | None, typer.Option("--reads/--no-reads", help="Look into the mailbox, or no more.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the address at the provider where a mailbox signs in again, or allows more or less than before."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        async with running.work_in(house, tenant) as work:
            account = await account_called(work, address)
        begun = await signing_in.begin_again(
            house.office,
            tenant_id,
            SYSTEM,
            house.identities,
            account.id,
            redirect_uri=redirect_uri(house.settings.base_url, account.kind),
            reads=reads,
        )
        return _consent(begun)

    running.run(ctx, act, as_json=as_json)


@app.command("list")
def list_(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """A firm's mailboxes, their pace and how they are."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            accounts = await list_accounts(work)
        rows = [
            (
                one.address,
                one.state,
                "yes" if one.is_primary else "",
                one.sent_today,
                one.left_today,
                one.queued,
            )
            for one in accounts
        ]
        shown = table("address", "state", "primary", "sent today", "left today", "queued", rows=rows)
        return Answer({"accounts": [_told(one) for one in accounts]}, (shown,))

    running.run(ctx, act, as_json=as_json)


def _ask(
    ctx: typer.Context,
    kind: AccountKind,
    tenant: str,
    address: str,
    *,
    reads: bool,
    display_name: str | None,
    as_json: bool,
) -> None:
    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        begun = await signing_in.begin(
            house.office,
            tenant_id,
            SYSTEM,
            house.identities,
            kind=kind,
            address=address,
            redirect_uri=redirect_uri(house.settings.base_url, kind),
            reads=reads,
            given={"display_name": display_name},
        )
        return _consent(begun)

    running.run(ctx, act, as_json=as_json)


def _consent(begun: Begun) -> Answer:
    told = {"id": begun.account_id, "open": begun.url, "until": begun.expires_at.isoformat()}
    return Answer(told, (facts(**told),))


async def _answer(house: House, tenant: str, account_id: UUID) -> Answer:
    async with running.work_in(house, tenant) as work:
        account = await get_account(work, account_id)
    told = _told(account)
    return Answer(told, (facts(**{name: told[name] for name in told if name != "last_error"}),))


def _told(account: Account) -> dict[str, object]:
    return {
        "id": account.id,
        "state": account.state,
        "address": account.address,
        "server": account.server,
        "tls": account.tls,
        "is_primary": account.is_primary,
        "batch_size": account.batch_size,
        "batch_interval": account.batch_interval.total_seconds(),
        "daily_quota": account.daily_quota,
        "connections": account.connections,
        "last_error": account.last_error,
    }


def _given(
    batch_size: int | None,
    batch_interval: float | None,
    daily_quota: int | None,
    connections: int | None,
    display_name: str | None,
    reply_to: str | None,
) -> AccountInput:
    """What was said; the account's own defaults stand for the rest."""
    given: AccountInput = {}
    if batch_size is not None:
        given["batch_size"] = batch_size
    if batch_interval is not None:
        given["batch_interval"] = timedelta(seconds=batch_interval)
    if daily_quota is not None:
        given["daily_quota"] = daily_quota
    if connections is not None:
        given["connections"] = connections
    if display_name is not None:
        given["display_name"] = display_name
    if reply_to is not None:
        given["reply_to"] = reply_to
    return given
