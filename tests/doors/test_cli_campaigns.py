"""Campaigns from the command line."""

from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.outbox.tables import runs
from tests.makers.chasing_cli import IN, a_draft, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def test_a_draft_says_who_is_in_and_why_others_are_not(firm: Shell):
    draft = a_draft(firm)

    assert draft["state"] == "draft"
    assert draft["total"] == 2
    assert draft["counts"] == {"queued": 2}
    assert draft["excluded"] == {"no_address": 1}
    shown = firm.answer("campaign", "show", draft["id"], *IN)
    assert {name: shown[name] for name in draft} == draft


def test_by_invoice_there_are_more_messages(firm: Shell):
    assert a_draft(firm, "--group-by", "invoice")["total"] == 4


def test_a_list_of_numbers_is_taken_from_a_file_or_from_stdin(firm: Shell, tmp_path: Path):
    all_numbers = numbers(firm)
    file = tmp_path / "numbers.txt"
    file.write_text("\ufeff" + "\r\n".join([*all_numbers[:1], "", '"UNKNOWN-7"']), encoding="utf-8")

    from_file = a_draft(firm, "--invoices", str(file))
    from_stdin = a_draft(firm, "--invoices", "-", input=", ".join(all_numbers))

    assert (from_file["total"], from_file["excluded"]) == (1, {"unknown": 1})
    assert from_stdin["total"] == 2


def test_a_preview_shows_every_message_as_it_would_go(firm: Shell):
    draft = a_draft(firm)

    preview = firm.answer("campaign", "preview", draft["id"], *IN)
    one = firm.answer("campaign", "preview", draft["id"], *IN, "--limit", "1")
    seen = firm("campaign", "preview", draft["id"], *IN, "--full")

    assert (preview["total"], len(preview["messages"]), len(one["messages"])) == (2, 2, 1)
    for message in preview["messages"]:
        assert message["subject"]
        assert message["to"].endswith("@example.com")
        assert message["problem"] is None
        assert [line["balance"] for line in message["invoices"]] == ["100.00", "100.00"]
        assert "100" in message["text"]
        assert message["subject"] in seen.stdout


def test_a_released_campaign_is_paused_resumed_and_cancelled(firm: Shell):
    draft = a_draft(firm)
    moved = [
        firm.answer("campaign", move, draft["id"], *IN)["state"]
        for move in ("release", "pause", "resume", "pause", "cancel")
    ]

    assert moved == ["sending", "paused", "sending", "paused", "cancelled"]
    assert firm.answer("campaign", "show", draft["id"], *IN)["counts"] == {"cancelled": 2}


def test_a_second_release_is_refused(firm: Shell):
    draft = a_draft(firm)
    firm.answer("campaign", "release", draft["id"], *IN)

    refused = firm.refusal("campaign", "release", draft["id"], *IN)

    assert refused["error"] == "illegal_move"
    assert refused["detail"] == "campaign is sending: cannot send now"
    assert firm.answer("campaign", "show", draft["id"], *IN)["state"] == "sending"


def test_a_release_at_a_local_time_waits_for_the_firms_clock(firm: Shell):
    draft = a_draft(firm)

    planned = firm.answer("campaign", "release", draft["id"], *IN, "--at", "2026-11-19 10:30")

    assert planned["state"] == "scheduled"
    assert planned["scheduled_for"] == "2026-11-19T06:30:00+00:00"  # Dubai is four hours ahead


def test_any_hour_is_said_of_the_run(firm: Shell):
    draft = a_draft(firm)
    assert firm.answer("campaign", "release", draft["id"], *IN, "--any-hour")["any_hour"] is True

    async def any_hours(work):
        return list(
            await work.db.scalars(sa.select(runs.c.any_hour).where(runs.c.tenant_id == work.tenant_id))
        )

    assert firm.inside(any_hours) == [True]


@pytest.mark.parametrize("at", ["tomorrow", "2026-02-31 10:00", "2026-11-17 10:00", "2026-11-19T10:30:00Z"])
def test_a_time_that_cannot_be_or_is_over_is_refused(firm: Shell, at: str):
    draft = a_draft(firm)

    assert firm.refusal("campaign", "release", draft["id"], *IN, "--at", at)["field"] == "at"
    assert firm.answer("campaign", "show", draft["id"], *IN)["state"] == "draft"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--name", " "), "name"),
        (("--template", "no-such"), "template"),
        (("--sending-account", "who@acme.example"), "sending_account"),
        (("--invoices", "/no/such/file"), "file"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_by_field(firm: Shell, words, field):
    create = ("campaign", "create", *IN, "--name", "N", "--kind", "overdue_notice")

    assert firm.refusal(*create, *words)["field"] == field
    assert firm.answer("campaign", "list", *IN)["campaigns"] == []


def test_a_campaign_over_nothing_is_refused(firm: Shell, tmp_path: Path):
    file = tmp_path / "numbers.txt"
    file.write_text("UNKNOWN-1\nUNKNOWN-2\n")
    create = ("campaign", "create", *IN, "--name", "N", "--kind", "overdue_notice", "--invoices", str(file))

    assert firm.refusal(*create)["error"] == "campaign_empty"
    file.write_bytes(b"\xff\xfe\x00\x01")
    assert firm.refusal(*create)["error"] == "file_not_text"


@pytest.mark.parametrize(
    "words", [("show",), ("preview",), ("pause",), ("resume",), ("cancel",), ("release",), ("retry",)]
)
def test_another_firms_campaign_and_none_are_the_same_to_all_commands(firm: Shell, words):
    draft = a_draft(firm)
    firm.answer("tenant", "create", "other", "--name", "O", "--country", "FR", "--currency", "EUR",
                "--time-zone", "Europe/Paris", "--locale", "fr", "--owner-email", "o@other.example")  # fmt: skip

    for named in (draft["id"], str(uuid4()), "nonsense"):
        refused = firm.refusal("campaign", *words, named, "--tenant", "other")
        assert refused["error"] == "not_found"
    assert firm.answer("campaign", "show", draft["id"], *IN)["state"] == "draft"


def test_a_clone_is_a_new_draft_by_the_same_choice(firm: Shell):
    draft = a_draft(firm)
    firm.answer("campaign", "cancel", draft["id"], *IN)

    new = firm.answer("campaign", "clone", draft["id"], *IN, "--name", "December")

    assert (new["name"], new["state"], new["total"]) == ("December", "draft", 2)
    assert [one["name"] for one in firm.answer("campaign", "list", *IN)["campaigns"]] == [
        "December",
        "November",
    ]


def test_only_a_campaign_that_is_over_is_tried_again(firm: Shell):
    draft = a_draft(firm)
    firm.answer("campaign", "release", draft["id"], *IN)

    assert firm.refusal("campaign", "retry", draft["id"], *IN)["error"] == "illegal_move"
