"""The portal's pages: what a customer sees of theirs, and what they answer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bursar.billing.documents.keeping import print_all
from bursar.billing.states import InvoiceState
from bursar.billing.tables import disputes, promises
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.tables import events, files
from bursar.onboarding.orders import NewOrder, create_order
from bursar.tenancy.tables import consents, customers, tenants
from tests.makers.billing import an_invoice, an_overdue_invoice, pay
from tests.makers.catalog import a_product
from tests.makers.hosted import a_picture
from tests.makers.portal import Room, a_room

pytestmark = pytest.mark.anyio


@pytest.fixture
async def room(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Room]:
    async with a_room(addresses, clock, keyring, tmp_path) as room:
        yield room


async def test_the_first_page_says_what_to_do_next_and_nothing_when_there_is_nothing(room: Room) -> None:
    assert "Nothing is left to do" in await room.get("home")
    async with room.portal.work() as work:
        await an_overdue_invoice(work, of=room.huda, minor=100_00)
        await an_invoice(work, of=room.huda, minor=50_00)
        order = await create_order(work, NewOrder(room.huda, await a_product(work, name="Company formation")))

    home = await room.get("home")

    assert "Nothing is left to do" not in home
    for told in ("Company formation", "AED 210.00", "Not paid yet", "AED 150.00", "AED 100.00 of it is late"):
        assert told in home, told
    assert f"/orders/{order}" in home


async def test_empty_lists_say_what_will_stand_there(room: Room) -> None:
    assert "What you order from Working Title stands here." in await room.get("orders")
    assert "Every invoice of Working Title stands here" in await room.get("invoices")
    assert "What you pay stands here" in await room.get("payments")


async def test_an_order_says_what_was_bought_for_how_much_and_how_it_stands(room: Room) -> None:
    async with room.portal.work() as work:
        product = await a_product(work, name="Company formation", included=["Registration fees", "A stamp"])
        order = await create_order(work, NewOrder(room.huda, product))

    text = await room.get(f"orders/{order}")

    for told in (
        "Company formation",
        "AED 200.00",
        "AED 10.00",
        "AED 210.00",
        "Registration fees",
        "A stamp",
    ):
        assert told in text, told
    assert f'action="{room.portal.home}/orders/{order}/checkout"' in text
    assert "Company formation" in await room.get("orders")


async def test_an_order_that_cannot_be_paid_here_says_so_and_asks_nobody_to_pay(room: Room) -> None:
    async with room.portal.work() as work:
        order = await create_order(work, NewOrder(room.huda, await a_product(work)))
    status, text = await room.post(f"orders/{order}/checkout")
    assert status == 409
    assert "Payments cannot be taken here at the moment" in text


async def test_an_invoice_shows_its_lines_what_was_paid_and_how_to_pay_the_rest(room: Room) -> None:
    async with room.portal.work() as work:
        settings = {"billing": {"bank": {"iban": "AE070331234567890123456"}}}
        await work.db.execute(
            sa.update(tenants).where(tenants.c.tenant_id == work.tenant_id).values(settings=settings)
        )
        invoice = await an_invoice(work, of=room.huda, minor=250_00)
        await pay(work, invoice, 50_00)

    text = await room.get(f"invoices/{invoice}")

    for told in ("AED 250.00", "AED 200.00", "AED 50.00", "Season", "Partly paid", "AE070331234567890123456"):
        assert told in text, told
    assert "AED 250.00" in await room.get("invoices")


async def test_lists_go_on_where_their_page_ends(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bursar.web.portal.invoices.PAGE_SIZE", 2)
    for minor in (100_00, 200_00, 300_00):
        await room.invoice(minor=minor)
    first = await room.get("invoices")
    assert "AED 300.00" in first
    assert "AED 100.00" not in first
    older = first.partition("?before=")[2].partition('"')[0]
    rest = await room.get(f"invoices?before={older}")
    assert "AED 100.00" in rest
    assert "AED 300.00" not in rest
    assert "AED 300.00" in await room.get("invoices?before=nonsense")


async def test_payments_say_what_they_were_for_and_what_was_taken_back(room: Room) -> None:
    async with room.portal.work() as work:
        invoice = await an_invoice(work, of=room.huda, minor=250_00)
        await pay(work, invoice, 300_00, reference="Transfer 9")
        await pay(work, invoice, 10_00, customer_id=room.huda, allocate_to=[])
    text = await room.get("payments")
    assert "AED 300.00" in text
    assert "AED 250.00" in text
    assert "Transfer 9" in text
    assert "Kept for you" in text


async def test_the_pdf_is_taken_away_as_a_file_in_which_nothing_runs(room: Room) -> None:
    invoice = await room.invoice()
    assert (await room.browser.get(f"{room.portal.home}/invoices/{invoice}/pdf")).status_code == 404
    await print_all(room.portal.house.press, room.portal.story.tenant_id)

    answer = await room.browser.get(f"{room.portal.home}/invoices/{invoice}/pdf")

    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"].startswith('attachment; filename="invoice-')
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_day_is_promised_and_moved_and_the_journal_says_who_did_it(room: Room) -> None:
    invoice = await room.invoice()
    path = f"invoices/{invoice}"
    assert (await room.post(f"{path}/promise", promised_for=await room.today(5)))[0] == 303
    assert "You promised to pay by" in (await room.get("home"))
    assert (await room.post(f"{path}/promise", promised_for=await room.today(6)))[0] == 303
    [row] = await room.portal.rows(promises)
    assert row.promised_for.isoformat() == await room.today(6)
    told = [each for each in await room.portal.rows(events) if each.entity_id == row.id]
    assert {(each.actor_type, each.actor_id) for each in told} == {("customer", room.huda)}


async def test_what_cannot_be_promised_is_said_beside_the_field(room: Room) -> None:
    invoice = await room.invoice()
    for given in ({"promised_for": await room.today(400)}, {"promised_for": "soon"}, {}):
        status, text = await room.post(f"invoices/{invoice}/promise", **given)
        assert status == 422
        assert 'aria-invalid="true"' in text
    assert await room.portal.rows(promises) == []


async def test_something_wrong_is_said_and_a_payment_is_claimed_with_its_proof(room: Room) -> None:
    first, second = await room.invoice(), await room.invoice(minor=80_00)
    assert (await room.post(f"invoices/{first}/dispute", reason="quality", statement="It broke"))[0] == 303
    claimed = await room.browser.post(
        f"{room.portal.home}/invoices/{second}/paid",
        data={"paid_on": await room.today(), "amount": "80.00", "reference": "T-9"},
        files={"file": ("proof.png", a_picture())},
    )
    assert claimed.status_code == 303
    rows = {row.invoice_id: (row.reason, row.customer_id) for row in await room.portal.rows(disputes)}
    assert rows == {first: ("quality", room.huda), second: ("already_paid", room.huda)}
    assert len(await room.portal.rows(files)) == 1
    assert "We are looking for the payment" in await room.get(f"invoices/{second}")
    assert (await room.browser.get(f"{room.portal.home}/invoices/{first}/promise")).status_code == 303


async def test_a_settled_invoice_takes_no_answers(room: Room) -> None:
    invoice = await room.invoice(state=InvoiceState.PAID)
    text = await room.get(f"invoices/{invoice}")
    assert "Paid, thank you" in text
    for answer in ("promise", "paid", "dispute"):
        assert f"/{answer}" not in text
        shown = await room.browser.get(f"{room.portal.home}/invoices/{invoice}/{answer}")
        assert shown.headers["location"] == f"{room.portal.home}/invoices/{invoice}"


async def test_a_draft_is_not_there(room: Room) -> None:
    draft = await room.invoice(state=InvoiceState.DRAFT)
    assert (await room.browser.get(f"{room.portal.home}/invoices/{draft}")).status_code == 404
    assert str(draft) not in await room.get("invoices")


@pytest.mark.parametrize(
    ("code", "direction", "word"),
    [("ar", "rtl", "نظرة عامة"), ("he", "rtl", "סקירה"), ("fr", "ltr", "Aperçu")],
)
async def test_every_page_speaks_any_of_the_four_languages(
    room: Room, code: str, direction: str, word: str
) -> None:
    invoice = await room.invoice()
    pages = (
        "home",
        "orders",
        "invoices",
        "payments",
        "profile",
        "consents",
        "customers",
        f"invoices/{invoice}",
    )
    for page in pages:
        text = await room.get(f"{page}?lang={code}")
        assert f'<html lang="{code}" dir="{direction}">' in text
        assert word in text
        assert f'href="{room.portal.home}/orders?lang={code}"' in text


async def test_looking_at_every_page_writes_nothing(room: Room) -> None:
    invoice = await room.invoice()
    before = [await room.portal.rows(table) for table in (events, customers, promises, disputes, consents)]
    below = ("home", "orders", "invoices", "payments", "profile", "consents", "customers")
    answers = ("", "/promise", "/paid", "/dispute")
    for page in (*below, *(f"invoices/{invoice}{answer}" for answer in answers)):
        for way in (room.browser.get, room.browser.head):
            assert (await way(f"{room.portal.home}/{page}")).status_code == 200, page
    assert before == [
        await room.portal.rows(table) for table in (events, customers, promises, disputes, consents)
    ]
