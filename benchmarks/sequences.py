"""How fast a day of a sequence is made over N open invoices of N/5 customers: staged, reviewable, durable.

A firm that has lived with its ladder: invoices are due from ten days ahead to sixty days back, and each was told of
as it should be until four days ago, when the worker stopped. Most customers have something due; some are promised,
contested, excluded or unsubscribed.

The bare limit writes the same rows, slice by slice, into the same tables by hand-written SQL under the same role,
policies, keys and triggers; it knows beforehand who is in. Both texts are printed; rows and rungs are compared.
"""

import argparse
import time
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.ground import NOW, TENANT, Ground, a_mailbox, heard, run, say, settle_down
from benchmarks.sequence_world import KEPT, PAST, WORLD
from bursar.chasing.sequences import staging
from bursar.chasing.sequences.ladders import DEFAULT_LADDER
from bursar.chasing.sequences.sequences import SequencePlan, activate, create_sequence
from bursar.core.work import Work
from bursar.house import House
from tests.makers import story

ON_DATE = NOW.date() + timedelta(days=1)
OFFSETS = [touch.offset_days for touch in DEFAULT_LADDER]
EACH = 5
"""Open invoices of a customer."""

BARE = (
    """
    insert into sends (tenant_id, id, customer_id, purpose, stream, touch_key, run_id, channel, to_address, address_key,
                       to_name, locale, template_version_id, reviewed, sending_account_id, priority, queue_at, state)
    select tenant_id, id, customer_id, purpose, stream, touch_key || '/bare', :run, channel, to_address, address_key,
           to_name, locale, template_version_id, reviewed, sending_account_id, priority, queue_at, state
      from kept_sends where customer_id > :after and customer_id <= :up_to
    """,
    """
    insert into send_subjects (tenant_id, send_id, customer_id, subject_type, subject_id, touch)
    select tenant_id, send_id, customer_id, subject_type, subject_id, touch
      from kept_subjects where customer_id > :after and customer_id <= :up_to
    """,
    """
    insert into sequence_exclusions (tenant_id, run_id, invoice_id, customer_id, offset_days, reason)
    select tenant_id, :run, invoice_id, customer_id, offset_days, reason
      from kept_exclusions where customer_id > :after and customer_id <= :up_to
    """,
    """
    insert into events (tenant_id, entity_id, type, customer_id, entity_type, actor_type, changes, payload)
    select c.tenant_id, c.id, 'chase.touch', c.customer_id, 'chase', 'system', '{}', '{"number": 1}'
      from chases c join kept_chases k on k.customer_id = c.customer_id
     where c.tenant_id = :t and k.touched and k.customer_id > :after and k.customer_id <= :up_to
    """,
    """
    update chases c set touch_number = k.touch_number, last_touch_on = k.last_touch_on, next_touch_on = k.next_touch_on
      from kept_chases k
     where c.tenant_id = :t and c.customer_id = k.customer_id
       and k.customer_id > :after and k.customer_id <= :up_to
    """,
)
SEEN = sa.text(
    """
    select (select count(*) from sends s where s.tenant_id = :t and s.run_id = :run),
           (select count(distinct customer_id) from sends s where s.tenant_id = :t and s.run_id = :run),
           (select count(*) from send_subjects b join sends s on s.tenant_id = b.tenant_id and s.id = b.send_id
             where s.tenant_id = :t and s.run_id = :run),
           (select count(*) from send_subjects b join sends s on s.tenant_id = b.tenant_id and s.id = b.send_id
             where s.tenant_id = :t and s.run_id = :run and b.touch is not null),
           (select count(*) from sequence_exclusions where tenant_id = :t and run_id = :run),
           (select count(*) from chases where tenant_id = :t and last_touch_on = :on_date),
           (select count(*) from events where tenant_id = :t and type = 'chase.touch')
    """
)
"""Messages, customers, invoices named, rungs, who is out, chases and their events."""

RIGHT = sa.text(
    """
    with facts as (
        select i.id, i.customer_id, c.external_code,
               max(o.off) filter (where i.due_date + o.off <= :on_date) as reached,
               coalesce((select max(cast(b.touch as integer)) from send_subjects b
                           join sends s on s.tenant_id = :t and s.id = b.send_id
                          where b.tenant_id = :t and b.subject_type = 'invoice' and b.subject_id = i.id
                            and b.dropped_at is null and s.run_id <> :run), -999) as told,
               exists (select from promises p where p.tenant_id = :t and p.invoice_id = i.id)
                   or exists (select from disputes d where d.tenant_id = :t and d.invoice_id = i.id)
                   or hashtext(c.external_code) % 100 in (3, 4) as quiet
          from invoices i join customers c on c.tenant_id = :t and c.id = i.customer_id
          cross join unnest(cast(:offsets as integer[])) o(off)
         where i.tenant_id = :t group by i.id, i.customer_id, c.external_code
    ), due as (select *, reached > told as is_due from facts)
    select count(distinct customer_id) filter (where is_due and not quiet),
           count(*) filter (where is_due and not quiet),
           count(*) filter (where is_due and quiet)
      from due
    """
)
"""Asked apart, in one statement of its own: messages, rungs, who is out."""


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    customers = max(1, arguments.size // EACH)
    async with Ground() as house:
        ours_in, ours_by = await _a_firm(house, "ours", customers)
        bare_in, bare_by = await _a_firm(house, "bare", customers)
        settle_down(house)
        with heard(house) as statements:
            seconds, run_id = await _ours(house, ours_in, ours_by)
        texts = list(dict.fromkeys(statements))
        say("OURS\n" + ";\n".join(texts) + "\n\nBARE\n" + ";\n".join(text.strip() for text in BARE))
        seen = await _seen(house, ours_in, run_id)
        await _check(house, ours_in, run_id, seen)
        _keep(house, ours_in, bare_in, run_id, bare_by)
        limit, same = await _bare(house, bare_in, bare_by)
        if seen != same:
            raise AssertionError(f"ours wrote {seen}, the limit {same}")
    say(f"{seen[0]:,} messages about {seen[2]:,} invoices: ours {seconds:,.2f} s, bare {limit:,.2f} s")
    return {
        "size": arguments.size,
        "seconds": round(seconds, 3),
        "per_second": round(arguments.size / seconds),
        "messages": seen[0],
        "limit_ratio": round(seconds / limit, 2),
    }


async def _a_firm(house: House, slug: str, customers: int) -> tuple[UUID, UUID]:
    """A tenant with its sequence, switched on, and what it said before."""
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"{slug}-{tenant_id.hex[:8]}"})
    await a_mailbox(house, tenant_id, "127.0.0.1", 25)
    async with house.office.work(tenant_id) as work:
        await story.the_library(work)
        sequence_id = await create_sequence(work, SequencePlan("Reminders", DEFAULT_LADDER))
        await activate(work, sequence_id)
    values = {
        "t": tenant_id,
        "customers": customers,
        "today": NOW.date(),
        "now": NOW,
        "run": uuid4(),
        "sequence": sequence_id,
        "offsets": OFFSETS,
    }
    _as_owner(house, (*WORLD, *PAST), values)
    return tenant_id, sequence_id


