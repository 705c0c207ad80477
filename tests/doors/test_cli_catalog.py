"""`bursar product|price|unit …` and the sheets of all three."""

from pathlib import Path

import pytest

from bursar.billing.recurring.planning import create_recurring
from bursar.catalog.naming import the_customer
from bursar.catalog.products import find_product
from tests.makers.cli import Shell
from tests.makers.recurring import a_plan
from tests.makers.tenancy import a_customer

AT = ("--tenant", "acme")
NOOR = ("--customer", "Atelier Noor")
HOST = ("--product", "HOST")


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()

    async def made(work):
        await a_customer(work, company_name="Atelier Noor", external_code="C-1", tags=["big"])

    shell.inside(made)
    shell.answer("product", "add", "HOST", *AT, "--name", "Hosting", "--price", "200.00")
    return shell


def test_a_product_is_added_with_the_firms_usual_tax_changed_shown_and_archived(firm: Shell):
    told = firm.answer("product", "show", "HOST", *AT)
    assert (told["price"], told["currency"], told["tax_category"], told["tax_rate"]) == (
        "200.00",
        "AED",
        "S",
        "5",
    )

    told = firm.answer(
        "product", "edit", "Hosting", *AT, "--price", "", "--tax", "Z", "--name-local", "استضافة"
    )
    assert (told["price"], told["tax_category"], told["tax_rate"], told["name_local"]) == (
        None,
        "Z",
        "0",
        "استضافة",
    )
    assert not firm.answer("product", "archive", "HOST", *AT)["active"]
    assert firm.answer("product", "list", *AT)["products"] == []
    assert [one["code"] for one in firm.answer("product", "list", *AT, "--archived")["products"]] == ["HOST"]
    assert firm.answer("product", "restore", "HOST", *AT)["active"]
    assert "HOST" in firm("product", "list", *AT).output


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("HOST", "--name", "again"), "code_taken"),
        (("X", "--name", "x", "--price", "0"), "price_not_positive"),
        (("X", "--name", "x", "--price", "1", "--currency", "XXQ"), "unknown_currency"),
        (("X", "--name", "x", "--tax", "E", "--tax-rate", "5"), "tax_rate"),
        (("X", "--name", "x", "--tax-rate", "a lot"), "tax_rate"),
        (("X", "--name", "x", "--unit", "hours"), "unit_code"),
    ],
)
def test_a_product_that_cannot_be_is_refused(firm: Shell, words: tuple[str, ...], error: str):
    assert firm.refusal("product", "add", *words, *AT)["error"] == error


def test_prices_are_agreed_listed_corrected_ended_and_taken_back(firm: Shell):
    first = firm.answer("price", "add", "190.00", *AT, *NOOR, *HOST, "--from", "2026-12-01")
    second = firm.answer("price", "add", "180.00", *AT, *NOOR, *HOST, "--from", "2027-03-01")
    assert (second["unit_price"], second["currency"], second["effective_to"]) == ("180.00", "AED", None)

    assert firm.answer("price", "edit", second["id"], "185.00", *AT)["unit_price"] == "185.00"
    assert (
        firm.answer("price", "end", second["id"], *AT, "--on", "2027-06-01")["effective_to"] == "2027-06-01"
    )
    listed = firm.answer("price", "list", *AT, *NOOR, "--on", "2027-04-01")["prices"]
    assert [one["id"] for one in listed] == [second["id"]]
    firm.answer("price", "remove", second["id"], *AT)
    [left] = firm.answer("price", "list", *AT, *HOST)["prices"]
    assert (left["id"], left["effective_to"]) == (first["id"], "2027-06-01")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("0", "--from", "2026-12-01"), "price_not_positive"),
        (("1", "--from", "2026-11-01"), "price_backdated"),
        (("1", "--from", "2026-12-01", "--until", "2026-12-01"), "end_before_start"),
        (("1", "--from", "soon"), "date_unreadable"),
        (("1", "--from", "2026-12-01", "--customer", "Nobody"), "not_found"),
        (("1", "--from", "2026-12-01", "--product", "NONE"), "not_found"),
        (("1", "--from", "2026-12-01", "--currency", "XXQ"), "unknown_currency"),
    ],
)
def test_a_price_that_cannot_be_is_refused(firm: Shell, words: tuple[str, ...], error: str):
    rest = [] if "--customer" in words else [*NOOR]
    rest += [] if "--product" in words else [*HOST]

    assert firm.refusal("price", "add", *words, *rest, *AT)["error"] == error
    assert firm.answer("price", "list", *AT)["prices"] == []


