"""An e-invoice's lifecycle, every state against every answer and every move; typed from lifecycles.md."""

from pathlib import Path
from typing import Any

import pytest

from bursar.billing.documents.einvoices import settle
from bursar.billing.documents.ports import Answer, Outcome
from bursar.billing.issuing import issue_invoice
from bursar.billing.states import EINVOICE_MOVES
from bursar.core.clock import FixedClock
from bursar.core.errors import IllegalMove
from bursar.core.moves import move
from bursar.core.work import Office
from bursar.sandbox.einvoice.app import Behaviour
from tests.makers.einvoices import Network, a_network

pytestmark = pytest.mark.anyio


@pytest.fixture
async def network(office: Office, clock: FixedClock, tmp_path: Path) -> Network:
    return await a_network(office, clock, tmp_path)


ANSWERS = {
    "received": Answer(Outcome.RECEIVED, "P-1"),
    "accepted": Answer(Outcome.ACCEPTED, "P-1"),
    "rejected": Answer(Outcome.REJECTED, "P-1"),
    "unknown": Answer(Outcome.UNKNOWN),
    "silence": None,
}
# fmt: off
MATRIX = {
    ("queued", "received"):   "sent",
    ("queued", "accepted"):   "accepted",
    ("queued", "rejected"):   "rejected",
    ("queued", "unknown"):    "queued",
    ("queued", "silence"):    "queued",
    ("sent", "received"):     "sent",
    ("sent", "accepted"):     "accepted",
    ("sent", "rejected"):     "rejected",
    ("sent", "unknown"):      "sent",
    ("sent", "silence"):      "sent",
    ("accepted", "accepted"): IllegalMove,
    ("accepted", "rejected"): IllegalMove,
    ("rejected", "accepted"): IllegalMove,
    ("rejected", "rejected"): IllegalMove,
}
MOVES = {
    ("queued", "send"): "sent",       ("queued", "accept"): None,       ("queued", "reject"): None,
    ("sent", "send"): None,           ("sent", "accept"): "accepted",   ("sent", "reject"): "rejected",
    ("accepted", "send"): None,       ("accepted", "accept"): None,     ("accepted", "reject"): None,
    ("rejected", "send"): None,       ("rejected", "accept"): None,     ("rejected", "reject"): None,
}
# fmt: on


async def in_state(network: Network, state: str) -> Any:
    network.desk.behaviour = Behaviour(down=1)
    async with network.work() as work:
        await issue_invoice(work, await network.draft(work))
    await network.carry()
    [row] = await network.rows()
    async with network.work() as work:
        if state != "queued":
            await settle(work, row, ANSWERS["received"])
    [row] = await network.rows()
    if state in ("accepted", "rejected"):
        async with network.work() as work:
            await settle(work, row, ANSWERS[state])
        [row] = await network.rows()
    assert row.state == state
    return row


@pytest.mark.parametrize(("state", "told"), MATRIX)
async def test_each_answer_in_each_state(network: Network, state: str, told: str) -> None:
    row = await in_state(network, state)
    expected = MATRIX[state, told]

    if expected is IllegalMove:
        with pytest.raises(IllegalMove):
            async with network.work() as work:
                await settle(work, row, ANSWERS[told])
        expected = state
    else:
        async with network.work() as work:
            await settle(work, row, ANSWERS[told])

    assert [row.state for row in await network.rows()] == [expected]


@pytest.mark.parametrize(("state", "event"), MOVES)
async def test_each_move_in_each_state(network: Network, state: str, event: str) -> None:
    row = await in_state(network, state)
    step = next(one for one in EINVOICE_MOVES if one.event == event)
    target = MOVES[state, event]

    async with network.work() as work:
        if target is None:
            with pytest.raises(IllegalMove):
                await move(work, step, row.id)
        else:
            await move(work, step, row.id)

    assert [row.state for row in await network.rows()] == [target or state]


async def test_there_is_no_other_move() -> None:
    assert {step.event for step in EINVOICE_MOVES} == {event for _, event in MOVES}
