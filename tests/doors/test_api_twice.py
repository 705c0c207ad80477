"""The same request twice, at once and again; two who change one thing; pages while rows arrive."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.makers.api import Program, a_program, footprint

pytestmark = pytest.mark.anyio

BODY = {"company_name": "Dune", "address_lines": ["Dune Road 1"]}


async def test_a_repeated_request_acts_once_and_is_answered_alike(program):
    first = await program("POST", "/customers", BODY, Idempotency_Key="k-1")
    before = await footprint(program.house, program.tenant_id)
    again = await program("POST", "/customers", BODY, Idempotency_Key="k-1")

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    for name in ("location", "etag", "content-type"):
        assert again.headers[name] == first.headers[name]
    assert await footprint(program.house, program.tenant_id) == before


async def test_a_key_is_for_one_request(program):
    await program("POST", "/customers", BODY, Idempotency_Key="k-1")

    for method, path, body in (
        ("POST", "/customers", {"company_name": "Other"}),
        ("POST", "/suppressions", BODY),
    ):
        refused = await program.refused(method, path, body, Idempotency_Key="k-1")
        assert refused == (422, "idempotency_key_reused")


async def test_a_refusal_frees_its_key(program):
    assert await program.refused("POST", "/customers", {}, Idempotency_Key="k-1") == (422, "name_missing")

    assert (await program("POST", "/customers", BODY, Idempotency_Key="k-1")).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_a_key_that_cannot_be_one_is_refused(program, key):
    assert await program.refused("POST", "/customers", BODY, Idempotency_Key=key) == (
        422,
        "idempotency_key_unusable",
    )


async def test_keys_are_each_agents_own(api, program):
    other = await a_program(api, of=program.tenant_id)
    stranger = await a_program(api)
    answers = [
        await one("POST", "/customers", BODY, Idempotency_Key="k-1") for one in (program, other, stranger)
    ]

    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_after_a_day_a_key_is_new(program):
    first = await program("POST", "/customers", BODY, Idempotency_Key="k-1")
    clock = program.house.office.clock
    clock.advance(timedelta(hours=24, seconds=1))
    again = await program("POST", "/customers", {"company_name": "Other"}, Idempotency_Key="k-1")
    clock.advance(-timedelta(hours=24, seconds=1))

    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]


async def test_twins_in_flight_act_once(program):
    invoice = await a_draft(program)
    path = f"/invoices/{invoice}/issuance"
    answers = await asyncio.gather(*(program("POST", path, Idempotency_Key="k-1") for _ in range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 5


async def test_twins_of_an_act_in_several_works_get_one_answer(program):
    sheet = {"kind": "customers", "header": ["Company"], "rows": [["Sand"]]}
    answers = await asyncio.gather(
        *(program("POST", "/imports", sheet, Idempotency_Key="k-1") for _ in range(3))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1


async def test_a_new_keys_secret_is_said_once_and_kept_nowhere(program):
    wanted = {"name": "Spare", "scopes": ["customers:read"]}
    first = await program.post("/api-keys", wanted, Idempotency_Key="k-1")
    again = await program.post("/api-keys", wanted, Idempotency_Key="k-1")

    assert first["text"].startswith("bursar_")
    assert again == {"id": first["id"], "text": None}


async def test_a_stale_version_is_412_and_changes_nothing(program):
    made = await program.post("/customers", BODY)
    path = f"/customers/{made['id']}"
    assert (await program("PATCH", path, {"city": "Dubai"}, If_Match='W/"1"')).status_code == 200

    assert await program.refused("PATCH", path, {"city": "Oman"}, If_Match='W/"1"') == (412, "stale_version")
    assert await program.refused("PATCH", path, {"city": "Oman"}, If_Match='"other"') == (
        412,
        "stale_version",
    )
    assert await program.refused("PATCH", path, {"city": "Oman"}, If_Match="nonsense") == (
        422,
        "if_match_unreadable",
    )
    assert (await program.get(path))["city"] == "Dubai"
    for tag in ('"2"', "*"):
        assert (await program("PATCH", path, {"city": "Dubai"}, If_Match=tag)).status_code == 200


async def test_of_two_who_change_one_version_one_wins(program):
    made = await program.post("/customers", BODY)
    path = f"/customers/{made['id']}"
    cities = [f"City {number}" for number in range(6)]
    answers = await asyncio.gather(
        *(program("PATCH", path, {"city": city}, If_Match='W/"1"') for city in cities)
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert await program.get(path) == won


async def test_a_move_may_insist_on_a_version_too(program):
    invoice = await a_draft(program)
    path = f"/invoices/{invoice}"
    await program("PUT", path, draft_of((await program.get(path))["customer_id"], "2.00"))

    assert await program.refused("POST", f"{path}/issuance", If_Match='W/"1"') == (412, "stale_version")
    assert (await program("POST", f"{path}/issuance", If_Match='W/"2"')).status_code == 201


async def test_rows_that_arrive_meanwhile_move_nobodys_page(program):
    old = [(await program.post("/customers", {"company_name": f"Old {n}"}))["id"] for n in range(5)]
    seen, cursor = [], None
    for arriving in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = await program.get("/customers", **query)
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        await program.post("/customers", {"company_name": f"New {arriving}"})

    assert seen == list(reversed(old))
    assert cursor is None


@pytest.mark.parametrize("cursor", ["x", "AAAA", "=" * 22, "é" * 22, "_" * 23, "A" * 21 + "B"])
async def test_a_cursor_that_is_none_of_ours_is_refused(program, cursor):
    answer = await program.client.get("/api/v1/customers", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "cursor_unreadable")


async def a_draft(program: Program) -> str:
    customer = await program.post("/customers", BODY)
    return (await program.post("/invoices", draft_of(customer["id"])))["id"]


def draft_of(customer: str, price: str = "1.00") -> dict[str, Any]:
    return {"customer_id": customer, "currency": "AED", "lines": [{"description": "x", "unit_price": price}]}
