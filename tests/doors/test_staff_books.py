"""Bank, refunds, reports and exports through the pages."""

import io
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from bursar.billing.bank import get_line, match_line
from bursar.billing.finding import get_invoice
from bursar.billing.refunds import list_refunds
from bursar.billing.showing import payment_lines
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.billing.test_bank import a_line
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, pay
from tests.makers.staff import Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
TODAY = "2026-11-18"


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def test_a_payment_over_several_invoices_with_an_amount_each_is_planned_and_recorded(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
        first, second = await an_invoice(work, of=noor), await an_invoice(work, of=noor)
    typed = {
        "customer": str(noor),
        "amount": "150",
        "currency": "AED",
        "received_on": TODAY,
        f"part-{first}": "40",
        f"part-{second}": "100",
    }

    plan = (await staff.get("/payments/plan", **typed)).text
    assert "60.00" in plan
    assert "Left as credit" in plan
    asked = await staff.post("/payments", **typed)
    assert asked.status_code == 422
    done = await staff.post("/payments", **typed, keep="yes")

    assert done.status_code == 303
    async with staff.work() as work:
        assert (await get_invoice(work, first)).balance == aed(60_00)
        assert (await get_invoice(work, second)).state == "paid"
    above = await staff.post("/payments", **{**typed, f"part-{first}": "60.01"}, keep="yes")
    assert above.status_code == 422
    assert "more than is open" in above.text


async def test_the_oldest_are_paid_first_when_asked_so(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
        young, old = [await an_overdue_invoice(work, of=noor, days=days) for days in (5, 50)]
    given = {"customer": str(noor), "amount": "100", "currency": "AED", "received_on": TODAY, "oldest": "yes"}

    assert (await staff.post("/payments", **given)).status_code == 303

    async with staff.work() as work:
        assert [(await get_invoice(work, one)).state for one in (young, old)] == ["issued", "paid"]


async def test_what_a_payment_has_left_pays_another_invoice_is_taken_back_and_goes_back(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work)
        invoice = await an_invoice(work, of=noor)
        paid = await pay(work, invoice, 150_00)
        other = await an_invoice(work, of=noor)
    of = f"/payments/{paid.payment_id}"
    assert "Use what is left" in (await staff.get(of)).text

    assert (await staff.post(f"{of}/allocations", invoice=str(other))).status_code == 303
    async with staff.work() as work:
        assert (await get_invoice(work, other)).balance == aed(50_00)
    page = (await staff.get(of)).text
    back = page.split(f'href="{of}/allocations/')[-1].split("/reversal")[0]
    assert "Why?" in (await staff.get(f"{of}/allocations/{back}/reversal/new")).text
    assert (await staff.post(f"{of}/allocations/{back}/reversal", reason="")).status_code == 422
    assert (await staff.post(f"{of}/allocations/{back}/reversal", reason="another's")).status_code == 303

    form = (await staff.get(f"{of}/refunds/new")).text
    assert 'value="50.00"' in form
    given = {"amount": "50.01", "refunded_on": TODAY, "reason": "too much", "done": "no"}
    refused = await staff.post(f"{of}/refunds", **given)
    assert (refused.status_code, "Only AED 50.00" in refused.text) == (422, True)
    made = await staff.post(f"{of}/refunds", **{**given, "amount": "50.00"})
    assert "On its way" in (await staff.get(made.headers["location"])).text
    await staff.post(f"{made.headers['location']}/failure", reason="account closed")
    assert "Failed" in (await staff.get("/refunds")).text


async def test_a_paid_invoice_is_credited_and_refunded_on_one_page(staff: Staff):
    async with staff.work() as work:
        invoice = await an_invoice(work)
        await pay(work, invoice, 100_00)
    assert "Credit and refund" in (await staff.get(f"/invoices/{invoice}/refunds/new")).text

    done = await staff.post(
        f"/invoices/{invoice}/refunds", refunded_on=TODAY, reason="not delivered", done="yes"
    )

    assert done.status_code == 303
    async with staff.work() as work:
        assert (await get_invoice(work, invoice)).state == "refunded"
        assert len(await list_refunds(work)) == 1


async def test_a_line_is_accepted_by_one_click_undone_and_set_aside(staff: Staff):
    async with staff.work() as work:
        invoice = await an_invoice(work)
        number = (await get_invoice(work, invoice)).number
        customer = (await get_invoice(work, invoice)).customer_id
        line = await a_line(work, reference=number, payer="A bank")
    page = (await staff.get("/bank")).text
    assert f"Number {number} in the reference, amount equal" in page
    assert "Accept all sure ones" in page

    done = await staff.post(f"/bank/{line}/match", customer=str(customer), invoice=str(invoice))
    assert done.status_code == 303
    assert "Payment" in (await staff.get("/bank", state="matched")).text
    assert (await staff.post(f"/bank/{line}/unmatch", reason="")).status_code == 422
    await staff.post(f"/bank/{line}/unmatch", reason="theirs")
    await staff.post(f"/bank/{line}/set-aside", reason="interest")
    assert "interest" in (await staff.get(f"/bank/{line}")).text
    await staff.post(f"/bank/{line}/take-up")
    async with staff.work() as work:
        assert (await get_line(work, line)).state == "unmatched"


async def test_a_line_is_split_by_hand_and_a_bad_part_is_said_at_its_field(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        first, second = await an_invoice(work, of=noor), await an_invoice(work, of=noor)
        line = await a_line(work, 120_00)
    assert "Atelier Noor" in (await staff.get(f"/bank/{line}", q="noor")).text
    given = {"customer": str(noor), f"part-{first}": "20", f"part-{second}": "x"}

    refused = await staff.post(f"/bank/{line}/match", **given)
    assert (refused.status_code, 'value="20"' in refused.text) == (422, True)
    done = await staff.post(f"/bank/{line}/match", **{**given, f"part-{second}": "100"})

    assert done.status_code == 303
    async with staff.work() as work:
        assert (await get_invoice(work, first)).balance == aed(80_00)
        assert (await get_invoice(work, second)).state == "paid"


async def test_all_sure_lines_are_previewed_then_matched(staff: Staff):
    async with staff.work() as work:
        invoice = await an_invoice(work)
        line = await a_line(work, reference=(await get_invoice(work, invoice)).number)
    assert str(line) in (await staff.get("/bank/sure")).text

    assert (await staff.post("/bank/sure", line=str(line))).status_code == 303

    assert "No money waits" in (await staff.get("/bank")).text
    assert "No line is sure" in (await staff.get("/bank/sure")).text


async def test_ageing_of_a_day_leads_to_a_customers_invoices_and_statement(staff: Staff):
    async with staff.work() as work:
        noor = await a_customer(work, company_name="Atelier Noor")
        invoice = await an_overdue_invoice(work, of=noor, days=40)
        await pay(work, invoice, 30_00)
        number = (await get_invoice(work, invoice)).number
        before = (work.today - timedelta(days=1)).isoformat()

    today, earlier = (await staff.get("/reports")).text, (await staff.get("/reports", as_of=before)).text
    assert ("70.00" in today, "100.00" in earlier) == (True, True)
    assert f"/reports/customers/{noor}?as_of={before}" in earlier
    assert str(number) in (await staff.get(f"/reports/customers/{noor}", as_of=before)).text
    refused = await staff.browser.get("/reports", params={"as_of": "2027-01-01"})
    assert (refused.status_code, "Choose today or a day that is over." in refused.text) == (422, True)
    statement = (await staff.get("/reports/statement", customer=str(noor), start="2026-01-01")).text
    assert "Opening balance" in statement
    assert "70.00" in statement
    assert "Days sales outstanding" in (await staff.get("/reports/figures")).text


async def test_empty_books_say_so_everywhere(staff: Staff):
    for path in ("/bank", "/bank/sure", "/refunds", "/reports", "/reports/figures", "/bank?state=matched"):
        assert "empty-state" in (await staff.get(path)).text, path


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_tables_to_take_away_calculate_nothing(staff: Staff, kind: str):
    async with staff.work() as work:
        evil = await a_customer(work, company_name="=HYPERLINK(1)")
        invoice = await an_overdue_invoice(work, of=evil)
        await pay(work, invoice, 30_00, reference="+1")
        assert await payment_lines(work)
    period = {"customer": str(evil), "start": "2026-01-01", "end": TODAY}

    for name, asked in (("invoices", {}), ("payments", {}), ("ageing", {}), ("statement", period)):
        answer = await staff.get(f"/exports/{name}.{kind}", **asked)
        assert answer.status_code == 200
        assert f'filename="{name}.{kind}"' in answer.headers["content-disposition"]
        if kind == "csv":
            assert answer.content.startswith(b"\xef\xbb\xbf")
            assert ",=" not in answer.text
            assert ",+" not in answer.text
        else:
            rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
            assert len(rows) >= 2
            assert not any(str(cell).startswith(("=", "+")) for row in rows for cell in row)


async def test_a_long_table_is_written_in_batches(staff: Staff, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bursar.billing.exports.AT_ONCE", 2)
    async with staff.work() as work:
        for _ in range(5):
            await an_overdue_invoice(work)

    lines = (await staff.get("/exports/invoices.csv")).text.splitlines()

    assert len(lines) == 6


async def test_a_viewer_looks_and_changes_nothing(staff: Staff):
    async with staff.work() as work:
        line = await a_line(work)
        customer = await a_customer(work)
        matched = await a_line(work)
        await match_line(work, matched, customer_id=customer)
    viewer = await sign_in(staff.house, staff.tenant_id, AgentRole.VIEWER)

    assert (await viewer.get(f"/bank/{line}")).status_code == 200
    for path, given in (
        (f"/bank/{line}/match", {"customer": str(customer)}),
        (f"/bank/{line}/set-aside", {"reason": "x"}),
        (f"/bank/{matched}/unmatch", {"reason": "x"}),
        ("/bank/sure", {"line": str(line)}),
    ):
        assert (await viewer.post(path, **given)).status_code == 403, path


async def test_a_filter_is_kept_under_a_name_renamed_and_deleted_and_is_ones_own(staff: Staff):
    async with staff.work() as work:
        await an_overdue_invoice(work)
    assert (await staff.post("/invoice-views", name=" ", status="overdue")).status_code == 422
    assert (await staff.post("/invoice-views", name="Late", status="overdue", q="X")).status_code == 303

    assert "status=overdue" in (await staff.get("/invoices")).text
    page = (await staff.get("/invoice-views")).text
    view = page.split('action="/invoice-views/')[1].split("/name")[0]
    other = await sign_in(staff.house, staff.tenant_id)
    assert "Late" not in (await other.get("/invoice-views")).text
    assert (await other.post(f"/invoice-views/{view}/name", name="Mine")).status_code == 404
    assert (await other.post(f"/invoice-views/{view}/deletion")).status_code == 404
    await staff.post("/invoice-views", name="Other", q="Y")
    assert (await staff.post(f"/invoice-views/{view}/name", name="Other")).status_code == 409
    await staff.post(f"/invoice-views/{view}/name", name="Very late")
    assert "Very late" in (await staff.get("/invoices")).text
    await staff.post(f"/invoice-views/{view}/deletion")
    assert "Very late" not in (await staff.get("/invoice-views")).text


async def test_what_was_paid_this_month_is_a_view_of_everybodys(staff: Staff):
    async with staff.work() as work:
        now, before = await an_overdue_invoice(work), await an_overdue_invoice(work, days=60)
        await pay(work, now, 100_00)
        await pay(work, before, 100_00, received_on=work.today - timedelta(days=40))
        numbers = [(await get_invoice(work, one)).number for one in (now, before)]

    page = (await staff.get("/invoices", status="paid", paid="month")).text

    assert [str(number) in page for number in numbers] == [True, False]
