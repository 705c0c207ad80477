"""What providers told, through the doors: looked at, applied again, and refunds that go back through their till."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.tables import refunds
from bursar.core import inbounds as kept
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tables import inbounds
from bursar.core.work import Work
from tests.makers.billing import told_of
from tests.makers.chasing_cli import IN, a_late_firm
from tests.makers.cli import Shell
from tests.makers.hooks import Counter, a_counter
from tests.makers.staff import Staff, sign_in

pytestmark = pytest.mark.anyio


@pytest.fixture
async def counter(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring) as made:
        yield made


@pytest.fixture
async def staff(counter: Counter) -> Staff:
    return await sign_in(counter.house, counter.tenant_id, AgentRole.AGENT)


async def an_inbound(counter: Counter, **given: object) -> UUID:
    """Of a name that tries to be a page of its own."""
    about = {"id": "prod_1", "object": "product", "name": "<script>alert(1)</script>"}
    assert await counter.tell(counter.event("product.created", about)) == 200
    [row] = await counter.inbounds()
    if given:
        async with counter.house.office.work(counter.tenant_id) as work:
            mine = sa.update(inbounds).where(inbounds.c.tenant_id == counter.tenant_id)
            await work.db.execute(mine.values(**given))
    return row.id


async def test_it_is_shown_word_for_word_and_as_nothing_but_words(counter: Counter, staff: Staff) -> None:
    inbound_id = await an_inbound(counter)

    listed = (await staff.get("/inbounds")).text
    page = (await staff.get(f"/inbounds/{inbound_id}")).text

    assert f"/inbounds/{inbound_id}" in listed
    assert "product.created" in listed
    assert "Waiting" in listed
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


async def test_the_list_is_narrowed_to_what_waits(counter: Counter, staff: Staff) -> None:
    inbound_id = str(await an_inbound(counter))

    assert inbound_id in (await staff.get("/inbounds", show="waiting")).text
    await counter.apply()
    assert inbound_id not in (await staff.get("/inbounds", show="waiting")).text
    assert inbound_id in (await staff.get("/inbounds", show="applied")).text


async def test_one_that_is_stuck_stands_on_the_first_page_until_it_is_applied_again(
    counter: Counter, staff: Staff
) -> None:
    assert "could not be applied" not in (await staff.get("/")).text
    inbound_id = await an_inbound(counter, attempts=kept.MOST_ATTEMPTS, error="IntegrityError: no")
    assert "What a provider told could not be applied" in (await staff.get("/")).text
    assert "IntegrityError: no" in (await staff.get(f"/inbounds/{inbound_id}")).text

    done = await staff.post(f"/inbounds/{inbound_id}/replay")

    assert (done.status_code, done.headers["location"]) == (303, f"/inbounds/{inbound_id}")
    await counter.apply()
    assert "could not be applied" not in (await staff.get("/")).text
    async with staff.work() as work:
        assert await told_of(work, inbound_id) == ["inbound.replay"]


async def test_who_only_looks_applies_nothing_again(counter: Counter) -> None:
    viewer = await sign_in(counter.house, counter.tenant_id, AgentRole.VIEWER)
    inbound_id = await an_inbound(counter)

    await viewer.get(f"/inbounds/{inbound_id}")
    assert (await viewer.post(f"/inbounds/{inbound_id}/replay")).status_code == 403


async def test_another_firms_inbound_is_not_there(
    counter: Counter, addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    inbound_id = await an_inbound(counter)
    async with a_counter(addresses, clock, keyring) as other:
        stranger = await sign_in(other.house, other.tenant_id)
        assert (await stranger.browser.get(f"/inbounds/{inbound_id}")).status_code == 404
        assert (await stranger.post(f"/inbounds/{inbound_id}/replay")).status_code == 404


async def test_a_refund_of_a_card_payment_goes_back_to_the_card_unless_it_is_said_otherwise(
    counter: Counter, staff: Staff
) -> None:
    checkout = await counter.checkout()
    await counter.completed(checkout)
    await counter.apply()

    form = (await staff.get(f"/invoices/{checkout.invoice_id}/refunds/new")).text
    assert "Send it back to the card" in form
    typed = {"refunded_on": "2026-11-18", "reason": "sent back", "amount": "40.00", "done": "till"}
    assert (await staff.post(f"/invoices/{checkout.invoice_id}/refunds", **typed)).status_code == 303

    [refund] = await counter.rows(refunds)
    assert (refund.state, refund.till_id, refund.amount_minor) == ("pending", counter.till_id, 40_00)
    page = (await staff.get(f"/refunds/{refund.id}")).text
    assert "On its way back to the card" in page
    assert "It arrived" not in page  # that is the provider's to say
    async with counter.house.office.directory() as work:
        jobs = sa.text("select args from procrastinate_jobs where task_name = 'billing.send_back'")
        assert [row.args["refund_id"] for row in await work.db.execute(jobs)] == [str(refund.id)]


async def test_a_program_has_one_applied_again(program) -> None:
    async with program.house.office.work(program.tenant_id) as work:
        inbound_id = await kept.keep(work, "stripe", "evt_1", "product.created", {"event": {"name": "X"}})

    [listed] = (await program.get("/inbounds", waiting="true"))["items"]
    one = await program.get(f"/inbounds/{inbound_id}")
    again = await program.post(f"/inbounds/{inbound_id}/replay")

    assert (listed["id"], listed["status"], "payload" in listed) == (str(inbound_id), "waiting", False)
    assert one["payload"] == {"event": {"name": "X"}}
    assert (again["status"], again["attempts"]) == ("waiting", 0)


def test_the_command_line_lists_shows_and_applies_again(shell: Shell) -> None:
    firm = a_late_firm(shell)

    async def told(work: Work) -> str:
        return str(await kept.keep(work, "stripe", "evt_1", "product.created", {"event": {"name": "X"}}))

    inbound_id = firm.inside(told)

    [listed] = firm.answer("inbound", "list", *IN, "--waiting")["inbounds"]
    shown = firm.answer("inbound", "show", inbound_id, *IN)
    again = firm.answer("inbound", "replay", inbound_id, *IN)

    assert (listed["id"], listed["status"]) == (inbound_id, "waiting")
    assert shown["payload"] == {"event": {"name": "X"}}
    assert again["status"] == "waiting"
    assert firm.refusal("inbound", "show", "nothing", *IN)["error"] == "not_found"
