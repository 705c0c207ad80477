"""Two at once: who gets the balance, the invoice, the external id; and nobody blocks another for good."""

from functools import partial
from typing import Any
from uuid import UUID

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.finding import get_invoice
from bursar.billing.payments import NewPayment, record_payment
from bursar.billing.states import PaymentSource
from bursar.billing.tables import payments
from bursar.core.errors import Refusal
from bursar.core.work import Office
from tests.makers.billing import aed, an_invoice, pay, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def in_turn_or_at_once(office: Office, tenant: UUID, *acts: Any) -> list[str]:
    """Each act in a Work of its own, all at the same time; how each ended."""
    outcomes: list[str] = []

    async def run(act: Any) -> None:
        try:
            async with office.work(tenant) as work:
                await act(work)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    async with anyio.create_task_group() as group:
        for act in acts:
            group.start_soon(run, act)
    return sorted(outcomes)


async def test_two_payments_racing_for_one_balance_are_one_allocation_and_one_credit(office: Office) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            customer = await a_customer(work)
            invoice = await an_invoice(work, of=customer)

        assert await in_turn_or_at_once(
            office,
            tenant,
            partial(pay, invoice=invoice, minor=100_00),
            partial(pay, invoice=invoice, minor=100_00),
        ) == ["done", "done"]

        async with office.work(tenant) as work:
            assert await credit_of(work, customer) == [aed(100_00)]
            events = await told_of(work, invoice)
            assert events[-2:] == ["invoice.settle", "invoice.payment_arrives"]
            assert await ledger.discrepancies(work) == []


async def test_a_payment_racing_a_cancellation_leaves_one_of_them(office: Office) -> None:
    tenant = await a_tenant(office)
    for _ in range(5):
        async with office.work(tenant) as work:
            invoice = await an_invoice(work)

        outcomes = await in_turn_or_at_once(
            office,
            tenant,
            partial(pay, invoice=invoice, minor=40_00),
            partial(cancel_invoice, invoice_id=invoice, because="duplicate"),
        )

        async with office.work(tenant) as work:
            found = await get_invoice(work, invoice)
            assert (found.state, outcomes) in (
                ("cancelled", ["done", "done"]),
                ("issued", ["done", "has_payments"]),
            )
            assert await ledger.discrepancies(work) == []


async def test_payments_that_name_the_same_invoices_in_opposite_order_do_not_block_each_other(
    office: Office,
) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer = await a_customer(work)
        invoices = [await an_invoice(work, of=customer) for _ in range(6)]

    def paying(order: list[UUID]) -> Any:
        given = [(invoice, aed(10_00)) for invoice in order]
        return lambda work: record_payment(work, NewPayment(aed(60_00), work.today, allocate_to=given))

    assert (
        await in_turn_or_at_once(office, tenant, *[paying(invoices), paying(invoices[::-1])] * 3)
        == ["done"] * 6
    )


async def test_one_external_id_that_arrives_twice_at_once_is_one_payment(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        invoice, other = await an_invoice(work), await an_invoice(work)
    told = {"source": PaymentSource.STRIPE, "external_id": "pi_1"}

    same = await in_turn_or_at_once(office, tenant, *[lambda work: pay(work, invoice, 10_00, **told)] * 2)
    different = await in_turn_or_at_once(
        office,
        tenant,
        lambda work: pay(work, invoice, 10_00, **{**told, "external_id": "pi_2"}),
        lambda work: pay(work, other, 10_00, **{**told, "external_id": "pi_2"}),
    )

    assert same == ["done", "done"]
    assert different in (["busy", "done"], ["done", "duplicate_external_id"])
    async with office.work(tenant) as work:
        count = sa.select(sa.func.count()).select_from(payments).where(payments.c.tenant_id == tenant)
        assert await work.db.scalar(count) == 2
