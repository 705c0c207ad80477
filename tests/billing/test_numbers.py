"""Numbers: no gap, no twin, no way back in time."""

import random
from datetime import timedelta

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing import numbers
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.finding import get_invoice
from bursar.billing.issuing import issue_invoice
from bursar.billing.tables import invoices
from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, Invalid
from bursar.core.work import Office, Work
from tests.makers.billing import a_draft, an_invoice, footprint
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


class _TurnedBack(Exception):
    """The transaction ends without a commit, after its number was taken."""


async def test_many_issuers_that_sometimes_fail_leave_no_gap_and_no_twin(office: Office) -> None:
    tenant, dice, failed = await a_tenant(office), random.Random(68), 0
    async with office.work(tenant) as work:
        customer = await a_customer(work)

    async def issuer() -> None:
        nonlocal failed
        for _ in range(25):
            try:
                async with office.work(tenant) as work:
                    await issue_invoice(work, await a_draft(work, of=customer))
                    if dice.random() < 0.3:
                        raise _TurnedBack
            except _TurnedBack:
                failed += 1

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(issuer)

    async with office.work(tenant) as work:
        serials = list(
            await work.db.scalars(
                sa.select(invoices.c.serial)
                .where(invoices.c.tenant_id == tenant, invoices.c.number.is_not(None))
                .order_by(invoices.c.serial)
            )
        )
    assert failed > 30
    assert serials == list(range(1, 200 - failed + 1))


async def test_every_day_and_every_tenant_begins_at_one(office: Office, clock: FixedClock) -> None:
    for tenant in (await a_tenant(office), await a_tenant(office)):
        async with office.work(tenant) as work:
            numbered = [(await issue_invoice(work, await a_draft(work))).number for _ in range(2)]
        assert numbered == ["202611180001", "202611180002"]
    clock.advance(timedelta(days=1))
    async with office.work(tenant) as work:
        assert (await issue_invoice(work, await a_draft(work))).number == "202611190001"


async def test_the_day_in_a_number_is_the_tenants(office: Office, clock: FixedClock) -> None:
    tenant = await a_tenant(office)
    clock.move_to(clock.now().replace(hour=20, minute=0))  # midnight in Dubai
    async with office.work(tenant) as work:
        assert (await issue_invoice(work, await a_draft(work))).number == "202611190001"


async def test_an_issue_date_is_neither_to_come_nor_before_the_last(work: Work) -> None:
    draft, yesterday = await a_draft(work), work.today - timedelta(days=1)
    issued = await issue_invoice(work, await a_draft(work), issue_date=yesterday)
    assert issued.number == "202611170001"
    await issue_invoice(work, await a_draft(work))
    before = await footprint(work)

    with pytest.raises(Conflict) as back_dated:
        await issue_invoice(work, draft, issue_date=yesterday)
    with pytest.raises(Invalid) as to_come:
        await issue_invoice(work, draft, issue_date=work.today + timedelta(days=1))

    assert (back_dated.value.code, back_dated.value.status) == ("issue_date_before_last", 409)
    assert to_come.value.code == "issue_date_in_future"
    assert await footprint(work) == before


async def test_credit_notes_count_for_themselves(work: Work) -> None:
    first, second = await an_invoice(work), await an_invoice(work)

    assert (await cancel_invoice(work, first, because="duplicate")).number == "CN-202611180001"
    assert (await cancel_invoice(work, second, because="duplicate")).number == "CN-202611180002"
    assert (await get_invoice(work, second)).number == "202611180002"


async def test_a_block_of_serials_is_taken_at_once(work: Work) -> None:
    taken = [await numbers.take_serials(work, numbers.INVOICES, work.today, count) for count in (400, 1, 9)]
    assert taken == [1, 401, 402]
