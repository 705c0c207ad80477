"""`bursar doctor`: is everything as it should be, and if not, what to do about it."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import typer

from bursar.cli import running
from bursar.cli.building import Building
from bursar.cli.options import AsJson
from bursar.cli.output import Answer, in_words, moment, table
from bursar.core import health
from bursar.core.errors import Refusal
from bursar.core.settings import Settings
from bursar.house import House
from bursar.outbox.health import Queues, queues

FEWEST_MONTHS_AHEAD = 3
MOST_SKEW = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=5)
LEAST_DISK_BYTES = 1 << 30


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice` says what to do; empty where all is well."""

    name: str
    verdict: Verdict
    detail: str
    advice: str = ""


def doctor(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """Look at database, keys, queues, workers and disk, and say what to do. Exit status 1 if something is broken."""
    building: Building = ctx.obj

    def act() -> Answer | None:
        settings = running.settings_of(building)
        return running.in_loop(_examined(building, settings))

    running.finish(act, as_json=as_json)


async def _examined(building: Building, settings: Settings) -> Answer:
    findings = list(_machine(settings))
    try:
        async with running.house_of(building) as house:
            findings += await _database(house)
    except Refusal as refusal:
        findings.append(
            Finding("database", Verdict.FAILED, in_words(refusal), "Nothing works before this does.")
        )
    return _answer(findings)


def _machine(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    full = free < LEAST_DISK_BYTES
    yield Finding(
        "disk",
        Verdict.FAILED if full else Verdict.OK,
        f"{free // (1 << 20):,} MB free at {folder.resolve()}",
        "Make room: a full disk stops the database." if full else "",
    )
    where = "BURSAR_KEYS" if settings.keys else str(settings.data_dir / "keys")
    yield Finding(
        "keys", Verdict.OK, f"from {where}", "" if settings.keys else "Keep a copy of this file elsewhere."
    )


async def _database(house: House) -> list[Finding]:
    now = house.office.clock.now()
    facts = await health.facts(house.office)
    stand = await queues(house.office)
    return [
        Finding(
            "database", Verdict.OK, f"PostgreSQL {facts.server}, {facts.bytes // (1 << 20):,} MB, bursar_app"
        ),
        _clock(now, facts),
        _partitions(now, facts),
        _workers(facts, stand),
        _failed_jobs(facts),
        *_outbox(stand, now),
    ]


def _clock(now: datetime, facts: health.Facts) -> Finding:
    skew = abs(now - facts.clock)
    off = skew > MOST_SKEW
    detail = f"this machine and the database differ by {skew.total_seconds():.1f} s"
    return Finding("clock", Verdict.WARNING if off else Verdict.OK, detail, "Set both by NTP." if off else "")


def _partitions(now: datetime, facts: health.Facts) -> Finding:
    last = facts.last_month or "000000"
    ahead = (int(last[:4]) - now.year) * 12 + int(last[4:]) - now.month
    if ahead >= FEWEST_MONTHS_AHEAD:
        return Finding("partitions", Verdict.OK, f"{ahead} months ahead")
    verdict = Verdict.WARNING if ahead >= 1 else Verdict.FAILED
    return Finding(
        "partitions", verdict, f"{max(ahead, 0)} months ahead", "Run a worker: it makes them each night."
    )


def _workers(facts: health.Facts, stand: Queues) -> Finding:
    if facts.workers:
        return Finding("workers", Verdict.OK, f"{facts.workers} alive")
    waiting = stand.oldest_due is not None or facts.waiting is not None
    verdict = Verdict.FAILED if waiting else Verdict.WARNING
    return Finding("workers", verdict, "none alive", "Start one: bursar worker")


def _failed_jobs(facts: health.Facts) -> Finding:
    if not facts.failed:
        return Finding("jobs", Verdict.OK, "none failed")
    return Finding(
        "jobs", Verdict.WARNING, f"{facts.failed} failed", "Their reasons stand in the worker's log."
    )


def _outbox(stand: Queues, now: datetime) -> Iterator[Finding]:
    late = stand.oldest_due is not None and now - stand.oldest_due > LONGEST_WAIT
    yield Finding(
        "oldest due message",
        Verdict.WARNING if late else Verdict.OK,
        moment(stand.oldest_due) if stand.oldest_due else "nothing waits",
        "Look at the worker's log, or start another one." if late else "",
    )
    yield _counted(
        "uncertain messages",
        stand.uncertain,
        "Say what became of each in the staff app: nobody else can know.",
    )
    yield _counted("expired leases", stand.expired_leases, "A worker died. Any running worker sweeps them.")
    yield _counted("accounts to reconnect", stand.accounts_to_reconnect, "Their owners must sign in again.")
    yield _counted(
        "mailboxes not read", stand.mailboxes_unread, "Answers may lie there unseen: see each account's page."
    )


def _counted(name: str, many: int, advice: str) -> Finding:
    return Finding(name, Verdict.WARNING if many else Verdict.OK, str(many), advice if many else "")


def _answer(findings: list[Finding]) -> Answer:
    failed = any(one.verdict is Verdict.FAILED for one in findings)
    data = {"ok": not failed, "checks": [asdict(one) for one in findings]}
    shown = table("", "verdict", "", "what to do", rows=())
    for one in findings:
        shown.add_row(one.name, f"[{COLOURS[one.verdict]}]{one.verdict}[/]", one.detail, one.advice)
    return Answer(data, (shown,), failed=failed)
