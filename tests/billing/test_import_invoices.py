import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.tenancy.tables import customers
from tests.makers.sheets import (
    CLERK,
    a_desk,
    a_season,
    bring,
    count,
)

pytestmark = pytest.mark.anyio


async def test_a_season_of_420_invoices_becomes_60_customers_and_the_same_money(office):
    desk, tenant = await a_desk(office)
    data, fils = a_season()

    dry = await bring(desk, tenant, "invoices", data, apply=False)
    assert (dry.created, dry.refused, dry.state) == (420, 0, "ready")
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customers) == await count(work, invoices) == 0

    report = await bring(desk, tenant, "invoices", data)

    assert (report.created, report.updated, report.unchanged, report.refused) == (420, 0, 0, 0)
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, customers) == 60
        assert (await work.db.execute(sa.select(sa.func.sum(invoices.c.balance_minor)))).scalar_one() == fils
        locales = sa.select(customers.c.locale, sa.func.count()).group_by(customers.c.locale)
        assert dict((await work.db.execute(locales)).all()) == {"ar": 30, "en": 30}


async def test_the_same_file_a_second_time_changes_nothing(office):
    desk, tenant = await a_desk(office)
    data, _ = a_season(40, 8)
    await bring(desk, tenant, "invoices", data)

    again = await bring(desk, tenant, "invoices", data)

    assert (again.created, again.updated, again.unchanged, again.refused) == (0, 0, 40, 0)
    async with desk.work(tenant, CLERK) as work:
        assert (await count(work, customers), await count(work, invoices)) == (8, 40)
