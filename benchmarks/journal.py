"""How long a page of the journal takes over a million events, by each of its filters, however rare what it asks for.

The events lie over ten months, the rare ones among the oldest: there a walk through the newest would be the longest.
`--plans` prints the plan of each statement.
"""

import argparse
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy import event

from benchmarks.ground import TENANT, Ground, run, say, settle_down
from bursar.core.journal import Page, Wanted, find
from bursar.core.kinds import ActorType
from bursar.core.registry import REGISTRY
from bursar.core.tables import events
from bursar.core.work import Work
from bursar.house import House

ROUNDS = 30
LIMIT = 50

# Nine in ten by jobs, one in ten by one busy agent; a few by another agent, by customers, and of seldom types.
WRITE = """
    insert into events (tenant_id, id, entity_type, entity_id, type, customer_id, actor_type, actor_id, changes)
    select :tenant, uuidv7(make_interval(secs => n * 26)),
           split_part(t.type, '.', 1), lpad(to_hex(n / 5), 32, '0')::uuid, t.type,
           lpad(to_hex(n % 5000), 32, 'c')::uuid,
           case when n % 10 = 0 then 'agent' when n between 200 and 260 then 'customer' else 'system' end,
           case when n % 10 = 0 then case when n < 400 then cast(:seldom as uuid) else cast(:busy as uuid) end end,
           '{"before": {"state": "draft"}, "after": {"state": "issued"}}'
      from generate_series(1, cast(:size as int)) n,
           lateral (select case when n between 500 and 520 then 'template.publish'
                                else (array['invoice.draft', 'invoice.issue', 'payment.received', 'invoice.settle',
                                            'invoice.allocate', 'customer.edit'])[1 + n % 6] end as type) t
"""


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    told: dict[str, Any] = {"size": arguments.size}
    async with Ground() as house:
        begun = time.perf_counter()
        tenant, people = await _write(house, arguments.size)
        say(f"{arguments.size} events written in {time.perf_counter() - begun:.0f} s")
        for name, ask in (await _questions(house, tenant, people)).items():
            told[name] = await _timed(house, tenant, name, ask, plans=arguments.plans)
    return told


async def _write(house: House, size: int) -> tuple[UUID, dict[str, UUID]]:
    """By the owner, without triggers: what is timed is reading."""
    tenant, people = uuid4(), {"busy": uuid4(), "seldom": uuid4()}
    async with house.office.new_tenant_work(tenant) as work:
        await work.db.execute(TENANT, {"t": tenant, "slug": f"b-{tenant.hex[:8]}"})
    engine = sa.create_engine(house.addresses.owner)
    with engine.begin() as db:
        db.execute(sa.text("alter table events disable trigger user, no force row level security"))
        db.execute(sa.text(WRITE), {"tenant": tenant, "size": size, **people})
        db.execute(sa.text("alter table events enable trigger user, force row level security"))
    engine.dispose()
    settle_down(house)
    return tenant, people


Ask = Callable[[Work], Awaitable[Page]]


async def _questions(house: House, tenant: UUID, people: dict[str, UUID]) -> dict[str, Ask]:
    async with house.office.work(tenant) as work:
        oldest = sa.select(events.c.id).where(events.c.tenant_id == tenant).order_by(events.c.id).limit(1)
        at = sa.select(sa.func.uuid_extract_timestamp(oldest.scalar_subquery()))
        first: datetime = (await work.db.scalars(at)).one()
        middle = (await find(work, Wanted(until=first + timedelta(days=150)), limit=1)).entries[0]

    def asked(*, before: UUID | None = None, **given: Any) -> Ask:
        return lambda work: find(work, Wanted(**given), before=before, limit=LIMIT)

    def of(*nouns: str) -> list[str]:
        return [name for name in REGISTRY if name.partition(".")[0] in nouns]

    month: dict[str, Any] = {"since": first + timedelta(days=30), "until": first + timedelta(days=60)}
    return {
        "newest": asked(),
        "in_the_middle": asked(before=middle.id),
        "period": asked(**month),
        "common_type": asked(types=["invoice.issue"]),
        "rare_type": asked(types=["template.publish"]),
        "type_that_never_was": asked(types=["dispute.open"]),
        "common_kind": asked(types=of("invoice")),
        "rare_kind": asked(types=of("template")),
        "kind_that_never_was": asked(types=of("sending_account")),
        "kind_in_a_period": asked(types=of("invoice"), **month),
        "rare_kind_in_a_period": asked(types=of("template"), **month),
        "by_the_system": asked(actor_type=ActorType.SYSTEM),
        "by_agents": asked(actor_type=ActorType.AGENT),
        "by_customers": asked(actor_type=ActorType.CUSTOMER),
        "busy_agent": asked(actor_id=people["busy"]),
        "seldom_agent": asked(actor_id=people["seldom"]),
        "agent_that_never_was": asked(actor_id=uuid4()),
        "seldom_agent_and_kind": asked(actor_id=people["seldom"], types=of("invoice")),
        "busy_agent_and_rare_kind": asked(actor_id=people["busy"], types=of("template")),
        "customers_and_rare_kind": asked(actor_type=ActorType.CUSTOMER, types=of("template")),
        "a_thing_of_any_kind": asked(entity_id=middle.entity_id),
        "one_thing": asked(entity_type=middle.entity_type, entity_id=middle.entity_id),
        "one_customer": asked(customer_id=middle.customer_id),
        "one_customer_and_rare_kind": asked(customer_id=middle.customer_id, types=of("template")),
    }


async def _timed(house: House, tenant: UUID, name: str, ask: Ask, *, plans: bool) -> float:
    """The 95th percentile in milliseconds, in a Work that is open already."""
    took: list[float] = []
    async with house.office.work(tenant, read_only=True) as work:
        if plans:
            await _plan(work, name, ask)
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            await ask(work)
            took.append(time.perf_counter() - begun)
    took.sort()
    p95 = round(1000 * took[int(0.95 * (ROUNDS - 1))], 1)
    say(f"{name:28} p95 {p95:7.1f} ms, median {1000 * took[ROUNDS // 2]:7.1f} ms")
    return p95


async def _plan(work: Work, name: str, ask: Ask) -> None:
    said: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, given: Any, *___: Any) -> None:
        said.append((statement, given))

    engine = work.db.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    await ask(work)
    event.remove(engine, "before_cursor_execute", note)
    statement, given = next(each for each in said if "FROM events" in each[0])
    rows = await work.db.exec_driver_sql(f"explain (analyze, buffers, costs off) {statement}", given)
    say("\n".join([f"--- {name}", *(row[0] for row in rows)]))


if __name__ == "__main__":
    run(main, size=1_000_000, plans={"action": "store_true", "help": "print each statement's plan"})
