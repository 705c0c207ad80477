"""Invoices, payments, promises and disputes over the API."""

from typing import Any

import pytest

from tests.makers.api import Program

pytestmark = pytest.mark.anyio


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


async def a_customer(program: Program) -> str:
    dune = {"company_name": "Dune", "email": "pay@dune.example", "address_lines": ["Sand Road 1"]}
    return (await program.post("/customers", dune))["id"]


def a_draft(customer: str, **given: Any) -> dict[str, Any]:
    line = {"description": "Season", "unit_price": "100.00", "tax_category": "O", "tax_rate": "0"}
    return {"customer_id": customer, "currency": "AED", "lines": [line], **given}


async def an_invoice(program: Program) -> dict[str, Any]:
    draft = await program.post("/invoices", a_draft(await a_customer(program)))
    return await program.post(f"/invoices/{draft['id']}/issuance")


async def test_a_draft_is_priced_changed_issued_and_then_stays(program):
    customer = await a_customer(program)
    lines = [
        {"description": "Boat", "unit_price": "1000.00", "quantity": "1.5", "discount": "100.00"},
        {"description": "Rebate", "unit_price": "-50.00"},
    ]
    draft = await program.post("/invoices", a_draft(customer, lines=lines, purchase_order="PO 7"))
    assert (draft["subtotal"], draft["tax"], draft["total"]) == (aed("1350.00"), aed("67.50"), aed("1417.50"))
    assert (draft["state"], draft["number"], draft["lines"][0]["quantity"]) == ("draft", None, "1.5")
    assert draft["lines"][1]["unit_price"] == aed("-50.00")

    changed = await program("PUT", f"/invoices/{draft['id']}", a_draft(customer), If_Match='W/"1"')
    assert changed.json()["total"] == aed("100.00")
    issued = await program.post(f"/invoices/{draft['id']}/issuance")
    assert (issued["state"], issued["balance"], issued["status"]) == ("issued", aed("100.00"), "issued")
    assert issued["number"] == (await program.get(f"/invoices/{draft['id']}"))["number"]
    for method, body in (("PUT", a_draft(customer)), ("DELETE", None)):
        assert await program.refused(method, f"/invoices/{draft['id']}", body) == (409, "illegal_move")


async def test_an_issued_invoices_refusal_names_what_its_state_permits(program):
    invoice = await an_invoice(program)
    answer = await program("POST", f"/invoices/{invoice['id']}/issuance")

    assert answer.status_code == 409
    assert answer.json()["allowed"] == ["cancel", "reverse_allocation", "settle"]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"unit_price": "1.001"}, "lines[0].unit_price"),
        ({"quantity": "0"}, "lines[0]"),
        ({"discount": "0.001"}, "lines[0].discount"),
        ({"tax_rate": "101"}, "lines[0]"),
        ({"unit_price": "0"}, "lines"),
    ],
)
async def test_a_line_that_cannot_be_charged_is_named(program, line, field):
    body = a_draft(await a_customer(program), lines=[{"description": "x", "unit_price": "1", **line}])
    answer = await program("POST", "/invoices", body)

    assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text


@pytest.mark.parametrize("price", [1.5, 100, "1e3", "1,000.00", "١", " 1", "", None])
async def test_an_amount_is_digits_and_a_point(program, price):
    body = a_draft(await a_customer(program), lines=[{"description": "x", "unit_price": price}])

    assert await program.refused("POST", "/invoices", body) == (422, "request_invalid")


async def test_a_draft_can_be_thrown_away(program):
    draft = await program.post("/invoices", a_draft(await a_customer(program)))

    assert (await program("DELETE", f"/invoices/{draft['id']}")).status_code == 204
    assert await program.refused("GET", f"/invoices/{draft['id']}") == (404, "not_found")


async def test_invoices_are_found_by_what_they_are(program):
    first, second = await an_invoice(program), await an_invoice(program)

    found = await program.get("/invoices", customer_id=first["customer_id"], status="issued", currency="AED")
    assert [row["id"] for row in found["items"]] == [first["id"]]
    assert (await program.get("/invoices", status="paid"))["items"] == []
    assert len((await program.get("/invoices", number=second["number"][:3]))["items"]) == 2
    assert (await program.get("/invoices", due_until="2026-11-01"))["items"] == []


async def test_a_payment_settles_what_it_covers_and_the_rest_is_credit(program):
    invoice = await an_invoice(program)
    share = {"invoice_id": invoice["id"]}
    paid = await program.post(
        "/payments", {"amount": aed("150.00"), "received_on": "2026-11-18", "allocate_to": [share]}
    )
    assert (paid["credit"], paid["allocations"][0]["amount"]) == (aed("50.00"), aed("100.00"))
    assert (await program.get(f"/invoices/{invoice['id']}"))["state"] == "paid"

    back = await program.post(f"/payments/{paid['id']}/reversal", {"reason": "bounced"})
    assert (back["amount"], back["reverses_id"]) == (aed("-150.00"), paid["id"])
    assert (await program.get(f"/payments/{paid['id']}"))["reversed_by_id"] == back["id"]
    assert (await program.get(f"/invoices/{invoice['id']}"))["balance"] == aed("100.00")
    again = await program.refused("POST", f"/payments/{paid['id']}/reversal", {"reason": "x"})
    assert again == (409, "already_reversed")
    assert len((await program.get("/payments", customer_id=invoice["customer_id"]))["items"]) == 2


