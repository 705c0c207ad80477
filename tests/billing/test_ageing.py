"""When an invoice is late, on whose calendar, and how much there is of it."""

from datetime import UTC, datetime, timedelta

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing.aged import aged_report
from bursar.billing.ageing import note_overdue, overdue_totals
from bursar.billing.disputes import open_dispute
from bursar.billing.finding import get_invoice, open_invoices
from bursar.billing.promises import make_promise
from bursar.billing.rules import Bucket, bucket_of
from bursar.billing.states import DisputeReason
from bursar.billing.tables import invoices, is_quiet
from bursar.core.clock import FixedClock
from bursar.core.money import Money
from bursar.core.tables import events
from bursar.core.work import SYSTEM, Office, Work
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, pay, told_of
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("zone", "at", "status"),
    [
        ("Asia/Dubai", datetime(2026, 12, 18, 19, 59, tzinfo=UTC), "issued"),  # 23:59 on the due day
        ("Asia/Dubai", datetime(2026, 12, 18, 20, 0, tzinfo=UTC), "overdue"),  # 00:00 after it
        ("UTC", datetime(2026, 12, 18, 20, 0, tzinfo=UTC), "issued"),
        ("UTC", datetime(2026, 12, 18, 23, 59, tzinfo=UTC), "issued"),
        ("UTC", datetime(2026, 12, 19, 0, 0, tzinfo=UTC), "overdue"),
    ],
)
async def test_an_invoice_is_late_from_midnight_of_the_tenant(
    office: Office, clock: FixedClock, zone: str, at: datetime, status: str
) -> None:
    tenant = await a_tenant(office, time_zone=zone)
    async with office.work(tenant) as work:
        invoice = await an_invoice(work)
    clock.move_to(at)

    async with office.work(tenant) as work:
        assert (await get_invoice(work, invoice)).status == status
        assert await note_overdue(work) == (status == "overdue")


async def test_becoming_overdue_is_told_once_however_often_somebody_looks(work: Work) -> None:
    late, paid, contested = [await an_overdue_invoice(work) for _ in range(3)]
    await an_invoice(work)
    await pay(work, paid, 100_00)
    await open_dispute(work, contested, reason=DisputeReason.OTHER, statement="Not ours")
    work.actor = SYSTEM

    assert [await note_overdue(work) for _ in range(3)] == [1, 0, 0]

    assert await told_of(work, late) == ["invoice.issued", "invoice.became_overdue"]
    payload = await work.db.scalar(
        sa.select(events.c.payload).where(
            events.c.tenant_id == work.tenant_id, events.c.type == "invoice.became_overdue"
        )
    )
    assert payload == {"due_date": (work.today - timedelta(days=10)).isoformat()}


async def test_two_workers_that_look_at_once_tell_it_once(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        for _ in range(20):
            await an_overdue_invoice(work)
    told: list[int] = []

    async def look() -> None:
        async with office.work(tenant) as work:
            told.append(await note_overdue(work))

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(look)

    async with office.work(tenant) as work:
        told.append(await note_overdue(work))
    assert sum(told) == 20


async def test_what_is_overdue_is_counted_by_what_is_open_and_by_currency(work: Work) -> None:
    part = await an_overdue_invoice(work)
    await pay(work, part, 30_00)
    await an_overdue_invoice(work)
    await an_overdue_invoice(work, currency="USD")
    await an_invoice(work)

    totals = {one.amount.currency: (one.count, one.amount) for one in await overdue_totals(work)}

    assert totals == {"AED": (2, aed(170_00)), "USD": (1, Money(100_00, "USD"))}


async def test_ageing_puts_each_day_in_its_bucket_and_credit_beside(work: Work) -> None:
    days = (0, 1, 30, 31, 60, 61, 90, 91)
    late = {day: await an_overdue_invoice(work, days=day, minor=1 << at) for at, day in enumerate(days)}
    await open_dispute(work, late[91], reason=DisputeReason.OTHER, statement="Not ours")
    paid = await an_invoice(work)
    await pay(work, paid, 107_00)

    [(currency, found)] = (await aged_report(work)).totals.items()

    expected = dict.fromkeys(Bucket, 0)
    for at, day in enumerate(days):
        expected[bucket_of(work.today - timedelta(days=day), work.today)] += 1 << at
    assert currency == "AED"
    assert {bucket: money.minor for bucket, money in found.buckets.items()} == expected
    assert (found.disputed, found.credit, found.total) == (aed(128), aed(7_00), aed(255))


async def test_an_invoice_is_quiet_while_a_promise_runs_or_a_dispute_is_open(work: Work) -> None:
    promised, contested, loud = [await an_overdue_invoice(work) for _ in range(3)]
    await make_promise(work, promised, promised_for=work.today)
    await open_dispute(work, contested, reason=DisputeReason.OTHER, statement="Not ours")

    async def quiet() -> set[object]:
        found = sa.select(invoices.c.id).where(
            invoices.c.tenant_id == work.tenant_id, is_quiet(invoices, work.today)
        )
        return set(await work.db.scalars(found))

    assert await quiet() == {promised, contested}
    assert {one.id for one in await open_invoices(work)} == {promised, contested, loud}
    work.now += timedelta(days=1)
    assert await quiet() == {contested}
