"""Recurring invoices over the API: agreed, shown ahead, run, paused, ended."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from bursar.billing.recurring.running import carry_out
from bursar.billing.states import Proration
from bursar.core.kinds import AgentRole
from tests.makers.api import Program, a_program, footprint
from tests.makers.recurring import a_price, a_product, a_recurring, run_once, some_units
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
HERE = "/recurring-invoices"


async def a_deal(program: Program, **given: Any) -> dict[str, Any]:
    async with program.work() as work:
        row = {"customer_id": str(await a_customer(work)), "product_id": str(await a_product(work))}
    return {**row, "day_of_month": 18, "start_date": "2026-11-01", **given}


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


async def test_what_is_agreed_is_shown_changed_paused_resumed_and_ended(program: Program) -> None:
    deal = await a_deal(program, quantity="2.5", notes="Thanks")
    made = await program.post(HERE, deal)
    assert (made["state"], made["next_run_on"], made["quantity"]) == ("active", "2026-11-18", "2.5")
    one = f"{HERE}/{made['id']}"

    changed = await program("PUT", one, {**deal, "unit_price": aed("99.00")}, If_Match='W/"1"')
    assert (changed.json()["unit_price"], changed.headers["etag"]) == (aed("99.00"), 'W/"2"')
    assert await program.refused("PUT", one, deal, If_Match='W/"1"') == (412, "stale_version")
    assert (await program.post(f"{one}/pause"))["state"] == "paused"
    assert await program.refused("POST", f"{one}/pause") == (409, "illegal_move")
    assert (await program("DELETE", f"{one}/pause")).json()["state"] == "active"
    assert (await program.post(f"{one}/end", {"reason": "moved away"}))["state"] == "ended"
    assert await program.refused("DELETE", one) == (409, "illegal_move")
    assert (await program.get(one))["next_run_on"] is None
    assert [row["id"] for row in (await program.get(HERE, state="ended"))["items"]] == [made["id"]]
    other = await program.post(HERE, deal)
    assert (await program("DELETE", f"{HERE}/{other['id']}")).json()["state"] == "ended"


async def test_a_last_day_gives_the_rest_of_its_month_back(program: Program) -> None:
    async with program.work() as work:
        recurring = await a_recurring(work, proration=Proration.DAILY, auto_issue=True)
        await run_once(work, recurring)
    one = f"{HERE}/{recurring}"

    assert await program.refused("POST", f"{one}/end", {"last_day": "2026-12-05"}) == (
        422,
        "month_not_billed",
    )
    ended = await program.post(f"{one}/end", {"last_day": "2026-11-15", "reason": "moved away"})

    assert (ended["state"], ended["end_date"]) == ("ended", "2026-11-15")
    assert [row["amount"] for row in (await program.get("/credit-notes"))["items"]] == [aed("99.75")]


async def test_the_months_to_come_are_shown_before_and_after_it_is_made(program: Program) -> None:
    deal = await a_deal(program, quantity_source="units", day_of_month=28)
    async with program.work() as work:
        customer, product = UUID(deal["customer_id"]), UUID(deal["product_id"])
        await some_units(work, customer, product, 3)
        await a_price(work, customer, product, 200_00, effective_from=date(2026, 12, 1))

    answer = await program("POST", f"{HERE}/preview", deal)
    before = answer.json()["months"]
    made = await program.post(HERE, deal)
    after = (await program.get(f"{HERE}/{made['id']}/preview"))["months"]

    assert before == after
    assert len(before) == 12
    assert [(one["run_on"], one["quantity"], one["total"]) for one in before[:2]] == [
        ("2026-11-28", "3", aed("598.50")),
        ("2026-12-28", "3", aed("630.00")),
    ]
    assert [one["stretches"][0]["source"] for one in before[:2]] == ["product", "customer"]
    assert len((await program.get(f"{HERE}/{made['id']}/preview", months=3))["months"]) == 3


async def test_a_run_is_begun_carried_out_by_a_worker_and_counted(program: Program) -> None:
    made = await program.post(HERE, await a_deal(program, auto_issue=True))
    begun = await program.post("/recurring-runs", {"as_of": "2026-12-18"})
    assert (begun["as_of"], begun["due"], begun["finished_at"]) == ("2026-12-18", 0, None)

    await carry_out(program.house.office, program.tenant_id, UUID(begun["id"]))

    done = await program.get(f"/recurring-runs/{begun['id']}")
    assert (done["due"], done["issued"], done["finished_at"] is not None) == (2, 2, True)
    assert [one["id"] for one in (await program.get("/recurring-runs"))["items"]] == [begun["id"]]
    invoices = (await program.get(f"{HERE}/{made['id']}/invoices"))["items"]
    assert [(one["period"], one["state"], one["total"]) for one in invoices] == [
        ("2026-12", "issued", aed("199.50")),
        ("2026-11", "issued", aed("199.50")),
    ]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"day_of_month": 31}, "day_of_month", "day_of_month"),
        ({"day_of_month": 0}, "day_of_month", "day_of_month"),
        ({"end_date": "2026-10-31"}, "end_before_start", "end_date"),
        ({"quantity": "0"}, "quantity", "quantity"),
        ({"unit_price": {"amount": "1.00", "currency": "USD"}}, "mixed_currencies", "unit_price"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field_and_nothing_is_written(
    program: Program, given: dict[str, Any], code: str, field: str
) -> None:
    deal = await a_deal(program, **given)
    before = await footprint(program.house, program.tenant_id)

    answer = await program("POST", HERE, deal)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [one["field"] for one in answer.json().get("errors", [])] in ([], [field])
    assert await footprint(program.house, program.tenant_id) == before


async def test_a_viewer_sees_and_changes_nothing_and_another_firm_finds_nothing(program: Program) -> None:
    deal = await a_deal(program)
    made = await program.post(HERE, deal)
    viewer = await a_program(program.house, of=program.tenant_id, role=AgentRole.VIEWER)
    stranger = await a_program(program.house)

    assert (await viewer.get(f"{HERE}/{made['id']}"))["id"] == made["id"]
    for method, path, body in (
        ("POST", HERE, deal),
        ("PUT", f"{HERE}/{made['id']}", deal),
        ("POST", f"{HERE}/{made['id']}/pause", None),
        ("DELETE", f"{HERE}/{made['id']}", None),
        ("POST", "/recurring-runs", None),
    ):
        assert await viewer.refused(method, path, body) == (403, "not_allowed")
    for path in (f"{HERE}/{made['id']}", f"{HERE}/{made['id']}/preview", f"{HERE}/{made['id']}/invoices"):
        assert await stranger.refused("GET", path) == (404, "not_found")
    assert await stranger.refused("POST", f"{HERE}/preview", deal) == (404, "not_found")
    assert (await stranger.get(HERE))["items"] == []
