"""What a customer's own link may do, asked of the verbs themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bursar.billing import hosted_customer, promises
from bursar.billing.hosted_customer import Entered
from bursar.billing.states import InvoiceState
from bursar.core.errors import Conflict, Invalid
from bursar.core.work import Work
from tests.makers.billing import an_invoice
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def entered(work: Work) -> Entered:
    return Entered(work.tenant_id, await a_customer(work), "Noor", "en", may_act=True)


async def test_a_day_for_everything_is_a_promise_on_each_open_invoice_of_theirs_alone(work: Work) -> None:
    link = await entered(work)
    mine = [await an_invoice(work, of=link.customer_id) for _ in range(2)]
    await an_invoice(work, of=link.customer_id, state=InvoiceState.PAID)
    await an_invoice(work, of=await a_customer(work))

    given = await hosted_customer.promise_all(work, link, work.today + timedelta(days=3))

    assert given == 2
    assert sorted(one.invoice_id for one in await promises.list_promises(work)) == sorted(mine)


async def test_who_has_nothing_open_or_may_not_act_promises_nothing(work: Work) -> None:
    link = await entered(work)
    with pytest.raises(Conflict) as refusal:
        await hosted_customer.promise_all(work, link, work.today)
    assert refusal.value.code == "nothing_to_promise"
    await an_invoice(work, of=link.customer_id)
    with pytest.raises(Conflict) as refusal:
        await hosted_customer.promise_all(work, replace(link, may_act=False), work.today)
    assert refusal.value.code == "acts_closed"
    with pytest.raises(Invalid):
        await hosted_customer.promise_all(work, link, work.today - timedelta(days=1))
    assert await promises.list_promises(work) == []
