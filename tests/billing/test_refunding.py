"""A paid invoice given back: credited first or together, refunded when all of it went back (R74, lifecycle 7)."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.allocations import apply_credit
from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.finding import get_invoice
from bursar.billing.payments import NewPayment, record_payment
from bursar.billing.refunding import refund_invoice
from bursar.billing.refunds import NewRefund, fail_refund, list_refunds, refund_payment, succeed_refund
from bursar.billing.states import InvoiceState
from bursar.billing.tables import credit_notes, invoices
from bursar.core.errors import IllegalMove, Invalid, NotFound
from bursar.core.work import Office, Work
from tests.makers.billing import aed, an_invoice, footprint, pay, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# A paid invoice over 100.00 and the events of lifecycle 7 that give it back.
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, int | None]] = {
    ("draft", "refund_all"):      (REFUSED, None),
    ("issued", "refund_all"):     (REFUSED, None),
    ("cancelled", "refund_all"):  (REFUSED, None),
    ("refunded", "refund_all"):   (REFUSED, None),
    ("paid", "refund_part"):      ("paid", 40_00),
    ("paid", "refund_all"):       ("refunded", 100_00),
    ("refunded", "pay"):          ("refunded", 100_00),
    ("refunded", "credit"):       (REFUSED, None),
    ("refunded", "apply_credit"): (REFUSED, None),
}
# fmt: on


async def refunded_minor(work: Work, invoice: UUID) -> int:
    chosen = sa.select(invoices.c.refunded_minor).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice
    )
    return (await work.db.execute(chosen)).scalar_one()


async def stand_in(work: Work, state: str) -> UUID:
    if state != "refunded":
        return await an_invoice(work, state=InvoiceState(state))
    invoice = await an_invoice(work, state=InvoiceState.PAID)
    await refund_invoice(work, invoice, because="not delivered")
    return invoice


async def do(work: Work, event: str, invoice: UUID) -> Any:
    match event:
        case "refund_part":
            await refund_invoice(work, invoice, amount=aed(40_00), because="one of them broke")
        case "refund_all":
            await refund_invoice(work, invoice, because="not delivered")
        case "pay":
            await pay(work, invoice, 10_00)
        case "credit":
            await issue_credit_note(work, invoice, aed(1_00), because="late")
        case "apply_credit":
            await apply_credit(work, invoice)


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, minor = MATRIX[state, event]
    invoice = await stand_in(work, state)
    before = await footprint(work)

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await do(work, event, invoice)
        assert await footprint(work) == before
        return

    await do(work, event, invoice)
    found = await get_invoice(work, invoice)
    assert (found.state, await refunded_minor(work, invoice), found.balance) == (target, minor, aed(0))
    assert await ledger.discrepancies(work) == []


async def test_a_refund_issues_the_credit_note_that_is_missing_and_tells_the_invoice(work: Work) -> None:
    invoice = await an_invoice(work, state=InvoiceState.PAID)

    [refund] = await refund_invoice(work, invoice, amount=aed(40_00), because="broken")

    assert refund.credit_note_id is not None
    assert (refund.state, refund.amount) == ("succeeded", aed(40_00))
    assert (await told_of(work, invoice))[-2:] == ["invoice.credit_note", "invoice.refund"]
    assert [one.id for one in await list_refunds(work, invoice_id=invoice)] == [refund.id]
    assert await credit_of(work, refund.customer_id) == []


async def test_what_a_credit_note_has_set_free_goes_back_without_another(work: Work) -> None:
    invoice = await an_invoice(work, state=InvoiceState.PAID)
    await issue_credit_note(work, invoice, aed(30_00), because="late")
    customer = (await get_invoice(work, invoice)).customer_id
    assert await credit_of(work, customer) == [aed(30_00)]

    await refund_invoice(work, invoice, amount=aed(30_00), because="late")
    assert await count_notes(work) == 1
    await refund_invoice(work, invoice, because="the rest too")

    assert await count_notes(work) == 2
    assert (await get_invoice(work, invoice)).state == "refunded"
    assert await credit_of(work, customer) == []


async def count_notes(work: Work) -> int:
    counted = sa.select(sa.func.count()).where(credit_notes.c.tenant_id == work.tenant_id)
    return (await work.db.execute(counted)).scalar_one()


async def test_an_invoice_credited_before_it_was_paid_is_refunded_by_what_was_paid(work: Work) -> None:
    invoice = await an_invoice(work)
    await issue_credit_note(work, invoice, aed(40_00), because="discount")
    await pay(work, invoice, 60_00)

    [refund] = await refund_invoice(work, invoice, because="not delivered")

    assert refund.amount == aed(60_00)
    assert ((await get_invoice(work, invoice)).state, await refunded_minor(work, invoice)) == (
        "refunded",
        60_00,
    )


async def test_each_payment_gets_its_own_money_back(work: Work) -> None:
    invoice = await an_invoice(work)
    first, second = (await pay(work, invoice, 70_00)).payment_id, (await pay(work, invoice, 30_00)).payment_id

    refunds = await refund_invoice(work, invoice, because="not delivered")

    assert {one.payment_id: one.amount for one in refunds} == {first: aed(70_00), second: aed(30_00)}


async def test_a_pending_refund_holds_the_invoice_paid_until_the_money_arrived(work: Work) -> None:
    invoice = await an_invoice(work, state=InvoiceState.PAID)
    [refund] = await refund_invoice(work, invoice, because="not delivered", done=False)
    assert ((await get_invoice(work, invoice)).state, await refunded_minor(work, invoice)) == ("paid", 0)

    await succeed_refund(work, refund.id)

    assert ((await get_invoice(work, invoice)).state, await refunded_minor(work, invoice)) == (
        "refunded",
        100_00,
    )


async def test_a_refund_that_failed_can_be_made_again(work: Work) -> None:
    invoice = await an_invoice(work, state=InvoiceState.PAID)
    [refund] = await refund_invoice(work, invoice, because="not delivered", done=False)
    await fail_refund(work, refund.id, because="account closed")

    await refund_invoice(work, invoice, because="to the new account")

    assert (await get_invoice(work, invoice)).state == "refunded"
    assert await count_notes(work) == 1


async def test_more_than_was_paid_is_refused_and_writes_nothing(work: Work) -> None:
    invoice = await an_invoice(work, state=InvoiceState.PAID)
    before = await footprint(work)

    for amount in (aed(100_01), aed(0)):
        with pytest.raises(Invalid) as refused:
            await refund_invoice(work, invoice, amount=amount, because="too much")
        assert refused.value.code == "refund_above_paid"
    assert await footprint(work) == before


async def test_a_refund_for_a_credit_note_is_at_most_what_the_note_set_free(work: Work) -> None:
    customer = await a_customer(work)
    invoice = await an_invoice(work, of=customer)
    payment = (
        await record_payment(work, NewPayment(aed(150_00), work.today, allocate_to=[(invoice, None)]))
    ).payment_id
    note = await issue_credit_note(work, invoice, aed(20_00), because="late")

    with pytest.raises(Invalid) as refused:
        await refund_payment(work, NewRefund(payment, aed(20_01), work.today, "late", credit_note_id=note.id))
    assert refused.value.code == "refund_above_credit_note"
    await refund_payment(work, NewRefund(payment, aed(20_00), work.today, "late", credit_note_id=note.id))

    assert await credit_of(work, customer) == [aed(50_00)]


async def test_money_that_pays_another_invoice_by_now_does_not_go_back(work: Work) -> None:
    customer = await a_customer(work)
    invoice, other = await an_invoice(work, of=customer), await an_invoice(work, of=customer)
    await pay(work, invoice, 100_00)
    await issue_credit_note(work, invoice, aed(50_00), because="late")
    await apply_credit(work, other)

    with pytest.raises(Invalid) as refused:
        await refund_invoice(work, invoice, amount=aed(50_00), because="late")
    assert refused.value.code == "refund_above_payment"


async def test_another_tenant_refunds_nothing_of_ours(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        invoice = await an_invoice(work, state=InvoiceState.PAID)
    async with office.work(theirs) as work:
        with pytest.raises(NotFound):
            await refund_invoice(work, invoice, because="theirs")
