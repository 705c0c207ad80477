"""Sequences, chases and suppressions from the command line."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.makers.chasing_cli import IN, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def test_a_ladder_is_made_tried_switched_on_looked_at_and_let_go(firm: Shell):
    made = firm.answer("sequence", "create", *IN, "--name", "Reminders")
    assert [one["offset_days"] for one in made["touches"]] == [-5, 1, 7, 14, 30]
    assert (made["active"], made["covered"]) == (False, 5)

    tried = firm.answer("sequence", "preview", made["id"], *IN)
    assert (tried["messages"], tried["left_out"]) == (2, {"no_address": 1})
    assert firm.answer("sequence", "lists", *IN)["lists"] == []

    assert firm.answer("sequence", "activate", made["id"], *IN)["active"]
    [day] = firm.answer("sequence", "stage", *IN)["lists"]
    assert (day["state"], day["counts"]) == ("held", {"queued": 2})
    assert firm.answer("sequence", "stage", *IN)["lists"][0]["run_id"] == day["run_id"]
    assert len(firm.answer("sequence", "lists", *IN, "--held")["lists"]) == 1
    shown = firm.answer("sequence", "messages", day["run_id"], *IN)["messages"]
    assert all(one["subject"] and one["problem"] is None for one in shown)
    announced = firm.answer("sequence", "release", day["run_id"], *IN, "--at", "11:30")
    assert announced["state"] == "held"
    assert announced["release_at"]
    assert firm.answer("sequence", "release", day["run_id"], *IN)["state"] == "open"
    assert firm.refusal("sequence", "release", day["run_id"], *IN)["error"] == "illegal_move"
    assert firm.answer("sequence", "pause", day["run_id"], *IN)["lists"][0]["state"] == "paused"
    assert firm.answer("sequence", "resume", day["run_id"], *IN)["lists"][0]["state"] == "open"
    assert [one["reason"] for one in firm.answer("sequence", "left-out", day["run_id"], *IN)["left_out"]] == [
        "no_address"
    ]
    assert firm.answer("sequence", "call-off", day["run_id"], *IN)["lists"][0]["counts"] == {"cancelled": 2}


def test_a_sequence_is_changed_where_something_is_given_and_put_away(firm: Shell):
    vip = ("--tag", "vip", "--currency", "AED", "--min-amount", "50.00")
    made = firm.answer(
        "sequence",
        "create",
        *IN,
        "--name",
        "Vip",
        "--touch",
        "+3:overdue_gentle",
        "--touch",
        "-2:before_due",
        *vip,
    )
    assert [(one["offset_days"], one["severity"]) for one in made["touches"]] == [(-2, 0), (3, 1)]
    assert made["applies_to"] == {"tags": ["vip"], "currency": "AED", "min_balance_minor": 50_00}

    other = firm.answer("sequence", "create", *IN, "--name", "All")
    ordered = firm.answer("sequence", "order", other["id"], *IN)["sequences"]
    assert [one["name"] for one in ordered] == ["All", "Vip"]
    firm.answer("sequence", "archive", other["id"], *IN)

    edited = firm.answer("sequence", "edit", made["id"], *IN, "--release-time", "10:15", "--auto-release")

    assert (edited["release_time"], edited["auto_release"], edited["applies_to"]) == (
        "10:15",
        True,
        made["applies_to"],
    )
    assert edited["touches"] == made["touches"]
    assert (
        firm.refusal("sequence", "edit", made["id"], *IN, "--touch", "soon:x")["error"] == "touch_unreadable"
    )
    assert (
        firm.refusal("sequence", "edit", made["id"], *IN, "--release-time", "noon")["error"]
        == "time_unreadable"
    )
    firm.answer("sequence", "archive", made["id"], *IN)
    assert firm.answer("sequence", "list", *IN)["sequences"] == []
    assert len(firm.answer("sequence", "list", *IN, "--archived")["sequences"]) == 2
    assert firm.refusal("sequence", "show", str(uuid4()), *IN)["error"] == "not_found"


def test_a_customer_is_left_in_peace_stopped_and_chased_again(firm: Shell):
    made = firm.answer("sequence", "create", *IN, "--name", "Reminders")
    firm.answer("sequence", "activate", made["id"], *IN)
    firm.answer("sequence", "stage", *IN)
    somebody = firm.answer("invoice", "show", numbers(firm)[0], *IN)["customer_id"]
    theirs = ("--customer", somebody)
    [first] = firm.answer("chase", "list", *IN, *theirs)["chases"]
    assert len(firm.answer("chase", "list", *IN)["chases"]) == 3

    paused = firm.answer("chase", "pause", *IN, *theirs, "--because", "On holiday")["chases"]
    assert [(one["state"], one["note"]) for one in paused] == [("paused", "On holiday")]
    assert firm.answer("why", "customer", somebody, *IN)["stopped_by"] == ["chase_paused"]
    assert firm.answer("chase", "list", *IN, "--state", "paused")["chases"][0]["id"] == first["id"]
    assert firm.answer("chase", "resume", first["id"], *IN)["chases"][0]["state"] == "running"
    assert firm.answer("chase", "stop", *IN, *theirs, "--because", "Court")["chases"][0]["state"] == "stopped"
    assert firm.refusal("chase", "pause", *IN, *theirs)["error"] == "illegal_move"
    assert firm.answer("chase", "start", *IN, *theirs)["chases"][0]["state"] == "running"
    assert firm.refusal("chase", "pause", *IN)["error"] == "customer_or_invoice"
    assert firm.refusal("chase", "pause", *IN, *theirs, "--until", "2020-01-01")["error"] == "until_unusable"


def test_addresses_are_suppressed_shown_lifted_taken_away_and_brought_back(firm: Shell, tmp_path: Path):
    made = firm.answer(
        "suppression",
        "add",
        "Huda@noor.example",
        *IN,
        "--scope",
        "reminders",
        "--note",
        "Asked",
        "--until",
        "2027-01-31",
    )
    shown = firm.answer("suppression", "show", made["id"], *IN)
    assert (shown["address"], shown["scope"], shown["note"]) == ("huda@noor.example", "reminders", "Asked")
    file = tmp_path / "stop.csv"
    firm.answer("suppression", "export", *IN, "--out", str(file))
    assert firm.refusal("suppression", "export", *IN, "--out", str(file))["error"] == "file_exists"
    assert firm.refusal("suppression", "export", *IN, "--out", "stop.pdf")["error"] == "file_kind"

    firm.answer("suppression", "lift", made["id"], *IN, "--because", "A mistake")

    assert firm.answer("suppression", "list", *IN)["suppressions"] == []
    [lifted] = firm.answer("suppression", "list", *IN, "--lifted")["suppressions"]
    assert lifted["lifted_because"] == "A mistake"
    report = firm.answer("import", "suppressions", str(file), *IN, "--apply")
    assert report["created"] == 1
    [back] = firm.answer("suppression", "list", *IN, "--scope", "reminders", "--reason", "manual")[
        "suppressions"
    ]
    assert (back["address"], back["expires_at"]) == (shown["address"], shown["expires_at"])
