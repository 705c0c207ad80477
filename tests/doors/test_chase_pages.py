"""Customers and invoices left in peace, stopped and chased again, in the browser."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from bursar.chasing.sequences import lists
from bursar.chasing.sequences.chases import list_chases
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.campaigning import a_chasing_firm
from tests.makers.sequence_pages import late, the_ladder
from tests.makers.staff import Staff

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with a_chasing_firm(addresses, clock, keyring) as staff:
        yield staff


async def test_a_customer_is_left_in_peace_until_a_day_stopped_and_chased_again(staff: Staff) -> None:
    customer, _ = await late(staff, 8, company_name="Noor Trading")
    await the_ladder(staff)
    home = f"/customers/{customer}"
    assert "Being chased" in (await staff.get(home)).text
    asked = (await staff.post(f"{home}/chases")).headers["location"]
    assert "Noor Trading" in (await staff.get(asked)).text
    chase = asked.removesuffix("/pause/new")
    until = (await _today(staff, 7)).isoformat()

    assert (await staff.post(f"{chase}/pause", until="2020-01-01")).status_code == 422
    assert (await staff.post(f"{chase}/pause", until=until, reason="On holiday")).headers["location"] == home
    page = (await staff.get(home)).text
    assert "Left in peace" in page
    assert "On holiday" in page
    assert "On holiday" in (await staff.get("/chases", state="paused")).text
    async with staff.work() as work:
        day = await lists.held_lists(work)
        assert day[0].counts == {"cancelled": 1}

    assert (await staff.post(f"{chase}/resumption")).headers["location"] == home
    assert (await staff.post(f"{chase}/stop", reason="")).status_code == 422
    assert (await staff.post(f"{chase}/stop", reason="Court")).headers["location"] == home
    assert "Stopped" in (await staff.get(home)).text
    assert (await staff.post(f"{chase}/start")).headers["location"] == home
    assert (await staff.post(f"{chase}/start")).status_code == 409
    assert (await staff.browser.get(chase)).headers["location"] == home


async def test_a_single_invoice_is_left_in_peace_apart_from_the_others(staff: Staff) -> None:
    customer, [first, _] = await late(staff, 8, 9)
    await the_ladder(staff)
    chase = (await staff.post(f"/invoices/{first}/chases")).headers["location"].removesuffix("/pause/new")
    assert (await staff.post(f"{chase}/pause")).headers["location"] == f"/invoices/{first}"
    assert "Left in peace" in (await staff.get(f"/invoices/{first}")).text
    async with staff.work() as work:
        states = {
            one.invoice_id: str(one.state) for one in (await list_chases(work, customer_id=customer)).rows
        }
    assert states == {None: "running", first: "paused"}


async def _today(staff: Staff, days: int) -> date:
    async with staff.work() as work:
        return work.today + timedelta(days=days)
