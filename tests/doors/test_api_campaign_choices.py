"""The API about whom a campaign writes to: segments, exclusions, two texts, customers kept out, what came of it."""

import pytest

from bursar.chasing.campaigns import send_now
from tests.makers.api import Program, a_program
from tests.makers.story import a_crowd, an_account, late_customers, the_library

pytestmark = pytest.mark.anyio

NOVEMBER = {"name": "November", "kind": "overdue_notice"}


@pytest.fixture
async def firm(program: Program) -> Program:
    async with program.work() as work:
        await an_account(work, 25, address=f"billing@{program.tenant_id}.example")
        await the_library(work)
    return program


async def test_a_campaign_says_its_texts_its_segment_and_who_is_kept_out(firm: Program):
    async with firm.work() as work:
        await a_crowd(work, 60)
    choice = {"languages": ["ar"], "customer_kind": "firm", "quiet_days": 3, "max_balance_minor": 10_001}

    made = await firm.post(
        "/campaigns",
        {
            **NOVEMBER,
            "selection": choice,
            "template": "overdue_gentle",
            "other_template": "overdue_firm",
            "other_share": 25,
            "holdout_percent": 10,
            "description": "Autumn",
        },
    )

    assert made["selection"] == choice
    assert [(one["label"], one["template"], one["share"]) for one in made["variants"]] == [
        ("A", "overdue_gentle", 75),
        ("B", "overdue_firm", 25),
    ]
    assert (made["holdout_percent"], made["description"]) == (10, "Autumn")
    assert made["total"] + made["excluded"].get("holdout", 0) == 15
    assert await firm.get(f"/campaigns/{made['id']}/comparison") is None


async def test_what_came_of_each_group_is_told_after_the_release(firm: Program):
    async with firm.work() as work:
        await a_crowd(work, 100)
    made = await firm.post("/campaigns", {**NOVEMBER, "holdout_percent": 30})
    await firm.post(f"/campaigns/{made['id']}/release", {"any_hour": True})

    found = await firm.get(f"/campaigns/{made['id']}/comparison", days=7)

    assert [one["label"] for one in found["groups"]] == ["holdout", "sent"]
    assert sum(one["customers"] for one in found["groups"]) == 100
    [pair] = found["pairs"]
    assert pair["compared"]["verdict"] == "no_difference"
    assert found["running"] is True


async def test_an_exclusion_is_made_listed_and_lifted(firm: Program):
    async with firm.work() as work:
        [customer, _] = await late_customers(work, 2)
    given = {"customer_id": str(customer), "reason": "Court", "covers": "campaigns", "until": "2026-12-24"}

    made = await firm.post("/exclusions", given)

    [kept] = (await firm.get("/exclusions", customer_id=str(customer)))["items"]
    assert (kept["id"], kept["until"], kept["in_force"]) == (made["id"], "2026-12-24", True)
    assert (await firm.post("/campaigns", NOVEMBER))["excluded"] == {"excluded": 1}
    assert (await firm("DELETE", f"/exclusions/{made['id']}")).status_code == 204
    assert (await firm.get("/exclusions"))["items"] == []
    assert [one["in_force"] for one in (await firm.get("/exclusions", lifted="true"))["items"]] == [False]
    assert await firm.refused("POST", "/exclusions", {**given, "until": "2020-01-01"}) == (422, "until_past")


async def test_customers_and_numbers_are_left_out_and_put_back(firm: Program):
    async with firm.work() as work:
        [one, _] = await late_customers(work, 2)
    path = f"/campaigns/{(await firm.post('/campaigns', NOVEMBER))['id']}"
    number = (await firm.get(f"{path}/invoices"))["items"][0]["number"]

    assert await firm.post(f"{path}/exclusions", {"numbers": [number]}) == {"messages": 1}
    assert await firm.refused("POST", f"{path}/exclusions", {"numbers": ["NOBODY-7"]}) == (
        422,
        "not_in_the_list",
    )

    [kept] = (await firm.get(f"{path}/exclusions"))["items"]
    assert kept["invoice_number"] == number
    out = (await firm.get(f"{path}/invoices", included="false", reason="by_hand"))["items"]
    assert [line["number"] for line in out] == [number]
    assert (await firm.get(f"{path}/invoices", included="false", reason="paid"))["items"] == []
    assert (await firm("DELETE", f"{path}/exclusions/{kept['id']}")).status_code == 204
    assert (await firm.get(path))["excluded"] == {}
    async with firm.work() as work:
        await send_now(work, (await firm.get(path))["id"])
    assert await firm.refused("POST", f"{path}/exclusions", {"customers": [str(one)]}) == (409, "let_go")


async def test_exclusions_of_another_firm_are_not_there(firm: Program, api):
    async with firm.work() as work:
        [customer] = await late_customers(work, 1)
    made = await firm.post("/exclusions", {"customer_id": str(customer), "reason": "Court"})
    other = await a_program(api)

    assert (await other.get("/exclusions", lifted="true"))["items"] == []
    assert (await other.refused("DELETE", f"/exclusions/{made['id']}"))[0] == 404
    given = {"customer_id": str(customer), "reason": "Mine"}
    assert (await other.refused("POST", "/exclusions", given))[0] == 404