async def _ours(house: House, tenant_id: UUID, sequence_id: UUID) -> tuple[float, UUID]:
    """From the first slice to the commit of the last."""
    started = time.perf_counter()
    run_id = await staging.stage(house.office, tenant_id, sequence_id, ON_DATE)
    seconds = time.perf_counter() - started
    assert run_id is not None
    return seconds, run_id


async def _check(house: House, tenant_id: UUID, run_id: UUID, seen: tuple[Any, ...]) -> None:
    """Against the one slow statement that says who hears of what."""
    named = {"t": tenant_id, "run": run_id, "on_date": ON_DATE, "offsets": OFFSETS}
    engine = sa.create_engine(house.addresses.owner)
    with engine.connect() as db:
        right = tuple(db.execute(RIGHT, named).one())
    engine.dispose()
    if (seen[0], seen[3], seen[4]) != right or seen[0] != seen[1]:
        raise AssertionError(f"wrote {seen}, should be {right}")


def _keep(house: House, ours: UUID, bare: UUID, run_id: UUID, sequence_id: UUID) -> None:
    """What ours wrote, as rows of the other firm: the limit only has to write them."""
    values = {"a": ours, "b": bare, "of": run_id, "sequence": sequence_id, "on_date": ON_DATE}
    _as_owner(house, KEPT, values)
    settle_down(house)


async def _bare(house: House, tenant_id: UUID, sequence_id: UUID) -> tuple[float, tuple[Any, ...]]:
    run_id, day = uuid4(), {"d": ON_DATE}
    ends = await _slices(house, tenant_id)
    started = time.perf_counter()
    async with house.office.work(tenant_id) as work:
        await _run(
            work,
            "insert into runs (tenant_id, id, purpose, state) values (:t, :run, 'chase', 'held')",
            run_id,
        )
        day |= {"t": tenant_id, "s": sequence_id, "run": run_id}
        listed = """
            insert into sequence_runs (tenant_id, sequence_id, run_id, sending_account_id, on_date)
            select :t, :s, :run, id, :d from sending_accounts where tenant_id = :t
        """
        await work.db.execute(sa.text(listed), day)
    after = UUID(int=0)
    for up_to in ends:
        async with house.office.work(tenant_id) as work:
            for text in BARE:
                await _run(work, text, run_id, after=after, up_to=up_to)
        after = up_to
    seconds = time.perf_counter() - started
    return seconds, await _seen(house, tenant_id, run_id)


async def _slices(house: House, tenant_id: UUID) -> list[UUID]:
    text = "select id from customers where tenant_id = :t order by id"
    async with house.office.work(tenant_id) as work:
        ids = list(await work.db.scalars(sa.text(text), {"t": tenant_id}))
    return [*ids[staging.SLICE - 1 :: staging.SLICE], ids[-1]]


async def _run(work: Work, text: str, run_id: UUID, **given: Any) -> None:
    statement = sa.text(text)
    values = {"t": work.tenant_id, "run": run_id, **given}
    await work.db.execute(statement, {name: values[name] for name in statement.compile().params})


async def _seen(house: House, tenant_id: UUID, run_id: UUID) -> tuple[Any, ...]:
    async with house.office.work(tenant_id) as work:
        named = {"t": tenant_id, "run": run_id, "on_date": ON_DATE}
        return tuple((await work.db.execute(SEEN, named)).one())


def _as_owner(house: House, texts: tuple[str, ...], values: dict[str, Any]) -> None:
    """Without triggers and timeouts: nobody measures how the ground is made."""
    engine = sa.create_engine(house.addresses.owner)
    with engine.begin() as db:
        for setting in (
            "session_replication_role = replica",
            "transaction_timeout = 0",
            "statement_timeout = 0",
        ):
            db.execute(sa.text(f"set local {setting}"))
        for text in texts:
            statement = sa.text(text)
            db.execute(statement, {name: values[name] for name in statement.compile().params})
    engine.dispose()


if __name__ == "__main__":
    run(main, size=10_000)
