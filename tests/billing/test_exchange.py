"""Money of another currency than the invoice's: both amounts, the rate, and what it gained or lost (R75)."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.allocations import apply_credit
from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.finding import get_invoice
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.tables import exchange_rates, invoice_payments
from bursar.core.errors import IllegalMove, Invalid, Refusal
from bursar.core.money import Money
from bursar.core.work import Work
from tests.makers.billing import aed, an_invoice, footprint, told_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


def usd(minor: int) -> Money:
    return Money(minor, "USD")


async def a_dollar_invoice(work: Work, minor: int = 100_00, rate: str = "3.672500", **given: Any) -> UUID:
    """Issued in dollars at a rate that the books know."""
    await a_rate(work, "USD", rate)
    return await an_invoice(work, minor=minor, currency="USD", **given)


async def a_rate(work: Work, currency: str, rate: str) -> None:
    row = {"currency": currency, "on_date": work.today, "rate": Decimal(rate), "source": "test"}
    await work.db.execute(sa.insert(exchange_rates).values(tenant_id=work.tenant_id, **row))


async def allocations_of(work: Work, invoice: UUID) -> list[tuple[Any, ...]]:
    a = invoice_payments
    rows = await work.db.execute(
        sa.select(a.c.amount_minor, a.c.taken_minor, a.c.exchange_rate, a.c.difference_minor)
        .where(a.c.tenant_id == work.tenant_id, a.c.invoice_id == invoice)
        .order_by(a.c.id)
    )
    return [tuple(row) for row in rows]


async def test_an_invoice_in_dollars_is_paid_in_dirhams_with_both_amounts(work: Work) -> None:
    invoice = await a_dollar_invoice(work)

    answer = await record_payment(
        work,
        NewPayment(
            aed(400_00), work.today, allocate_to=[(invoice, usd(100_00))], taken={invoice: aed(370_00)}
        ),
    )

    assert answer.allocations == {invoice: usd(100_00)}
    assert (answer.credit, answer.balances) == (aed(30_00), {invoice: usd(0)})
    # 370.00 came in for what the books held at 367.25.
    assert await allocations_of(work, invoice) == [(100_00, 370_00, Decimal("3.700000"), 2_75)]
    found = await get_invoice(work, invoice)
    assert (found.state, found.balance) == ("paid", usd(0))
    assert await credit_of(work, found.customer_id) == [aed(30_00)]
    assert await ledger.discrepancies(work) == []


async def test_money_of_a_third_currency_is_worth_what_its_last_rate_says(work: Work) -> None:
    await a_rate(work, "EUR", "4.000000")
    invoice = await a_dollar_invoice(work)

    await record_payment(
        work,
        NewPayment(
            Money(90_00, "EUR"),
            work.today,
            allocate_to=[(invoice, usd(100_00))],
            taken={invoice: Money(90_00, "EUR")},
        ),
    )

    assert await allocations_of(work, invoice) == [(100_00, 90_00, Decimal("0.900000"), -7_25)]


async def test_without_a_rate_the_difference_is_not_guessed(work: Work) -> None:
    invoice = await an_invoice(work)

    await record_payment(
        work,
        NewPayment(usd(28_00), work.today, allocate_to=[(invoice, aed(100_00))], taken={invoice: usd(28_00)}),
    )

    assert await allocations_of(work, invoice) == [(100_00, 28_00, Decimal("0.280000"), None)]


async def test_a_reversal_copies_every_amount(work: Work) -> None:
    invoice = await a_dollar_invoice(work)
    paid = await record_payment(
        work,
        NewPayment(
            aed(370_00), work.today, allocate_to=[(invoice, usd(100_00))], taken={invoice: aed(370_00)}
        ),
    )

    await reverse_payment(work, paid.payment_id, because="bounced")

    assert await allocations_of(work, invoice) == [
        (100_00, 370_00, Decimal("3.700000"), 2_75),
        (-100_00, -370_00, Decimal("3.700000"), -2_75),
    ]
    found = await get_invoice(work, invoice)
    assert (found.state, found.balance) == ("issued", usd(100_00))
    assert await credit_of(work, found.customer_id) == []


async def test_credit_of_another_currency_pays_when_both_amounts_are_said(work: Work) -> None:
    customer = await a_customer(work)
    payment = (await record_payment(work, NewPayment(aed(400_00), work.today, customer))).payment_id
    invoice = await a_dollar_invoice(work, of=customer)

    with pytest.raises(Invalid) as refused:
        await apply_credit(work, invoice)
    assert refused.value.code == "no_credit"
    used = await apply_credit(work, invoice, amount=usd(50_00), payment_id=payment, taken=aed(184_00))

    assert used == usd(50_00)
    assert (await get_invoice(work, invoice)).balance == usd(50_00)
    assert await credit_of(work, customer) == [aed(216_00)]
    assert (await told_of(work, invoice))[-1] == "invoice.allocate"
    with pytest.raises(Invalid) as refused:
        await apply_credit(work, invoice, amount=usd(50_00), payment_id=payment, taken=aed(216_01))
    assert (refused.value.code, refused.value.field) == ("no_credit", "taken")


@pytest.mark.parametrize(
    ("part", "taken", "code"),
    [
        (None, aed(370_00), "both_amounts_needed"),
        (usd(100_00), None, "mixed_currencies"),
        (usd(100_01), aed(370_00), "allocation_above_balance"),
        (usd(100_00), aed(400_01), "parts_too_large"),
        (usd(100_00), usd(100_00), "mixed_currencies"),
        (usd(100_00), aed(0), "amount_not_positive"),
    ],
)
async def test_amounts_that_do_not_fit_write_nothing(
    work: Work, part: Money | None, taken: Money | None, code: str
) -> None:
    invoice = await a_dollar_invoice(work)
    before = await footprint(work)

    with pytest.raises(Refusal) as refused:
        await record_payment(
            work,
            NewPayment(
                aed(400_00),
                work.today,
                allocate_to=[(invoice, part)],
                taken={} if taken is None else {invoice: taken},
            ),
        )

    assert refused.value.code == code
    assert await footprint(work) == before


async def test_more_than_is_open_of_an_invoice_is_refused_by_name_and_money_for_a_paid_one_waits(
    work: Work,
) -> None:
    invoice = await an_invoice(work)
    with pytest.raises(Invalid) as refused:
        await record_payment(work, NewPayment(aed(200_00), work.today, allocate_to=[(invoice, aed(100_01))]))
    assert (refused.value.code, refused.value.field) == ("allocation_above_balance", "allocate_to")

    await record_payment(work, NewPayment(aed(100_00), work.today, allocate_to=[(invoice, None)]))
    late = await record_payment(work, NewPayment(aed(60_00), work.today, allocate_to=[(invoice, aed(60_00))]))

    assert (late.credit, late.allocations) == (aed(60_00), {})
    assert (await told_of(work, invoice))[-1] == "invoice.payment_arrives"


async def test_a_named_payment_in_another_currency_pays_no_cancelled_invoice(work: Work) -> None:

    customer = await a_customer(work)
    payment = (await record_payment(work, NewPayment(aed(400_00), work.today, customer))).payment_id
    invoice = await a_dollar_invoice(work, of=customer)
    await cancel_invoice(work, invoice, because="duplicate")

    with pytest.raises(IllegalMove):
        await apply_credit(work, invoice, amount=usd(1_00), payment_id=payment, taken=aed(3_67))
