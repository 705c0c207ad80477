"""Sending accounts through their verbs: connected in three beats, looked after, forecast."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, IllegalMove, Invalid
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events, secrets
from bursar.core.work import Actor, Office, Work
from bursar.outbox.account_fields import AccountInput, SmtpServer
from bursar.outbox.accounts import (
    disable,
    edit_account,
    forget_secret,
    get_account,
    list_accounts,
    make_primary,
)
from bursar.outbox.connecting import connect_smtp, reconnect_smtp
from bursar.outbox.ports import Health
from bursar.outbox.tables import account_usage
from tests.conftest import NOW
from tests.makers.outbox import a_run, a_send, an_account, the_account, the_send
from tests.makers.senders import Senders
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

OWNER = Actor(ActorType.AGENT, None, AgentRole.OWNER)
SERVER = SmtpServer("smtp.firm.example", 587, "us", "a secret of theirs")
WRONG = Health(
    ok=False, code="535", text="The mail server refused the sign-in. Check user name and password."
)


async def connect(
    office: Office, tenant: UUID, senders: Senders, address: str = "us@firm.example", **given
) -> UUID:
    return await connect_smtp(
        office, tenant, OWNER, senders, address=address, server=SERVER, given=AccountInput(**given)
    )


async def test_the_first_account_is_primary_and_takes_what_waits(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()
    async with office.work(tenant) as work:
        waiting = await a_send(work)

    first = await connect(office, tenant, senders)
    second = await connect(office, tenant, senders, "other@firm.example")

    async with office.work(tenant) as work:
        assert [(one.id, one.is_primary) for one in await list_accounts(work)] == [
            (first, True),
            (second, False),
        ]
        assert (await the_send(work, waiting)).sending_account_id == first
        row = await the_account(work, first)
    assert (row.state, row.last_validated_at, row.connect_by) == ("active", NOW, None)
    assert all(sender.closed for sender in senders.made)


async def test_the_password_is_in_the_vault_and_nowhere_else(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()

    account = await connect(office, tenant, senders)

    assert senders.asked[0] == (
        "smtp",
        {"host": "smtp.firm.example", "port": 587, "username": "us", "tls": "starttls", "connections": 8},
        b"a secret of theirs",
    )
    async with office.work(tenant) as work:
        row = await the_account(work, account)
        assert await work.vault.get(row.secret_id) == b"a secret of theirs"
        assert "theirs" not in repr(row)
        for table in (events, secrets):
            assert "theirs" not in repr((await work.db.execute(sa.select(table))).all())
    assert "theirs" not in repr(SERVER)


async def test_a_refused_sign_in_is_told_and_can_be_mended(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()
    senders.health = WRONG

    with pytest.raises(Invalid, match="Check user name and password"):
        await connect(office, tenant, senders)

    async with office.work(tenant) as work:
        (one,) = await list_accounts(work)
    assert (one.state, one.last_error, one.is_primary) == ("connecting", WRONG.text, False)
    senders.health = Health(ok=True)
    assert await connect(office, tenant, senders) == one.id
    async with office.work(tenant) as work:
        (one,) = await list_accounts(work)
    assert (one.state, one.last_error, one.is_primary) == ("active", None, True)


async def test_an_address_that_sends_cannot_be_connected_over(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()
    await connect(office, tenant, senders)

    with pytest.raises(Conflict) as refusal:
        await connect(office, tenant, senders, "US@firm.example")

    assert refusal.value.code == "account_connected"
    assert len(senders.asked) == 1


async def test_a_disabled_account_comes_back_as_itself(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()
    account = await connect(office, tenant, senders, connections=3)
    async with office.work(tenant, actor=OWNER) as work:
        await disable(work, account)
        await forget_secret(work, account)
        assert (await work.db.scalar(sa.select(sa.func.count()).select_from(secrets))) == 0

    assert await connect(office, tenant, senders) == account

    async with office.work(tenant) as work:
        one = await get_account(work, account)
        assert await work.vault.get((await the_account(work, account)).secret_id) == b"a secret of theirs"
    assert (one.state, one.is_primary, one.connections) == ("active", True, 3)


async def test_a_secret_is_destroyed_only_after_its_account_is_disabled(work: Work) -> None:
    account = await an_account(work, secret_id=await work.vault.put("smtp_password", b"x"))

    with pytest.raises(Conflict) as refusal:
        await forget_secret(work, account)

    assert refusal.value.code == "account_not_disabled"


async def test_a_wrong_new_password_leaves_the_old_one(office: Office) -> None:
    tenant, senders = await a_tenant(office), Senders()
    async with office.work(tenant) as work:
        secret = await work.vault.put("smtp_password", b"old")
        account = await an_account(work, state="needs_reauth", secret_id=secret)
    senders.health = WRONG

    with pytest.raises(Invalid):
        await reconnect_smtp(office, tenant, OWNER, senders, account, password="new")
    async with office.work(tenant) as work:
        assert await work.vault.get(secret) == b"old"
    senders.health = Health(ok=True)
    await reconnect_smtp(office, tenant, OWNER, senders, account, password="new")

    async with office.work(tenant) as work:
        assert await work.vault.get(secret) == b"new"
        assert (await the_account(work, account)).state == "active"


async def test_only_who_was_locked_out_reconnects(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        account = await an_account(work)

    with pytest.raises(IllegalMove, match="is active: cannot reconnect"):
        await reconnect_smtp(office, tenant, OWNER, Senders(), account, password="new")


async def test_two_who_connect_at_once_make_one_primary(office: Office) -> None:
    tenant = await a_tenant(office)

    await asyncio.gather(
        *(connect(office, tenant, Senders(), f"{name}@firm.example") for name in ("one", "two", "three"))
    )

    async with office.work(tenant) as work:
        assert sorted(one.is_primary for one in await list_accounts(work)) == [False, False, True]


async def test_an_edit_says_what_it_changed_and_nothing_personal(work: Work) -> None:
    account = await an_account(work)

    given: AccountInput = {
        "batch_size": 50,
        "batch_interval": timedelta(seconds=1),
        "connections": 4,
        "display_name": "Omar",
    }
    version = await edit_account(work, account, given)
    assert await edit_account(work, account, given) == version == 2

    one = await get_account(work, account)
    assert (one.batch_size, one.connections, one.display_name) == (50, 4, "Omar")
    told = (
        await work.db.execute(
            sa.select(events.c.changes).where(
                events.c.tenant_id == work.tenant_id, events.c.type == "sending_account.edit"
            )
        )
    ).scalars()
    assert list(told) == [
        {
            "fields": ["batch_interval", "batch_size", "connections", "display_name"],
            "before": {"batch_size": 5, "batch_interval": 3.0, "connections": None},
            "after": {"batch_size": 50, "batch_interval": 1.0, "connections": 4},
        }
    ]


async def test_there_is_one_primary(work: Work) -> None:
    first, second = await an_account(work, is_primary=True), await an_account(work)
    idle = await an_account(work, state="needs_reauth")

    await make_primary(work, second)
    with pytest.raises(Conflict):
        await make_primary(work, idle)

    assert [one.id for one in await list_accounts(work) if one.is_primary] == [second]
    assert first in {one.id for one in await list_accounts(work)}


async def test_the_list_says_what_was_sent_what_is_left_and_when_it_is_done(work: Work) -> None:
    account = await an_account(work, daily_quota=10, batch_size=2, batch_interval=timedelta(minutes=1))
    hours = [(0, 3, 1), (23, 2, 0), (24, 1, 0), (25, 100, 0)]
    for ago, accepted, uncertain in hours:
        hour = work.now.replace(minute=0) - timedelta(hours=ago)
        row = {"sending_account_id": account, "hour": hour, "accepted": accepted, "uncertain": uncertain}
        await work.db.execute(sa.insert(account_usage).values(tenant_id=work.tenant_id, **row))
    open_run, held_run = await a_run(work), await a_run(work, state="held")
    for run, reason in (
        (open_run, None),
        (open_run, None),
        (None, None),
        (open_run, "changed"),
        (held_run, None),
    ):
        await a_send(work, sending_account_id=account, run_id=run, reason=reason)

    one = await get_account(work, account)

    assert (one.sent_today, one.left_today, one.queued) == (6, 3, 3)
    assert one.finishes_at == work.now + timedelta(minutes=1)
