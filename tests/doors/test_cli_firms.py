"""Firms, their mailboxes and their keys, from the command line."""

import getpass

import pytest
import sqlalchemy as sa

from bursar.core.keys import Keyring, new_entry
from bursar.core.tables import events, tenant_keys
from tests.makers.cli import FIRM, Shell, SinkProcess

OWNER = "owner@acme.example"


def connect(sink: SinkProcess, *more: str, address: str = "billing@acme.example") -> tuple[str, ...]:
    return ("sending-account", "add", "smtp", "--tenant", "acme", "--address", address, *sink.at(), *more)


def test_a_firm_is_made_with_an_owner_who_is_invited(shell: Shell):
    made = shell.firm()

    assert set(made) >= {"id", "slug", "owner_id", "invitation", "invitation_url"}
    assert made["slug"] == "acme"
    assert made["invitation_url"].endswith(made["invitation"])


def test_an_owner_whose_password_is_in_the_environment_needs_no_invitation(shell: Shell):
    made = shell.answer(*FIRM, "--password-env", "OWNERS", OWNERS="a long horse of battery staples")

    assert made["invitation"] is None
    assert made["invitation_url"] is None


def test_a_forgotten_password_is_helped_by_a_link_and_a_stranger_by_none(shell: Shell):
    shell.firm()

    made = shell.answer("agent", "reset-link", OWNER)
    refused = shell.refusal("agent", "reset-link", "nobody@acme.example")

    assert made["url"].endswith(f"/password/{made['token']}")
    assert refused["error"] == "not_found"


def test_what_was_done_here_is_journalled_with_who_typed_it(shell: Shell):
    shell.firm()

    async def causes(work):
        return set(
            await work.db.scalars(sa.select(events.c.cause).where(events.c.tenant_id == work.tenant_id))
        )

    assert shell.inside(causes) == {f"cli:{getpass.getuser()}"}


@pytest.mark.parametrize(
    ("option", "value", "field", "error"),
    [
        ("--country", "XX", "country", "country_unknown"),
        ("--currency", "QQQ", "currency", "currency_unknown"),
        ("--time-zone", "Mars/Olympus", "time_zone", "time_zone_unknown"),
        ("--owner-email", "a@b@c", "owner_email", "email_unreadable"),
        ("--owner-email", "a@b.com\nBcc: x@y.com", "owner_email", "email_unreadable"),
        ("--name", " ", "name", "required"),
        ("--password-env", "NOT_SET_ANYWHERE", "password_env", "variable_missing"),
    ],
)
def test_a_firm_that_cannot_be_is_refused_by_field(shell: Shell, option, value, field, error):
    refused = shell.refusal(*FIRM, option, value)

    assert refused["field"] == field
    assert refused["detail"].endswith(".")
    assert "tenant_id" not in refused["detail"]
    shell.firm()  # nothing of the refused one is left


def test_a_slug_that_is_taken_is_refused(shell: Shell):
    shell.firm()

    assert shell.refusal(*FIRM)["error"] == "slug_taken"


def test_for_people_a_refusal_is_one_line_that_names_the_field(shell: Shell):
    result = shell(*FIRM, "--country", "XX")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "country: Write the country as its two letters, like AE or FR.\n"


def test_a_refusal_speaks_the_language_of_the_terminal(shell: Shell):
    english = shell.refusal(*FIRM, "--country", "XX")
    arabic = shell.refusal(*FIRM, "--country", "XX", LANGUAGE="ar_AE:en")

    assert arabic["error"] == english["error"]
    assert arabic["detail"] != english["detail"]
    assert not arabic["detail"].isascii()


def test_a_mailbox_is_signed_in_to_and_paced(shell: Shell, sink: SinkProcess):
    shell.firm()

    made = shell.answer(
        *connect(sink, "--username", "sender", "--password-env", "SMTP"),
        *("--batch-size", "7", "--batch-interval", "1.5", "--daily-quota", "900", "--connections", "3"),
        SMTP="let-me-in",
    )

    assert made["state"] == "active"
    assert made["is_primary"] is True
    paced = {
        name: made[name] for name in ("batch_size", "batch_interval", "daily_quota", "connections", "tls")
    }
    assert paced == {
        "batch_size": 7,
        "batch_interval": 1.5,
        "daily_quota": 900,
        "connections": 3,
        "tls": "none",
    }
    [listed] = shell.answer("sending-account", "list", "--tenant", "acme")["accounts"]
    assert listed == made


def test_a_wrong_password_is_refused_and_tried_again(shell: Shell, sink: SinkProcess):
    shell.firm()
    words = connect(sink, "--username", "sender", "--password-env", "SMTP")

    assert shell.refusal(*words, SMTP="wrong")["field"] == "server"
    assert shell.answer(*words, SMTP="let-me-in")["state"] == "active"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--address", "a@b.com\r\nBcc: c@d.com"), "address"),
        (("--host", "10.0.0.7"), "server"),
        (("--host", "smtp://mail"), "host"),
        (("--port", "0"), "port"),
        (("--batch-size", "0"), "batch_size"),
        (("--daily-quota", "0"), "daily_quota"),
        (("--batch-interval", "-1"), "batch_interval"),
        (("--connections", "9999"), "connections"),
        (("--username", "sender"), "password"),
    ],
)
def test_a_mailbox_that_cannot_be_is_refused_by_field(shell: Shell, sink: SinkProcess, words, field):
    shell.firm()

    assert shell.refusal(*connect(sink), *words)["field"] == field


def test_a_key_acts_for_the_person_it_was_made_for_and_is_revoked(shell: Shell):
    shell.firm()

    made = shell.answer("api-key", "create", "--tenant", "acme", "--name", "Books", "--agent", OWNER)
    assert made["key"].startswith("bursar_")
    [listed] = shell.answer("api-key", "list", "--tenant", "acme")["api_keys"]
    assert (listed["id"], listed["revoked_at"]) == (made["id"], None)
    assert shell.answer("api-key", "revoke", made["id"], "--tenant", "acme")["state"] == "revoked"
    assert shell.refusal("api-key", "revoke", made["id"], "--tenant", "acme")["error"] == "not_found"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (("--agent", "nobody@acme.example"), "agent"),
        (("--scope", "everything"), "scopes"),
        (("--name", ""), "name"),
    ],
)
def test_a_key_that_cannot_be_is_refused_by_field(shell: Shell, words, field):
    shell.firm()
    key = ("api-key", "create", "--tenant", "acme", "--name", "Books", "--agent", OWNER)

    assert shell.refusal(*key, *words)["field"] == field


def test_a_new_master_key_wraps_what_the_old_one_did(shell: Shell, sink: SinkProcess):
    shell.firm()
    shell.answer(*connect(sink, "--username", "sender", "--password-env", "SMTP"), SMTP="let-me-in")
    old = new_entry("k8")
    entry = shell.answer("secrets", "new-key", BURSAR_KEYS=old)
    assert entry["id"] == "k1"

    both = Shell(shell.addresses, shell.clock, Keyring({"k9": bytes(range(32)), **shell.keyring._roots}))
    assert both.answer("secrets", "rotate") == {"id": "k9", "rewrapped": 1}
    assert both.answer("secrets", "rotate") == {"id": "k9", "rewrapped": 0}

    async def wrapped_by(work):
        return await work.db.scalar(
            sa.select(tenant_keys.c.key_id).where(tenant_keys.c.tenant_id == work.tenant_id)
        )

    assert both.inside(wrapped_by) == "k9"
