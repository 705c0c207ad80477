"""A firm's first large run: the statistics know other firms' invoices and none of its own."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.recurring.generating import bill
from bursar.core.database import Addresses
from bursar.core.work import Office, Work
from tests.makers.recurring import a_product, a_recurring
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

MANY = 120
READ = sa.text(
    """
    select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) as rows
      from pg_stat_xact_user_tables where relname in ('invoices', 'invoice_lines')
    """
)


async def agreements(work: Work) -> list[UUID]:
    customer, product = await a_customer(work), await a_product(work)
    given = {"customer_id": customer, "product_id": product, "auto_issue": True}
    return [await a_recurring(work, **given) for _ in range(MANY)]


async def test_the_first_run_of_a_firm_reads_each_line_a_few_times_and_not_all_for_each(
    office: Office, addresses: Addresses
) -> None:
    async with office.work(await a_tenant(office)) as work:
        await bill(work, await agreements(work), work.today)
    newcomer = await a_tenant(office)
    async with office.work(newcomer) as work:
        ids = await agreements(work)
    owner = sa.create_engine(addresses.owner, isolation_level="AUTOCOMMIT")
    with owner.connect() as db:
        db.execute(sa.text("vacuum analyze"))
    owner.dispose()

    async with office.work(newcomer) as work:
        done = await bill(work, ids, work.today)
        read = {row.relname: row.rows for row in await work.db.execute(READ)}

    assert done.issued == MANY
    assert max(read.values()) <= 20 * MANY, read
