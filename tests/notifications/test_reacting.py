"""What becomes news and work for people, through the verbs that cause it and the real table of reactions."""

from datetime import timedelta
from uuid import UUID

import pytest

from bursar.billing.disputes import open_dispute, reject_dispute
from bursar.billing.promises import break_promises, make_promise
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.errors import NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Office
from bursar.notifications.notifications import count_unread, list_notifications, mark_all_read, mark_read
from bursar.notifications.tasks import count_tasks, finish_task, list_tasks
from bursar.outbox import pausing
from bursar.outbox.resolving import resolve
from bursar.outbox.states import SendState
from bursar.reactions import REACTIONS
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.outbox import a_send, an_account
from tests.makers.tenancy import a_tenant, an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
def office(engine, clock: FixedClock, keyring: Keyring) -> Office:
    """With reactions, as the product has them."""
    return Office(engine, clock, keyring, REACTIONS)


@pytest.fixture
async def tenant(office: Office) -> UUID:
    return await a_tenant(office)


async def test_a_mailbox_that_lets_nobody_in_is_told_to_who_can_mend_it_and_stays_a_task(
    office: Office, tenant: UUID
):
    admin = await an_agent(office, tenant, AgentRole.ADMIN)
    agent = await an_agent(office, tenant, AgentRole.AGENT)
    async with office.work(tenant) as work:
        account = await an_account(work)
        await pausing.needs_reauth(work, account, "535 no")

    async with office.work(tenant, actor=admin) as work:
        [told] = await list_notifications(work)
        [task] = await list_tasks(work)
    async with office.work(tenant, actor=agent) as work:
        assert await list_notifications(work) == []

    assert (told.kind, told.about_id, told.because, told.read) == (
        "sending_account.auth_failed",
        account,
        "auth",
        False,
    )
    assert told.about_name == task.about_name is not None
    assert (task.kind, task.about_id) == ("reconnect", account)


async def test_nobody_is_told_of_what_they_did_themselves(office: Office, tenant: UUID):
    author, colleague = await an_agent(office, tenant), await an_agent(office, tenant)
    async with office.work(tenant, actor=author) as work:
        invoice = await an_overdue_invoice(work)
        await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")

    async with office.work(tenant, actor=author) as work:
        assert await count_unread(work) == 0
    async with office.work(tenant, actor=colleague) as work:
        assert [one.kind for one in await list_notifications(work)] == ["dispute.open"]


async def test_a_notification_that_was_read_is_counted_no_more_and_is_nobody_elses(
    office: Office, tenant: UUID
):
    first, second = await an_agent(office, tenant), await an_agent(office, tenant)
    async with office.work(tenant) as work:
        account = await an_account(work)
        await pausing.throttle(work, account, work.now + timedelta(hours=1))

    async with office.work(tenant, actor=first) as work:
        [told] = await list_notifications(work)
        await mark_read(work, told.id)
        assert await count_unread(work) == 0
    async with office.work(tenant, actor=second) as work:
        assert await count_unread(work) == 1
        with pytest.raises(NotFound):
            await mark_read(work, told.id)
        assert await count_unread(work) == 1
        await mark_all_read(work)
        assert await count_unread(work) == 0


async def test_a_dispute_is_a_task_until_it_is_decided(office: Office, tenant: UUID):
    agent = await an_agent(office, tenant)
    async with office.work(tenant, actor=agent) as work:
        invoice = await an_overdue_invoice(work)
        dispute = await open_dispute(work, invoice, reason=DisputeReason.QUALITY, statement="Torn.")
    async with office.work(tenant, actor=agent) as work:
        [task] = await list_tasks(work)
        assert (task.kind, task.about_id, task.payload) == ("dispute", invoice, {"reason": "quality"})
        await reject_dispute(work, dispute, because="Not torn.")
    async with office.work(tenant, actor=agent) as work:
        assert await count_tasks(work) == 0


async def test_a_broken_promise_is_a_task_until_the_invoice_is_paid(
    office: Office, tenant: UUID, clock: FixedClock
):
    agent = await an_agent(office, tenant)
    async with office.work(tenant, actor=agent) as work:
        invoice = await an_overdue_invoice(work)
        await make_promise(work, invoice, promised_for=work.today)
    clock.advance(timedelta(days=2))
    async with office.work(tenant) as work:
        await break_promises(work)
    async with office.work(tenant, actor=agent) as work:
        assert [task.kind for task in await list_tasks(work)] == ["promise_broken"]
        await pay(work, invoice, 100_00)
    async with office.work(tenant, actor=agent) as work:
        assert await list_tasks(work) == []


async def test_money_for_a_paid_invoice_is_a_task(office: Office, tenant: UUID):
    agent = await an_agent(office, tenant)
    async with office.work(tenant, actor=agent) as work:
        invoice = await an_invoice(work, state=InvoiceState.PAID)
    async with office.work(tenant, actor=agent) as work:
        await pay(work, invoice, 50_00)
    async with office.work(tenant, actor=agent) as work:
        assert [(task.kind, task.about_id) for task in await list_tasks(work)] == [("late_money", invoice)]


async def test_uncertain_sends_of_one_mailbox_are_one_task(office: Office, tenant: UUID):
    async with office.work(tenant) as work:
        account = await an_account(work)
        lost = [await a_send(work, sending_account_id=account, state=SendState.UNCERTAIN) for _ in range(3)]
        work.happened.append(Happened("send.uncertain", tuple(lost)))
    async with office.work(tenant) as work:
        work.happened.append(Happened("send.uncertain", tuple(lost[:1])))
    async with office.work(tenant) as work:
        assert [(task.kind, task.about_id) for task in await list_tasks(work)] == [("uncertain", account)]


async def test_looking_into_a_mailbox_is_done_with_the_last_doubt(office: Office, tenant: UUID):
    async with office.work(tenant) as work:
        account = await an_account(work)
        doubtful = {"sending_account_id": account, "state": SendState.UNCERTAIN, "reason": "lease_expired"}
        lost = [await a_send(work, **doubtful) for _ in range(2)]
        work.happened.append(Happened("send.uncertain", tuple(lost)))
    for send, left in zip(lost, (1, 0), strict=True):
        async with office.work(tenant) as work:
            await resolve(work, send, "sent", reason="it lies in their inbox")
        async with office.work(tenant) as work:
            assert len(await list_tasks(work)) == left


async def test_a_task_is_finished_once_and_not_by_a_viewer(office: Office, tenant: UUID):
    viewer = await an_agent(office, tenant, AgentRole.VIEWER)
    async with office.work(tenant) as work:
        await pausing.needs_reauth(work, await an_account(work), "535 no")
    async with office.work(tenant) as work:
        [task] = await list_tasks(work)
    async with office.work(tenant, actor=viewer) as work:
        with pytest.raises(NotAllowed):
            await finish_task(work, task.id)
    async with office.work(tenant) as work:
        await finish_task(work, task.id)
    async with office.work(tenant) as work:
        with pytest.raises(NotFound):
            await finish_task(work, task.id)
