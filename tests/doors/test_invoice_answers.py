"""What a customer answers on an invoice's public page: a day, a complaint, that it is paid."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from httpx2 import Response

from bursar.billing.tables import dispute_notes, disputes, promises
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType
from bursar.core.moves import move
from bursar.core.tables import events, files
from bursar.tenancy.customers import suspend_customer
from bursar.tenancy.states import ADMIN_SUSPEND
from tests.makers.hosted import Shop, a_picture, a_shop
from tests.makers.staff import sign_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def shop(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Shop]:
    async with a_shop(addresses, clock, keyring, tmp_path) as shop:
        yield shop


async def test_a_promise_is_made_by_the_customer_once_and_moved_twice(shop: Shop) -> None:
    path = shop.path(await shop.invoice())
    for _ in range(2):
        answer = await shop.web.post(f"{path}/promise", data={"promised_for": await shop.today(5)})
        assert (answer.status_code, answer.headers["location"]) == (303, path)
    [promise] = await shop.rows(promises)
    assert (promise.promised_for.isoformat(), promise.moves) == (await shop.today(5), 0)
    assert "You promised to pay by" in (await shop.web.get(path)).text
    async with shop.work() as work:
        made = sa.select(events.c.actor_type, events.c.actor_id).where(
            events.c.tenant_id == shop.tenant, events.c.type == "promise.active"
        )
        assert (await work.db.execute(made)).all() == [(ActorType.CUSTOMER, shop.customer)]

    for days in (6, 7):
        answer = await shop.web.post(f"{path}/promise", data={"promised_for": await shop.today(days)})
        assert answer.status_code == 303
    refused = await shop.web.post(f"{path}/promise", data={"promised_for": await shop.today(8)})
    assert refused.status_code == 409
    assert "as often as it can be" in refused.text
    assert "/promise" not in (await shop.web.get(path)).text


@pytest.mark.parametrize("typed", ["", "soon", "2020-01-01", "2031-01-01", "2026-11-31"])
async def test_a_day_that_cannot_be_promised_is_said_at_its_field(shop: Shop, typed: str) -> None:
    path = shop.path(await shop.invoice())
    before = await shop.marks()
    answer = await shop.web.post(f"{path}/promise", data={"promised_for": typed})
    assert answer.status_code == 422
    assert 'id="error-promised_for"' in answer.text
    assert await shop.marks() == before


async def test_something_is_not_right(shop: Shop) -> None:
    path = shop.path(await shop.invoice())
    said = {"reason": "quality", "statement": "<b>Half</b> is missing"}
    for _ in range(2):
        assert (await shop.web.post(f"{path}/dispute", data=said)).status_code == 303
    [dispute] = await shop.rows(disputes)
    assert (dispute.reason, dispute.statement) == ("quality", "<b>Half</b> is missing")
    assert await shop.rows(dispute_notes) == []
    assert "we have your message" in (await shop.web.get(path)).text

    more = {"reason": "quality", "statement": "And it is late"}
    assert (await shop.web.post(f"{path}/dispute", data=more)).status_code == 303
    assert [note.body for note in await shop.rows(dispute_notes)] == ["And it is late"]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"reason": "quality", "statement": " "}, "statement"),
        ({"reason": "quality", "statement": "x" * 2_001}, "statement"),
        ({"reason": "already_paid", "statement": "x"}, "reason"),
        ({"statement": "x"}, "reason"),
    ],
)
async def test_a_complaint_without_reason_or_words_is_refused(
    shop: Shop, said: dict[str, str], field: str
) -> None:
    path = shop.path(await shop.invoice())
    before = await shop.marks()
    answer = await shop.web.post(f"{path}/dispute", data=said)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert await shop.marks() == before


async def paid(shop: Shop, path: str, *, file: tuple[str, bytes, str] | None = None, **said: str) -> Response:
    data = {"paid_on": await shop.today(-1), "amount": "100.00", "reference": "TRF-9", **said}
    return await shop.web.post(f"{path}/paid", data=data, files={"file": file} if file else None)


async def test_i_have_paid_with_a_proof_reaches_the_agent_who_opens_it_safely(shop: Shop) -> None:
    invoice = await shop.invoice()
    path, proof = shop.path(invoice), ("../../bank\u202e\r\n.png", a_picture(), "text/html")

    for _ in range(2):
        assert (await paid(shop, path, file=proof)).status_code == 303

    [dispute] = await shop.rows(disputes)
    assert dispute.reason == "already_paid"
    assert dispute.statement == f"100.00 AED · {await shop.today(-1)} · TRF-9"
    [note] = await shop.rows(dispute_notes)
    [file] = await shop.rows(files)
    assert (note.file_id, file.state, file.media_type) == (file.id, "clean", "image/png")
    assert "looking for the payment" in (await shop.web.get(path)).text

    staff = await sign_in(shop.house, shop.tenant)
    page = await staff.browser.get(f"/invoices/{invoice}")
    address = f"/invoices/{invoice}/disputes/{dispute.id}/proofs/{note.id}"
    assert address in page.text
    answer = await staff.browser.get(address)
    assert answer.content == a_picture()
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    other = await shop.invoice()
    assert (await staff.browser.get(address.replace(str(invoice), str(other)))).status_code == 404
    assert (await shop.web.get(address)).status_code == 303
    tasks = await staff.browser.get("/tasks")
    assert "Match a payment" in tasks.text


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.pdf.exe", b"MZ", "type are not taken"),
        ("IMG_1.heic", b"\0\0\0\x18ftypheic", "screenshot"),
        ("a.svg", b"<svg/>", "type are not taken"),
        ("a.pdf", b"<html>", "not what its name says"),
        ("a.png", b"\x89PNG\r\n\x1a\nxx", "cannot be opened"),
    ],
)
async def test_a_proof_that_is_none_is_refused_with_advice_and_nothing_is_kept(
    shop: Shop, name: str, data: bytes, words: str
) -> None:
    path = shop.path(await shop.invoice())
    before = await shop.marks()
    answer = await paid(shop, path, file=(name, data, "image/png"))
    assert answer.status_code == 422
    assert 'id="error-file"' in answer.text
    assert words in answer.text
    assert 'value="TRF-9"' in answer.text
    assert await shop.marks() == before
    assert await shop.rows(files) == []
    assert [one async for one in shop.house.files.stored(shop.tenant)] == []


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"paid_on": "2031-01-01"}, "paid_on"),
    ],
)
async def test_a_payment_that_cannot_have_been_is_refused(
    shop: Shop, said: dict[str, str], field: str
) -> None:
    path = shop.path(await shop.invoice())
    before = await shop.marks()
    answer = await paid(shop, path, file=None, **said)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert await shop.marks() == before


async def test_whom_the_firm_suspended_may_read_and_no_longer_answer(shop: Shop) -> None:
    invoice = await shop.invoice()
    async with shop.work() as work:
        await suspend_customer(work, shop.customer, reason="fraud")
    path = shop.path(invoice)
    assert "AED" in (await shop.web.get(path)).text
    assert "/paid" not in (await shop.web.get(path)).text
    answer = await paid(shop, path, file=("a.png", a_picture(), "image/png"))
    assert answer.status_code == 409
    assert await shop.rows(disputes) == []
    assert await shop.rows(files) == []


async def test_whoever_was_suspended_for_not_paying_may_still_say_so(shop: Shop) -> None:
    invoice = await shop.invoice()
    async with shop.work() as work:
        await move(work, ADMIN_SUSPEND, shop.customer, because="unpaid", suspended_reason="unpaid")
    assert (await paid(shop, shop.path(invoice))).status_code == 303


async def test_too_many_answers_from_one_place_must_wait(shop: Shop) -> None:
    path = shop.path(await shop.invoice())
    told = [
        (await shop.web.post(f"{path}/promise", data={"promised_for": "x"})).status_code for _ in range(12)
    ]
    assert told[0] == 422
    assert told[-1] == 429
    assert (await shop.web.get(path)).status_code == 200


async def test_another_site_cannot_answer_without_the_link_and_a_mail_program_can_with_it(shop: Shop) -> None:
    path = shop.path(await shop.invoice())
    foreign = {"origin": "null", "sec-fetch-site": "cross-site", "cookie": "x=y"}
    answer = await shop.web.post(
        f"{path}/promise", data={"promised_for": await shop.today(1)}, headers=foreign
    )
    assert answer.status_code == 303
