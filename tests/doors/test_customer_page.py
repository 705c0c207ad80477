"""A customer's own page: all that is open at a firm, seen and answered by whoever has its link and by nobody else."""

import csv
from collections.abc import AsyncIterator
from io import BytesIO, StringIO
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from bursar.billing.states import InvoiceState
from bursar.billing.tables import disputes, promises
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.tenancy.customers import revoke_links, suspend_customer
from bursar.tenancy.tables import tenants
from tests.makers.billing import a_draft, an_invoice, an_overdue_invoice, pay
from tests.makers.hosted import ANSWERS, Shop, a_shop
from tests.makers.outbox import a_send, a_subject, the_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

GONE = "This link does not work"


@pytest.fixture
async def shop(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Shop]:
    async with a_shop(addresses, clock, keyring, tmp_path) as shop:
        yield shop


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


async def test_it_shows_all_that_is_open_with_totals_by_currency_and_how_to_pay(shop: Shop) -> None:
    async with shop.work() as work:
        settings = {"billing": {"bank": {"iban": "AE070331234567890123456"}}}
        await work.db.execute(
            sa.update(tenants).where(tenants.c.tenant_id == shop.tenant).values(settings=settings)
        )
        first = await an_invoice(work, of=shop.customer, minor=250_00)
        await pay(work, first, 50_00)
        await an_overdue_invoice(work, of=shop.customer, minor=100_00)
        await an_overdue_invoice(work, of=shop.customer, minor=70_00, currency="USD")
        await an_invoice(work, of=shop.customer, minor=999_00, state=InvoiceState.PAID)
        await a_draft(work, of=shop.customer)
        await an_invoice(work, of=await a_customer(work), minor=555_00)

    answer = await shop.web.get(shop.page())
    text = plain(answer.text)

    assert answer.status_code == 200
    for told in (
        "AED 300.00",
        "AED 100.00 of it is late",
        "2 invoices",
        "USD 70.00",
        "1 invoice",
        "AE070331234567890123456",
    ):
        assert told in text, told
    assert text.count("<li>") == 3
    assert "999.00" not in text
    assert "555.00" not in text
    assert "<script" not in text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["cache-control"] == "no-store"


async def test_who_owes_nothing_is_thanked(shop: Shop) -> None:
    await shop.invoice(state=InvoiceState.PAID)
    text = (await shop.web.get(shop.page())).text
    assert "Everything is settled. Thank you." in text
    assert "/promise" not in text
    assert (await shop.web.get(shop.page() + "/promise")).status_code == 303


async def test_one_answer_for_every_wrong_link_and_for_what_is_somebody_elses(shop: Shop) -> None:
    elsewhere = await a_tenant(shop.house.office)
    async with shop.house.office.work(elsewhere) as work:
        foreign_customer = await a_customer(work)
        foreign = await an_invoice(work, of=foreign_customer)
    async with shop.work() as work:
        other = await an_invoice(work, of=await a_customer(work))
        draft = await a_draft(work, of=shop.customer)
    mine = await shop.invoice()
    good = shop.page()
    pages = [
        shop.page(uuid4()),
        shop.page(version=2),
        shop.page(foreign_customer),
        shop.page(tenant=elsewhere),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        "/c/" + shop.path(mine).removeprefix("/i/"),
        "/c/x",
    ]
    wrong = [f"{good}/{one}" for one in (foreign, other, draft, uuid4(), "x")]
    wrong += [*pages, *(f"{page}/{mine}" for page in pages)]
    told = set()
    for path in wrong:
        for below in ("", "/promise"):
            answer = await shop.web.get(path + below)
            told.add((answer.status_code, GONE in answer.text))
        answer = await shop.web.post(f"{path}/promise", data={"promised_for": await shop.today(1)})
        told.add((answer.status_code, GONE in answer.text))
    for path in pages:
        answer = await shop.web.get(path + "/statement.csv")
        told.add((answer.status_code, GONE in answer.text))
    for one in (foreign, other, draft):
        for act in ANSWERS:
            answer = await shop.web.post(f"{good}/{one}/{act}", data={"reason": "other", "statement": "x"})
            told.add((answer.status_code, GONE in answer.text))
        answer = await shop.web.get(f"{good}/{one}/pdf")
        told.add((answer.status_code, GONE in answer.text))

    assert told == {(404, True)}
    assert await shop.rows(promises) == []
    assert await shop.rows(disputes) == []
    assert (await shop.web.get(good)).status_code == 200


async def test_revoked_links_are_over_and_new_ones_count(shop: Shop) -> None:
    invoice = await shop.invoice()
    async with shop.work() as work:
        await revoke_links(work, shop.customer)
    assert (await shop.web.get(shop.page())).status_code == 404
    assert (await shop.web.get(f"{shop.page()}/{invoice}")).status_code == 404
    assert (await shop.web.get(shop.page(version=2))).status_code == 200


async def test_a_scanner_that_follows_every_address_changes_nothing(shop: Shop) -> None:
    invoice = await shop.invoice()
    before = await shop.marks()
    page = shop.page()
    below = [
        "",
        "/promise",
        "/statement.csv",
        "/statement.xlsx",
        f"/{invoice}",
        *(f"/{invoice}/{one}" for one in ANSWERS),
    ]
    for path in below:
        assert (await shop.web.get(page + path)).status_code == 200, path
        assert (await shop.web.head(page + path)).status_code == 200, path
        assert (await shop.web.put(page + path)).status_code == 405
    assert await shop.marks() == before