async def test_a_payment_is_recorded_once_under_its_banks_name(program):
    invoice = await an_invoice(program)
    body = {
        "amount": aed("1.00"),
        "received_on": "2026-11-18",
        "customer_id": invoice["customer_id"],
        "external_id": "tx-1",
    }
    await program.post("/payments", body)

    assert await program.refused("POST", "/payments", body) == (409, "duplicate_external_id")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": aed("0.00")}, 422, "amount_not_positive"),
        ({"amount": {"amount": "1.00", "currency": "EUR"}}, 422, "mixed_currencies"),
        ({"amount": {"amount": "1.00", "currency": "XXX"}}, 422, "unknown_currency"),
        ({"received_on": "2026-11-19"}, 422, "received_in_future"),
        ({"received_on": "2026-02-30"}, 422, "request_invalid"),
        ({"received_on": 1763424000}, 422, "request_invalid"),
    ],
)
async def test_a_payment_that_cannot_be_is_refused(program, change, status, code):
    invoice = await an_invoice(program)
    body = {
        "amount": aed("1.00"),
        "received_on": "2026-11-18",
        "allocate_to": [{"invoice_id": invoice["id"]}],
    }

    assert await program.refused("POST", "/payments", {**body, **change}) == (status, code)


async def test_credit_pays_an_invoice_and_can_be_taken_off_again(program):
    invoice, other = await an_invoice(program), await an_invoice(program)
    money = {"amount": aed("30.00"), "received_on": "2026-11-18", "customer_id": invoice["customer_id"]}
    await program.post("/payments", money)
    path = f"/invoices/{invoice['id']}/allocations"

    assert await program.post(path, {"amount": aed("20.00")}) == {"amount": aed("20.00")}
    [share] = (await program.get(path))["items"]
    elsewhere = f"/invoices/{other['id']}/allocations/{share['id']}/reversal"
    assert await program.refused("POST", elsewhere, {"reason": "x"}) == (404, "not_found")
    assert (await program("POST", f"{path}/{share['id']}/reversal", {"reason": "x"})).status_code == 204
    assert (await program.get(path))["items"] == []


async def test_an_invoice_is_credited_in_part_and_cancelled(program):
    invoice = await an_invoice(program)
    path = f"/invoices/{invoice['id']}"

    note = await program.post(f"{path}/credit-notes", {"reason": "late", "amount": aed("40.00")})
    assert note["amount"] == aed("40.00")
    assert await program.refused("POST", f"{path}/cancellation", {"reason": ""}) == (422, "request_invalid")
    assert (await program.post(f"{path}/cancellation", {"reason": "duplicate"}))["amount"] == aed("60.00")
    assert (await program.get(path))["state"] == "cancelled"


async def test_a_promise_is_made_moved_and_taken_back(program):
    invoice = await an_invoice(program)
    made = await program.post("/promises", {"invoice_id": invoice["id"], "promised_for": "2026-11-25"})
    assert (made["amount"], made["state"]) == (aed("100.00"), "active")
    path = f"/promises/{made['id']}"

    moved = await program("PATCH", path, {"promised_for": "2026-11-26"}, If_Match='W/"1"')
    assert (moved.status_code, moved.json()["promised_for"]) == (200, "2026-11-26")
    assert (await program.post(f"{path}/withdrawal"))["state"] == "withdrawn"
    assert await program.refused("POST", f"{path}/withdrawal") == (409, "illegal_move")
    assert [row["id"] for row in (await program.get("/promises", invoice_id=invoice["id"]))["items"]] == [
        made["id"]
    ]


async def test_a_dispute_is_opened_discussed_and_accepted_with_a_credit(program):
    invoice = await an_invoice(program)
    said = {"invoice_id": invoice["id"], "reason": "quality", "statement": "It leaks."}
    made = await program.post("/disputes", said)
    path = f"/disputes/{made['id']}"
    await program.post(f"{path}/comments", {"body": "We looked."})

    assert await program.refused("POST", "/disputes", said) == (409, "dispute_exists")
    assert await program.refused("POST", f"{path}/acceptance", {"reason": "true"}) == (422, "remedy_missing")
    done = await program.post(f"{path}/acceptance", {"reason": "true", "credit": aed("10.00")})
    assert (done["state"], done["resolution"]) == ("accepted", "true")
    assert [row["body"] for row in (await program.get(f"{path}/comments"))["items"]] == ["We looked."]
    assert (await program.get(f"/invoices/{invoice['id']}"))["balance"] == aed("90.00")
    assert [row["id"] for row in (await program.get("/disputes"))["items"]] == [made["id"]]


@pytest.mark.parametrize(("act", "state"), [("rejection", "rejected"), ("withdrawal", "withdrawn")])
async def test_a_dispute_ends_once(program, act, state):
    invoice = await an_invoice(program)
    said = {"invoice_id": invoice["id"], "reason": "other", "statement": "No."}
    path = f"/disputes/{(await program.post('/disputes', said))['id']}/{act}"

    assert (await program.post(path, {"reason": "so"}))["state"] == state
    assert await program.refused("POST", path, {"reason": "so"}) == (409, "illegal_move")


async def test_why_says_what_stops_a_disputed_invoice(program):
    invoice = await an_invoice(program)
    await program.post("/disputes", {"invoice_id": invoice["id"], "reason": "other", "statement": "No."})

    told = await program.get(f"/invoices/{invoice['id']}/why")
    assert (told["kind"], told["id"], told["next"]) == ("invoice", invoice["id"], "nothing")
    assert "dispute" in told["stopped_by"]
    assert (await program.get(f"/customers/{invoice['customer_id']}/why"))["kind"] == "customer"
