"""Drafts that become documents: one, or ten thousand at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.invoices import Draft, create_draft
from bursar.billing.issuing import Incomplete, Issued, checklist, issue_invoice, issue_many
from bursar.billing.lines import Line
from bursar.billing.states import InvoiceState
from bursar.billing.tables import exchange_rates, invoices
from bursar.catalog.tables import customer_prices, products
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotFound
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.makers.billing import a_draft, aed, an_invoice, footprint, statements, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def row(work: Work, invoice: UUID) -> Any:
    found = sa.select(invoices).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
    return (await work.db.execute(found)).one()


async def a_rate(work: Work, currency: str, rate: str, days_ago: int = 0) -> None:
    day = work.today - timedelta(days=days_ago)
    values = {"currency": currency, "on_date": day, "rate": Decimal(rate), "source": "CBUAE"}
    await work.db.execute(sa.insert(exchange_rates).values(tenant_id=work.tenant_id, **values))


async def a_dollar_draft(work: Work, **given: Any) -> UUID:
    line = Line("Hosting", Money(1_000_10, "USD"))
    return await create_draft(work, Draft(await a_customer(work, kind="person"), "USD", [line], **given))


async def test_each_of_many_is_issued_or_told_why_not(work: Work) -> None:
    first, second = await a_draft(work), await a_draft(work)
    nameless = await a_draft(work, of=await a_customer(work, company_name=""))
    late = await a_draft(work, due_date=work.today - timedelta(days=1))
    issued_before = await an_invoice(work)
    stranger = uuid4()

    answers = await issue_many(work, [second, nameless, issued_before, stranger, late, first, second])

    assert list(answers)
    assert set(answers) == {first, second, nameless, late, issued_before, stranger}
    numbered = [answers[second], answers[first]]
    assert [one.number for one in numbered if isinstance(one, Issued)] == ["202611180002", "202611180003"]
    assert isinstance(answers[nameless], Incomplete)
    assert isinstance(answers[issued_before], IllegalMove)
    assert isinstance(answers[stranger], NotFound)
    too_late = answers[late]
    assert isinstance(too_late, Invalid)
    assert too_late.code == "due_before_issue"
    assert (await row(work, nameless)).state == "draft"
    assert (await told_of(work, first))[-1] == "invoice.issue"


async def test_ten_times_as_many_take_no_more_statements(work: Work) -> None:
    customer = await a_customer(work)
    few = [await a_draft(work, of=customer) for _ in range(2)]
    many = [await a_draft(work, of=customer) for _ in range(20)]
    with statements(work) as first:
        await issue_many(work, few)
    with statements(work) as second:
        await issue_many(work, many)
    assert len(first) == len(second) <= 9


async def test_a_set_in_which_nothing_can_be_issued_takes_no_number(work: Work) -> None:
    nameless = await a_draft(work, of=await a_customer(work, company_name=""))
    before = await footprint(work)

    await issue_many(work, [nameless])

    assert await footprint(work) == before


async def test_a_wrong_day_issues_nothing_of_the_set(work: Work) -> None:
    await an_invoice(work)
    drafts = [await a_draft(work), await a_draft(work)]
    before = await footprint(work)

    with pytest.raises(Conflict):
        await issue_many(work, drafts, issue_date=work.today - timedelta(days=1))

    assert await footprint(work) == before


async def test_the_checklist_says_what_issue_would_say_and_writes_nothing(work: Work) -> None:
    draft = await a_draft(work, of=await a_customer(work, company_name="", address_lines=[]))
    before = await footprint(work)

    told = await checklist(work, draft)

    assert [item.key for item in told] == ["buyer_name", "buyer_address"]
    with pytest.raises(Incomplete) as refused:
        await issue_invoice(work, draft)
    assert refused.value.items == told
    assert await footprint(work) == before


async def test_tax_in_a_foreign_currency_is_told_in_the_firms_own_at_the_rate_of_the_supply(
    work: Work,
) -> None:
    await a_rate(work, "USD", "3.672500", days_ago=4)
    await a_rate(work, "USD", "3.9", days_ago=1)
    draft = await a_dollar_draft(work, supply_date=work.today - timedelta(days=2))

    await issue_invoice(work, draft)

    issued = await row(work, draft)
    assert (issued.tax_minor, issued.exchange_rate, issued.tax_local_minor) == (
        50_01,
        Decimal("3.6725"),
        183_66,
    )


async def test_without_a_supply_date_the_rate_is_that_of_the_issue(work: Work) -> None:
    await a_rate(work, "USD", "3.672500", days_ago=4)
    await a_rate(work, "USD", "3.68", days_ago=1)
    draft = await a_dollar_draft(work)
    await issue_invoice(work, draft)
    assert (await row(work, draft)).exchange_rate == Decimal("3.68")


async def test_a_rate_that_is_too_old_or_of_a_later_day_is_none(work: Work) -> None:
    await a_rate(work, "USD", "3.672500", days_ago=11)
    await a_rate(work, "USD", "3.68", days_ago=0)
    draft = await a_dollar_draft(work, supply_date=work.today - timedelta(days=0))
    earlier = await a_dollar_draft(work, supply_date=work.today - timedelta(days=30))

    with pytest.raises(Incomplete) as refused:
        await issue_invoice(work, earlier)

    assert refused.value.missing == ("exchange_rate",)
    await issue_invoice(work, draft)


async def test_an_invoice_in_the_firms_own_currency_has_no_rate(work: Work) -> None:
    invoice = await row(work, await an_invoice(work))
    assert (invoice.exchange_rate, invoice.tax_local_minor) == (None, None)


async def test_where_to_pay_is_copied_with_the_seller(office: Office) -> None:
    settings = {"billing": {"bank": {"iban": "AE07"}, "payment_instructions": "Within 30 days."}}
    async with office.work(await a_tenant(office, settings=settings)) as work:
        seller = (await row(work, await an_invoice(work))).seller
    assert (seller["bank"]["iban"], seller["payment_instructions"]) == ("AE07", "Within 30 days.")
    assert (seller["tax_currency"], seller["tax_number"]) == ("AED", "100123456700003")


async def test_a_firm_without_registration_charges_no_tax(office: Office) -> None:
    async with office.work(await a_tenant(office, tax_number=None)) as work:
        taxed = await create_draft(work, Draft(await a_customer(work), "AED", [Line("Fitting", aed(100_00))]))
        with pytest.raises(Incomplete) as refused:
            await issue_invoice(work, taxed)
        plain = await an_invoice(work)
    assert refused.value.missing == ("seller_tax_number",)
    assert plain is not None


async def test_a_price_that_an_issued_invoice_rests_on_is_stamped(work: Work) -> None:
    customer = await a_customer(work)
    product = {"code": "M1", "name": "Machine", "currency": "AED", "tax_category": "S", "tax_rate": 5}
    product_id = await work.db.scalar(
        sa.insert(products).values(tenant_id=work.tenant_id, **product).returning(products.c.id)
    )
    price = {"customer_id": customer, "product_id": product_id, "unit_price_minor": 190_00, "currency": "AED"}
    price_id = await work.db.scalar(
        sa.insert(customer_prices)
        .values(tenant_id=work.tenant_id, effective_from=work.today, **price)
        .returning(customer_prices.c.id)
    )
    line = Line("Machine", aed(190_00), product_id=product_id, customer_price_id=price_id)
    draft = await create_draft(work, Draft(customer, "AED", [line]))
    used = sa.select(customer_prices.c.first_used_at).where(
        customer_prices.c.tenant_id == work.tenant_id, customer_prices.c.id == price_id
    )
    assert await work.db.scalar(used) is None

    await issue_invoice(work, draft)

    assert await work.db.scalar(used) == work.now


async def test_a_draft_of_fifty_lines_is_issued_by_the_same_statements(work: Work) -> None:
    lines = [Line(f"Machine {at}", aed(190_00)) for at in range(50)]
    draft = await create_draft(work, Draft(await a_customer(work), "AED", lines))
    with statements(work) as sent:
        await issue_invoice(work, draft)
    assert len(sent) <= 11
    assert (await row(work, draft)).state == InvoiceState.ISSUED
