"""Products, prices, changes of price and units over the API."""

from uuid import UUID

import pytest

from bursar.core.kinds import AgentRole
from tests.makers.api import a_program
from tests.makers.catalog import billed

pytestmark = pytest.mark.anyio
DUNE = {"company_name": "Dune Trading", "address_lines": ["Dune Road 1"], "city": "Dubai", "country": "AE"}
HOSTING = {
    "code": "HOST",
    "name": "Hosting",
    "price": {"amount": "200.00", "currency": "AED"},
    "tax_rate": "5",
}


def aed(amount):
    return {"amount": amount, "currency": "AED"}


async def a_pair(program, **given):
    customer = await program.post("/customers", {**DUNE, **given})
    product = await program.post("/products", HOSTING)
    return {"customer_id": customer["id"], "product_id": product["id"]}


async def test_a_product_is_made_read_changed_archived_and_sold_again(program):
    made = await program.post("/products", {**HOSTING, "unit_code": "MON", "item_kind": "services"})
    assert (made["price"], made["tax_category"], made["tax_rate"]) == (aed("200.00"), "S", "5")

    changed = (
        await program("PATCH", f"/products/{made['id']}", {"price": None, "name_local": "استضافة"})
    ).json()
    assert (changed["price"], changed["name"], changed["name_local"]) == (None, "Hosting", "استضافة")
    assert not (await program.post(f"/products/{made['id']}/archiving"))["active"]
    assert (await program.get("/products", active="true"))["items"] == []
    assert (await program("DELETE", f"/products/{made['id']}/archiving")).json()["active"]
    assert (await program.get("/products", text="host"))["items"] == [
        await program.get(f"/products/{made['id']}")
    ]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"price": aed("0")}, "price_not_positive"),
        ({"price": {"amount": "1", "currency": "XXQ"}}, "unknown_currency"),
        ({"tax_category": "E"}, "tax_rate"),
        ({"tax_category": "X"}, "request_invalid"),
        ({"tax_rate": None}, "tax_rate"),
        ({"unit_code": "hours"}, "unit_code"),
        ({"name": ""}, "name_missing"),
        ({"active": False}, "request_invalid"),
    ],
)
async def test_what_cannot_be_sold_is_refused(program, change, code):
    wanted = {**HOSTING, **change}
    if change == {"tax_rate": None}:
        wanted["tax_category"] = "Z"
        wanted["tax_rate"] = "5"

    assert await program.refused("POST", "/products", wanted) == (422, code)
    assert (await program.get("/products"))["items"] == []


async def test_prices_follow_each_other_and_are_corrected_ended_and_taken_back(program):
    pair = await a_pair(program)
    first = await program.post(
        "/prices", {**pair, "unit_price": aed("190.00"), "effective_from": "2026-12-01"}
    )
    second = await program.post(
        "/prices", {**pair, "unit_price": aed("180.00"), "effective_from": "2027-03-01"}
    )
    assert (await program.get(f"/prices/{first['id']}"))["effective_to"] == "2027-03-01"
    assert (first["product_code"], first["used_at"]) == ("HOST", None)

    edited = await program("PATCH", f"/prices/{second['id']}", {"unit_price": aed("185.00")})
    assert edited.json()["unit_price"] == aed("185.00")
    ended = await program.post(f"/prices/{second['id']}/end", {"effective_to": "2027-06-01"})
    assert ended["effective_to"] == "2027-06-01"
    assert (await program("DELETE", f"/prices/{second['id']}")).status_code == 204

    page = await program.get("/prices", customer_id=pair["customer_id"], on="2027-04-01")
    assert [(row["id"], row["effective_to"]) for row in page["items"]] == [(first["id"], "2027-06-01")]


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"unit_price": aed("0")}, 422, "price_not_positive"),
        ({"unit_price": {"amount": "5", "currency": "USD"}}, 422, "price_other_currency"),
        ({"effective_from": "2026-11-01"}, 422, "price_backdated"),
        ({"effective_from": "2026-10-15", "backdated": True}, 409, "price_already_billed"),
        ({"effective_to": "2026-12-01"}, 422, "end_before_start"),
        ({"effective_from": "2027-03-01", "unit_price": aed("5.00")}, 409, "price_there"),
        ({"effective_to": "2027-04-01"}, 409, "price_overlap"),
        ({"customer_id": "00000000-0000-0000-0000-000000000005"}, 404, "not_found"),
    ],
)
async def test_a_price_that_cannot_be_is_refused_by_its_code(program, change, status, code):
    pair = await a_pair(program)
    good = {**pair, "unit_price": aed("190.00"), "effective_from": "2026-12-01"}
    await program.post("/prices", {**good, "effective_from": "2027-03-01"})
    async with program.work() as work:
        await billed(work, UUID(pair["customer_id"]), UUID(pair["product_id"]), "2026-10-01", "2026-10-31")

    assert await program.refused("POST", "/prices", {**good, **change}) == (status, code)


