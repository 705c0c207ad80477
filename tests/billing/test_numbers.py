"""Numbers: no gap, no twin, no way back in time."""

import random
from datetime import UTC, date, datetime, timedelta

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.billing import numbers
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.finding import get_invoice
from bursar.billing.issuing import issue_invoice
from bursar.billing.tables import invoices
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, Invalid
from bursar.core.keys import Keyring
from bursar.core.work import Office, Work
from bursar.tenancy.tenants import change_settings
from tests.makers.billing import a_draft, an_invoice, footprint
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


class _TurnedBack(Exception):
    """The transaction ends without a commit, after its number was taken."""


async def test_fifty_issuers_that_sometimes_fail_leave_no_gap_and_no_twin(
    addresses: Addresses, office: Office, clock: FixedClock, keyring: Keyring
) -> None:
    tenant, dice, failed = await a_tenant(office), random.Random(68), 0
    async with office.work(tenant) as work:
        customer = await a_customer(work)
    engine = create_async_engine(addresses.app, pool_size=50)
    crowd = Office(engine, clock, keyring)

    async def issuer() -> None:
        nonlocal failed
        for _ in range(4):
            try:
                async with crowd.work(tenant) as work:
                    await issue_invoice(work, await a_draft(work, of=customer))
                    if dice.random() < 0.3:
                        raise _TurnedBack
            except _TurnedBack:
                failed += 1

    try:
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(issuer)
    finally:
        await engine.dispose()

    assert failed > 30
    async with office.work(tenant) as work:
        assert await serials_of(work) == list(range(1, 200 - failed + 1))


async def serials_of(work: Work) -> list[int]:
    found = sa.select(invoices.c.serial).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.number.is_not(None)
    )
    return list(await work.db.scalars(found.order_by(invoices.c.serial)))


async def test_a_number_whose_transaction_died_goes_to_the_next(office: Office, addresses: Addresses) -> None:
    """The connection breaks after the number was taken: nobody rolls back, the server does."""
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        first, second = await a_draft(work), await a_draft(work)

    taken: list[str] = []

    async def issuer() -> None:
        async with office.work(tenant) as work:
            taken.append((await issue_invoice(work, first)).number)
            await work.db.execute(sa.text("select pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DBAPIError):
        await issuer()

    async with office.work(tenant) as work:
        taken.append((await issue_invoice(work, second)).number)
    assert taken == ["202611180001", "202611180001"]


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
    async with office.work(tenant) as work:
        before, after = await a_draft(work), await a_draft(work)
    clock.move_to(clock.now().replace(hour=19, minute=59))  # 23:59 in Dubai
    async with office.work(tenant) as work:
        assert (await issue_invoice(work, before)).number == "202611180001"
    clock.move_to(clock.now().replace(hour=20, minute=0))  # midnight there
    async with office.work(tenant) as work:
        issued = await issue_invoice(work, after)
    assert (issued.number, issued.issue_date) == ("202611190001", date(2026, 11, 19))


YEARS_END = datetime(2026, 12, 31, 19, 59, tzinfo=UTC)
"""23:59 in Dubai, the last minute of the year there."""


@pytest.mark.parametrize(
    ("strategy", "numbers_"),
    [
        ("daily", ["HH-202612310001", "HH-202612310002", "HH-202701010001"]),
        ("yearly", ["HH-2026-0001", "HH-2026-0002", "HH-2027-0001"]),
        ("continuous", ["HH-0001", "HH-0002", "HH-0003"]),
    ],
)
async def test_a_series_begins_again_as_its_tenant_said(
    office: Office, clock: FixedClock, strategy: str, numbers_: list[str]
) -> None:
    settings = {"billing": {"series": {"strategy": strategy, "prefix": "HH-"}}}
    tenant = await a_tenant(office, settings=settings)
    clock.move_to(YEARS_END)
    told = []
    for minutes in (0, 0, 1):
        clock.advance(timedelta(minutes=minutes))
        async with office.work(tenant) as work:
            told.append((await issue_invoice(work, await a_draft(work))).number)
    assert told == numbers_


async def test_a_french_firm_counts_without_end(office: Office, clock: FixedClock) -> None:
    french = {"country": "FR", "currency": "EUR", "time_zone": "Europe/Paris", "tax_number": "FR40303265045"}
    tenant, told = await a_tenant(office, **french), []
    for days in (0, 1, 60):
        clock.advance(timedelta(days=days))
        async with office.work(tenant) as work:
            told.append((await issue_invoice(work, await a_draft(work, currency="EUR"))).number)
    assert told == ["0001", "0002", "0003"]


async def test_a_tenant_that_changes_its_mind_writes_no_number_twice(office: Office) -> None:
    tenant, told = await a_tenant(office), []
    for strategy in ("daily", "yearly", "continuous", "daily", "yearly", "continuous"):
        async with office.work(tenant) as work:
            await change_settings(work, {"billing": {"series": {"strategy": strategy}}})
            told.append((await issue_invoice(work, await a_draft(work))).number)
    assert told == ["202611180001", "2026-0001", "0001", "202611180002", "2026-0002", "0002"]


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
