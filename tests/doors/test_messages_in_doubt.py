"""Messages of which nobody knows whether they went: one list, and one click for each that somebody looked up."""

import re
from collections.abc import AsyncIterator

import pytest

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.outbox import a_send, the_send
from tests.makers.staff import Staff, staff_of
from tests.makers.tenancy import events_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def staff(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Staff]:
    async with staff_of(addresses, clock, keyring) as staff:
        yield staff


@pytest.mark.parametrize(
    ("button", "became"), [("It is there", "sent"), ("It is not: send it again", "queued")]
)
async def test_each_has_its_answer_beside_it(staff: Staff, button: str, became: str) -> None:
    async with staff.work() as work:
        send, other = [await a_send(work, state="uncertain", reason="no_answer") for _ in range(2)]
    page = (await staff.get("/sends", state="uncertain")).text
    forms = re.findall(rf'<form[^>]*action="/sends/{send}/resolution".*?</form>', page, re.DOTALL)
    [form] = [one for one in forms if button in one]
    typed = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))

    answer = await staff.post(f"/sends/{send}/resolution", **typed)

    assert answer.headers["location"] == "/sends?state=uncertain"
    async with staff.work() as work:
        assert (await the_send(work, send)).state == became
        assert (await the_send(work, other)).state == "uncertain"
        assert await events_of(work, send) == ["send.resolve"]


async def test_other_lists_ask_nothing(staff: Staff) -> None:
    async with staff.work() as work:
        await a_send(work, state="failed", reason="rejected")

    assert "resolution" not in (await staff.get("/sends", state="failed")).text
