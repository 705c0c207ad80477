"""Time passes for every tenant, each on its own calendar."""

from datetime import timedelta

import pytest

from bursar.billing.finding import get_invoice
from bursar.billing.promises import make_promise
from bursar.billing.tending import tenants_to_tend, tend
from bursar.core.clock import FixedClock
from bursar.core.work import Office
from tests.makers.billing import an_invoice, told_of
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio


async def test_what_time_does_is_done_once_for_every_tenant(office: Office, clock: FixedClock) -> None:
    tenants = [await a_tenant(office) for _ in range(2)]
    known = []
    for tenant in tenants:
        async with office.work(tenant) as work:
            invoice = await an_invoice(work)
            promise = await make_promise(work, invoice, promised_for=work.today)
            known.append((tenant, invoice, promise))
    clock.advance(timedelta(days=40))

    assert sorted(await tenants_to_tend(office)) == sorted(tenants)
    for tenant in tenants * 2:
        await tend(office, tenant)

    for tenant, invoice, promise in known:
        async with office.work(tenant) as work:
            assert (await get_invoice(work, invoice)).status == "overdue"
            assert (await told_of(work, invoice)).count("invoice.became_overdue") == 1
            assert await told_of(work, promise) == ["promise.active", "promise.date_passed"]
