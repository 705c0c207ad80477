"""Help, exit statuses, settings and the doctor, from the command line."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import typer.main
from typer.testing import CliRunner

from bursar import app
from bursar.cli.building import Building
from bursar.cli.main import make_cli
from bursar.core.clock import FixedClock
from bursar.core.settings import load_settings
from bursar.outbox.tables import claims, sending_accounts, sends
from dev.reference.commands import leaves
from tests import databases
from tests.makers.chasing_cli import IN, a_draft, a_late_firm
from tests.makers.cli import Shell, untouched_logging

COMMANDS = [
    "bursar agent reset-link", "bursar api-key create", "bursar api-key list", "bursar api-key revoke",
    "bursar audit export", "bursar audit heads", "bursar audit list", "bursar audit verify",
    "bursar bank list", "bursar bank match", "bursar bank set-aside", "bursar campaign cancel",
    "bursar campaign clone", "bursar campaign compare", "bursar campaign create", "bursar campaign leave-out",
    "bursar campaign list", "bursar campaign pause", "bursar campaign preview", "bursar campaign release",
    "bursar campaign resume", "bursar campaign retry", "bursar campaign show", "bursar chase list",
    "bursar chase pause", "bursar chase resume", "bursar chase start", "bursar chase stop",
    "bursar credit-note create", "bursar credit-note list", "bursar credit-note pdf",
    "bursar credit-note show", "bursar credit-note xml", "bursar doctor", "bursar exclusion add",
    "bursar exclusion lift", "bursar exclusion list", "bursar import", "bursar inbound list",
    "bursar inbound replay", "bursar inbound show", "bursar inbox handle", "bursar inbox leave",
    "bursar inbox list", "bursar inbox read", "bursar inbox show", "bursar invoice cancel",
    "bursar invoice create", "bursar invoice edit", "bursar invoice issue", "bursar invoice list",
    "bursar invoice pdf", "bursar invoice send", "bursar invoice show", "bursar invoice xml",
    "bursar migrate", "bursar order cancel", "bursar order create", "bursar order list",
    "bursar order resolve", "bursar order show", "bursar payment allocate", "bursar payment list",
    "bursar payment record", "bursar payment reverse", "bursar payment show", "bursar payment-link create",
    "bursar payment-link extend", "bursar payment-link import", "bursar payment-link list",
    "bursar payment-link mail", "bursar payment-link reissue", "bursar payment-link revoke",
    "bursar payment-link show", "bursar price add", "bursar price change", "bursar price edit",
    "bursar price end", "bursar price list", "bursar price remove", "bursar product add",
    "bursar product archive", "bursar product edit", "bursar product export", "bursar product list",
    "bursar product restore", "bursar product show", "bursar recurring create", "bursar recurring edit",
    "bursar recurring end", "bursar recurring list", "bursar recurring pause", "bursar recurring preview",
    "bursar recurring resume", "bursar recurring run", "bursar recurring show", "bursar refund create",
    "bursar refund list", "bursar report ageing", "bursar report figures", "bursar report statement",
    "bursar results", "bursar secrets new-key", "bursar secrets rotate", "bursar sending-account add gmail",
    "bursar sending-account add outlook", "bursar sending-account add ses", "bursar sending-account add smtp",
    "bursar sending-account consent", "bursar sending-account list", "bursar sequence activate",
    "bursar sequence archive", "bursar sequence call-off", "bursar sequence create",
    "bursar sequence deactivate", "bursar sequence edit", "bursar sequence left-out", "bursar sequence list",
    "bursar sequence lists", "bursar sequence messages", "bursar sequence order", "bursar sequence pause",
    "bursar sequence preview", "bursar sequence release", "bursar sequence resume", "bursar sequence show",
    "bursar sequence stage", "bursar serve", "bursar stop", "bursar suppression add",
    "bursar suppression export", "bursar suppression lift", "bursar suppression list",
    "bursar suppression show", "bursar template archive", "bursar template create", "bursar template draft",
    "bursar template import", "bursar template install", "bursar template list", "bursar template preview",
    "bursar template publish", "bursar template restore", "bursar template show", "bursar template test",
    "bursar template usual", "bursar tenant create", "bursar tenant edit", "bursar till add stripe",
    "bursar till check", "bursar till disable", "bursar till list", "bursar till make-primary",
    "bursar till replace-key", "bursar till webhook-secret", "bursar unit add", "bursar unit count",
    "bursar unit list", "bursar unit remove", "bursar unit retire", "bursar why", "bursar worker",
]  # fmt: skip


def in_environment(*words: str, **environment: str):
    """The real composition, in an environment of its own."""
    building = Building(settings=load_settings, build=app.build, site=app.site, worker=app.work_off)
    with untouched_logging():
        return CliRunner(env={"COLUMNS": "200", **environment}).invoke(make_cli(building), list(words))


def described() -> dict[str, Any]:
    return dict(leaves("bursar", typer.main.get_command(make_cli())))


@pytest.mark.pure
def test_these_are_the_commands():
    assert sorted(described()) == COMMANDS


@pytest.mark.pure
@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_option_says_what_it_is_for(path: str):
    command = described()[path]

    assert command.help.strip().endswith(".")
    assert all(getattr(part, "help", None) for part in command.params), command.params
    assert CliRunner().invoke(make_cli(), [*path.split()[1:], "--help"]).exit_code == 0


@pytest.mark.pure
def test_the_words_others_rely_on_are_options():
    options = {
        path: {name for part in command.params for name in part.opts} for path, command in described().items()
    }

    assert options["bursar serve"] >= {"--host", "--port"}
    assert options["bursar worker"] >= {"--until-idle"}
    assert options["bursar tenant create"] >= {
        "--name", "--country", "--currency", "--time-zone", "--locale", "--owner-email", "--json",
    }  # fmt: skip
    assert options["bursar sending-account add smtp"] >= {
        "--tenant", "--address", "--host", "--port", "--username", "--password-env", "--no-tls", "--batch-size",
        "--batch-interval", "--daily-quota", "--connections", "--json",
    }  # fmt: skip
    assert options["bursar import"] >= {"--tenant", "--apply", "--json"}
    assert options["bursar campaign create"] >= {
        "--tenant", "--name", "--kind", "--invoices", "--group-by", "--template", "--json",
    }  # fmt: skip
    assert options["bursar campaign release"] >= {"--tenant", "--at", "--any-hour", "--json"}
    assert options["bursar payment record"] >= {
        "--tenant",
        "--invoice",
        "--amount",
        "--received-on",
        "--json",
    }
    assert all(
        "--json" in options[path] for path in COMMANDS if path not in {"bursar serve", "bursar worker"}
    )


@pytest.mark.pure
def test_it_says_its_version():
    assert in_environment("--version").output.startswith("bursar ")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"BURSAR_BASE_URL": "ftp://nowhere"}, "BURSAR_BASE_URL"),
        ({"BURSAR_POOL_SIZE": "many"}, "BURSAR_POOL_SIZE"),
        ({"BURSAR_KEYS": "k1:short"}, "BURSAR_KEYS"),
    ],
)
def test_settings_that_cannot_be_meant_end_with_status_2_and_their_name(tmp_path: Path, environment, named):
    result = in_environment("doctor", BURSAR_DATA_DIR=str(tmp_path), **environment)
    told = in_environment("tenant", *_firm(), "--json", BURSAR_DATA_DIR=str(tmp_path), **environment)

    assert named in result.output
    assert told.exit_code == 2
    assert named in json.loads(told.stdout)["detail"]
    assert "Traceback" not in result.output + told.output


def test_a_machine_without_keys_is_told_to_migrate(tmp_path: Path):
    result = in_environment("tenant", *_firm(), BURSAR_DATA_DIR=str(tmp_path))

    assert result.exit_code == 2
    assert "bursar migrate" in result.stderr


def test_a_database_that_is_down_ends_with_status_2_and_one_line(tmp_path: Path):
    nowhere = {
        "DATABASE_URL": "postgresql://somebody:s3cret@127.0.0.1:1/bursar",
        "BURSAR_DATA_DIR": str(tmp_path),
    }
    migrated = in_environment("migrate", "--json", **nowhere)
    asked = in_environment("audit", "verify", "--tenant", "acme", **nowhere)

    assert (migrated.exit_code, asked.exit_code) == (2, 2)
    assert json.loads(migrated.stdout)["error"] == "unreachable"
    assert "cannot be reached" in asked.stderr
    assert "s3cret" not in migrated.output + asked.output


def test_an_empty_database_is_told_to_migrate(shell: Shell, server):
    name = databases.copy(server, "template0")
    try:
        empty = replace(shell, addresses=server.addresses(name))
        assert empty.refusal("audit", "verify", "--tenant", "acme", status=2)["error"] == "not_migrated"
    finally:
        databases.drop(server, name)


def test_a_user_who_could_pass_the_wall_is_refused(shell: Shell):
    owner = replace(shell.addresses, app=shell.addresses.owner)

    assert (
        replace(shell, addresses=owner).refusal("audit", "verify", "--tenant", "a", status=2)["error"]
        == "unsafe_user"
    )


def test_the_worker_is_asked_to_work_until_idle_or_for_ever(shell: Shell):
    assert shell("worker", "--until-idle").exit_code == 0
    assert shell("worker").exit_code == 0
    assert shell.worked == [True, False]


def test_the_doctor_finds_nothing_broken_in_a_new_installation(shell: Shell):
    found = shell.answer("doctor")

    verdicts = {check["name"]: check["verdict"] for check in found["checks"]}
    assert found["ok"] is True
    assert set(verdicts) == {
        "disk", "keys", "database", "clock", "partitions", "workers", "jobs", "oldest due message", "mailboxes not read",
        "uncertain messages", "expired leases", "accounts to reconnect",
    }  # fmt: skip
    assert [name for name, verdict in verdicts.items() if verdict == "failed"] == []


def test_the_doctor_says_when_partitions_run_out(shell: Shell, clock: FixedClock):
    clock.advance(timedelta(days=400))
    result = shell("doctor", "--json")

    found = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert found["partitions"]["verdict"] == "failed"
    assert "worker" in found["partitions"]["advice"]
    assert found["clock"]["verdict"] == "warning"


def test_the_doctor_says_what_waits_for_a_person(shell: Shell, clock: FixedClock):
    draft = a_draft(a_late_firm(shell))
    shell.answer("campaign", "release", draft["id"], *IN)

    async def trouble(work):
        now = sa.literal(clock.now())
        [account] = await work.db.scalars(sa.select(sending_accounts.c.id))
        [lost, _] = await work.db.scalars(sa.select(sends.c.id))
        row = {
            "tenant_id": work.tenant_id,
            "sending_account_id": account,
            "send_ids": [lost],
            "lease_until": now,
        }
        await work.db.execute(sa.insert(claims).values(row))
        await work.db.execute(
            sa.update(sends).where(sends.c.id == lost).values(state="uncertain", queue_at=None)
        )

    shell.inside(trouble)
    clock.advance(timedelta(minutes=6))
    result = shell("doctor", "--json")

    found = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert found["workers"]["verdict"] == "failed"  # something waits and nobody works
    for name in ("oldest due message", "uncertain messages", "expired leases"):
        assert (found[name]["verdict"], bool(found[name]["advice"])) == ("warning", True)


def test_the_doctor_examines_a_machine_whose_database_is_down(tmp_path: Path):
    environment = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c", "BURSAR_DATA_DIR": str(tmp_path)}
    keys = {"BURSAR_KEYS": "k1:" + "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
    result = in_environment("doctor", "--json", **environment, **keys)

    [database] = [check for check in json.loads(result.stdout)["checks"] if check["name"] == "database"]
    assert result.exit_code == 1
    assert database["verdict"] == "failed"


def _firm() -> tuple[str, ...]:
    return ("create", "a-firm", "--name", "A", "--country", "AE", "--currency", "AED", "--time-zone", "Asia/Dubai",
            "--locale", "en", "--owner-email", "a@b.example")  # fmt: skip
