"""An invoice whose money is under way is left in peace, and is spoken of again when the money did not come (R80)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices, is_being_paid, is_quiet
from bursar.billing.tills import checkouts
from bursar.chasing.queries.selecting import excluded_because
from bursar.chasing.states import CampaignKind
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.tenancy.tables import customers
from tests.makers.billing import an_overdue_invoice
from tests.makers.tills import a_checkout, a_till, money_under_way, the_checkout, told

pytestmark = pytest.mark.anyio


async def excluded(work: Work, invoice: object) -> str | None:
    found = (
        sa.select(excluded_because(work, CampaignKind.PAYMENT_FOLLOW_UP))
        .select_from(
            invoices.join(
                customers, same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
            )
        )
        .where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
    )
    return (await work.db.scalars(found)).one()


async def is_true(work: Work, condition: sa.ColumnElement[bool], invoice: object) -> bool:
    found = sa.select(condition).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
    return (await work.db.scalars(found)).one()


async def test_a_campaign_leaves_it_out_until_the_money_failed(work: Work) -> None:
    invoice = await an_overdue_invoice(work)
    assert await excluded(work, invoice) is None

    checkout_id = await money_under_way(work, invoice)
    assert await excluded(work, invoice) == "processing"
    assert await is_true(work, is_quiet(invoices, work.today), invoice)

    await checkouts.see(work, [(checkout_id, told(await the_checkout(work, checkout_id), "failed"))])
    assert await excluded(work, invoice) is None
    assert not await is_true(work, is_quiet(invoices, work.today), invoice)


@pytest.mark.parametrize(
    "given",
    [
        {"state": "open"},
        {"state": "expired"},
        {"state": "complete", "payment_status": "paid"},
        {"state": "complete", "payment_status": "failed"},
        {"state": "complete", "last_error": "mismatch"},
        {"state": "complete", "about": "order"},
    ],
)
async def test_no_other_checkout_keeps_an_invoice_quiet(work: Work, given: dict[str, str]) -> None:
    invoice = await an_overdue_invoice(work)
    row: dict[str, Any] = {"about_id": invoice, "expires_at": work.now + timedelta(1), **given}
    await a_checkout(work, await a_till(work), **row)

    assert not await is_true(work, is_being_paid(invoices), invoice)
    assert await excluded(work, invoice) is None


async def test_money_for_one_invoice_keeps_no_other_quiet(work: Work) -> None:
    paid, other = await an_overdue_invoice(work), await an_overdue_invoice(work)
    await money_under_way(work, paid)

    assert await excluded(work, other) is None
