"""`bursar invoice …` and `bursar credit-note …`, typed as in a terminal."""

from typing import Any

import pytest

from tests.makers.cli import Shell
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")
LEGAL = (
    *("tenant", "edit", "acme", "--legal-name", "Acme FZ-LLC", "--tax-number", "100 1234 5670 0003"),
    *(
        "--address-line",
        "Office 5",
        "--address-line",
        "Al Wasl Road",
        "--city",
        "Dubai",
        "--subdivision",
        "DXB",
    ),
)
MACHINES, VISIT = "Machine | 3 | 190.00", "Visit | 1 | 99.99 | S | 5"


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()
    shell.inside(lambda work: a_customer(work, external_code="K-1", company_name="Dune", kind="person"))
    return shell


def a_draft(firm: Shell, *words: str) -> dict[str, Any]:
    return firm.answer(
        "invoice", "create", *IN, "--customer", "K-1", "--line", MACHINES, "--line", VISIT, *words
    )


def test_a_draft_says_what_it_lacks_until_the_firm_has_its_name_and_number(firm: Shell):
    draft = a_draft(firm)

    assert (draft["status"], draft["number"], draft["total"]) == ("draft", None, "703.49")
    assert [one["key"] for one in draft["checklist"]] == [
        "seller_legal_name", "seller_address", "seller_tax_number",
    ]  # fmt: skip
    refused = firm.refusal("invoice", "issue", draft["id"], *IN)
    assert (refused["error"], "Your firm's legal name" in refused["detail"]) == ("incomplete", True)

    told = firm.answer(*LEGAL)

    assert (told["tax_number"], told["address_lines"]) == ("100123456700003", ["Office 5", "Al Wasl Road"])
    issued = firm.answer("invoice", "issue", draft["id"], *IN)
    assert (issued["status"], issued["balance"], issued["checklist"]) == ("issued", "703.49", [])
    assert firm.answer("invoice", "show", issued["number"], *IN)["id"] == draft["id"]


def test_several_are_issued_at_once_and_each_refusal_is_told(firm: Shell):
    firm.answer(*LEGAL)
    drafts = [a_draft(firm)["id"] for _ in range(2)]
    nobody = "01a1f8eb-70a0-7a27-ad74-859e909cf13c"

    answer = firm.answer("invoice", "issue", drafts[1], nobody, drafts[0], *IN)

    told = {one["id"]: one for one in answer["items"]}
    assert told[nobody]["error"] == "not_found"
    assert told[drafts[1]]["number"] < told[drafts[0]]["number"]


def test_an_edit_keeps_what_is_not_named(firm: Shell):
    draft = a_draft(firm, "--due", "2030-01-31", "--notes", "Thank you", "--purchase-order", "PO 7")

    edited = firm.answer("invoice", "edit", draft["id"], *IN, "--line", "Machine | 1 | 190.00")
    again = firm.answer("invoice", "edit", draft["id"], *IN, "--due", "2030-02-28")

    assert (edited["total"], edited["due_date"]) == ("199.50", "2030-01-31")
    assert (again["total"], again["due_date"]) == ("199.50", "2030-02-28")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--line", "Machine"), "line_unreadable"),
        (("--line", "Machine | two | 5"), "number_unreadable"),
        (("--line", "Machine | 1 | 5.001"), "amount_too_precise"),
        (("--line", "Machine | 1 | 5 | X | 5"), "not_offered"),
        (("--line", "Machine | 1 | 5 | Z | 5"), "tax_rate"),
        (("--line", "Rebate | 1 | -900"), "total_not_positive"),
        (("--customer", "K-2"), "not_found"),
        (("--currency", "XXX"), "unknown_currency"),
        (("--due", "31/02/2026"), "date_no_such_day"),
    ],
)
def test_a_draft_that_cannot_be_is_refused_and_not_there(firm: Shell, words: tuple[str, ...], error: str):
    asked = ("invoice", "create", *IN, "--customer", "K-1", "--line", MACHINES, *words)
    assert firm.refusal(*asked)["error"] == error
    assert firm.answer("invoice", "list", *IN)["items"] == []


def test_an_invoice_is_listed_credited_and_cancelled(firm: Shell):
    firm.answer(*LEGAL)
    first, second = (firm.answer("invoice", "issue", a_draft(firm)["id"], *IN) for _ in range(2))

    note = firm.answer(
        *("credit-note", "create", *IN, "--invoice", first["number"], "--line", "1=2"),
        *("--because", "came back", "--reason-code", "DL8.61.1.D"),
    )
    assert (note["amount"], note["tax"], note["released"]) == ("399.00", "19.00", "0.00")
    assert (
        firm.refusal(
            "credit-note", "create", *IN, "--invoice", first["number"], "--amount", "305", "--because", "x"
        )["error"]
        == "credit_does_not_fit"
    )
    [listed] = firm.answer("credit-note", "list", *IN, "--invoice", first["number"])["items"]
    shown = firm.answer("credit-note", "show", note["number"], *IN)
    assert listed["number"] == shown["number"] == note["number"]
    assert [(line["description"], line["quantity"]) for line in shown["lines"]] == [("Machine", "2")]

    cancelled = firm.answer("invoice", "cancel", second["number"], *IN, "--because", "twice")
    assert cancelled["amount"] == "703.49"
    open_ones = firm.answer("invoice", "list", *IN, "--status", "issued", "--customer", "K-1")["items"]
    assert [(one["number"], one["balance"]) for one in open_ones] == [(first["number"], "304.49")]


def test_people_see_tables(firm: Shell):
    draft = a_draft(firm)
    told = firm("invoice", "show", draft["id"], *IN).stdout
    assert "Your firm's legal name" in told
    assert "570.00" in told
    assert "Dune" in firm("invoice", "list", *IN).stdout
