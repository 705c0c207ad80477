"""`bursar payment-link …`: made, shown once, listed, mailed, extended, taken back, brought in as a sheet."""

from pathlib import Path

import pytest

from tests.makers.cli import Shell
from tests.makers.payment_links import past
from tests.makers.story import an_account

AT = ("--tenant", "acme")
LINA = ("--product", "HOST", "--email", "lina@x.example")


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()
    shell.answer(
        "product",
        "add",
        "HOST",
        *AT,
        "--name",
        "Hosting",
        "--price",
        "200.00",
        "--included",
        "Power",
        "--included",
        "Cooling",
        "--stripe-price",
        "price_Abc",
    )
    return shell


def with_a_mailbox(firm: Shell) -> None:
    async def made(work):
        await an_account(work, 25)

    firm.inside(made)


def test_what_a_price_covers_is_said_and_taken_back(firm: Shell):
    told = firm.answer("product", "show", "HOST", *AT)
    assert (told["included"], told["stripe_price_id"]) == (["Power", "Cooling"], "price_Abc")
    assert firm.answer("product", "edit", "HOST", *AT, "--name", "Host")["included"] == ["Power", "Cooling"]
    assert firm.answer("product", "edit", "HOST", *AT, "--included", "")["included"] == []


def test_a_link_is_made_shown_once_and_listed(firm: Shell):
    made = firm.answer("payment-link", "create", *AT, *LINA, "--name", "Lina", "--price", "150")

    assert "/p/" in made["address"]
    shown = firm.answer("payment-link", "show", made["id"], *AT)
    assert "address" not in shown
    assert (shown["total"], shown["name"], shown["state"]) == ("157.50", "Lina", "active")
    listed = firm.answer("payment-link", "list", *AT, "--product", "HOST", "--state", "active", "--no-mailed")
    assert [one["id"] for one in listed["payment_links"]] == [made["id"]]
    assert firm.answer("payment-link", "list", *AT, "--mailed")["payment_links"] == []
    assert "lina@x.example" in firm("payment-link", "list", *AT).output
    assert made["address"].rpartition("/")[2] not in firm("payment-link", "show", made["id"], *AT).output


def test_a_link_is_mailed_extended_and_taken_back(firm: Shell):
    with_a_mailbox(firm)
    made = firm.answer("payment-link", "create", *AT, *LINA, "--mail")
    assert made["message"] == "queued"
    assert firm.refusal("payment-link", "mail", made["id"], *AT)["error"] == "already_on_its_way"
    other = firm.answer("payment-link", "create", *AT, "--product", "HOST", "--email", "omar@x.example")
    assert len(firm.answer("payment-link", "mail", other["id"], *AT)["sends"]) == 1
    assert (
        firm.refusal("payment-link", "extend", made["id"], *AT, "--until", "2020-01-01")["field"] == "until"
    )
    assert firm.refusal("payment-link", "reissue", made["id"], *AT)["error"] == "illegal_move"
    gone = firm.answer("payment-link", "revoke", made["id"], *AT, "--because", "A mistake")
    assert gone["state"] == "revoked"
    assert firm.refusal("payment-link", "show", "no-id", *AT)["error"] == "not_found"


def test_one_that_ran_out_is_made_valid_again(firm: Shell):
    made = firm.answer("payment-link", "create", *AT, *LINA)

    firm.inside(past)
    again = firm.answer("payment-link", "reissue", made["id"], *AT)

    assert again["address"] != made["address"]
    assert again["state"] == "active"


def test_a_sheet_of_prospects_is_tried_and_written(firm: Shell, tmp_path: Path):
    sheet = tmp_path / "prospects.csv"
    sheet.write_text("Email,Product,Name\nlina@x.example,HOST,Lina\nnobody,HOST,\n", "utf-8")

    tried = firm.answer("payment-link", "import", str(sheet), *AT)
    assert (tried["created"], tried["refused"]) == (1, 1)
    assert firm.answer("payment-link", "list", *AT)["payment_links"] == []
    written = firm.answer("payment-link", "import", str(sheet), *AT, "--apply")
    assert (written["created"], written["refused"]) == (1, 1)
    [link] = firm.answer("payment-link", "list", *AT)["payment_links"]
    assert (link["email"], link["name"]) == ("lina@x.example", "Lina")


def test_products_are_taken_away_as_a_sheet_that_changes_nothing_brought_in_again(
    firm: Shell, tmp_path: Path
):
    out = tmp_path / "products.csv"

    assert firm.answer("product", "export", *AT, "--out", str(out)) == {"file": str(out)}
    assert "Power" in out.read_text("utf-8-sig")
    assert firm.refusal("product", "export", *AT, "--out", str(out))["error"] == "file_exists"
    assert (
        firm.refusal("product", "export", *AT, "--out", str(out.with_suffix(".txt")))["error"] == "file_kind"
    )
    assert firm.answer("import", "products", str(out), *AT, "--apply")["unchanged"] == 1
