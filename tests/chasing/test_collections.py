"""Money and promises after messages: the quick count says what the rows say, and each counts once."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.chasing.analytics.collecting import catch_up
from bursar.chasing.analytics.overview import Collected, median_of, results
from bursar.chasing.asking import Asked, Dimension, Interval
from bursar.chasing.queries import collections as queries
from bursar.chasing.queries.collection_marks import BEFORE_ALL, LOWEST, Mark, mark
from bursar.chasing.tables import collection_rollups, promise_sends
from bursar.core.clock import FixedClock
from bursar.core.money import Money
from bursar.core.work import Office, Work
from bursar.outbox.counted import Chosen
from bursar.outbox.narrowing import narrowed_by
from bursar.outbox.states import Purpose
from bursar.tenancy.tables import tenants
from tests.makers.billing import an_invoice
from tests.makers.collecting import (
    Payers,
    a_message,
    collected_by_hand,
    money_in,
    promised_by_hand,
    take_back,
)
from tests.makers.outbox import a_run
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def the_mark(work: Work) -> Mark:
    row = (await work.db.execute(mark(work))).one_or_none()
    return Mark(*row) if row is not None else BEFORE_ALL


async def quick_money(work: Work) -> Counter[tuple[Any, ...]]:
    r, since = collection_rollups, await the_mark(work)
    kept = sa.select(*(r.c[name] for name in (*queries.KEYS, *queries.MEASURES))).where(
        r.c.tenant_id == work.tenant_id, sa.literal(since.counted_to > LOWEST)
    )
    found: Counter[tuple[Any, ...]] = Counter()
    for statement in (kept, queries.uncounted()):
        for row in await work.db.execute(statement, queries.given(work, since)):
            found[*row[: len(queries.KEYS)], "payments"] += row.payments
            found[*row[: len(queries.KEYS)], "minor"] += row.amount_minor
    return found


async def quick_promises(work: Work) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    since = await the_mark(work)
    for purpose in (Purpose.CAMPAIGN, Purpose.NOTICE):
        chosen = Chosen(purposes=[purpose])
        question = queries.promised(narrowed_by(chosen), ("day",))
        rows = await question.ask(work.db, queries.given(work, since, chosen))
        for row in rows:
            if not row.which:
                found[row.day, str(purpose), row.state] += row.many
    return found


async def both_agree(office: Office, tenant_id: UUID) -> None:
    async with office.work(tenant_id) as work:
        assert await quick_money(work) == await collected_by_hand(work)
        assert await quick_promises(work) == await promised_by_hand(work)


@pytest.mark.parametrize("seed", range(4))
async def test_the_quick_count_of_money_is_the_naive_one_whatever_happens_in_two_firms(
    office: Office, clock: FixedClock, seed: int
) -> None:
    chance = random.Random(seed)
    zones = ("Asia/Kathmandu", "America/New_York")
    firms = [
        await Payers(office, clock, await a_tenant(office, time_zone=zone), chance).settle_in()
        for zone in zones
    ]
    for number in range(80):
        await chance.choice(firms).act()
        if number % 8 == 0:
            for firm in firms:
                await both_agree(office, firm.tenant_id)
    clock.advance(timedelta(days=3))
    kept = Counter[str]()
    for firm in firms:
        await catch_up(office, firm.tenant_id, settled=timedelta(0))
        await both_agree(office, firm.tenant_id)
        async with office.work(firm.tenant_id) as work:
            for table in (collection_rollups, promise_sends):
                kept[table.name] += await work.db.scalar(sa.select(sa.func.count()).select_from(table)) or 0
    assert all(kept.values())


async def test_in_another_time_zone_money_is_counted_anew(office: Office, clock: FixedClock) -> None:
    firm = await Payers(office, clock, await a_tenant(office), random.Random(9)).settle_in()
    for _ in range(60):
        await firm.act()
    async with office.work(firm.tenant_id) as work:
        moved = sa.update(tenants).where(tenants.c.tenant_id == firm.tenant_id)
        await work.db.execute(moved.values(time_zone="Pacific/Auckland"))
    await both_agree(office, firm.tenant_id)
    await catch_up(office, firm.tenant_id, settled=timedelta(0))
    await both_agree(office, firm.tenant_id)


async def test_slices_of_money_count_the_same_as_one_go(
    office: Office, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await Payers(office, clock, await a_tenant(office), random.Random(2)).settle_in()
    monkeypatch.setattr("bursar.chasing.analytics.collecting.ROWS_AT_ONCE", 3)
    for _ in range(80):
        await firm.act()
    await catch_up(office, firm.tenant_id, settled=timedelta(0))
    await both_agree(office, firm.tenant_id)


async def test_money_does_not_count_for_a_message_of_the_same_day_that_went_after_it_was_recorded(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer = await a_customer(work)
        early, late = [await an_invoice(work, of=customer, minor=100) for _ in range(2)]
        await a_message(work, [early], purpose="notice")
    clock.advance(timedelta(minutes=1))
    async with office.work(tenant) as work:
        for invoice in (early, late):
            await money_in(work, invoice, customer, 70, work.today)
    clock.advance(timedelta(minutes=1))
    async with office.work(tenant) as work:
        await a_message(work, [early, late], purpose="campaign")
    await both_agree(office, tenant)
    async with office.work(tenant, read_only=True) as work:
        found = await results(work, Asked(), by=[Dimension.PURPOSE])
    assert {part.id: part.collected for part in found.parts[Dimension.PURPOSE] if part.collected} == {
        "notice": {"AED": Collected((Money(70, "AED"),) * 3)}
    }


async def test_money_counts_for_the_last_message_before_it_within_its_days_and_each_currency_by_itself(
    office: Office, clock: FixedClock
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer = await a_customer(work)
        invoice, dollars = await an_invoice(work, of=customer), await an_invoice(work, of=customer)
        first_run, second_run = await a_run(work), await a_run(work)
        await a_message(work, [invoice, dollars], run_id=first_run)
    clock.advance(timedelta(days=5))
    async with office.work(tenant) as work:
        await a_message(work, [invoice], run_id=second_run)
    clock.advance(timedelta(days=10))
    async with office.work(tenant) as work:
        today = work.today
        await money_in(work, invoice, customer, 4000, today - timedelta(days=4))  # 6 days after the second
        await money_in(work, dollars, customer, 700, today, "USD")  # 15 days after the first
        await money_in(work, invoice, customer, 9000, today - timedelta(days=40))  # before any
        back = await money_in(work, invoice, customer, 500, today)
        await take_back(work, back)
        found = await results(work, Asked(), by=[Dimension.PURPOSE])
        dirhams = tuple(Money(4000, "AED") for _ in range(3))
        assert found.collected["AED"].within == dirhams
        assert found.collected["USD"].within == (Money(0, "USD"), Money(0, "USD"), Money(700, "USD"))
        assert found.median_days == 11
        [whole] = found.parts[Dimension.PURPOSE]
        assert (whole.id, whole.counts.ordered, whole.collected["AED"].within) == ("campaign", 2, dirhams)

        by_day = await results(work, Asked(interval=Interval.DAY))
        told = {part.id: part.collected for part in by_day.periods if part.counts.ordered}
        assert [set(one) for one in told.values()] == [{"USD"}, {"AED"}]
        assert len(by_day.periods) == 84


@pytest.mark.parametrize(
    ("after", "median"),
    [({}, None), ({3: 1}, 3), ({3: 1, 8: 1}, 3), ({1: 1, 5: 1, 30: 1}, 5), ({4: 0}, None), ({1: 2, 9: 5}, 9)],
)
def test_the_median_is_the_day_by_which_half_had_come(after: dict[int, int], median: int | None) -> None:
    assert median_of(after) == median
