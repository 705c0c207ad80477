"""A hosting firm lives a year: prices change, a customer pauses, the worker is down for two months, and money comes
partial, late, twice and back. Each month's end adds up from every side, and the journal tells it event by event.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar import app
from bursar.billing.tables import invoices
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.settings import load_settings
from tests.makers import year_autumn, year_spring, year_told
from tests.makers.hosting import FIRM, START, Hosting
from tests.makers.tenancy import a_tenant, an_agent

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Hosting]:
    """Two days before its first month, with all that follows from events wired up."""
    clock.move_to(datetime(2024, 12, 30, 6, tzinfo=UTC))
    house = app.build(load_settings(data_dir=tmp_path), clock=clock, addresses=addresses, keyring=keyring)
    tenant = await a_tenant(house.office, **FIRM)
    owner = await an_agent(house.office, tenant, AgentRole.OWNER)
    yield Hosting(house.office, clock, tenant, owner, START)
    await house.close()


async def test_a_year_adds_up_at_the_end_of_each_month_and_the_journal_tells_it_exactly(
    firm: Hosting,
) -> None:
    await firm.opens()
    for month in (*year_spring.MONTHS, *year_autumn.MONTHS):
        await month(firm)

    await firm.still_say(*firm.closed)
    assert await serials(firm) == []
    for name, told in year_told.OF_CUSTOMERS.items():
        assert await firm.told(name) == told, name
    assert sorted(await firm.told(None)) == year_told.FIRM


async def serials(firm: Hosting) -> list[str]:
    """Days on which a number is missing in the series, or there twice."""
    i = invoices.c
    numbers = sa.func.count(i.serial.distinct())
    async with firm.people() as work:
        found = sa.select(i.issue_date).where(i.tenant_id == work.tenant_id, i.serial.is_not(None))
        wrong = sa.or_(numbers != sa.func.max(i.serial), numbers != sa.func.count())
        return [day.isoformat() for day in await work.db.scalars(found.group_by(i.issue_date).having(wrong))]
