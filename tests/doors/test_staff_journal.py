"""The journal in the browser: narrowed by what a reader asks, with what changed, taken away, and its seals verified."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import openpyxl
import pytest

from bursar.billing.invoices import Draft, edit_draft
from bursar.billing.issuing import issue_invoice
from bursar.billing.promises import make_promise
from bursar.core import seals
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.journal_checks import list_checks, walk
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole, Stream
from bursar.tenancy.customers import CustomerInput, edit_customer
from tests.makers.billing import a_draft, a_line, an_overdue_invoice
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
IMPORTED = '">Invoice imported</a></p>'


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def an_edited_invoice(staff: Staff) -> tuple[UUID, str]:
    """From AED 100.00 to AED 250.00, then issued: its id and number."""
    async with staff.work() as work:
        customer = await a_customer(work)
        invoice = await a_draft(work, of=customer)
        await edit_draft(work, invoice, Draft(customer_id=customer, currency="AED", lines=[a_line(250_00)]))
        number = (await issue_invoice(work, invoice)).number
    return invoice, number


async def test_it_is_narrowed_by_kind_type_actor_period_and_number(staff: Staff) -> None:
    invoice, number = await an_edited_invoice(staff)
    colleague = await sign_in(staff.house, staff.tenant_id, name="Lina")
    async with colleague.work() as work:
        other = await an_overdue_invoice(work)
        await make_promise(work, other, promised_for=work.today + timedelta(days=3))

    async def seen(**asked: str) -> set[str]:
        text = (await staff.get("/journal", **asked)).text
        words = ("Invoice drafted", "Invoice edited", "Invoice issued", "Promise to pay made", "Signed in")
        return {one for one in words if f'">{one}</a></p>' in text or f'">{one}</a> · <bdi>' in text}

    drafted = {"Invoice drafted", "Invoice edited", "Invoice issued"}
    assert await seen() == {*drafted, "Promise to pay made", "Signed in"}
    assert await seen(noun="invoice") == drafted
    assert await seen(noun="invoice", type="invoice.edit") == {"Invoice edited"}
    assert await seen(noun="promise", type="invoice.edit") == {"Promise to pay made"}
    assert await seen(who=str(colleague.actor.id)) == {"Promise to pay made"}
    assert await seen(who=str(colleague.actor.id), noun="invoice") == set()
    assert await seen(who="system") == {"Signed in"}
    assert await seen(who="customer") == set()
    assert await seen(about=number) == drafted
    assert await seen(about=str(invoice)) == drafted
    assert await seen(about="no such number") == set()
    assert await seen(until="2020-01-01") == set()
    assert await seen(since="2020-01-01", noun="promise") == {"Promise to pay made"}
    wrong = await staff.browser.get("/journal", params={"since": "soon"})
    assert (wrong.status_code, "Write the date like" in wrong.text) == (422, True)


async def test_what_changed_is_shown_as_money_and_days_with_a_link_to_it(staff: Staff) -> None:
    invoice, _ = await an_edited_invoice(staff)

    page = (await staff.get("/journal", noun="invoice", type="invoice.edit")).text

    assert f'href="/invoices/{invoice}"' in page
    before, after = page.split("<del>")[1], page.split("<ins>")[1]
    assert "100.00" in before.partition("</del>")[0]
    assert "250.00" in after.partition("</ins>")[0]
    assert "AED" in after.partition("</ins>")[0]
    states = (await staff.get("/journal", noun="invoice", type="invoice.issue")).text
    assert "<del>Draft</del>" in states
    assert "<ins>Open</ins>" in states


async def test_what_is_personal_is_shown_to_readers_and_stands_nowhere_else(staff: Staff) -> None:
    async with staff.work() as work:
        customer = await a_customer(work, company_name="Atelier Noor")
        await edit_customer(work, customer, CustomerInput(company_name="Noor & Sons"))

    page = (await staff.get("/journal", noun="customer", type="customer.edit")).text

    assert "<bdi>Atelier Noor</bdi>" in page
    assert "<bdi>Noor &amp; Sons</bdi>" in page


async def test_pages_follow_each_other_and_keep_the_filter(staff: Staff) -> None:
    async with staff.work() as work:
        for _ in range(51):
            await an_overdue_invoice(work)

    first = await staff.browser.get("/journal", params={"noun": "invoice"}, headers=HTMX)

    assert "<html" not in first.text
    assert first.text.count(IMPORTED) == 50
    assert "noun=invoice&amp;type=&amp;who=" in first.text
    cursor = first.text.split("before=")[1].partition('"')[0]
    assert (await staff.get("/journal", noun="invoice", before=cursor)).text.count(IMPORTED) == 1


async def test_a_viewer_reads_but_sees_no_addresses_takes_nothing_away_and_verifies_nothing(
    staff: Staff,
) -> None:
    await an_edited_invoice(staff)
    assert "127.0.0.1" not in (await staff.get("/journal")).text
    await staff.post("/settings/api-keys", name="Books", scopes="invoices:read")
    assert "127.0.0.1" in (await staff.get("/journal", noun="api_key")).text

    for role in (AgentRole.VIEWER, AgentRole.AGENT):
        reader = await sign_in(staff.house, staff.tenant_id, role)
        page = (await reader.get("/journal")).text
        assert "Invoice edited" in page
        assert "127.0.0.1" not in page
        assert "/exports/journal" not in page
        assert (await reader.browser.get("/exports/journal.csv")).status_code == 403
        assert 'name="head"' not in (await reader.get("/seals")).text
        assert (await reader.post("/seals")).status_code == 403


async def test_what_the_filter_shows_is_taken_away_as_csv_and_excel(staff: Staff) -> None:
    invoice, _ = await an_edited_invoice(staff)
    staff.browser.headers["user-agent"] = '=HYPERLINK("evil")'
    await staff.post("/settings/api-keys", name="Books", scopes="invoices:read")

    answer = await staff.get("/exports/journal.csv", noun="invoice")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    book = openpyxl.load_workbook(
        io.BytesIO((await staff.get("/exports/journal.xlsx", noun="invoice")).content)
    )
    everything = (await staff.get("/exports/journal.csv")).text

    assert answer.headers["content-disposition"] == 'attachment; filename="journal.csv"'
    assert rows[0][:5] == ["Time", "Who", "Kind of actor", "What happened", "Event"]
    assert [row[4] for row in rows[1:]] == ["invoice.issue", "invoice.edit", "invoice.draft"]
    assert {row[6] for row in rows[1:]} == {str(invoice)}
    assert rows[1][0].endswith("+04:00")
    assert book.active is not None
    sheet = [
        ["" if cell is None else str(cell) for cell in row] for row in book.active.iter_rows(values_only=True)
    ]
    assert sheet == rows
    assert ",=HYPERLINK" not in everything
    assert "\n=" not in everything


async def test_more_than_one_batch_is_taken_away_in_order(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bursar.tenancy.journal_report.AT_ONCE", 2)
    await an_edited_invoice(staff)

    text = (await staff.get("/exports/journal.csv", noun="invoice")).text

    assert [row[4] for row in csv.reader(io.StringIO(text))][1:] == [
        "invoice.issue", "invoice.edit", "invoice.draft",
    ]  # fmt: skip


async def test_the_seals_are_verified_by_a_worker_watched_and_answered(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Nothing is sealed yet" in (await staff.get("/seals")).text
    monkeypatch.setattr(seals, "SETTLED", timedelta(0))
    await an_edited_invoice(staff)
    async with staff.office.work(staff.tenant_id) as work:
        sealed = await seals.seal(work, Stream.EVENTS)
        [head] = await seals.heads(work)
    assert str(head) in (await staff.get("/seals")).text

    assert (await staff.post("/seals", head=str(head))).headers["location"] == "/seals"
    again = await staff.post("/seals")
    assert (again.status_code, "being verified already" in again.text) == (409, True)
    assert "sse-connect" in (await staff.get("/seals")).text
    async with staff.work() as work:
        [check] = await list_checks(work)
    await walk(staff.office, staff.tenant_id, check.id)

    stream = (await staff.get(f"/seals/{check.id}/progress")).text
    assert f'max="{sealed}" value="{sealed}"' in stream
    assert "Every seal holds." in (await staff.get("/seals")).text
    wrong = await staff.post("/seals", head="events:12:zz")
    assert (wrong.status_code, "events:12:zz" in wrong.text) == (422, True)


async def test_a_broken_seal_is_shown_with_its_place(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "SETTLED", timedelta(0))
    async with staff.office.work(staff.tenant_id) as work:
        await seals.seal(work, Stream.EVENTS)
        [head] = await seals.heads(work)
    await staff.post("/seals", head=f"events:{head.number}:{'00' * 32}")
    async with staff.work() as work:
        [check] = await list_checks(work)
    await walk(staff.office, staff.tenant_id, check.id)

    page = (await staff.get("/seals")).text

    assert "The journal was touched" in page
    assert "events seal 1 (anchor)" in page
