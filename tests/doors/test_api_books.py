"""Refunds, bank lines and reports over the API."""

import pytest

from tests.makers.api import Program

pytestmark = pytest.mark.anyio
TODAY = "2026-11-18"
DUNE = {"company_name": "Dune", "address_lines": ["Dune Road 1"]}


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


async def an_invoice(program: Program, price: str = "100.00", **given: object) -> dict:
    customer = given.pop("customer_id", None) or (await program.post("/customers", DUNE))["id"]
    line = {"description": "Season", "unit_price": price, "tax_category": "O", "tax_rate": "0"}
    body = {"customer_id": customer, "currency": "AED", "lines": [line], **given}
    draft = await program.post("/invoices", body)
    return await program.post(f"/invoices/{draft['id']}/issuance")


async def a_payment(program: Program, invoice: dict, amount: str = "100.00", **given: object) -> dict:
    body = {
        "amount": aed(amount),
        "received_on": TODAY,
        "allocate_to": [{"invoice_id": invoice["id"]}],
        **given,
    }
    return await program.post("/payments", body)


async def lines(program: Program, *rows: list[str]) -> list[dict]:
    header = ["Date", "Amount", "Payer", "Reference"]
    sheet = await program.post("/imports", {"kind": "bank_lines", "header": header, "rows": [*rows]})
    await program.post(f"/imports/{sheet['id']}/application")
    return (await program.get("/bank-lines"))["items"]


async def test_credit_of_a_payment_goes_back_and_a_pending_refund_succeeds(program):
    payment = await a_payment(program, await an_invoice(program), "150.00")
    body = {"payment_id": payment["id"], "amount": aed("30.00"), "reason": "too much"}

    done = await program.post("/refunds", body)
    waiting = await program.post("/refunds", {**body, "amount": aed("20.00"), "done": False})
    assert (done["state"], waiting["state"]) == ("succeeded", "pending")
    again = await program.refused("POST", "/refunds", {**body, "amount": aed("0.01")})
    assert again == (422, "refund_above_payment")

    assert (await program.post(f"/refunds/{waiting['id']}/success"))["state"] == "succeeded"
    failed = await program.refused("POST", f"/refunds/{waiting['id']}/failure", {"reason": "x"})
    assert failed == (409, "illegal_move")
    assert len((await program.get("/refunds", payment_id=payment["id"]))["items"]) == 2


async def test_a_paid_invoice_is_given_back_with_its_credit_note(program):
    invoice = await an_invoice(program)
    await a_payment(program, invoice)

    made = await program.post(f"/invoices/{invoice['id']}/refunds", {"reason": "not delivered"})

    assert [one["amount"] for one in made["items"]] == [aed("100.00")]
    assert (await program.get(f"/invoices/{invoice['id']}"))["state"] == "refunded"
    assert (await program.get("/refunds", invoice_id=invoice["id"]))["items"] == made["items"]


async def test_an_invoice_in_another_currency_is_paid_with_both_amounts(program):
    customer = (await program.post("/customers", DUNE))["id"]
    rate = {"currency": "USD", "on_date": TODAY, "rate": "3.6725", "source": "Central bank"}
    await program.post("/exchange-rates", rate)
    invoice = await an_invoice(program, customer_id=customer, currency="USD")
    share = {"invoice_id": invoice["id"], "amount": {"amount": "100.00", "currency": "USD"}}
    body = {"amount": aed("370.00"), "received_on": TODAY}

    one = await program.refused("POST", "/payments", {**body, "allocate_to": [share]})
    paid = await program.post("/payments", {**body, "allocate_to": [{**share, "taken": aed("367.25")}]})

    assert one == (422, "mixed_currencies")
    assert (paid["allocations"][0]["taken"], paid["credit"]) == (aed("367.25"), aed("2.75"))


async def test_a_bank_line_is_suggested_matched_undone_and_set_aside(program):
    invoice = await an_invoice(program)
    [line] = await lines(program, [TODAY, "100.00", "", f"inv {invoice['number']}"])
    assert [one["why"] for one in line["suggestions"]] == ["number_and_amount"]
    assert (line["suggestions"][0]["invoices"], line["suggestions"][0]["sure"]) == ([invoice["id"]], True)

    accepted = await program.post("/bank-lines/acceptances", {"ids": [line["id"]]})
    assert accepted == {"ids": [line["id"]]}
    assert (await program.get(f"/invoices/{invoice['id']}"))["state"] == "paid"
    of = f"/bank-lines/{line['id']}"
    assert (await program.post(f"{of}/unmatch", {"reason": "theirs"}))["state"] == "unmatched"
    stale = await program.refused("POST", f"{of}/set-aside", {"reason": "x"}, If_Match='W/"1"')
    assert stale == (412, "stale_version")
    assert (await program.post(f"{of}/set-aside", {"reason": "interest"}))["reason"] == "interest"
    assert (await program.get("/bank-lines", state="set_aside"))["items"][0]["id"] == line["id"]
    await program.post(f"{of}/take-up")
    share = {"invoice_id": invoice["id"], "amount": aed("60.00")}
    matched = await program.post(f"{of}/match", {"allocate_to": [share]})
    assert (matched["state"], matched["suggestions"]) == ("matched", [])


async def test_bank_lines_come_a_page_at_a_time(program):
    await lines(program, *([TODAY, f"{at}.00", "", ""] for at in range(1, 6)))

    first = await program.get("/bank-lines", limit=3)
    rest = await program.get("/bank-lines", limit=3, cursor=first["next_cursor"])

    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)


async def test_reports_say_what_was_open_what_happened_and_what_came_in(program):
    invoice = await an_invoice(program)
    await a_payment(program, invoice, "40.00")

    ageing = await program.get("/reports/ageing", as_of=TODAY)
    assert ageing["totals"]["AED"]["total"] == aed("60.00")
    assert ageing["totals"]["AED"]["buckets"]["current"] == aed("60.00")
    assert [row["customer_id"] for row in ageing["customers"]] == [invoice["customer_id"]]
    period = {"customer_id": invoice["customer_id"], "start": "2026-11-01", "end": "2026-11-30"}
    account = (await program.get("/reports/statement", **period))["accounts"]["AED"]
    assert [entry["kind"] for entry in account["entries"]] == ["invoice", "payment"]
    assert account["closing"] == aed("60.00")
    figures = (await program.get("/reports/figures", months=1))["currencies"]["AED"]
    assert (figures["months"][0]["collected"], figures["dso"]) == (aed("40.00"), "54.0")


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/reports/ageing", {"as_of": "2027-01-01"}, "as_of_in_future"),
        ("/reports/ageing", {"as_of": "soon"}, "request_invalid"),
        ("/reports/figures", {"months": "0"}, "request_invalid"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(program, path, query, code):
    answer = await program.client.get(f"/api/v1{path}", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
