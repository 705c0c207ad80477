"""How long the page of results takes over five million messages of two firms, four in five of them the larger one's.

A year of campaigns, notices, answers, payments and promises is written set by set, and counted by the jobs. Then comes
what the jobs have not seen: late openings, bounces, messages of this minute. The page is asked over HTTP by somebody
who is signed in, and the numbers behind it are compared with the naive ones, counted over every row. Ends with
"p95_ms".
"""

import argparse
import asyncio
import time
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from httpx2 import AsyncClient

from benchmarks.dashboard_rows import LATE, TABLES, WRITE, naive
from benchmarks.ground import Ground, run, say, settle_down
from bursar import app
from bursar.chasing.analytics import collecting
from bursar.chasing.analytics.overview import Results, results
from bursar.chasing.asking import Asked, Dimension
from bursar.core.clock import SystemClock
from bursar.house import House
from bursar.outbox import rollups
from bursar.tenancy.tenants import create_tenant
from bursar.web.app import create_web
from bursar.web.security import Site
from dev.serving import serving, until_closed
from tests.makers.outbox import a_template, a_version, an_account

ROUNDS = 100
YEAR = timedelta(days=365)
LARGER = 0.8
PASSWORD = "seven grey herons at noon"


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    # Ids come from the database's clock: ours must agree with it.
    async with Ground(SystemClock()) as house:
        begun = time.perf_counter()
        larger = await _firm(house, int(arguments.size * LARGER), "larger")
        smaller = await _firm(house, arguments.size - int(arguments.size * LARGER), "smaller")
        say(f"{arguments.size} messages of two firms written in {time.perf_counter() - begun:.0f} s")
        counting = await _count(house, larger, smaller)
        await _late(house, larger, min(500, arguments.size // 100))
        told = {
            name: await _compared(house, tenant)
            for name, tenant in (("larger", larger), ("smaller", smaller))
        }
        took = await _ask(house, "larger")
        again = await _again(house, larger)
        return {
            "size": arguments.size,
            **counting,
            "again_s": again,
            "storage_mb": await _storage(house),
            "naive_ms": told["larger"],
            "equal": True,
            "p50_ms": round(took[len(took) // 2], 1),
            "p95_ms": round(took[int(len(took) * 0.95) - 1], 1),
        }


async def _firm(house: House, size: int, slug: str) -> UUID:
    """By the owner, without our triggers: what is timed is reading, and the jobs."""
    firm = await create_tenant(
        house.office,
        slug=slug,
        name=slug.title(),
        country="AE",
        currency="AED",
        time_zone="Asia/Dubai",
        locale="en",
        owner_email=f"{slug}@example.com",
        owner_name="Rania",
        password=PASSWORD,
    )
    async with house.office.work(firm.id) as work:
        account = await an_account(work)
        template = await a_template(work)
        versions = [await a_version(work, one) for one in (template, await a_template(work))]
        now = work.now
    days = 365
    given = {
        "tenant": firm.id,
        "size": size,
        "a_day": max(1, size // days),
        "customers": max(10, size // 40),
        "start": (now - YEAR).replace(hour=0, minute=0, second=0, microsecond=0),
        "template": template,
        "account": account,
        "version": versions[0],
        "other_version": versions[1],
    }
    await asyncio.to_thread(_write, house, given)
    return firm.id


def _write(house: House, given: dict[str, Any]) -> None:
    engine = sa.create_engine(house.addresses.owner)
    with engine.begin() as db:
        db.execute(sa.text("set local synchronous_commit = off"))
        for table in TABLES:
            db.execute(sa.text(f"alter table {table} disable trigger user, no force row level security"))
        for statement in WRITE:
            db.execute(sa.text(statement), given)
            if statement.lstrip().startswith("create temporary table"):
                name = statement.split()[3]
                db.execute(sa.text(f"analyze {name}"))
        for table in TABLES:
            db.execute(sa.text(f"alter table {table} enable trigger user, force row level security"))
    engine.dispose()


async def _count(house: House, *tenants: UUID) -> dict[str, float]:
    """What the jobs take for a year that nobody has counted yet."""
    await asyncio.to_thread(settle_down, house)
    begun = time.perf_counter()
    for tenant in tenants:
        await rollups.catch_up(house.office, tenant)
    sends_s = time.perf_counter() - begun
    for tenant in tenants:
        await collecting.catch_up(house.office, tenant)
    money_s = time.perf_counter() - begun - sends_s
    await asyncio.to_thread(settle_down, house)
    say(f"counted anew: messages in {sends_s:.1f} s, money and promises in {money_s:.1f} s")
    return {"count_sends_s": round(sends_s, 1), "count_money_s": round(money_s, 1)}


async def _late(house: House, tenant: UUID, many: int) -> None:
    """Changes of old messages and new ones, after the jobs: `many` of each."""
    async with house.office.work(tenant) as work:
        for statement in LATE:
            await work.db.execute(sa.text(statement), {"tenant": tenant, "many": many})


async def _compared(house: House, tenant: UUID) -> float:
    """The page's numbers against every row; how many milliseconds the naive count of the messages takes."""
    async with house.office.work(tenant, read_only=True) as work:
        found = await results(work, Asked(), by=[Dimension.CAMPAIGN])
        begun = time.perf_counter()
        counted = await naive(work, found.first, found.last)
        took = (time.perf_counter() - begun) * 1000
    ours = _told(found)
    if ours != counted:
        differing = {
            key: (ours.get(key), counted.get(key))
            for key in {*ours, *counted}
            if ours.get(key) != counted.get(key)
        }
        raise AssertionError(f"not equal: {dict(list(differing.items())[:10])}")
    say(f"{len(ours)} numbers equal the naive ones, which took {took:.0f} ms")
    return round(took, 1)


def _told(found: Results) -> dict[tuple[Any, ...], int]:
    """Every number of the page that is not nothing."""
    told: dict[tuple[Any, ...], int] = {}
    for outcome, many in found.counts.outcomes.items():
        told["outcome", str(outcome)] = many
    for figure, many in found.counts.figures.items():
        told["figure", str(figure)] = many
    for part in found.periods:
        told["week", part.id] = part.counts.ordered
    for currency, sums in found.collected.items():
        for days, amount in zip(found.windows, sums.within, strict=True):
            told["money", currency, days] = amount.minor
    told |= {("promises", "kept"): found.promised.kept, ("promises", "broken"): found.promised.broken}
    return {key: many for key, many in told.items() if many}


async def _ask(house: House, slug: str) -> list[float]:
    """Milliseconds of each request of the page, in order of their size; the first few are not counted."""
    own = app.build(house.settings, addresses=house.addresses, keyring=house.office.keyring)
    web = create_web(own, Site(base_url="http://127.0.0.1"))
    web.router.lifespan_context = partial(until_closed, own)
    took = []
    with serving(web) as address:
        async with AsyncClient(base_url=address, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
            typed = {"email": f"{slug}@example.com", "password": PASSWORD}
            answer = await browser.post("/sign-in", data=typed)
            if answer.status_code != 303:
                raise AssertionError(f"sign-in: {answer.status_code}")
            for number in range(ROUNDS + 5):
                begun = time.perf_counter()
                answer = await browser.get("/results")
                if number >= 5:
                    took.append((time.perf_counter() - begun) * 1000)
                if answer.status_code != 200 or "<canvas" not in answer.text:
                    raise AssertionError(f"/results: {answer.status_code}")
    took.sort()
    say(
        f"/results over HTTP: p50 {took[len(took) // 2]:.1f} ms, p95 {took[int(len(took) * 0.95) - 1]:.1f} ms"
    )
    return took


async def _again(house: House, tenant: UUID) -> float:
    """What the next run of the job takes, for what changed since."""
    begun = time.perf_counter()
    await rollups.catch_up(house.office, tenant)
    return round(time.perf_counter() - begun, 2)


async def _storage(house: House) -> dict[str, float]:
    engine = sa.create_engine(house.addresses.owner)
    with engine.connect() as db:
        sizes = {
            table: db.scalar(
                sa.text("select pg_total_relation_size(cast(:name as regclass))"), {"name": table}
            )
            for table in ("sends", "send_rollups", "collection_rollups", "promise_sends", "send_changes")
        }
    engine.dispose()
    return {name: round((size or 0) / 1e6, 1) for name, size in sizes.items()}


if __name__ == "__main__":
    run(main, size=5_000_000)
