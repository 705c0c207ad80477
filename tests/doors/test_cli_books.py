"""Payments, refunds, bank lines and reports from the command line."""

from pathlib import Path

import pytest

from tests.makers.chasing_cli import IN, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def a_payment(firm: Shell, amount: str = "130.50") -> dict:
    number = numbers(firm)[0]
    words = ("--invoice", number, "--received-on", "2026-11-17", "--amount", amount)
    return firm.answer("payment", "record", *IN, *words)


def test_a_payment_is_listed_shown_and_reversed(firm: Shell):
    made = a_payment(firm)

    [listed] = firm.answer("payment", "list", *IN)["payments"]
    assert (listed["id"], listed["amount"], listed["credit"]) == (made["id"], "130.50", "30.50")
    shown = firm.answer("payment", "show", made["id"], *IN)
    assert [one["amount"] for one in shown["allocations"]] == ["100.00"]
    firm.answer("payment", "reverse", made["id"], *IN, "--because", "bounced")
    assert (
        firm.refusal("payment", "reverse", made["id"], *IN, "--because", "again")["error"]
        == "already_reversed"
    )


def test_what_a_payment_has_left_goes_back_or_pays_another_invoice(firm: Shell):
    made = a_payment(firm)
    give = ("refund", "create", *IN, "--because", "too much", "--payment", made["id"])

    assert firm.refusal(*give, "--amount", "30.51")["error"] == "refund_above_payment"
    [refund] = firm.answer(*give, "--amount", "10.50")["refunds"]
    assert (refund["amount"], refund["state"]) == ("10.50", "succeeded")
    assert len(firm.answer("refund", "list", *IN)["refunds"]) == 1
    assert firm.refusal("refund", "create", *IN, "--because", "x")["error"] == "payment_or_invoice"
    paid, other, of_another, *_ = numbers(firm)
    allocate = ("payment", "allocate", made["id"], *IN, "--invoice")
    assert firm.refusal(*allocate, paid)["error"] == "illegal_move"
    assert firm.refusal(*allocate, of_another)["error"] == "no_credit"
    assert firm.answer(*allocate, other)["amount"] == "20.00"
    assert firm.refusal(*allocate, other)["error"] == "no_credit"


def test_a_paid_invoice_goes_back_by_its_number(firm: Shell):
    number = numbers(firm)[0]
    words = ("--invoice", number, "--received-on", "2026-11-17", "--amount", "100.00")
    firm.answer("payment", "record", *IN, *words)

    [refund] = firm.answer("refund", "create", *IN, "--because", "not delivered", "--invoice", number)[
        "refunds"
    ]

    assert refund["amount"] == "100.00"
    assert len(firm.answer("refund", "list", *IN, "--invoice", number)["refunds"]) == 1


def test_a_banks_sheet_is_brought_matched_and_set_aside(firm: Shell, tmp_path: Path):
    number = numbers(firm)[0]
    sheet = tmp_path / "bank.csv"
    sheet.write_text(f"Date,Amount,Payer,Reference\n2026-11-17,100.00,,{number}\n2026-11-17,1.00,,interest\n")
    firm.answer("import", "bank_lines", str(sheet), *IN, "--apply")

    lines = firm.answer("bank", "list", *IN)["lines"]
    assert [one["suggestions"][0]["why"] for one in lines[:1]] == ["number_and_amount"]
    assert lines[1]["suggestions"] == []
    matched = firm.answer("bank", "match", lines[0]["id"], *IN)
    assert list(matched["allocations"].values()) == ["100.00"]
    firm.answer("bank", "set-aside", lines[1]["id"], *IN, "--because", "interest")
    assert firm.refusal("bank", "match", lines[1]["id"], *IN)["error"] == "illegal_move"
    assert firm.answer("bank", "list", *IN)["lines"] == []


def test_reports_answer_programs_and_people(firm: Shell):
    a_payment(firm, "40.00")
    customer = firm.answer("report", "ageing", *IN)["customers"][0]["customer_id"]

    earlier = firm.answer("report", "ageing", *IN, "--as-of", "2026-11-16")
    today = firm.answer("report", "ageing", *IN)
    assert float(earlier["totals"]["AED"]["total"]) - float(today["totals"]["AED"]["total"]) == 40
    account = firm.answer("report", "statement", customer, *IN, "--start", "2026-01-01")["accounts"]["AED"]
    assert account["opening"] == "0.00"
    months = firm.answer("report", "figures", *IN, "--months", "1")["currencies"]["AED"]["months"]
    assert months[0]["collected"] == "40.00"
    assert firm.refusal("report", "ageing", *IN, "--as-of", "2099-01-01")["error"] == "as_of_in_future"
