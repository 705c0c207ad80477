"""Payments, why and the audit from the command line."""

import json
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import SystemClock
from bursar.core.kinds import Stream
from bursar.core.seals import seal
from bursar.core.work import Record
from tests.makers.chasing_cli import IN, a_draft, a_late_firm, numbers
from tests.makers.cli import Shell


@pytest.fixture
def firm(shell: Shell) -> Shell:
    return a_late_firm(shell)


def test_a_payment_pays_its_invoice_and_what_is_left_is_credit(firm: Shell):
    number = numbers(firm)[0]
    record = ("payment", "record", *IN, "--invoice", number, "--received-on", "2026-11-17")

    first = firm.answer(*record, "--amount", "30.50")
    second = firm.answer(*record, "--amount", "100.00")

    assert (first["balance"], first["credit"]) == ("69.50", "0.00")
    assert (second["balance"], second["credit"]) == ("0.00", "30.50")
    assert first["payment_id"] != second["payment_id"]


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--amount", "0"), "amount"),
        (("--amount", "-5"), "amount"),
        (("--amount", "1.234"), "amount"),
        (("--amount", "ten"), "amount"),
        (("--received-on", "31/02/2026"), "received_on"),
        (("--received-on", "2027-01-01"), "received_on"),
        (("--invoice", "NO-SUCH"), None),
    ],
)
def test_a_payment_that_cannot_be_is_refused_and_changes_nothing(firm: Shell, words, field):
    number = numbers(firm)[0]
    record = ("payment", "record", *IN, "--invoice", number, "--received-on", "2026-11-17", "--amount", "5")

    assert firm.refusal(*record, *words)["field"] == field
    assert firm.answer(*record)["balance"] == "95.00"


def test_why_says_what_comes_next_and_what_stopped_it(firm: Shell):
    number = numbers(firm)[0]
    draft = a_draft(firm)
    firm.answer("campaign", "release", draft["id"], *IN)

    before = firm.answer("why", "invoice", number, *IN)
    [send] = [one["id"] for one in before["sends"]]
    firm.answer(
        "payment", "record", *IN, "--invoice", number, "--received-on", "2026-11-17", "--amount", "100"
    )
    after = firm.answer("why", "invoice", number, *IN)
    about_send = firm.answer("why", "send", send, *IN)

    assert before["next"] == "send"
    assert before["next_at"]
    assert before["stopped_by"] == []
    assert after["state"] == "paid"
    assert after["next"] == "nothing"
    assert after["stopped_by"] == ["paid"]
    assert about_send["next"] == "send"  # there is another invoice in it
    assert "paid" in firm("why", "invoice", number, *IN).stdout


def test_why_of_what_nobody_knows_is_refused(firm: Shell):
    for kind in ("invoice", "customer", "send"):
        assert firm.refusal("why", kind, "unknown", *IN)["error"] == "not_found"


def test_the_audit_follows_the_seals_and_finds_a_row_that_was_changed(shell: Shell):
    shell.firm()
    assert shell.answer("audit", "verify", *IN) == {"ok": True, "rows": 0, "first_bad": None}
    assert shell.refusal("audit", "verify", *IN, "--head", "nonsense")["field"] == "head"

    age_and_seal(shell)
    whole = shell.answer("audit", "verify", *IN)
    assert whole["ok"] is True
    assert whole["rows"] > 0

    tamper(shell)
    broken = shell("audit", "verify", *IN, "--json")
    found = json.loads(broken.stdout)
    assert broken.exit_code == 1
    assert (found["ok"], found["rows"]) == (False, 0)
    assert found["first_bad"].startswith("events seal 1 (rows)")


def age_and_seal(shell: Shell) -> None:
    """As if the firm's rows had settled before the next seal: its first row is a day older."""

    async def sealed(work):
        day = {"old": uuid_at(SystemClock().now() - timedelta(days=1)), "tenant": work.tenant_id}
        await work.record("tenant.look", Record(work.tenant_id))
        await work.db.execute(
            sa.text(
                "insert into events (tenant_id, id, entity_type, entity_id, type, actor_type) values "
                "(:tenant, :old, 'tenant', :tenant, 'tenant.old', 'system')"
            ),
            day,
        )
        assert await seal(work, Stream.EVENTS)

    shell.inside(sealed)


def uuid_at(instant: datetime) -> UUID:
    return UUID(int=(int(instant.timestamp() * 1000) << 80) | 0x7000_8000_0000_0000_0001)


def tamper(shell: Shell) -> None:
    """A superuser with the triggers off, as R144 fears."""
    engine = sa.create_engine(shell.addresses.owner)
    with engine.begin() as db:
        db.execute(sa.text("set session_replication_role = replica"))
        db.execute(sa.text("update events set type = 'tenant.older' where type = 'tenant.old'"))
    engine.dispose()