def test_a_change_says_who_and_which_invoices_before_it_is_made(firm: Shell):
    firm.answer("price", "add", "190.00", *AT, *NOOR, *HOST, "--from", "2026-12-01")

    async def agreed(work):
        customer, product = await the_customer(work, "C-1"), await find_product(work, "HOST")
        await create_recurring(work, await a_plan(work, customer_id=customer, product_id=product.id))

    firm.inside(agreed)
    words = ("price", "change", *AT, *HOST, "--from", "2027-01-01", "--percent", "10", "--tag", "big")

    dry = firm.answer(*words)
    assert not dry["applied"]
    assert [(one["before"], one["after"], one["outcome"]) for one in dry["customers"]] == [
        ("190.00", "209.00", "changed")
    ]
    assert dry["invoices"][0] == dry["invoices"][0] | {
        "period": "2027-01",
        "before": "190.00",
        "after": "209.00",
    }
    shown = firm(*words).output
    assert "10 invoices of the next 12 months change: AED 1900.00 becomes AED 2090.00" in shown
    assert len(firm.answer("price", "list", *AT)["prices"]) == 1

    assert firm.answer(*words, "--apply")["applied"]
    assert {one["unit_price"] for one in firm.answer("price", "list", *AT)["prices"]} == {"190.00", "209.00"}
    assert firm.answer(*words, "--apply")["customers"][0]["outcome"] == "unchanged"
    assert firm.refusal(*words, "--to", "5")["error"] == "way_missing"
    lower = firm.answer("price", "change", *AT, *HOST, "--from", "2027-02-01", "--by=-9", *NOOR)
    assert [one["after"] for one in lower["customers"]] == ["200.00"]


def test_units_are_put_into_service_counted_and_retired(firm: Shell):
    told = firm.answer("unit", "add", "M-1", "M-2", "M-3", *AT, *NOOR, *HOST, "--from", "2026-11-01")
    assert (told["added"], told["there already"]) == (3, 0)
    assert firm.answer("unit", "add", "M-1", *AT, *NOOR, *HOST, "--from", "2026-11-01")["there already"] == 1

    assert firm.answer("unit", "retire", "M-1", "M-2", *AT, *NOOR, "--on", "2026-11-10") == {"retired": 2}
    counted = firm.answer("unit", "count", *AT, "--on", "2026-11-09")
    assert (counted["total"], counted["counts"][0]["product_code"]) == (3, "HOST")
    assert firm.answer("unit", "count", *AT)["total"] == 1
    [left] = firm.answer("unit", "list", *AT, "--on", "2026-11-18")["units"]
    firm.answer("unit", "remove", left["id"], *AT)
    assert firm.answer("unit", "count", *AT, *NOOR, *HOST)["total"] == 0
    assert firm.refusal("unit", "retire", "M-9", *AT, *NOOR, "--on", "2026-12-01")["error"] == "not_found"
    assert (
        firm.refusal("unit", "add", "", *AT, *NOOR, *HOST, "--from", "2026-11-01")["error"]
        == "label_unusable"
    )


def test_sheets_of_products_prices_and_units_are_imported(firm: Shell, tmp_path: Path):
    sheets = {
        "products": "Code,Name,Price\nPOWER,Power,12.50\n",
        "prices": "Customer,Product,Rate,From\nC-1,POWER,11.00,2025-01-01\nC-1,POWER,10.00,2026-01-01\n",
        "units": "Customer,Product,Serial number,From\nC-1,POWER,SN-1,2026-01-01\nC-9,POWER,SN-2,2026-01-01\n",
    }
    for kind, (created, refused) in {"products": (1, 0), "prices": (2, 0), "units": (1, 1)}.items():
        file = tmp_path / f"{kind}.csv"
        file.write_text(sheets[kind])
        dry = firm.answer("import", kind, str(file), *AT)
        assert (dry["created"], dry["refused"], dry["state"]) == (created, refused, "ready")
        done = firm.answer("import", kind, str(file), *AT, "--apply")
        assert (done["created"], done["refused"]) == (created, refused)
        assert firm.answer("import", kind, str(file), *AT, "--apply")["unchanged"] == created
