"""Payments: what they pay, what stays as credit, what comes twice or too late, and who gets there first."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.allocations import apply_credit
from bursar.billing.finding import get_invoice
from bursar.billing.payments import (
    NewPayment,
    PaymentRecorded,
    record_payment,
    record_payments,
    reverse_payment,
)
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, Refusal
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import MixedCurrencies, Money
from bursar.core.work import Actor, Work
from tests.makers.billing import (
    aed,
    an_invoice,
    an_overdue_invoice,
    footprint,
    pay,
    statements,
    told_of,
)
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def test_money_pays_what_is_open_and_the_rest_is_credit(work: Work) -> None:
    invoice = await an_invoice(work)

    first = await pay(work, invoice, 40_00)
    second = await pay(work, invoice, 75_00)

    assert first == PaymentRecorded(first.payment_id, {invoice: aed(40_00)}, aed(0), {invoice: aed(60_00)})
    assert second == PaymentRecorded(second.payment_id, {invoice: aed(60_00)}, aed(15_00), {invoice: aed(0)})
    paid = await get_invoice(work, invoice)
    assert (paid.state, paid.status, paid.paid_on) == ("paid", "paid", work.today)
    assert await told_of(work, first.payment_id) == ["payment.received"]


async def test_one_payment_over_several_invoices_pays_them_in_the_order_named(work: Work) -> None:
    customer = await a_customer(work)
    first, second, third = [await an_invoice(work, of=customer) for _ in range(3)]

    answer = await record_payment(
        work,
        NewPayment(aed(190_00), work.today, allocate_to=[(second, None), (first, aed(30_00)), (third, None)]),
    )

    assert answer.allocations == {second: aed(100_00), first: aed(30_00), third: aed(60_00)}
    assert answer.balances == {second: aed(0), first: aed(70_00), third: aed(40_00)}
    assert not answer.credit


async def test_the_day_of_payment_is_the_day_the_last_money_arrived(work: Work) -> None:
    invoice = await an_invoice(work)
    await pay(work, invoice, 40_00)

    await pay(work, invoice, 60_00, received_on=work.today - timedelta(days=3))

    assert (await get_invoice(work, invoice)).paid_on == work.today - timedelta(days=3)


async def test_money_without_an_invoice_is_credit_and_pays_one_when_told_to(work: Work) -> None:
    customer = await a_customer(work)
    await record_payment(work, NewPayment(aed(30_00), work.today - timedelta(days=2), customer))
    await record_payment(work, NewPayment(aed(90_00), work.today, customer))
    await record_payment(work, NewPayment(Money(500, "USD"), work.today, customer))
    invoice = await an_invoice(work, of=customer)

    assert await apply_credit(work, invoice, amount=aed(25_00)) == aed(25_00)
    assert await apply_credit(work, invoice) == aed(75_00)

    assert await credit_of(work, customer) == [aed(20_00), Money(500, "USD")]
    assert (await get_invoice(work, invoice)).paid_on == work.today
    assert await ledger.discrepancies(work) == []


async def test_without_credit_there_is_nothing_to_apply(work: Work) -> None:
    with pytest.raises(Invalid) as refused:
        await apply_credit(work, await an_invoice(work))
    assert refused.value.code == "no_credit"


async def test_money_for_an_invoice_that_is_closed_waits_as_credit(work: Work) -> None:
    for state in (InvoiceState.PAID, InvoiceState.CANCELLED):
        invoice = await an_invoice(work, state=state)
        answer = await pay(work, invoice, 10_00)
        assert (answer.allocations, answer.credit) == ({}, aed(10_00))
        assert (await told_of(work, invoice))[-1] == "invoice.payment_arrives"


REFUSALS: dict[str, tuple[dict[str, Any], type[Refusal], str]] = {
    "nothing": ({"amount": aed(0)}, Invalid, "amount_not_positive"),
    "less than nothing": ({"amount": aed(-1)}, Invalid, "amount_not_positive"),
    "another currency": ({"amount": Money(100, "USD")}, MixedCurrencies, "mixed_currencies"),
    "tomorrow's money": ({"days": 1}, Invalid, "received_in_future"),
    "a part of nothing": ({"part": aed(0)}, Invalid, "amount_not_positive"),
    "a part in another currency": ({"part": Money(1, "USD")}, MixedCurrencies, "mixed_currencies"),
    "parts above the payment": ({"part": aed(10_01)}, Invalid, "parts_too_large"),
    "an unknown invoice": ({"invoice": uuid4()}, NotFound, "not_found"),
    "an unknown customer": ({"customer_id": uuid4()}, NotFound, "not_found"),
}


@pytest.mark.parametrize("given", REFUSALS)
async def test_a_payment_that_cannot_be_writes_nothing(work: Work, given: str) -> None:
    told, refusal, code = REFUSALS[given]
    invoice = told.get("invoice") or await an_invoice(work)
    before = await footprint(work)

    with pytest.raises(refusal) as refused:
        await record_payment(
            work,
            NewPayment(
                told.get("amount", aed(10_00)),
                work.today + timedelta(days=told.get("days", 0)),
                told.get("customer_id"),
                [(invoice, told.get("part"))],
            ),
        )

    assert refused.value.code == code
    assert await footprint(work) == before


async def test_an_invoice_of_another_customer_or_named_twice_is_refused(work: Work) -> None:
    mine, theirs = await an_invoice(work), await an_invoice(work)
    for named, code in (([mine, theirs], "other_customer"), ([mine, mine], "named_twice")):
        with pytest.raises(Invalid) as refused:
            await record_payment(
                work, NewPayment(aed(10_00), work.today, allocate_to=[(one, None) for one in named])
            )
        assert refused.value.code == code


async def test_a_draft_takes_no_money(work: Work) -> None:
    with pytest.raises(IllegalMove):
        await pay(work, await an_invoice(work, state=InvoiceState.DRAFT), 10_00)


async def test_a_viewer_records_and_reverses_nothing(work: Work) -> None:
    invoice = await an_invoice(work)
    payment = (await pay(work, invoice, 10_00)).payment_id
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    for act in (
        pay(work, invoice, 10_00),
        reverse_payment(work, payment, because="bounced"),
        apply_credit(work, invoice),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_what_a_provider_or_a_sheet_tells_twice_counts_once(work: Work) -> None:
    invoice = await an_invoice(work)
    told = {"source": PaymentSource.IMPORT, "external_id": "B-1"}
    first = await pay(work, invoice, 40_00, **told)
    before = await footprint(work)

    again = await pay(work, invoice, 40_00, **told)

    assert (again.payment_id, again.repeated) == (first.payment_id, True)
    assert await footprint(work) == before
    with pytest.raises(Conflict) as refused:
        await pay(work, invoice, 41_00, **told)
    assert refused.value.code == "duplicate_external_id"


async def test_a_person_is_told_of_an_external_id_that_was_used(work: Work) -> None:
    invoice = await an_invoice(work)
    await pay(work, invoice, 10_00, external_id="T-1")
    with pytest.raises(Conflict):
        await pay(work, invoice, 10_00, external_id="T-1")
    await pay(work, invoice, 10_00, external_id="T-1", source=PaymentSource.BANK)


async def test_reversing_a_payment_opens_what_it_paid_and_happens_once(work: Work) -> None:
    customer = await a_customer(work)
    whole, part = await an_invoice(work, of=customer), await an_invoice(work, of=customer)
    payment = (
        await record_payment(
            work, NewPayment(aed(150_00), work.today, allocate_to=[(whole, None), (part, None)])
        )
    ).payment_id

    reversal = await reverse_payment(work, payment, because="cheque bounced")

    for invoice in (whole, part):
        found = await get_invoice(work, invoice)
        assert (found.state, found.balance, found.paid_on) == ("issued", aed(100_00), None)
        assert (await told_of(work, invoice))[-1] == "invoice.reverse_allocation"
    assert await credit_of(work, customer) == []
    assert await ledger.discrepancies(work) == []
    for again in (payment, reversal):
        with pytest.raises(Conflict) as refused:
            await reverse_payment(work, again, because="twice")
        assert refused.value.code == "already_reversed"


async def test_a_batch_answers_each_row_and_refuses_only_the_bad_ones(work: Work) -> None:
    invoice, other = await an_invoice(work), await an_invoice(work)
    given = [
        NewPayment(aed(60_00), work.today, allocate_to=[(invoice, None)], external_id="1"),
        NewPayment(aed(0), work.today, allocate_to=[(invoice, None)], external_id="2"),
        NewPayment(aed(60_00), work.today, allocate_to=[(invoice, None)], external_id="3"),
        NewPayment(aed(10_00), work.today, allocate_to=[(other, None)], external_id="1"),
        NewPayment(aed(10_00), work.today, allocate_to=[(invoice, None)], external_id="5"),
    ]

    answers = await record_payments(work, given)

    kinds = [type(answer).__name__ for answer in answers]
    assert kinds == ["PaymentRecorded", "Invalid", "PaymentRecorded", "Conflict", "PaymentRecorded"]
    assert [one.credit for one in answers if isinstance(one, PaymentRecorded)] == [
        aed(0),
        aed(20_00),
        aed(10_00),
    ]
    assert (await told_of(work, invoice))[2:] == [
        "invoice.allocate",
        "invoice.settle",
        "invoice.payment_arrives",
    ]
    assert await ledger.discrepancies(work) == []


async def test_two_hundred_payments_cost_the_statements_of_two(work: Work) -> None:
    customer = await a_customer(work)

    async def sent_for(count: int) -> int:
        invoices = [await an_overdue_invoice(work, of=customer) for _ in range(count)]
        given = [NewPayment(aed(60_00), work.today, allocate_to=[(one, None)]) for one in invoices]
        given.append(NewPayment(aed(40_00), work.today, allocate_to=[(invoices[0], None)]))
        with statements(work) as sent:
            answers = await record_payments(work, given)
        assert all(isinstance(answer, PaymentRecorded) for answer in answers)
        return len(sent)

    assert await sent_for(2) == await sent_for(200)
    assert await ledger.discrepancies(work) == []