async def test_a_change_for_many_is_previewed_with_what_it_changes_and_made_as_seen(program):
    pair = await a_pair(program, tags=["big"])
    await program.post("/prices", {**pair, "unit_price": aed("190.05"), "effective_from": "2026-12-01"})
    deal = {**pair, "day_of_month": 1, "start_date": "2026-12-01", "quantity": "10"}
    await program.post("/recurring-invoices", deal)
    change = {
        "product_id": pair["product_id"],
        "effective_from": "2027-03-01",
        "way": "raise_by_percent",
        "percent": "10",
        "whose": {"tags": ["big"]},
    }

    preview = await program.post("/price-changes/previews", change)
    assert [(part["before"], part["after"], part["outcome"]) for part in preview["parts"]] == [
        (aed("190.05"), aed("209.06"), "changed")
    ]
    assert preview["invoices"][0]["period"] == "2027-03"
    assert (preview["invoices"][0]["before"], preview["invoices"][0]["after"]) == (
        aed("1900.50"),
        aed("2090.60"),
    )
    assert len(preview["invoices"]) == 9
    assert preview["sums"] == [{"before": aed("17104.50"), "after": aed("18815.40")}]
    assert len((await program.get("/prices"))["items"]) == 1

    done = await program.post("/price-changes", {**change, "mark": preview["mark"]})
    assert done["parts"] == preview["parts"]
    again = await program.post("/price-changes", change)
    assert [part["outcome"] for part in again["parts"]] == ["unchanged"]
    assert await program.refused("POST", "/price-changes", {**change, "mark": preview["mark"]}) == (
        409,
        "change_differs",
    )


async def test_a_change_tells_why_somebody_is_left_out_in_the_language_asked_for(program):
    pair = await a_pair(program)
    for start, amount in (("2026-12-01", "190.00"), ("2027-01-01", "180.00")):
        await program.post("/prices", {**pair, "unit_price": aed(amount), "effective_from": start})
    change = {
        "product_id": pair["product_id"],
        "effective_from": "2027-01-01",
        "way": "set",
        "amount": aed("5.00"),
    }

    answer = await program("POST", "/price-changes/previews", change, Accept_Language="ar")

    [part] = answer.json()["parts"]
    assert (part["outcome"], part["code"]) == ("refused", "price_there")
    assert "2027-01-01" in part["reason"]
    assert not part["reason"].isascii()


async def test_units_come_many_at_once_are_counted_and_retired(program):
    pair = await a_pair(program)
    units = [{**pair, "label": f"M-{at}", "active_from": "2026-11-01"} for at in range(3)]
    ids = (await program.post("/units", {"units": units}))["ids"]
    assert (await program.post("/units", {"units": units}))["ids"] == ids

    assert (await program.get("/units/counts"))["items"] == [{**pair, "units": 3}]
    assert await program.post("/units/retirements", {"ids": ids[:2], "on": "2026-11-10"}) == {"retired": 2}
    assert (await program.get("/units/counts", on="2026-11-18"))["items"] == [{**pair, "units": 1}]
    assert (await program("DELETE", f"/units/{ids[2]}")).status_code == 204
    assert [row["label"] for row in (await program.get("/units", on="2026-11-09"))["items"]] == ["M-1", "M-0"]


async def test_units_are_added_all_or_none(program):
    pair = await a_pair(program)
    good = {**pair, "label": "M-1", "active_from": "2026-11-01"}
    for bad, answer in (
        ({**good, "active_from": "2026-11-05"}, (409, "unit_twice")),
        ({**good, "label": "M-2", "active_to": "2026-11-01"}, (422, "end_before_start")),
        ({**good, "label": ""}, (422, "label_unusable")),
    ):
        assert await program.refused("POST", "/units", {"units": [good, bad]}) == answer
    assert (await program.get("/units"))["items"] == []


async def test_a_viewers_key_and_one_without_the_scope_change_nothing(api, program):
    pair = await a_pair(program)
    price = {**pair, "unit_price": aed("190.00"), "effective_from": "2026-12-01"}
    viewer = await a_program(api, of=program.tenant_id, role=AgentRole.VIEWER)
    narrow = await a_program(api, of=program.tenant_id, scopes=["invoices:write", "catalog:read"])
    for one in (viewer, narrow):
        assert (await one.get("/products"))["items"]
        for path, body in (
            ("/products", {**HOSTING, "code": "X"}),
            ("/prices", price),
            ("/units", {"units": [{**pair, "label": "M", "active_from": "2026-11-01"}]}),
            (
                "/price-changes/previews",
                {
                    "product_id": pair["product_id"],
                    "effective_from": "2027-01-01",
                    "way": "set",
                    "amount": aed("1"),
                },
            ),
        ):
            assert (await one.refused("POST", path, body))[0] == 403
