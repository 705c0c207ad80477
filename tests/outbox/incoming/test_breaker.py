"""A refusal by policy is about the firm's mailbox, never about the person; and one reader cannot forge it away."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bursar.core.work import SYSTEM, Office, Work
from bursar.outbox.incoming import breaker
from bursar.outbox.incoming.taking_in import take_in
from bursar.outbox.tables import runs
from tests.makers.incoming import (
    ID,
    a_message_to_huda,
    all_incoming,
    from_file,
    suppressed,
    told,
)
from tests.makers.outbox import a_run, a_send, an_account, the_account, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def work(work: Work) -> Work:
    """Mailboxes are read by the worker."""
    work.actor = SYSTEM
    return work


async def refused_account(office: Office, **sent_besides: object) -> tuple:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id) as work:
        account, run = await an_account(work), await a_run(work)
        await a_message_to_huda(work, sending_account_id=account, run_id=run)
        await a_send(work, sending_account_id=account, run_id=run)
        if sent_besides:
            await a_send(
                work,
                sending_account_id=account,
                state="sent",
                sent_at=work.now,
                customer_id=await a_customer(work),
                **sent_besides,
            )
    return tenant_id, account, run


async def test_a_refusal_by_policy_stops_the_mailbox_and_suppresses_nobody(office: Office) -> None:
    tenant_id, account, run = await refused_account(office)
    came = [from_file("gmail_unauthenticated")]

    await breaker.look_after(office, tenant_id, came)
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    async with office.work(tenant_id) as work:
        paused = (await work.db.execute(sa.select(runs.c.state, runs.c.reason).where(runs.c.id == run))).one()
        assert tuple(paused) == ("paused", "errors")
        stopped = await the_account(work, account)
        assert stopped.next_batch_at == work.now + timedelta(hours=24)
        assert "unauthenticated" in stopped.last_error
        assert await suppressed(work) == []
        assert (await the_send(work, ID)).state == "sent"
        assert await told(work) == ["incoming_message.policy"]
        assert [row.handled_at for row in await all_incoming(work)] == [None]


async def test_one_strict_reader_does_not_stop_a_mailbox_whose_messages_arrive(office: Office) -> None:
    """Whoever got a message can write a report about it: one reader must not silence the firm."""
    tenant_id, account, run = await refused_account(office, opened_at=sa.func.now())
    came = [from_file("gmail_unauthenticated")]

    await breaker.look_after(office, tenant_id, came)
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    async with office.work(tenant_id) as work:
        assert await work.db.scalar(sa.select(runs.c.state).where(runs.c.id == run)) == "open"
        assert await told(work) == ["incoming_message.policy"]


async def test_a_report_read_twice_stops_a_mailbox_once(office: Office) -> None:
    tenant_id, account, run = await refused_account(office)
    came = [from_file("gmail_unauthenticated")]
    async with office.work(tenant_id) as work:
        await take_in(work, account, came)

    await breaker.look_after(office, tenant_id, came)

    async with office.work(tenant_id) as work:
        assert await work.db.scalar(sa.select(runs.c.state).where(runs.c.id == run)) == "open"
