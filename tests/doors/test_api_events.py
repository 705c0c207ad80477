"""Events over the API: narrowed by what, who and when, a page after the other; origins for administrators."""

from typing import Any
from uuid import uuid4

import pytest

from bursar.core.kinds import AgentRole
from bursar.house import House
from tests.makers.api import Program, a_program, footprint

pytestmark = pytest.mark.anyio


async def an_invoice(program: Program) -> dict[str, Any]:
    dune = {"company_name": "Dune", "email": "pay@dune.example", "address_lines": ["Sand Road 1"]}
    customer = (await program.post("/customers", dune))["id"]
    line = {"description": "Season", "unit_price": "100.00", "tax_category": "O", "tax_rate": "0"}
    draft = await program.post("/invoices", {"customer_id": customer, "currency": "AED", "lines": [line]})
    return await program.post(f"/invoices/{draft['id']}/issuance")


async def test_events_are_narrowed_by_what_who_and_when(program: Program) -> None:
    invoice = await an_invoice(program)
    me = str(program.actor.id)

    async def types(**asked: Any) -> list[str]:
        return [one["type"] for one in (await program.get("/events", **asked))["items"]]

    both = ["invoice.issue", "invoice.draft"]
    assert await types(entity_type="invoice") == both
    assert await types(entity_type="invoice", actor_id=me) == both
    assert await types(entity_type="invoice", actor_type="customer") == []
    assert await types(type="invoice.issue") == ["invoice.issue"]
    assert await types(number=invoice["number"]) == both
    assert await types(entity_id=invoice["id"]) == both
    assert await types(entity_type="invoice", entity_id=invoice["id"], type="invoice.draft") == [
        "invoice.draft"
    ]
    assert (await types(customer_id=invoice["customer_id"]))[:2] == both
    assert await types(entity_type="invoice", until="2020-01-01T00:00:00Z") == []
    assert await types(entity_type="invoice", since="2020-01-01T00:00:00+04:00") == both
    assert await types(entity_type="no_such_noun") == []
    assert await types(actor_id=str(uuid4())) == []


async def test_pages_follow_each_other(program: Program) -> None:
    await an_invoice(program)

    first = await program.get("/events", entity_type="invoice", limit=1)
    second = await program.get("/events", entity_type="invoice", limit=1, cursor=first["next_cursor"])

    assert [one["items"][0]["type"] for one in (first, second)] == ["invoice.issue", "invoice.draft"]
    assert second["next_cursor"] is None


async def test_from_where_is_told_to_administrators(api: House, program: Program) -> None:
    await an_invoice(program)
    seen = {}
    for role in AgentRole:
        reader = await a_program(api, of=program.tenant_id, role=role)
        [event] = (await reader.get("/events", type="invoice.issue"))["items"]
        seen[str(role)] = event["ip"]

    assert seen == {"owner": "127.0.0.1", "admin": "127.0.0.1", "agent": None, "viewer": None}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("number=NO-SUCH", 404, "not_found"),
        ("number=NO-SUCH&entity_id=01a1f8ca-5eaa-70ff-b78a-fc2cc591c741", 422, "ask_unclear"),
        ("since=2026-11-18T08:00:00", 422, "request_invalid"),
        ("type=invoice", 422, "request_invalid"),
        ("actor_type=robot", 422, "request_invalid"),
    ],
)
async def test_what_cannot_be_asked_is_refused(program: Program, query: str, status: int, code: str) -> None:
    assert await program.refused("GET", f"/events?{query}") == (status, code)


async def test_another_firm_finds_nothing_by_id_or_number(api: House, program: Program) -> None:
    invoice = await an_invoice(program)
    stranger = await a_program(api)
    before = await footprint(api, program.tenant_id)

    for asked in ({"entity_id": invoice["id"]}, {"actor_id": str(program.actor.id)}):
        assert (await stranger.get("/events", **asked))["items"] == []
    assert await stranger.refused("GET", f"/events?number={invoice['number']}") == (404, "not_found")
    assert await footprint(api, program.tenant_id) == before