async def test_one_day_is_promised_for_everything_that_nobody_contests(shop: Shop) -> None:
    first, second, contested = [await shop.invoice() for _ in range(3)]
    page = shop.page()
    await shop.web.post(f"{page}/{contested}/dispute", data={"reason": "quality", "statement": "It broke"})
    async with shop.work() as work:
        waiting = await a_send(work, customer_id=shop.customer)
        for invoice in (first, second):
            await a_subject(work, waiting, subject_id=invoice, customer_id=shop.customer)

    answer = await shop.web.post(f"{page}/promise?lang=fr", data={"promised_for": await shop.today(5)})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?lang=fr")
    made = {row.invoice_id: row.promised_for.isoformat() for row in await shop.rows(promises)}
    assert made == dict.fromkeys((first, second), await shop.today(5))
    async with shop.work() as work:
        assert (await the_send(work, waiting)).reason == "promise"
    shown = (await shop.web.get(page)).text
    assert shown.count("You will pay by") == 2
    assert "Something is not right" in shown


async def test_a_day_that_cannot_be_is_said_beside_the_field_and_promises_nothing(shop: Shop) -> None:
    await shop.invoice()
    for given in ({"promised_for": await shop.today(400)}, {"promised_for": "soon"}, {}):
        answer = await shop.web.post(shop.page() + "/promise", data=given)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert await shop.rows(promises) == []


async def test_what_was_moved_often_enough_keeps_its_day_while_the_rest_is_promised(shop: Shop) -> None:
    tired = await shop.invoice()
    for days in (1, 2, 3):
        await shop.web.post(f"{shop.page()}/{tired}/promise", data={"promised_for": await shop.today(days)})
    alone = await shop.web.post(shop.page() + "/promise", data={"promised_for": await shop.today(9)})
    fresh = await shop.invoice()

    both = await shop.web.post(shop.page() + "/promise", data={"promised_for": await shop.today(9)})

    assert (alone.status_code, both.status_code) == (409, 303)
    made = {row.invoice_id: row.promised_for.isoformat() for row in await shop.rows(promises)}
    assert made == {tired: await shop.today(3), fresh: await shop.today(9)}


async def test_each_invoice_is_answered_as_on_its_own_page_and_leads_back_to_all(shop: Shop) -> None:
    invoice = await shop.invoice(minor=100_00)
    one = f"{shop.page()}/{invoice}"
    assert f'href="{shop.page()}?lang=en"' in (await shop.web.get(one)).text

    paid = await shop.web.post(
        f"{one}/paid", data={"paid_on": await shop.today(), "amount": "100.00", "reference": "T-9"}
    )

    assert paid.headers["location"] == shop.page()
    [row] = await shop.rows(disputes)
    assert (row.invoice_id, row.reason, row.customer_id) == (invoice, "already_paid", shop.customer)
    assert "We are looking for the payment" in (await shop.web.get(shop.page())).text


async def test_a_customer_whom_the_firm_sent_away_sees_and_cannot_act(shop: Shop) -> None:
    await shop.invoice()
    async with shop.work() as work:
        await suspend_customer(work, shop.customer, reason="fraud")
    assert "/promise" not in (await shop.web.get(shop.page())).text
    answer = await shop.web.post(shop.page() + "/promise", data={"promised_for": await shop.today(1)})
    assert answer.status_code == 409
    assert await shop.rows(promises) == []


async def test_the_statement_is_taken_away_in_the_customers_language(shop: Shop) -> None:
    async with shop.work() as work:
        arab = await a_customer(work, locale="ar")
        invoice = await an_invoice(work, of=arab, minor=250_00)
        await pay(work, invoice, 50_00)
    answer = await shop.web.get(shop.page(arab) + "/statement.csv")

    assert answer.headers["content-disposition"].startswith('attachment; filename="statement-')
    rows = list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["التاريخ", "البيان", "الرقم", "العملة", "المبلغ", "الرصيد"]
    assert [row[1] for row in rows[1:]] == ["الرصيد الافتتاحي", "فاتورة", "دفعة", "الرصيد الختامي"]
    assert rows[-1][5] == "200.00"
    book = load_workbook(BytesIO((await shop.web.get(shop.page(arab) + "/statement.xlsx?lang=en")).content))
    assert book.active is not None
    assert next(book.active.rows)[0].value == "Date"


@pytest.mark.parametrize(
    ("locale", "direction", "word"),
    [
        ("ar", "rtl", "فواتيركم المفتوحة"),
        ("he", "rtl", "החשבוניות הפתוחות שלכם"),
        ("fr", "ltr", "Vos factures ouvertes"),
    ],
)
async def test_it_speaks_the_customers_language_and_any_other_on_request(
    shop: Shop, locale: str, direction: str, word: str
) -> None:
    async with shop.work() as work:
        customer = await a_customer(work, locale=locale)
        await an_invoice(work, of=customer)
    page = shop.page(customer)
    for below in ("", "/promise"):
        own = await shop.web.get(page + below)
        assert f'<html lang="{locale}" dir="{direction}">' in own.text
        assert word in own.text
    assert '<html lang="en" dir="ltr">' in (await shop.web.get(f"{page}?lang=en")).text


async def test_more_invoices_than_a_page_holds_are_counted_in_its_totals(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bursar.billing.hosted_customer.SHOWN", 2)
    async with shop.work() as work:
        for days in (3, 2, 1):
            await an_overdue_invoice(work, of=shop.customer, minor=100_00, days=days)
    text = plain((await shop.web.get(shop.page())).text)
    assert text.count("<li>") == 2
    assert "AED 300.00" in text
    assert "The 2 that are due longest" in text
