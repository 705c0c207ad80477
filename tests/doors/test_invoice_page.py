"""An invoice's public page: what its customer sees, and what nobody else gets to see."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import cancel_invoice, issue_credit_note
from bursar.billing.documents.keeping import print_all
from bursar.billing.links import PATH, invoice_token
from bursar.billing.states import InvoiceState
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring, new_entry
from bursar.core.tables import files
from bursar.tenancy.customers import revoke_links
from bursar.tenancy.tables import tenants
from tests.makers.billing import a_draft, aed, an_invoice, an_overdue_invoice, pay
from tests.makers.hosted import ANSWERS, Shop, a_shop
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio

GONE = "This link does not work"


@pytest.fixture
async def shop(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Shop]:
    async with a_shop(addresses, clock, keyring, tmp_path) as shop:
        yield shop


async def test_it_shows_what_is_open_and_how_to_pay_and_says_who_may_keep_it(shop: Shop) -> None:
    async with shop.work() as work:
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == shop.tenant)
            .values(
                settings={
                    "billing": {
                        "bank": {"iban": "AE070331234567890123456"},
                        "payment_instructions": "By transfer",
                    }
                },
                branding={"color": "#aa3300"},
            )
        )
        invoice = await an_invoice(work, of=shop.customer, minor=250_00)
        await pay(work, invoice, 50_00)

    answer = await shop.web.get(shop.path(invoice))

    assert answer.status_code == 200
    for told in (
        "Working Title",
        "AED 200.00",
        "Partly paid",
        "AE070331234567890123456",
        "By transfer",
        "#aa3300",
    ):
        assert told in answer.text.replace("\N{NO-BREAK SPACE}", " "), told
    assert "<script" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


async def test_whatever_is_wrong_with_a_link_there_is_one_answer(shop: Shop) -> None:
    async with shop.work() as work:
        draft = await a_draft(work, of=shop.customer)
        invoice = await an_invoice(work, of=shop.customer)
    good = shop.path(invoice)
    other_key = Keyring.parse(new_entry("k9"))
    wrong = [
        shop.path(draft),
        shop.path(uuid4()),
        shop.path(invoice, version=2),
        shop.path(invoice, keyring=other_key),
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        good[:-4],
        PATH + invoice_token(shop.house.keyring, uuid4(), invoice, 1),
        PATH + "x",
    ]
    told = set()
    for path in wrong:
        for below in ("", "/pdf", *(f"/{one}" for one in ANSWERS)):
            answer = await shop.web.get(path + below)
            told.add((answer.status_code, GONE in answer.text))
        for one in ANSWERS:
            answer = await shop.web.post(f"{path}/{one}", data={})
            told.add((answer.status_code, GONE in answer.text))
    assert told == {(404, True)}
    assert (await shop.web.get(good)).status_code == 200


async def test_revoked_links_are_over_and_new_ones_count(shop: Shop) -> None:
    invoice = await shop.invoice()
    async with shop.work() as work:
        await revoke_links(work, shop.customer)
    assert (await shop.web.get(shop.path(invoice))).status_code == 404
    assert (await shop.web.get(shop.path(invoice, version=2))).status_code == 200


async def test_a_scanner_that_follows_every_address_changes_nothing(shop: Shop) -> None:
    invoice = await shop.invoice()
    await print_all(shop.house.press, shop.tenant)
    before = await shop.marks()
    path = shop.path(invoice)
    for below in ("", "/pdf", *(f"/{one}" for one in ANSWERS)):
        assert (await shop.web.get(path + below)).status_code == 200
        assert (await shop.web.head(path + below)).status_code == 200
        assert (await shop.web.put(path + below)).status_code == 405
    assert await shop.marks() == before


async def test_what_is_not_printed_yet_is_not_printed_because_somebody_asked(shop: Shop) -> None:
    invoice = await shop.invoice()
    assert "/pdf" not in (await shop.web.get(shop.path(invoice))).text
    assert (await shop.web.get(shop.path(invoice) + "/pdf")).status_code == 404
    assert await shop.rows(files) == []


async def test_the_pdf_is_a_download(shop: Shop) -> None:
    invoice = await shop.invoice()
    await print_all(shop.house.press, shop.tenant)
    answer = await shop.web.get(shop.path(invoice) + "/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-disposition"].startswith('attachment; filename="invoice-')
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_settled_invoice_is_shown_and_takes_no_answers(shop: Shop) -> None:
    settled = await shop.invoice(state=InvoiceState.PAID)
    async with shop.work() as work:
        cancelled = await an_invoice(work, of=shop.customer)
        await cancel_invoice(work, cancelled, because="duplicate")
        credited = await an_invoice(work, of=shop.customer, minor=100_00)
        await issue_credit_note(work, credited, aed(30_00), because="late")
    assert "Paid, thank you" in (await shop.web.get(shop.path(settled))).text
    assert "Cancelled" in (await shop.web.get(shop.path(cancelled))).text
    shown = (await shop.web.get(shop.path(credited))).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Credit note" in shown
    assert "AED 70.00" in shown
    for invoice in (settled, cancelled):
        before = await shop.marks()
        assert "/dispute" not in (await shop.web.get(shop.path(invoice))).text
        assert (await shop.web.get(shop.path(invoice) + "/paid")).status_code == 303
        answer = await shop.web.post(
            shop.path(invoice) + "/dispute", data={"reason": "other", "statement": "x"}
        )
        assert answer.status_code == 409
        assert await shop.marks() == before


async def test_an_invoice_of_another_program_is_shown_from_its_rows(shop: Shop) -> None:
    async with shop.work() as work:
        invoice = await an_overdue_invoice(work, of=shop.customer, minor=75_00)
    answer = await shop.web.get(shop.path(invoice))
    assert "Overdue" in answer.text
    assert "75.00" in answer.text
    assert (await shop.web.get(shop.path(invoice) + "/pdf")).status_code == 404


@pytest.mark.parametrize(
    ("locale", "direction", "word"),
    [
        ("ar", "rtl", "المتبقي"),
        ("he", "rtl", "יתרה לתשלום"),
        ("fr", "ltr", "Reste dû"),
        ("en", "ltr", "Open"),
    ],
)
async def test_it_speaks_the_invoices_language_and_any_other_on_request(
    shop: Shop, locale: str, direction: str, word: str
) -> None:
    async with shop.work() as work:
        customer = await a_customer(work, locale=locale)
        invoice = await an_invoice(work, of=customer)
    path = shop.path(invoice)
    own = await shop.web.get(path)
    assert f'<html lang="{locale}" dir="{direction}">' in own.text
    assert word in own.text
    english = await shop.web.get(f"{path}?lang=en")
    assert '<html lang="en" dir="ltr">' in english.text
    assert (await shop.web.get(f"{path}?lang=xx")).text == own.text
    for one in ANSWERS:
        assert f'lang="{locale}"' in (await shop.web.get(f"{path}/{one}")).text
    kept = await shop.web.post(f"{path}/promise?lang=fr", data={"promised_for": await shop.today(1)})
    assert kept.headers["location"] == f"{path}?lang=fr"
