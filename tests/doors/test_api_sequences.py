"""Sequences, the lists of their days, chases and suppressions over the API."""

from typing import Any
from uuid import uuid4

import pytest

from tests.makers.api import Program
from tests.makers.story import an_account, late_customers, the_library

pytestmark = pytest.mark.anyio

LADDER = [
    {"offset_days": 1, "template": "overdue_gentle", "severity": 1},
    {"offset_days": 7, "template": "overdue_firm", "severity": 2},
]


async def answered(firm: Program, method: str, path: str, body: Any = None) -> Any:
    answer = await firm(method, path, body)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


@pytest.fixture
async def firm(program: Program) -> Program:
    """With a mailbox, templates, and two customers who are late."""
    async with program.work() as work:
        await an_account(work, 1, address=f"billing@{program.tenant_id}.example")
        await the_library(work)
        await late_customers(work, 2)
    return program


async def test_a_sequence_is_made_tried_switched_on_and_its_list_let_go(firm: Program) -> None:
    made = await firm.post("/sequences", {"name": "Late", "touches": LADDER, "release_time": "10:30"})
    path = f"/sequences/{made['id']}"
    assert (made["active"], made["release_time"], len(made["touches"])) == (False, "10:30", 2)
    assert await firm.get(path) == made

    tried = await firm.post(f"{path}/preview")
    assert (tried["messages"], len(tried["readers"]), tried["left_out"]) == (2, 2, {})
    assert (await firm.get("/sequence-lists"))["items"] == []

    assert (await firm.post(f"{path}/activation"))["active"]
    [day] = (await firm.post("/sequence-lists"))["items"]
    there = f"/sequence-lists/{day['run_id']}"
    assert (day["state"], day["counts"]) == ("held", {"queued": 2})
    assert (await firm.get("/sequence-lists", held="true", sequence=made["id"]))["items"] == [day]
    messages = await firm.get(f"{there}/messages", limit=1)
    assert messages["items"][0]["subject"]
    assert messages["next_cursor"]
    assert (await firm.get(f"{there}/left-out"))["items"] == []
    assert (await firm.get(f"{there}/changes")) == {
        "stopped": {},
        "dropped": {},
        "added": 0,
        "differences": [],
    }
    assert (await answered(firm, "PUT", f"{there}/time", {"at": "11:00"}))["release_at"]
    assert (await answered(firm, "PUT", f"{there}/time", {"at": None}))["release_at"] is None
    assert (await firm.post(f"{there}/release"))["state"] == "open"
    assert await firm.refused("POST", f"{there}/release") == (409, "illegal_move")
    assert (await firm.post(f"{there}/pause"))["state"] == "paused"
    assert (await answered(firm, "DELETE", f"{there}/pause"))["state"] == "open"
    assert (await firm.post(f"{there}/cancellation"))["counts"] == {"cancelled": 2}


async def test_sequences_are_changed_ordered_and_put_away(firm: Program) -> None:
    first = await firm.post("/sequences/default-ladder")
    second = await firm.post(
        "/sequences",
        {"name": "Vip", "touches": LADDER, "applies_to": {"tags": ["vip"], "min_days_overdue": 3}},
    )
    ordered = await answered(firm, "PUT", "/sequences/order", {"ids": [second["id"]]})
    assert [one["id"] for one in ordered["items"]] == [second["id"], first["id"]]
    changed = await answered(
        firm, "PUT", f"/sequences/{second['id']}", {"name": "Very", "touches": LADDER[:1], "gap_days": 5}
    )
    assert (changed["name"], changed["gap_days"], len(changed["touches"]), changed["applies_to"]) == (
        "Very",
        5,
        1,
        {},
    )
    await answered(firm, "DELETE", f"/sequences/{second['id']}")
    assert [one["id"] for one in (await firm.get("/sequences"))["items"]] == [first["id"]]
    assert len((await firm.get("/sequences", archived="true"))["items"]) == 2
    wrong = {"name": "X", "touches": [{"offset_days": 1, "template": "nowhere", "severity": 1}]}
    assert await firm.refused("POST", "/sequences", wrong) == (422, "unknown_template")


async def test_a_chase_is_paused_resumed_stopped_and_started(firm: Program) -> None:
    made = await firm.post("/sequences/default-ladder")
    await firm.post(f"/sequences/{made['id']}/activation")
    await firm.post("/sequence-lists")
    [first, _] = (await firm.get("/chases"))["items"]
    path = f"/chases/{first['id']}"
    paused = await firm.post(f"{path}/pause", {"until": "2026-12-01", "reason": "On holiday"})
    assert (paused["state"], paused["paused_until"], paused["note"]) == ("paused", "2026-12-01", "On holiday")
    assert (await firm.get("/chases", state="paused"))["items"] == [paused]
    told = await firm.get(f"/customers/{first['customer_id']}/why")
    assert (told["stopped_by"], [one["kind"] for one in told["evidence"]]) == (["chase_paused"], ["chase"])
    assert (await answered(firm, "DELETE", f"{path}/pause"))["state"] == "running"
    assert await firm.refused("POST", f"{path}/stop", {"reason": " "}) == (422, "reason_missing")
    assert (await firm.post(f"{path}/stop", {"reason": "Court"}))["state"] == "stopped"
    assert (await firm.post(f"{path}/start"))["state"] == "running"
    named = await firm.post("/chases", {"customer_id": first["customer_id"]})
    assert [one["id"] for one in named["items"]] == [first["id"]]
    assert await firm.refused("POST", "/chases", {}) == (422, "customer_or_invoice")


async def test_why_names_the_next_touch_of_an_invoice(firm: Program) -> None:
    made = await firm.post("/sequences", {"name": "Late", "touches": [{**LADDER[1], "offset_days": 60}]})
    await firm.post(f"/sequences/{made['id']}/activation")
    [invoice, _] = (await firm.get("/invoices"))["items"]
    told = await firm.get(f"/invoices/{invoice['id']}/why")
    assert (told["next"], told["upcoming"]["sequence_id"], told["upcoming"]["offset_days"]) == (
        "touch",
        made["id"],
        60,
    )


async def test_a_suppression_says_what_it_stands_on_and_is_lifted_with_a_reason(firm: Program) -> None:
    made = await firm.post("/suppressions", {"address": "a@x.example", "scope": "reminders", "note": "Asked"})
    path = f"/suppressions/{made['id']}"
    shown = await firm.get(path)
    assert (shown["suppression"]["scope"], shown["customers"]) == ("reminders", [])
    assert shown["evidence"]["made_by"].startswith("Agent")
    for asked in ({"scope": "reminders"}, {"reason": "manual"}, {"address": "A@x.example"}):
        assert len((await firm.get("/suppressions", **asked))["items"]) == 1
    for asked in ({"scope": "all"}, {"reason": "complaint"}, {"address": "b@x.example"}):
        assert (await firm.get("/suppressions", **asked))["items"] == []
    await answered(firm, "DELETE", f"{path}?because=A+mistake")
    assert (await firm.get(path))["suppression"]["lifted_because"] == "A mistake"
    assert await firm.refused("GET", f"/suppressions/{uuid4()}") == (404, "not_found")
