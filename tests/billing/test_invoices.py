"""Drafts and their issue: what goes in, what is copied, what cannot be."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing import rules
from bursar.billing.finding import get_invoice, lines_of
from bursar.billing.invoices import Draft, create_draft, edit_draft
from bursar.billing.issuing import Incomplete, issue_invoice
from bursar.billing.lines import Line, price
from bursar.billing.tables import invoices
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import Invalid, NotFound, Refusal
from bursar.core.money import MixedCurrencies, Money
from bursar.core.tables import events
from bursar.core.work import Office, Work
from tests.makers.billing import a_draft, a_line, aed, footprint
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def row(work: Work, invoice: Any) -> Any:
    found = sa.select(invoices).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice)
    return (await work.db.execute(found)).one()


async def test_a_draft_has_its_sums_and_neither_number_nor_balance(work: Work) -> None:
    lines = [
        Line("Fitting", aed(33_33), Decimal(3), discount=aed(1)),
        Line("Export", aed(10_00), tax_category=TaxCategory.ZERO, tax_rate=Decimal(0)),
    ]

    invoice = await create_draft(work, Draft(await a_customer(work), "AED", lines))

    draft = await get_invoice(work, invoice)
    assert (draft.subtotal, draft.tax, draft.total) == (aed(109_98), aed(5_00), aed(114_98))
    assert (draft.number, draft.balance, draft.status) == (None, aed(0), "draft")
    stored = await lines_of(work, invoice)
    assert [(line["position"], line["net_minor"], line["tax_minor"]) for line in stored] == [
        (1, 99_98, 5_00),
        (2, 10_00, 0),
    ]


BAD: dict[str, tuple[dict[str, Any], type[Refusal], str]] = {
    "no lines": ({"lines": []}, Invalid, "no_lines"),
    "an unknown currency": ({"currency": "XYZ"}, Invalid, "unknown_currency"),
    "a line in another currency": ({"lines": [a_line(1, "USD")]}, MixedCurrencies, "mixed_currencies"),
    "a line without words": ({"lines": [a_line(description=" ")]}, Invalid, "line_without_description"),
    "a quantity of nothing": ({"lines": [a_line(quantity=Decimal(0))]}, Invalid, "quantity"),
    "a quantity finer than is kept": (
        {"lines": [a_line(quantity=Decimal("0.0000001"))]},
        Invalid,
        "quantity",
    ),
    "a quantity that is none": ({"lines": [a_line(quantity=Decimal("nan"))]}, Invalid, "quantity"),
    "a rate finer than is kept": (
        {"lines": [a_line(tax_category=TaxCategory.STANDARD, tax_rate=Decimal("5.001"))]},
        Invalid,
        "tax_rate",
    ),
    "a unit that is no code": ({"lines": [a_line(unit_code="hour")]}, Invalid, "unit_code"),
    "a product of nobody": ({"lines": [a_line(product_id=uuid4())]}, NotFound, "not_found"),
    "a price of nobody": ({"lines": [a_line(customer_price_id=uuid4())]}, NotFound, "not_found"),
    "lines that only together fit": (
        {"lines": [a_line(2**62), a_line(2**62), a_line(2**62), a_line(-(2**63))]},
        Invalid,
        "total_not_positive",
    ),
    "a rate for what is exempt": (
        {"lines": [a_line(tax_category=TaxCategory.EXEMPT, tax_rate=Decimal(5))]},
        Invalid,
        "tax_rate",
    ),
    "a negative discount": ({"lines": [a_line(discount=aed(-1))]}, Invalid, "discount"),
    "nothing to pay": ({"lines": [a_line(10), a_line(-10)]}, Invalid, "total_not_positive"),
    "rebates beyond the rest": ({"lines": [a_line(10), a_line(-11)]}, Invalid, "total_not_positive"),
    "more than can be stored": ({"lines": [a_line(2**62)] * 3}, Invalid, "total_not_positive"),
}


@pytest.mark.parametrize("given", BAD)
async def test_a_draft_that_cannot_be_charged_is_refused(work: Work, given: str) -> None:
    facts, refusal, code = BAD[given]
    customer = await a_customer(work)
    draft = await a_draft(work, of=customer)
    before = await footprint(work)
    bad = Draft(**{"customer_id": customer, "currency": "AED", "lines": [a_line()], **facts})

    for act in (create_draft(work, bad), edit_draft(work, draft, bad)):
        with pytest.raises(refusal) as refused:
            await act
        assert refused.value.code == code
    assert await footprint(work) == before


async def test_a_rebate_is_a_line_below_zero(work: Work) -> None:
    invoice = await create_draft(work, Draft(await a_customer(work), "AED", [a_line(100_00), a_line(-20_00)]))
    assert (await get_invoice(work, invoice)).total == aed(80_00)


async def test_a_draft_is_for_a_customer_of_this_firm(work: Work) -> None:
    with pytest.raises(NotFound):
        await create_draft(work, Draft(uuid4(), "AED", [a_line()]))


async def test_an_edit_replaces_the_draft_and_says_what_was_before(work: Work) -> None:
    customer = await a_customer(work)
    invoice = await a_draft(work, of=customer, notes="old")

    await edit_draft(
        work, invoice, Draft(customer, "AED", [a_line(20_00), a_line(5_00)], notes="new"), version=1
    )

    assert (await row(work, invoice)).notes == "new"
    assert [line["net_minor"] for line in await lines_of(work, invoice)] == [20_00, 5_00]
    changes = await work.db.scalar(
        sa.select(events.c.changes).where(
            events.c.tenant_id == work.tenant_id, events.c.type == "invoice.edit"
        )
    )
    assert changes == {
        "before": {"subtotal_minor": 100_00, "total_minor": 100_00},
        "after": {"subtotal_minor": 25_00, "total_minor": 25_00},
    }
    with pytest.raises(Invalid) as refused:
        await edit_draft(work, invoice, Draft(await a_customer(work), "AED", [a_line()]))
    assert refused.value.code == "other_customer"


async def test_issue_copies_both_parties_and_opens_the_balance(work: Work) -> None:
    customer = await a_customer(work, company_name="Atelier", tax_number="100000000000003", locale="ar")
    invoice = await a_draft(work, of=customer)

    issued = await issue_invoice(work, invoice)

    found = await row(work, invoice)
    assert (found.buyer["company_name"], found.buyer["tax_number"]) == ("Atelier", "100000000000003")
    assert (found.seller["name"], found.seller["country"]) == ("Working Title", "AE")
    assert (found.balance_minor, found.locale, found.serial) == (100_00, "ar", 1)
    assert (issued.number, issued.issue_date) == (found.number, work.today)
    assert issued.due_date == found.due_date == work.today + timedelta(days=30)


async def test_the_tenants_terms_say_when_it_is_due_unless_the_draft_does(office: Office) -> None:
    async with office.work(await a_tenant(office, settings={"billing": {"terms": {"due": 14}}})) as work:
        by_terms = await issue_invoice(work, await a_draft(work))
        today = await a_draft(work, due_date=work.today)
        by_hand = await issue_invoice(work, today)
        yesterday = await a_draft(work, due_date=work.today - timedelta(days=1))
        with pytest.raises(Invalid) as refused:
            await issue_invoice(work, yesterday)

    assert by_terms.due_date == by_terms.issue_date + timedelta(days=14)
    assert by_hand.due_date == by_hand.issue_date
    assert refused.value.code == "due_before_issue"


async def test_what_an_invoice_lacks_is_said_before_a_number_is_taken(work: Work) -> None:
    draft = await a_draft(work, of=await a_customer(work, company_name=""))
    before = await footprint(work)

    with pytest.raises(Incomplete) as refused:
        await issue_invoice(work, draft)

    assert refused.value.missing == ("buyer_name",)
    assert await footprint(work) == before


async def test_small_amounts_are_taxed_as_their_rounding_says(work: Work) -> None:
    taxed = {"tax_category": TaxCategory.STANDARD, "tax_rate": Decimal(5)}
    lines = [a_line(10, **taxed) for _ in range(10)]

    invoice = await create_draft(work, Draft(await a_customer(work), "AED", lines))

    stored = await row(work, invoice)
    assert (stored.tax_minor, stored.rounding_mode) == (5, "spread")
    assert sum(line["tax_minor"] for line in await lines_of(work, invoice)) == 5


PRICES = st.tuples(
    st.integers(1, 10**9), st.integers(1, 10**9), st.sampled_from([Decimal(0), Decimal(5), Decimal(18)])
)


@pytest.mark.pure
@given(st.lists(PRICES, min_size=1, max_size=40))
def test_whatever_the_lines_their_sums_add_up_in_whole_units(lines: list[tuple[int, int, Decimal]]) -> None:
    """R18: line taxes make the invoice's, each rate within two fils of its document, and no float anywhere."""
    priced = price(
        [Line("x", aed(unit), Decimal(quantity) / 10**6, tax_rate=rate) for unit, quantity, rate in lines]
        + [Line("at least something", aed(100))],
        "AED",
    )
    rows, totals = priced.rows, priced.totals

    assert sum(row["net_minor"] for row in rows) == totals["subtotal_minor"]
    assert sum(row["tax_minor"] for row in rows) == totals["tax_minor"]
    assert totals["total_minor"] == totals["subtotal_minor"] + totals["tax_minor"]
    for rate in {row["tax_rate"] for row in rows}:
        of_rate = [row for row in rows if row["tax_rate"] == rate]
        document = rules.half_up(sum((row["net_minor"] for row in of_rate), 0) * rate / 100)
        assert abs(sum(row["tax_minor"] for row in of_rate) - document) <= 2
    whole = [
        row[name] for row in rows for name in ("net_minor", "tax_minor", "unit_price_minor", "discount_minor")
    ]
    assert {type(value) for value in whole} == {int}


async def test_amounts_keep_the_decimals_of_their_currency(work: Work) -> None:
    line = Line("Desk", Money(10_101, "KWD"), tax_rate=Decimal(5))
    invoice = await create_draft(work, Draft(await a_customer(work), "KWD", [line]))
    assert (await get_invoice(work, invoice)).total == Money(10_606, "KWD")
