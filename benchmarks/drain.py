"""How fast one worker drains personal, multipart, tracked mails into a sink, claims committed first.

The bare limit (`bare_drain`) writes the same rows into the same tables by hand and sends letters made beforehand.
What lies between is ours: reading facts, composing, and whatever we do more clumsily. The sink's own speed, with no
database at all, stands beside it.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx2
import sqlalchemy as sa

from benchmarks.bare_drain import BATCH, CONNECTIONS, TEXTS, BareDrain
from benchmarks.ground import Ground, a_firm, a_mailbox, heard, run, say
from bursar.chasing.campaigns import CampaignPlan, create_campaign, send_now
from bursar.chasing.states import CampaignKind
from bursar.core.upkeep import take_statistics
from bursar.house import House
from bursar.outbox.ports import Letter, Sender
from bursar.outbox.pump import Pump
from bursar.outbox.tables import account_usage, attempts, claims, contact_days, sends
from bursar.worker.main import calm_collector


@asynccontextmanager
async def a_sink() -> AsyncIterator[dict[str, Any]]:
    """The minimal sink in a process of its own: host, port, and where it can be asked what it counted."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bursar.sandbox.smtp", "--minimal", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    async with Ground() as house:
        if arguments.smtp:
            host, port = arguments.smtp.rsplit(":", 1)
            return await drain(house, arguments, host, int(port), None)
        async with a_sink() as sink:
            return await drain(house, arguments, sink["host"], sink["port"], sink["control_port"])


async def drain(
    house: House, arguments: argparse.Namespace, host: str, port: int, control: int | None
) -> dict[str, Any]:
    size, invoices = arguments.size, arguments.invoices
    tenant_id = await a_firm(house, size, invoices)
    await a_mailbox(house, tenant_id, host, port)
    await _release(house, tenant_id)
    with heard(house) as texts:
        seconds = await _pump(house, arguments.lanes)
    # Before the limit's own letters are made.
    megabytes = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    ours = await _rows(house, tenant_id)
    told = await _told(control)
    say("the sink counted", told)
    message = _message(told["octets"] // told["messages"] if told else 4_500)

    other = await a_firm(house, size, invoices)
    account_id = await a_mailbox(house, other, host, port)
    await _release(house, other)
    await take_statistics(house.office, ["sends", "send_subjects"])
    settings = {"host": host, "port": port, "tls": "none", "connections": CONNECTIONS}
    sender = house.senders("smtp", settings, None)
    limit = await BareDrain(house, other, account_id, sender, message).run(like=tenant_id)
    theirs = await _rows(house, other)
    wire = await _wire(sender, message, size)
    await sender.close()

    assert ours == theirs, (ours, theirs)
    assert ours["sends"] == {"sent": size}, ours
    say("both left", ours)
    say("OURS\n" + ";\n".join(dict.fromkeys(texts)) + "\n\nBY HAND\n" + ";\n".join(TEXTS))
    for name, took in (("ours", seconds), ("by hand", limit), ("no database", wire)):
        say(f"{name}: {size:,} messages of {invoices} invoice(s) in {took:.2f} s: {size / took:,.0f}/s")
    return {
        "size": size,
        "invoices": invoices,
        "seconds": round(seconds, 3),
        "per_second": round(size / seconds),
        "limit_per_second": round(size / limit),
        "limit_ratio": round(seconds / limit, 2),
        "wire_per_second": round(size / wire),
        "megabytes": megabytes,
    }


async def _release(house: House, tenant_id: UUID) -> None:
    async with house.office.work(tenant_id) as work:
        plan = CampaignPlan("Drain", CampaignKind.OVERDUE_NOTICE, {})
        await send_now(work, await create_campaign(work, plan), any_hour=True)


async def _pump(house: House, lanes: int) -> float:
    pump = Pump(house.office, house.letters, house.composers, house.senders, house.files, lanes=lanes)
    calm_collector()
    started, cpu = time.perf_counter(), time.process_time()
    await take_statistics(house.office, ["sends", "send_subjects"])  # the job that the freeze has deferred
    await pump.run_until_idle()
    seconds = time.perf_counter() - started
    say(f"of {seconds:.2f} s the worker itself computed {time.process_time() - cpu:.2f} s")
    return seconds


async def _rows(house: House, tenant_id: UUID) -> dict[str, Any]:
    """What a drain leaves of one tenant: rows by state, and the sums that must agree with them."""
    async with house.office.work(tenant_id, read_only=True) as work:
        states = await work.db.execute(
            sa.select(sends.c.state, sa.func.count())
            .where(sends.c.tenant_id == tenant_id)
            .group_by(sends.c.state)
        )
        rows: dict[str, Any] = {"sends": {row[0]: row[1] for row in states}}
        for table in (attempts, contact_days):
            mine = table.c.tenant_id == tenant_id
            rows[table.name] = await work.db.scalar(sa.select(sa.func.count()).where(mine))
        used = sa.func.sum(account_usage.c.accepted)
        rows["used"] = await work.db.scalar(sa.select(used).where(account_usage.c.tenant_id == tenant_id))
        held = sa.select(sa.func.sum(claims.c.room)).where(
            claims.c.tenant_id == tenant_id, claims.c.settled_at.is_not(None)
        )
        rows["claimed and settled"] = await work.db.scalar(held)
    return rows


async def _told(control: int | None) -> dict[str, Any]:
    """What our own sink counted; nothing is known of another."""
    if control is None:
        return {}
    async with httpx2.AsyncClient() as client:
        return (await client.get(f"http://127.0.0.1:{control}/stats")).json()


def _message(octets: int) -> bytes:
    """As many bytes as one of ours."""
    head = (
        b"From: billing@working-title.example\r\nTo: c@example.com\r\nMessage-ID: <%s@bare.example>\r\n\r\n"
    )
    head %= uuid4().hex.encode()
    lines, rest = divmod(octets - len(head), 78)
    return head + (b"x" * 76 + b"\r\n") * lines + b"x" * rest + b"\r\n"


async def _wire(sender: Sender, message: bytes, size: int) -> float:
    """The sink's own speed, over the same connections."""
    letters = [
        Letter(uuid4(), "billing@working-title.example", f"c{nth}@example.com", message)
        for nth in range(size)
    ]
    started = time.perf_counter()
    for first in range(0, size, BATCH):
        await sender.deliver(letters[first : first + BATCH])
    return time.perf_counter() - started


if __name__ == "__main__":
    run(
        main,
        size=10_000,
        invoices={"type": int, "default": 1, "help": "open invoices of each customer"},
        lanes={"type": int, "default": 3, "help": "batches in hand at a time"},
    )
