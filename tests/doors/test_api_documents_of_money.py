"""Checklists, credit notes with lines, billing settings and rates, asked for by programs."""

from typing import Any

import pytest

from tests.makers.api import Program

pytestmark = pytest.mark.anyio


def aed(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "AED"}


async def a_draft(program: Program, *, bare: bool = False, **given: Any) -> str:
    address = [] if bare else ["Sand Road 1"]
    customer = {"company_name": "Dune", "tax_number": "100765432100003", "address_lines": address}
    made = await program.post("/customers", customer)
    lines = [
        {"description": "Machine", "unit_price": "190.00", "quantity": "3", "unit_code": "MON"},
        {"description": "Visit", "unit_price": "99.99", "discount": "10.00", "description_local": "زيارة"},
    ]
    body = {"customer_id": made["id"], "currency": "AED", "lines": lines, **given}
    return f"/invoices/{(await program.post('/invoices', body))['id']}"


async def test_a_line_keeps_what_it_sells(program: Program) -> None:
    machine, visit = (await program.get(await a_draft(program)))["lines"]
    assert (machine["unit_code"], machine["item_kind"]) == ("MON", "services")
    assert visit["description_local"] == "زيارة"


async def test_the_checklist_names_rule_place_and_words(program: Program) -> None:
    draft = await a_draft(program, bare=True)

    told = await program.get(f"{draft}/checklist")

    assert told == {
        "ready": False,
        "items": [
            {
                "key": "buyer_address",
                "rule": "R3",
                "detail": "The customer's address",
                "where": "customer",
                "field": "address_lines",
                "warning": False,
            }
        ],
    }
    answer = await program("POST", f"{draft}/issuance")
    assert answer.json()["errors"] == [
        {"field": "customer.address_lines", "code": "buyer_address", "detail": "The customer's address"}
    ]
    arabic = await program("GET", f"{draft}/checklist", Accept_Language="ar")
    assert arabic.json()["items"][0]["detail"] == "عنوان العميل"
    assert (await program.get(f"{await a_draft(program)}/checklist"))["ready"] is True


async def test_lines_are_credited_and_found_again(program: Program) -> None:
    invoice = await a_draft(program)
    await program.post(f"{invoice}/issuance")

    came_back = {"reason": "came back", "reason_code": "DL8.61.1.D"}
    lines = [{"position": 1, "quantity": "2"}, {"position": 2, "net": aed("30.00")}]
    note = await program.post(f"{invoice}/credit-notes", {**came_back, "lines": lines})
    assert (note["amount"], note["tax"], note["released"]) == (aed("430.50"), aed("20.50"), aed("0.00"))

    listed = (await program.get("/credit-notes", invoice_id=invoice.rpartition("/")[2]))["items"]
    assert [(one["number"], one["reason_code"]) for one in listed] == [(note["number"], "DL8.61.1.D")]
    whole = await program.get(f"/credit-notes/{note['id']}")
    assert [(line["description"], line["quantity"], line["net"]) for line in whole["lines"]] == [
        ("Machine", "2", aed("380.00")),
        ("Visit", "1", aed("30.00")),
    ]
    rest = await program.post(f"{invoice}/credit-notes", {"reason": "all of it"})
    assert rest["amount"] == aed("262.49")
    assert (await program.get(invoice))["state"] == "cancelled"
    again = await program.refused("POST", f"{invoice}/credit-notes", {"reason": "more"})
    assert again == (409, "illegal_move")


@pytest.mark.parametrize(
    ("credit", "code"),
    [
        ({"amount": aed("692.99"), "lines": [{"position": 1}]}, "amount_and_lines"),
        ({"amount": aed("693.00")}, "credit_does_not_fit"),
        ({"lines": [{"position": 3}]}, "no_such_line"),
        ({"lines": [{"position": 1, "quantity": "4"}]}, "credit_does_not_fit"),
        ({"reason_code": "DL8.61.1.Z"}, "request_invalid"),
    ],
)
async def test_a_credit_that_does_not_fit_is_refused(
    program: Program, credit: dict[str, Any], code: str
) -> None:
    invoice = await a_draft(program)
    await program.post(f"{invoice}/issuance")
    assert await program.refused("POST", f"{invoice}/credit-notes", {"reason": "x", **credit}) == (422, code)


async def test_billing_settings_are_read_and_changed_by_name(program: Program) -> None:
    assert (await program.get("/billing-settings"))["strategy"] == "daily"

    answer = await program(
        "PATCH", "/billing-settings", {"strategy": "yearly", "prefix": "HH-", "reminder_days_before": None}
    )

    told = answer.json()
    assert (told["strategy"], told["prefix"], told["reminder_days_before"]) == ("yearly", "HH-", None)
    assert await program.refused("PATCH", "/billing-settings", {"iban": "AE00"}) == (422, "iban_unusable")
    invoice = await a_draft(program)
    assert (await program.post(f"{invoice}/issuance"))["number"] == "HH-2026-0001"


async def test_a_rate_makes_a_foreign_invoice_issuable(program: Program) -> None:
    draft = await a_draft(program, currency="USD")
    assert [item["key"] for item in (await program.get(f"{draft}/checklist"))["items"]] == ["exchange_rate"]
    rate = {"currency": "USD", "on_date": "2026-11-18", "rate": "3.672500", "source": "CBUAE"}
    made = await program.post("/exchange-rates", rate)
    assert await program.refused("POST", "/exchange-rates", rate) == (409, "rate_exists")

    issued = await program.post(f"{draft}/issuance")

    assert (issued["exchange_rate"], issued["tax_local"]) == ("3.6725", aed("121.19"))
    assert [one["rate"] for one in (await program.get("/exchange-rates"))["items"]] == ["3.6725"]
    assert (await program("DELETE", f"/exchange-rates/{made['id']}")).status_code == 204


async def test_a_line_of_an_unknown_product_is_refused(program: Program) -> None:
    draft = await a_draft(program)
    customer = (await program.get(draft))["customer_id"]
    nobody = "01a1f8eb-70a0-7a27-ad74-859e909cf13c"
    for line in ({"product_id": nobody}, {"customer_price_id": nobody}):
        lines = [{"description": "x", "unit_price": "1.00", **line}]
        body = {"customer_id": customer, "currency": "AED", "lines": lines}
        assert await program.refused("POST", "/invoices", body) == (404, "not_found")
