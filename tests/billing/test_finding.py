"""Invoices as lists and numbers, and the status said twice: in SQL and in plain Python."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing import rules
from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.disputes import open_dispute
from bursar.billing.filters import OVERDUE, Chosen
from bursar.billing.finding import (
    AmbiguousNumber,
    by_number,
    get_invoice,
    invoices_of,
    list_invoices,
    open_invoices,
    with_numbers,
)
from bursar.billing.imported import ImportedInvoice, add_imported
from bursar.billing.rules import Status
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.billing.tables import invoice_payments
from bursar.core.errors import NotFound
from bursar.core.work import Work
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, pay
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def test_the_status_is_the_same_in_sql_and_in_python(work: Work) -> None:
    for state in ("draft", "issued", "paid", "cancelled"):
        await an_invoice(work, state=InvoiceState(state))
    part, credited, late, late_part, contested = (
        await an_invoice(work),
        await an_invoice(work),
        await an_overdue_invoice(work),
        await an_overdue_invoice(work),
        await an_overdue_invoice(work),
    )
    await pay(work, part, 10_00)
    await pay(work, late_part, 10_00)
    await issue_credit_note(work, credited, aed(10_00), because="late")
    await open_dispute(work, contested, reason=DisputeReason.OTHER, statement="Not ours")

    found = await list_invoices(work)

    assert len(found) == 9
    for one in found:
        allocated = await work.db.scalar(
            sa.select(sa.func.sum(invoice_payments.c.amount_minor)).where(
                invoice_payments.c.tenant_id == work.tenant_id, invoice_payments.c.invoice_id == one.id
            )
        )
        assert one.status is rules.status_of(
            one.state,
            balance=one.balance.minor,
            allocated=allocated or 0,
            due_date=one.due_date,
            today=work.today,
            disputed=one.disputed,
        )
    by_status = {one.id: one.status for one in found}
    assert [by_status[id_] for id_ in (part, credited, late, late_part, contested)] == [
        Status.PARTIALLY_PAID,
        Status.ISSUED,
        Status.OVERDUE,
        Status.OVERDUE,
        Status.ISSUED,
    ]


async def test_a_list_is_filtered_and_read_page_by_page(work: Work) -> None:
    customer = await a_customer(work, company_name="Atelier")
    mine = [await an_invoice(work, of=customer) for _ in range(3)]
    usd = await an_invoice(work, currency="USD")
    paid = await an_invoice(work, state=InvoiceState.PAID)
    late = await an_overdue_invoice(work)

    async def ids(chosen: Chosen) -> set[object]:
        return {one.id for one in await list_invoices(work, chosen)}

    assert [one.id for one in await invoices_of(work, customer)] == mine[::-1]
    assert (await get_invoice(work, mine[0])).customer_name == "Atelier"
    assert await ids(Chosen(currency="USD")) == {usd}
    assert await ids(Chosen(statuses=frozenset({Status.PAID}))) == {paid}
    assert await ids(Chosen(number="X-")) == {late}
    assert await ids(Chosen(number="%")) == set()
    assert await ids(Chosen(due_until=work.today)) == {late}
    assert await ids(Chosen(due_from=work.today, customer_id=customer)) == set(mine)
    assert await ids(Chosen(ids=[])) == set()
    assert await ids(OVERDUE) == {late}

    first = await list_invoices(work, limit=4)
    rest = await list_invoices(work, before=first[-1].id)
    assert [one.id for one in (*first, *rest)] == [late, paid, usd, *mine[::-1]]


async def test_what_is_open_is_read_with_the_longest_due_first(work: Work) -> None:
    late = {days: await an_overdue_invoice(work, days=days) for days in (5, 50, 20)}
    await an_invoice(work, state=InvoiceState.PAID)

    first = await open_invoices(work, limit=2)
    rest = await open_invoices(work, after=first[-1])

    assert [one.id for one in (*first, *rest)] == [late[50], late[20], late[5]]
    assert [one.days_late for one in first] == [50, 20]


async def test_a_number_names_one_invoice_or_is_refused_with_all_it_names(work: Work) -> None:
    ours = await get_invoice(work, await an_invoice(work))
    assert ours.number
    customer = await a_customer(work)
    day = work.today - timedelta(days=40)
    theirs = ImportedInvoice(ours.number, customer, aed(1), aed(1), day, day)
    await add_imported(work, "sheet", [theirs])

    with pytest.raises(AmbiguousNumber, match="more than once") as refused:
        await by_number(work, ours.number)

    assert {one.series for one in refused.value.found} == {"invoice", "import:sheet"}
    assert (await by_number(work, ours.number, series="invoice")).id == ours.id
    assert (await by_number(work, ours.number, series="import:sheet")).customer_id == customer
    for number, series in (("none", None), (ours.number, "CN")):
        with pytest.raises(NotFound):
            await by_number(work, number, series=series)
    found = await with_numbers(work, [ours.number, "none"])
    assert {number: len(rows) for number, rows in found.items()} == {ours.number: 2}


async def test_an_unknown_invoice_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await get_invoice(work, uuid4())
