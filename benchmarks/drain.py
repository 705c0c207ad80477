"""How fast one worker drains personal, multipart, tracked mails into a sink, claims committed first.

The bare limit is the sink's: the same messages, built beforehand, handed over the same connections with no
database at all. What lies between is ours: claiming, composing, writing, settling.
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

from benchmarks.ground import Ground, a_firm, a_mailbox, run, say
from bursar.chasing.campaigns import CampaignPlan, create_campaign, send_now
from bursar.chasing.states import CampaignKind
from bursar.core.upkeep import take_statistics
from bursar.house import House
from bursar.outbox.ports import Letter
from bursar.outbox.pump import Pump
from bursar.outbox.tables import sends
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
    tenant_id = await a_firm(house, arguments.size, arguments.invoices)
    await a_mailbox(house, tenant_id, host, port)
    await _release(house, tenant_id)
    seconds = await _pump(house, arguments.lanes)
    megabytes = round(
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    )  # before the limit's own letters
    await _check(house, tenant_id, arguments.size, control)
    limit = await _limit(house, host, port, arguments.size)
    say(
        f"{arguments.size:,} messages of {arguments.invoices} invoice(s) in {seconds:.2f} s: "
        f"{arguments.size / seconds:,.0f}/s"
    )
    say(f"bare: the same bytes over the same connections in {limit:.2f} s: {arguments.size / limit:,.0f}/s")
    return {
        "size": arguments.size,
        "invoices": arguments.invoices,
        "seconds": round(seconds, 3),
        "per_second": round(arguments.size / seconds),
        "limit_ratio": round(seconds / limit, 2),
        "megabytes": megabytes,
    }


async def _release(house: House, tenant_id: UUID) -> None:
    async with house.office.work(tenant_id) as work:
        plan = CampaignPlan("Drain", CampaignKind.OVERDUE_NOTICE, {})
        await send_now(work, await create_campaign(work, plan), any_hour=True)


async def _pump(house: House, lanes: int) -> float:
    pump = Pump(house.office, house.letters, house.composers, house.senders, lanes=lanes)
    calm_collector()
    started, cpu = time.perf_counter(), time.process_time()
    await take_statistics(house.office, ["sends", "send_subjects"])  # the job that the freeze has deferred
    await pump.run_until_idle()
    seconds = time.perf_counter() - started
    say(f"of {seconds:.2f} s the worker itself computed {time.process_time() - cpu:.2f} s")
    return seconds


async def _check(house: House, tenant_id: UUID, size: int, control: int | None) -> None:
    async with house.office.work(tenant_id) as work:
        rows = await work.db.execute(
            sa.select(sends.c.state, sa.func.count())
            .where(sends.c.tenant_id == tenant_id)
            .group_by(sends.c.state)
        )
        states = {row[0]: row[1] for row in rows}
    assert states == {"sent": size}, states
    if control is not None:
        async with httpx2.AsyncClient() as client:
            stats = (await client.get(f"http://127.0.0.1:{control}/stats")).json()
        say("the sink counted", stats)


async def _limit(house: House, host: str, port: int, size: int) -> float:
    """The sink's own speed: as many messages of the same size, ready made, over as many connections."""
    message = (
        b"From: billing@working-title.example\r\nTo: c@example.com\r\nMessage-ID: <%s@working-title.example>\r\n\r\n"
        + b"x" * 70
        + b"\r\n"
    )
    body = (b"x" * 76 + b"\r\n") * 75
    letters = [
        Letter(
            uuid4(),
            "billing@working-title.example",
            f"c{n}@example.com",
            message % uuid4().hex.encode() + body,
        )
        for n in range(size)
    ]
    sender = house.senders("smtp", {"host": host, "port": port, "tls": "none", "connections": 8}, None)
    started = time.perf_counter()
    for first in range(0, size, 200):
        await sender.deliver(letters[first : first + 200])
    seconds = time.perf_counter() - started
    await sender.close()
    return seconds


if __name__ == "__main__":
    run(
        main,
        size=10_000,
        invoices={"type": int, "default": 1, "help": "open invoices of each customer"},
        lanes={"type": int, "default": 3, "help": "batches in hand at a time"},
    )
