"""Recurring invoices in the browser: agreed with their months ahead, paused, ended; runs that are watched."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.credited import list_credit_notes
from bursar.billing.recurring.running import carry_out
from bursar.billing.recurring.showing import list_recurring, list_runs
from bursar.billing.states import Proration
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.notifications.tasks import list_tasks
from tests.makers.recurring import a_price, a_product, a_recurring, made_of, run_once, some_units
from tests.makers.staff import HTMX, Staff, sign_in, staff_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


async def a_deal(staff: Staff, **typed: str) -> dict[str, str]:
    async with staff.work() as work:
        ids = {"customer": str(await a_customer(work)), "product": str(await a_product(work))}
    usual = {"day_of_month": "18", "start_date": "2026-11-01", "quantity_source": "fixed", "quantity": "2"}
    return {**ids, **usual, "proration": "none", **typed}


async def the_only(staff: Staff) -> Any:
    async with staff.work() as work:
        [found] = await list_recurring(work)
    return found


async def test_it_is_agreed_shown_changed_paused_resumed_and_ended(staff: Staff) -> None:
    assert "No recurring invoice yet" in (await staff.get("/recurring")).text
    deal = await a_deal(staff)
    assert "For whom?" in (await staff.get("/recurring/new")).text
    assert 'value="2026-12-01"' in (await staff.get("/recurring/new", customer=deal["customer"])).text

    saved = await staff.post("/recurring", **deal)
    found = await the_only(staff)
    base = f"/recurring/{found.id}"
    assert (saved.status_code, saved.headers["location"]) == (303, base)
    page = (await staff.get(base)).text
    assert "18 Nov 2026" in page
    assert "399.00" in page
    assert "the product" in page

    changed = await staff.post(base, **{**deal, "unit_price": "99.00", "auto_issue": "yes"}, version="1")
    assert changed.status_code == 303
    assert (await the_only(staff)).unit_price.plain() == "99.00"
    assert 'value="99.00"' in (await staff.get(f"{base}/edit")).text
    assert (await staff.post(base, **deal, version="1")).status_code == 409

    for act, state in (("pause", "paused"), ("resumption", "active"), ("end", "ended")):
        assert (await staff.post(f"{base}/{act}")).status_code == 303
        assert (await the_only(staff)).state == state
    assert (await staff.post(f"{base}/pause")).status_code == 409
    assert "No month is left to bill." in (await staff.get(base)).text


async def test_an_end_during_a_billed_month_is_asked_for_and_gives_the_rest_back(staff: Staff) -> None:
    async with staff.work() as work:
        recurring = await a_recurring(work, proration=Proration.DAILY, auto_issue=True)
        await run_once(work, recurring)
    base = f"/recurring/{recurring}"
    assert f"{base}/early-end/new" in (await staff.get(base)).text
    assert "Last day" in (await staff.get(f"{base}/early-end/new")).text

    early = await staff.post(f"{base}/early-end", last_day="2026-10-31", reason="Moved out")
    unsaid = await staff.post(f"{base}/early-end", last_day="", reason="Moved out")
    done = await staff.post(f"{base}/early-end", last_day="2026-11-15", reason="Moved out")

    assert (early.status_code, "It had not begun by then." in early.text, "Moved out" in early.text) == (
        422,
        True,
        True,
    )
    assert (unsaid.status_code, "Give a date." in unsaid.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, base)
    async with staff.work() as work:
        [note] = await list_credit_notes(work)
    assert (note.amount.plain(), note.reason) == ("99.75", "Moved out")


async def test_the_months_to_come_are_shown_while_one_types_and_nothing_is_written(staff: Staff) -> None:
    deal = await a_deal(staff, quantity_source="units", quantity="")
    async with staff.work() as work:
        customer, product = UUID(deal["customer"]), UUID(deal["product"])
        await some_units(work, customer, product, 3)
        await a_price(work, customer, product, 200_00, effective_from=date(2026, 12, 1))

    shown = (await staff.post("/recurring/preview", **deal)).text
    wrong = (await staff.post("/recurring/preview", **{**deal, "day_of_month": "31"})).text
    unfinished = (await staff.post("/recurring/preview", **{**deal, "product": ""})).text

    assert "598.50" in shown
    assert "630.00" in shown
    assert "the customer&#39;s price" in shown
    assert "1 to 28" in wrong
    assert "Choose a product" in unfinished
    async with staff.work() as work:
        assert await list_recurring(work) == []


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day_of_month": "31"}, "The billing day is a day from 1 to 28"),
        ({"day_of_month": "soon"}, "The billing day is a day from 1 to 28"),
        ({"end_date": "2026-10-01"}, "The end is before the start."),
        ({"start_date": ""}, "Give a date."),
        ({"quantity": "0"}, "The quantity must be more than zero"),
        ({"quantity": "some"}, "Write a number"),
        ({"product": ""}, "Choose a product."),
        ({"unit_price": "0"}, "A price must be more than zero."),
    ],
)
async def test_what_cannot_be_comes_back_with_its_reason_and_what_was_typed(
    staff: Staff, typed: dict[str, str], words: str
) -> None:
    deal = await a_deal(staff, notes="Keep these words", **typed)

    answer = await staff.post("/recurring", **deal)

    assert answer.status_code == 422
    assert words in answer.text
    assert "Keep these words" in answer.text
    async with staff.work() as work:
        assert await list_recurring(work) == []


async def test_the_list_is_searched_and_narrowed_in_place(staff: Staff) -> None:
    async with staff.work() as work:
        nile = await a_customer(work, company_name="Nile Tiles")
        await a_recurring(work, customer_id=nile)
        await a_recurring(work, customer_id=await a_customer(work, company_name="Dune Boats"))

    found = await staff.browser.get("/recurring", params={"q": "nile"}, headers=HTMX)

    assert "Nile Tiles" in found.text
    assert "Dune Boats" not in found.text
    assert "<html" not in found.text
    assert "Nothing fits" in (await staff.get("/recurring", state="ended")).text


async def test_a_run_is_begun_watched_to_its_end_and_what_it_could_not_bill_becomes_a_task(
    staff: Staff,
) -> None:
    async with staff.work() as work:
        billed = await a_recurring(work, auto_issue=True)
        product = await a_product(work, None)
        customer = await a_customer(work)
        unpriced = await a_recurring(work, customer_id=customer, product_id=product)
    assert "No run yet" in (await staff.get("/recurring/runs")).text

    begun = await staff.post("/recurring/runs", as_of="2026-11-18")
    async with staff.work() as work:
        [run] = await list_runs(work)
    assert begun.headers["location"] == f"/recurring/runs/{run.id}"
    page = f"/recurring/runs/{run.id}"
    assert "sse-connect" in (await staff.get(page)).text
    await carry_out(staff.office, staff.tenant_id, run.id)

    stream = await staff.get(f"{page}/progress")
    assert "event: progress" in stream.text
    assert "2 / 2" in stream.text
    assert stream.text.endswith("event: end\ndata: \n\n")
    done = (await staff.get(page)).text
    assert "there is no price" in done
    assert "sse-connect" not in done
    async with staff.work() as work:
        assert len(await made_of(work, billed)) == 1
        [task] = await list_tasks(work)
        assert (task.kind, task.about_id, task.about_name) == ("not_billed", unpriced, "Hosting")
    assert f'href="/recurring/{unpriced}"' in (await staff.get("/tasks")).text

    async with staff.work() as work:
        await a_price(work, customer, product, 10_00)
    await staff.post("/recurring/runs")
    async with staff.work() as work:
        [second, _] = await list_runs(work)
    await carry_out(staff.office, staff.tenant_id, second.id)
    async with staff.work() as work:
        assert await list_tasks(work) == []


async def test_a_viewer_sees_it_and_changes_nothing(staff: Staff) -> None:
    async with staff.work() as work:
        recurring = await a_recurring(work)
    viewer = await sign_in(staff.house, staff.tenant_id, role=AgentRole.VIEWER)

    assert (await viewer.get(f"/recurring/{recurring}")).status_code == 200
    for path in (f"/recurring/{recurring}/pause", f"/recurring/{recurring}/end", "/recurring/runs"):
        assert (await viewer.post(path)).status_code == 403
    assert (await viewer.post("/recurring", **await a_deal(staff))).status_code == 403
    assert (await the_only(staff)).state == "active"
