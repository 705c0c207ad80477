"""Runs as they go on by themselves: months missed, killed half way, two at once, midnights, what they count."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing.recurring import running
from bursar.billing.recurring.generating import bill
from bursar.billing.recurring.planning import pause_recurring, resume_recurring
from bursar.billing.recurring.running import begin_run, carry_out, run_if_due, tenants_with_agreements
from bursar.billing.recurring.showing import Run, get_run, list_runs
from bursar.billing.tables import invoices
from bursar.core.clock import FixedClock
from bursar.core.errors import NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Office
from tests.makers.billing import told_of
from tests.makers.recurring import a_price, a_product, a_recurring, at, made_of, the_recurring
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio


async def run(office: Office, tenant: UUID, as_of: date | None = None) -> Run:
    async with office.work(tenant) as work:
        run_id = await begin_run(work, as_of)
    return await carry_out(office, tenant, run_id)


async def periods(office: Office, tenant: UUID, recurring: UUID) -> list[str]:
    async with office.work(tenant) as work:
        return [made.period for made in await made_of(work, recurring)]


async def test_each_missed_month_is_billed_once_the_oldest_first_with_todays_date(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await a_recurring(work, start_date=date(2026, 9, 1), day_of_month=15, auto_issue=True)
        other = await a_recurring(work, start_date=date(2026, 11, 1), day_of_month=15)

    done = await run(office, tenant)

    assert (done.due, done.drafted, done.issued, done.refused) == (4, 1, 3, 0)
    assert done.finished_at is not None
    async with office.work(tenant) as work:
        made = await made_of(work, recurring)
        assert [one.period for one in made] == ["2026-09", "2026-10", "2026-11"]
        assert [one.number for one in made] == ["202611180001", "202611180002", "202611180003"]
        assert {one.issue_date for one in made} == {date(2026, 11, 18)}
        assert len(await made_of(work, other)) == 1
    assert (await run(office, tenant)).due == 0


async def test_one_run_catches_up_on_twelve_months_says_so_and_the_next_goes_on(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await a_recurring(work, start_date=date(2025, 9, 1))

    first = await run(office, tenant)

    assert first.drafted == 12
    async with office.work(tenant) as work:
        assert (await the_recurring(work, recurring)).refusal == "more_missed"
        assert (await told_of(work, recurring))[-1] == "recurring_invoice.run_refused"
    assert (await run(office, tenant)).drafted == 3
    assert len(await periods(office, tenant, recurring)) == 15
    async with office.work(tenant) as work:
        assert (await the_recurring(work, recurring)).refusal is None


async def test_a_killed_run_has_written_what_it_has_and_the_next_does_the_rest(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, killed = await a_tenant(office), 0
    async with office.work(tenant) as work:
        product = await a_product(work)
        for _ in range(7):
            await a_recurring(work, product_id=product, auto_issue=True)
    monkeypatch.setattr(running, "SLICE", 3)
    bill = running.bill

    async def broken(*given: Any) -> Any:
        nonlocal killed
        done = await bill(*given)
        killed += 1
        if killed == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(running, "bill", broken)
    async with office.work(tenant) as work:
        run_id = await begin_run(work)
    with pytest.raises(KeyboardInterrupt):
        await carry_out(office, tenant, run_id)
    async with office.work(tenant) as work:
        half = await get_run(work, run_id)
    assert (half.due, half.issued, half.finished_at) == (7, 3, None)

    again = await carry_out(office, tenant, run_id)

    assert (again.issued, again.finished_at is not None) == (7, True)
    async with office.work(tenant) as work:
        found = sa.select(invoices.c.serial).where(invoices.c.tenant_id == tenant)
        assert sorted(await work.db.scalars(found)) == [1, 2, 3, 4, 5, 6, 7]


async def test_two_runs_at_once_bill_each_month_once_and_number_without_a_gap(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        product = await a_product(work)
        for _ in range(20):
            await a_recurring(work, product_id=product, start_date=date(2026, 9, 1), auto_issue=True)
    monkeypatch.setattr(running, "SLICE", 3)
    done: list[Run] = []

    async def one() -> None:
        done.append(await run(office, tenant))

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one)

    assert sum(each.issued for each in done) == 60
    async with office.work(tenant) as work:
        found = sa.select(invoices.c.recurring_invoice_id, invoices.c.period, invoices.c.serial)
        rows = (await work.db.execute(found.where(invoices.c.tenant_id == tenant))).all()
    assert len({(row.recurring_invoice_id, row.period) for row in rows}) == 60
    assert sorted(row.serial for row in rows) == list(range(1, 61))


async def test_what_somebody_else_holds_is_passed_over_and_not_waited_for(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        held, free = [await a_recurring(work) for _ in range(2)]
    async with office.work(tenant) as other:
        await pause_recurring(other, held)
        async with office.work(tenant) as work:
            done = await bill(work, [held, free], work.today)

    assert (done.drafted, done.passed) == (1, 1)
    assert await periods(office, tenant, held) == []


@pytest.mark.parametrize(
    ("hour", "minute", "billed"),
    [(19, 59, []), (20, 0, ["2026-11"])],
    ids=["23:59 in Dubai", "00:00 in Dubai"],
)
async def test_a_billing_day_begins_at_the_firms_own_midnight(
    office: Office, clock: FixedClock, hour: int, minute: int, billed: list[str]
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await a_recurring(work, day_of_month=28)
    at(clock, "2026-11-27", hour, minute)

    await run_if_due(office, tenant)

    assert await periods(office, tenant, recurring) == billed


async def test_a_firm_west_of_the_line_is_billed_by_its_own_day(office: Office, clock: FixedClock) -> None:
    tenant = await a_tenant(office, time_zone="Pacific/Honolulu", country="US", currency="USD")
    async with office.work(tenant) as work:
        product = await a_product(work, currency="USD", tax_category="O", tax_rate=0)
        recurring = await a_recurring(work, product_id=product, day_of_month=28)
    at(clock, "2027-02-28", 9, 59)
    await run_if_due(office, tenant)
    assert "2027-02" not in await periods(office, tenant, recurring)
    at(clock, "2027-02-28", 10, 0)
    await run_if_due(office, tenant)
    assert "2027-02" in await periods(office, tenant, recurring)


async def test_the_clock_asks_for_a_refused_month_once_a_day_and_people_when_they_like(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        product, customer = await a_product(work, None), await a_customer(work)
        recurring = await a_recurring(work, product_id=product, customer_id=customer)

    async def runs() -> int:
        async with office.work(tenant) as work:
            return len(await list_runs(work))

    for _ in range(3):
        await run_if_due(office, tenant)
        clock.advance(timedelta(hours=1))
    assert await runs() == 1

    async with office.work(tenant) as work:
        fresh = await a_recurring(work)
    await run_if_due(office, tenant)
    assert (await runs(), len(await periods(office, tenant, fresh))) == (2, 1)

    clock.advance(timedelta(days=1))
    await run_if_due(office, tenant)
    assert await runs() == 3

    async with office.work(tenant) as work:
        await a_price(work, customer, product, 10_00)
    assert (await run(office, tenant)).drafted == 1
    assert await periods(office, tenant, recurring) == ["2026-11"]


async def test_what_is_over_ends_the_day_after_its_last_and_not_before_its_last_month_is_billed(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await a_recurring(work, day_of_month=18, end_date=date(2026, 11, 18))
        unpriced = await a_recurring(
            work, product_id=await a_product(work, None), day_of_month=18, end_date=date(2026, 11, 18)
        )

    async def states() -> list[str]:
        async with office.work(tenant) as work:
            return [(await the_recurring(work, one)).state for one in (recurring, unpriced)]

    for _ in range(2):
        await run_if_due(office, tenant)
    assert await states() == ["active", "active"]
    at(clock, "2026-11-18", 20)
    await run_if_due(office, tenant)
    assert await states() == ["ended", "active"]
    assert await periods(office, tenant, recurring) == ["2026-11"]


async def test_paused_months_are_not_billed_afterwards(office: Office, clock: FixedClock) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        recurring = await a_recurring(work, day_of_month=18)
    await run_if_due(office, tenant)
    async with office.work(tenant) as work:
        await pause_recurring(work, recurring)
    at(clock, "2027-01-30")
    await run_if_due(office, tenant)
    async with office.work(tenant) as work:
        await resume_recurring(work, recurring)
    at(clock, "2027-02-18")
    await run_if_due(office, tenant)

    assert await periods(office, tenant, recurring) == ["2026-11", "2027-02"]


async def test_only_firms_that_bill_monthly_are_visited(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        await a_recurring(work)

    found = await tenants_with_agreements(office)

    assert ours in found
    assert theirs not in found


async def test_a_run_is_of_its_firm_and_no_viewer_begins_one(office: Office, clock: FixedClock) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        run_id = await begin_run(work)
    with pytest.raises(NotFound):
        await carry_out(office, theirs, run_id)
    with pytest.raises(NotAllowed):
        async with office.work(ours, actor=acting(AgentRole.VIEWER)) as work:
            await begin_run(work)
    async with office.work(ours) as work:
        assert not (await get_run(work, run_id)).stopped
        assert await told_of(work, run_id) == ["recurring_run.start"]
