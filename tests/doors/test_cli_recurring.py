"""`bursar recurring …`: agreed, looked at, run from a terminal."""

from typing import Any

import pytest
import sqlalchemy as sa

from bursar.core.work import Work
from bursar.tenancy.tables import tenants
from tests.makers.cli import Shell
from tests.makers.recurring import a_product, some_units
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()

    async def goods(work: Work) -> None:
        ours = tenants.c.tenant_id == work.tenant_id
        address = {"legal_name": "Acme LLC", "address_lines": ["Office 5"], "tax_number": "100123456700003"}
        await work.db.execute(sa.update(tenants).where(ours).values(address))
        product = await a_product(work, code="HOST")
        customer = await a_customer(
            work, external_code="NILE", company_name="Nile Tiles", address_lines=["Corniche 1"]
        )
        await some_units(work, customer, product, 4)

    shell.inside(goods)
    return shell


def a_deal(firm: Shell, *words: str) -> dict[str, Any]:
    deal = ("--customer", "NILE", "--product", "HOST", "--day", "18", "--start", "2026-11-01")
    return firm.answer("recurring", "create", *IN, *deal, *words)


def test_a_last_day_gives_the_rest_of_its_month_back(firm: Shell) -> None:
    made = a_deal(firm, "--proration", "daily", "--issue")
    one = (made["id"], *IN)
    firm.answer("recurring", "run", *IN)

    refusal = firm.refusal("recurring", "end", *one, "--last-day", "2026-12-05")
    ended = firm.answer("recurring", "end", *one, "--last-day", "2026-11-25", "--because", "moved")

    assert (refusal["error"], refusal["field"]) == ("month_not_billed", "last_day")
    assert (ended["state"], ended["end_date"]) == ("ended", "2026-11-25")
    [note] = firm.answer("credit-note", "list", *IN)["items"]
    assert note["reason"] == "moved"


def test_a_deal_is_made_changed_paused_resumed_listed_and_ended(firm: Shell) -> None:
    made = a_deal(firm, "--quantity", "2")
    one = (made["id"], *IN)
    assert (made["state"], made["next_run_on"], made["quantity"]) == ("active", "2026-11-18", "2")

    changed = firm.answer("recurring", "edit", *one, "--price", "99.00", "--day", "20", "--end", "2027-01-31")
    assert (changed["unit_price"], changed["next_run_on"], changed["end_date"]) == (
        "99.00",
        "2026-11-20",
        "2027-01-31",
    )
    again = firm.answer("recurring", "edit", *one, "--price", "none", "--end", "none", "--count-units")
    assert (again["unit_price"], again["end_date"], again["quantity_source"]) == (None, None, "units")
    assert firm.answer("recurring", "edit", *one, "--fixed")["quantity"] == "1"
    assert firm.answer("recurring", "pause", *one)["state"] == "paused"
    assert firm.refusal("recurring", "pause", *one)["error"] == "illegal_move"
    assert firm.answer("recurring", "resume", *one)["state"] == "active"
    assert [row["id"] for row in firm.answer("recurring", "list", *IN)["recurring_invoices"]] == [made["id"]]
    assert firm.answer("recurring", "end", *one, "--because", "moved")["state"] == "ended"
    assert firm.answer("recurring", "list", *IN, "--state", "active")["recurring_invoices"] == []


def test_what_is_previewed_is_what_a_run_bills(firm: Shell) -> None:
    made = a_deal(firm, "--count-units", "--issue")

    months = firm.answer("recurring", "preview", made["id"], *IN, "--months", "2")["months"]
    assert [(one["period"], one["quantity"], one["total"]) for one in months] == [
        ("2026-11", "4", "798.00"),
        ("2026-12", "4", "798.00"),
    ]

    done = firm.answer("recurring", "run", *IN)
    assert (done["as_of"], done["due"], done["issued"], done["refused"]) == ("2026-11-18", 1, 1, 0)
    ahead = firm.answer("recurring", "run", *IN, "--as-of", "2026-12-18")
    assert (ahead["due"], ahead["issued"]) == (1, 1)
    shown = firm.answer("recurring", "show", made["id"], *IN)
    assert [(one["period"], one["total"]) for one in shown["invoices"]] == [
        ("2026-12", "798.00"),
        ("2026-11", "798.00"),
    ]
    assert firm.answer("recurring", "run", *IN)["due"] == 0


def test_people_read_tables(firm: Shell) -> None:
    made = a_deal(firm)
    for words in (("show", made["id"]), ("preview", made["id"]), ("list",), ("run",)):
        result = firm("recurring", *words, *IN)
        assert result.exit_code == 0, result.output
    assert "Nile Tiles" in firm("recurring", "list", *IN).output


@pytest.mark.parametrize(
    ("words", "error", "field"),
    [
        (("--day", "31"), "day_of_month", "day_of_month"),
        (("--quantity", "0"), "quantity", "quantity"),
        (("--quantity", "many"), "number_unreadable", "quantity"),
        (("--end", "2026-10-01"), "end_before_start", "end_date"),
        (("--start", "31/02/2026"), "date_no_such_day", "start_date"),
        (("--price", "1.234"), "amount_too_precise", "unit_price"),
        (("--price", "0"), "price_not_positive", "unit_price"),
        (("--price", "5.00", "--currency", "USD"), None, None),
        (("--currency", "USD"), "mixed_currencies", "currency"),
        (("--customer", "NOBODY"), "not_found", None),
        (("--product", "NOTHING"), "not_found", None),
        (("--count-units", "--quantity", "1"), "quantity_counted", "quantity"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    firm: Shell, words: tuple[str, ...], error: str | None, field: str | None
) -> None:
    deal = ("--customer", "NILE", "--product", "HOST", "--day", "18", "--start", "2026-11-01", *words)
    if error is None:
        assert firm.answer("recurring", "create", *IN, *deal)["currency"] == "USD"
        return
    told = firm.refusal("recurring", "create", *IN, *deal)
    assert told["field"] == field
    assert told["error"] == error
    assert firm.answer("recurring", "list", *IN)["recurring_invoices"] == []
