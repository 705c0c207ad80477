"""The editor's lines, the checklist, credit notes, billing settings and rates, in a browser without JavaScript."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.finding import get_invoice, lines_of
from bursar.billing.preferences import billing_settings
from bursar.catalog.tables import customer_prices, products
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from tests.makers.billing import a_draft, aed, an_invoice, pay
from tests.makers.staff import HTMX, Staff, a_house, sign_in
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_house(addresses, clock, keyring) as house:
        yield await sign_in(house, await a_tenant(house.office))


def a_form(**lines: list[str]) -> dict[str, Any]:
    """Every line says the same names; what is not said is as on an empty one."""
    return {"currency": "AED", **lines}


async def a_product(work: Work, customer: UUID | None = None) -> UUID:
    values = {"code": "M1", "name": "Machine", "name_local": "جهاز", "currency": "AED", "tax_rate": 5}
    product = await work.db.scalar(
        sa.insert(products)
        .values(tenant_id=work.tenant_id, tax_category="S", price_minor=200_00, unit_code="MON", **values)
        .returning(products.c.id)
    )
    assert product is not None
    if customer is not None:
        agreed = {"customer_id": customer, "product_id": product, "currency": "AED"}
        await work.db.execute(
            sa.insert(customer_prices).values(
                tenant_id=work.tenant_id, unit_price_minor=190_00, effective_from=work.today, **agreed
            )
        )
    return product


async def test_a_line_with_everything_is_kept_through_an_edit(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work)
    made = await staff.browser.post(
        "/invoices",
        data={
            "customer": str(customer),
            **a_form(
                description=["Hosting", "Rebate"],
                quantity=["2", "1"],
                unit_price=["100", "-20"],
                discount=["10", ""],
                service_from=["2026-11-01", ""],
                service_to=["2026-11-30", ""],
                description_local=["استضافة", ""],
                unit_code=["mon", "C62"],
                item_kind=["services", "services"],
                classification_code=["998315", ""],
            ),
        },
    )
    path = made.headers["location"]
    page = (await staff.get(path)).text
    assert "178.50" in page  # 170.00 and 5 %
    assert "استضافة" in page
    form = (await staff.get(f"{path}/edit")).text
    assert 'value="2026-11-30"' in form
    assert 'value="MON"' in form
    async with staff.work() as work:
        hosting, rebate = await lines_of(work, UUID(path.rpartition("/")[2]))
    assert (hosting["discount_minor"], hosting["unit_code"], rebate["net_minor"]) == (10_00, "MON", -20_00)


async def test_a_product_fills_a_line_at_what_this_customer_pays(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work)
        product = await a_product(work, customer)
        stranger = await a_customer(work)
    empty = a_form(description=[""], unit_price=[""])
    asked = {"customer": str(customer), "act": "add", "product": str(product), **empty}

    answer = await staff.browser.post("/invoices", data=asked, headers=HTMX)

    assert answer.text.count('name="description"') == 2
    assert 'value="190.00"' in answer.text
    assert 'value="جهاز"' in answer.text
    assert "199.50" in answer.text
    theirs = await staff.browser.post("/invoices", data={**asked, "customer": str(stranger)}, headers=HTMX)
    assert 'value="200.00"' in theirs.text


async def test_a_firm_without_registration_is_offered_lines_without_tax(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    async with a_house(addresses, clock, keyring) as house:
        staff = await sign_in(house, await a_tenant(house.office, tax_number=None))
        async with staff.work() as work:
            customer = await a_customer(work)
        form = (await staff.get("/invoices/new", customer=str(customer))).text
    assert '<option value="O" selected>' in form


async def test_the_draft_says_what_it_lacks_and_where_to_mend_it(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work, address_lines=[])
        draft = await a_draft(work, of=customer)
        whole = await a_draft(work)

    page = (await staff.get(f"/invoices/{draft}")).text

    assert "Before it can be issued" in page
    assert f'href="/customers/{customer}/edit#field-address_lines"' in page
    assert "Issue it" not in page
    refused = await staff.post(f"/invoices/{draft}/issue")
    assert refused.status_code == 422
    assert "The customer&#39;s address" in refused.text
    assert "Nothing is missing." in (await staff.get(f"/invoices/{whole}")).text


async def test_a_credit_note_is_made_by_lines_by_amount_and_over_the_rest(staff: Staff) -> None:
    async with staff.work() as work:
        invoice = await an_invoice(work)
        await pay(work, invoice, 100_00)
    here = f"/invoices/{invoice}/credit-notes"
    assert "It is paid" in (await staff.get(f"{here}/new")).text
    because = {"reason": "came back", "reason_code": "DL8.61.1.D"}

    by_lines = await staff.post(here, way="lines", **{"quantity-1": "0.25"}, **because)
    by_amount = await staff.post(here, way="amount", amount="5.00", **because)
    rest = await staff.post(here, way="all", **because)

    assert [answer.status_code for answer in (by_lines, by_amount, rest)] == [303, 303, 303]
    page = (await staff.get(by_lines.headers["location"])).text
    assert "Goods came back" in page
    assert "25.00" in page
    listed = (await staff.get("/credit-notes")).text
    assert listed.count("CN-20261118") == 3
    assert by_amount.headers["location"] in (await staff.get(f"/invoices/{invoice}")).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"way": "lines"}, "Say how many of which line."),
        ({"way": "lines", "quantity-1": "two"}, "Write a number"),
        ({"way": "lines", "quantity-1": "2"}, "at most 1 can be credited"),
        ({"way": "amount", "amount": ""}, "Give an amount."),
        ({"way": "amount", "amount": "100.01"}, "at most 100.00"),
        ({"way": "half"}, "Choose one of the list."),
        ({"way": "all", "reason": ""}, "Say why."),
        ({"way": "all", "reason_code": "X"}, "Choose one of the list."),
    ],
)
async def test_a_credit_note_that_cannot_be_brings_the_form_back(
    staff: Staff, typed: dict[str, str], words: str
) -> None:
    async with staff.work() as work:
        invoice = await an_invoice(work)
    asked = {"reason": "came back", "reason_code": "DL8.61.1.D", **typed}
    refused = await staff.post(f"/invoices/{invoice}/credit-notes", **asked)
    assert refused.status_code == 422
    assert words in refused.text
    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).balance == aed(100_00)


async def test_billing_settings_are_saved_and_refused_at_their_field(staff: Staff) -> None:
    page = (await staff.get("/settings/billing")).text
    assert 'name="due_days"' in page
    typed = {
        "strategy": "yearly", "prefix": "HH-", "due_days": "14", "default_tax_category": "S",
        "default_tax_rate": "5", "iban": "AE070331234567890123456", "notice_issued": "yes",
        "reminder_days_before": "", "overdue_days_after": "2", "issue_within_days": "14", "warn_after_days": "10",
    }  # fmt: skip
    assert (await staff.post("/settings/billing", **typed)).status_code == 303
    async with staff.work() as work:
        told = await billing_settings(work)
    assert (told.series.prefix, told.terms.due) == ("HH-", timedelta(days=14))
    assert (told.notices.issued, told.notices.receipt, told.notices.reminder_days_before) == (
        True,
        False,
        None,
    )

    refused = await staff.post("/settings/billing", **{**typed, "iban": "AE07"})
    assert refused.status_code == 422
    assert "This IBAN is mistyped" in refused.text
    assert (await staff.post("/settings/billing", **{**typed, "due_days": "soon"})).status_code == 422


async def test_a_rate_is_entered_and_removed(staff: Staff) -> None:
    assert "No rates yet" in (await staff.get("/settings/rates")).text
    rate = {"currency": "usd", "on_date": "2026-11-18", "rate": "3.672500", "source": "CBUAE"}
    assert (await staff.post("/settings/rates", **rate)).status_code == 303
    assert (await staff.post("/settings/rates", **rate)).status_code == 409
    assert (await staff.post("/settings/rates", **{**rate, "rate": "much"})).status_code == 422
    page = (await staff.get("/settings/rates")).text
    removal = page.split('action="/settings/rates/')[1].split('"')[0]
    assert (await staff.post(f"/settings/rates/{removal}")).status_code == 303
    assert "No rates yet" in (await staff.get("/settings/rates")).text


async def test_a_customers_registration_is_typed_and_stays(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work)
    told = {
        "subdivision": "DXB",
        "registration_number": "12345",
        "registration_authority": "DED",
        "name_local": "نور",
    }
    assert (await staff.post(f"/customers/{customer}", **told)).status_code == 303
    form = (await staff.get(f"/customers/{customer}/edit")).text
    assert all(f'value="{value}"' in form for value in told.values())


async def test_agents_and_viewers_see_settings_and_change_none_of_them(staff: Staff) -> None:
    for role in (AgentRole.VIEWER, AgentRole.AGENT):
        other = await sign_in(staff.house, staff.tenant_id, role)
        await other.get("/settings/billing")
        await other.get("/settings/rates")
        refused = await other.post("/settings/billing", due_days="1")
        assert refused.status_code == 403
        rate = {"currency": "USD", "on_date": "2026-11-18", "rate": "3.6725", "source": "CBUAE"}
        assert (await other.post("/settings/rates", **rate)).status_code == 403


async def test_another_firms_credit_note_is_not_there(staff: Staff) -> None:
    async with staff.work() as work:
        invoice = await an_invoice(work)
        note = await issue_credit_note(work, invoice, aed(1_00), because="late")
    other = await sign_in(staff.house, await a_tenant(staff.office))
    for path in (f"/credit-notes/{note.id}", f"/invoices/{invoice}/credit-notes/new"):
        assert (await other.browser.get(path)).status_code == 404
    asked = {"way": "all", "reason": "x", "reason_code": "VD"}
    assert (await other.post(f"/invoices/{invoice}/credit-notes", **asked)).status_code == 404
    assert "No credit notes yet" in (await other.get("/credit-notes")).text
