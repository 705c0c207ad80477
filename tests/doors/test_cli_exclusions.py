"""Exclusions, segments and groups from the command line."""

from pathlib import Path

import pytest

from tests.makers.chasing_cli import IN, a_draft, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def test_an_invoice_is_excluded_listed_and_lifted(firm: Shell):
    number = numbers(firm)[0]

    made = firm.answer("exclusion", "add", *IN, "--invoice", number, "--reason", "Court")

    [kept] = firm.answer("exclusion", "list", *IN)["exclusions"]
    assert (kept["id"], kept["invoice_number"], kept["covers"]) == (made["id"], number, "everything")
    assert a_draft(firm)["excluded"] == {"excluded": 1, "no_address": 1}
    firm.answer("exclusion", "lift", made["id"], *IN)
    assert firm.answer("exclusion", "list", *IN)["exclusions"] == []
    assert len(firm.answer("exclusion", "list", *IN, "--lifted")["exclusions"]) == 1


def test_a_customer_is_excluded_until_a_day(firm: Shell):
    add = ("exclusion", "add", *IN, "--reason", "Court")
    customer = firm.answer("exclusion", "add", *IN, "--invoice", numbers(firm)[0], "--reason", "Court")
    [kept] = firm.answer("exclusion", "list", *IN)["exclusions"]

    made = firm.answer(
        *add, "--customer", kept["customer_id"], "--until", "2026-12-24", "--covers", "campaigns"
    )

    assert made["id"] != customer["id"]
    assert firm.refusal(*add)["error"] == "name_one"
    assert (
        firm.refusal(*add, "--customer", kept["customer_id"], "--until", "soon")["error"] == "date_unreadable"
    )
    assert firm.refusal(*add, "--customer", "nobody")["error"] == "not_found"


def test_invoices_are_taken_out_of_a_draft(firm: Shell, tmp_path: Path):
    draft, listed = a_draft(firm, "--group-by", "invoice"), tmp_path / "out.txt"
    listed.write_text("\n".join([*numbers(firm)[:1], "NOBODY-7"]), encoding="utf-8")

    changed = firm.answer(
        "campaign", "leave-out", draft["id"], *IN, "--invoices", str(listed), "--reason", "Cash"
    )

    assert changed["counts"] == {"queued": 3, "cancelled": 1}
    assert changed["excluded"] == {"by_hand": 1, "no_address": 1}


def test_a_segment_is_chosen_by_options(firm: Shell):
    between = ("--min-days", "5", "--max-days", "20", "--currency", "AED", "--min-amount", "99.50")
    assert a_draft(firm, *between, "--max-amount", "100")["total"] == 2

    create = ("campaign", "create", *IN, "--name", "Nobody", "--kind", "overdue_notice")
    assert firm.refusal(*create, "--language", "ar")["error"] == "campaign_empty"
    assert firm.refusal(*create, "--min-amount", "5")["error"] == "currency_missing"
    assert firm.refusal(*create, "--country", "Nowhere")["error"] == "country_unknown"


def test_two_texts_are_compared(firm: Shell):
    texts = ("--template", "overdue_gentle", "--other-template", "overdue_firm", "--other-share", "50")
    draft = a_draft(firm, *texts)
    assert firm.answer("campaign", "compare", draft["id"], *IN) == {"comparison": None}
    firm.answer("campaign", "release", draft["id"], *IN, "--any-hour")

    found = firm.answer("campaign", "compare", draft["id"], *IN, "--days", "30")["comparison"]

    if found is not None:  # two customers may be drawn into one group
        assert {one["label"] for one in found["groups"]} == {"A", "B"}
        assert [one["verdict"] for one in found["pairs"]] == ["too_few"]
    assert "group" in firm("campaign", "compare", draft["id"], *IN).stdout or found is None
