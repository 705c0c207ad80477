"""Payment links over the API."""

import pytest
import sqlalchemy as sa

from bursar.onboarding.offers import find_offer
from tests.makers.payment_links import past
from tests.makers.story import an_account, the_library

pytestmark = pytest.mark.anyio
HOSTING = {
    "code": "HOST",
    "name": "Hosting",
    "price": {"amount": "200.00", "currency": "AED"},
    "tax_rate": "5",
    "included": ["Power", "Cooling"],
    "stripe_price_id": "price_Abc",
}


def aed(amount):
    return {"amount": amount, "currency": "AED"}


async def a_pair(program, **given):
    product = await program.post("/products", HOSTING)
    body = {"product_id": product["id"], "email": "lina@x.example", **given}
    return product, await program.post("/payment-links", body)


def token_of(link):
    base, _, token = link["address"].rpartition("/p/")
    assert base.startswith("http")
    return token


async def test_a_product_says_what_its_price_covers(program):
    made = await program.post("/products", HOSTING)
    assert (made["included"], made["included_local"], made["stripe_price_id"]) == (
        ["Power", "Cooling"],
        [],
        "price_Abc",
    )
    changed = (await program("PATCH", f"/products/{made['id']}", {"included": None})).json()
    assert changed["included"] == []
    assert await program.refused("PATCH", f"/products/{made['id']}", {"stripe_product_id": "x"}) == (
        422,
        "stripe_id_unreadable",
    )
    assert await program.refused("PATCH", f"/products/{made['id']}", {"included": ["x"] * 31}) == (
        422,
        "too_many_lines",
    )


async def test_a_link_is_made_its_address_said_once_and_read(program):
    _, made = await a_pair(program, name="Lina", locale="ar", price=aed("150.00"), until="2026-12-31")

    async with program.work() as work:
        assert str((await find_offer(work, token_of(made))).link_id) == made["id"]
    read = await program.get(f"/payment-links/{made['id']}")
    assert "address" not in read
    assert read == {name: value for name, value in made.items() if name != "address"}
    assert (read["price"]["total"], read["agreed"], read["until"], read["state"], read["mailed_at"]) == (
        aed("157.50"),
        aed("150.00"),
        "2026-12-31",
        "active",
        None,
    )
    assert (await program.get("/payment-links", text="lina", mailed="false"))["items"] == [read]
    assert (await program.get("/payment-links", state="used"))["items"] == []


async def test_a_repeated_request_is_answered_without_the_address_and_none_is_kept(program):
    product = await program.post("/products", HOSTING)
    body = {"product_id": product["id"], "email": "lina@x.example"}
    first = await program.post("/payment-links", body, **{"Idempotency-Key": "once"})
    again = await program.post("/payment-links", body, **{"Idempotency-Key": "once"})

    assert first["address"]
    assert again == {**first, "address": None}
    assert len((await program.get("/payment-links"))["items"]) == 1
    async with program.work() as work:
        kept = await work.db.scalar(sa.text("select string_agg(k::text, '') from idempotency_keys k"))
    assert token_of(first) not in kept


async def test_a_link_is_mailed_extended_and_taken_back(program):
    async with program.work() as work:
        await an_account(work, 25)
        await the_library(work)
    _, made = await a_pair(program, mail=True)
    assert made["last_mail"]["state"] == "queued"
    path = f"/payment-links/{made['id']}"
    assert await program.refused("POST", f"{path}/mail") == (409, "already_on_its_way")

    changed = (await program("PATCH", path, {"until": "2026-12-24"})).json()
    assert changed["until"] == "2026-12-24"
    assert await program.refused("PATCH", path, {"until": "2026-12-25"}, **{"If-Match": 'W/"1"'}) == (
        412,
        "stale_version",
    )
    assert await program.refused("POST", f"{path}/reissue", {}) == (409, "illegal_move")
    assert (await program.post(f"{path}/revocation", {"reason": "A mistake"}))["state"] == "revoked"
    assert await program.refused("POST", f"{path}/revocation", {}) == (409, "illegal_move")


async def test_one_that_ran_out_is_made_valid_again_under_another_address(program):
    _, made = await a_pair(program)
    async with program.work() as work:
        await past(work)

    again = await program.post(f"/payment-links/{made['id']}/reissue", {"until": "2026-12-31"})

    assert token_of(again) != token_of(made)
    assert (again["state"], again["until"]) == ("active", "2026-12-31")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"email": "nobody"}, "email_invalid"),
        ({"price": aed("0")}, "not_positive"),
        ({"price": {"amount": "1", "currency": "XXQ"}}, "unknown_currency"),
        ({"until": "2026-11-01"}, "until_past"),
        ({"locale": "de"}, "request_invalid"),
        ({"token": "mine"}, "request_invalid"),
    ],
)
async def test_what_cannot_be_offered_is_refused(program, change, code):
    product = await program.post("/products", HOSTING)
    body = {"product_id": product["id"], "email": "lina@x.example", **change}

    assert await program.refused("POST", "/payment-links", body) == (422, code)
    assert (await program.get("/payment-links"))["items"] == []
