"""A quarter in two firms, day by day: what their clocks make them do, what their customers do, and what was written."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by

from bursar.billing import tending
from bursar.billing.imported import ImportedInvoice, add_imported
from bursar.billing.notices import ordering
from bursar.billing.tables import invoices
from bursar.chasing.sequences import releasing, sparing, staging
from bursar.core.clock import FixedClock
from bursar.core.money import Money
from bursar.core.work import SYSTEM, Record, Work
from bursar.outbox.tables import incoming_messages, send_subjects, sends, template_versions, templates
from bursar.tenancy.tables import customers
from tests.makers.sequences import AGENT
from tests.makers.story import Story
from tests.makers.tenancy import a_customer

Act = Callable[[Work], Awaitable[Any]]

HOURS = (time(5), time(6), time(7), time(8))
"""UTC, at which lists go and letters leave: nine in Dubai, and nine in Tel Aviv before and after its clocks change."""

PEOPLE_ACT, LOOKED_AGAIN, NIGHT = time(10), time(12), time(23, 30)


@dataclass
class Firm:
    """One tenant of the quarter; `acts` are what people do, by day."""

    story: Story
    tenant_id: UUID
    zone: ZoneInfo
    currency: str
    acts: dict[date, list[Act]] = field(default_factory=dict)

    def on(self, day: date, act: Act) -> None:
        self.acts.setdefault(day, []).append(act)

    def work(self, actor: Any = AGENT) -> Any:
        return self.story.house.office.work(self.tenant_id, actor=actor)


async def owing(work: Work, currency: str, name: str, owed: Mapping[str, date], **given: Any) -> UUID:
    """A customer with imported invoices of 100, by number and due date."""
    row = {"company_name": name, "email": f"{name.lower()}@example.com", **given}
    customer = await a_customer(work, **row)
    total = Money(100_00, currency)
    rows = [
        ImportedInvoice(number, customer, total, total, work.today - timedelta(days=1), due)
        for number, due in owed.items()
    ]
    assert all(answer.id for answer in await add_imported(work, "sheet", rows))
    return customer


async def numbered(work: Work, number: str) -> UUID:
    found = sa.select(invoices.c.id).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.number == number
    )
    return (await work.db.scalars(found)).one()


async def a_letter_from(work: Work, name: str) -> UUID:
    """Somebody of this firm answers."""
    found = sa.select(customers.c.id).where(customers.c.company_name == name)
    customer = (await work.db.scalars(found)).one()
    row = {
        "channel": "email",
        "from_address": f"{name.lower()}@example.com",
        "customer_id": customer,
        "class": "human",
        "provider_message_id": uuid4().hex,
        "received_at": work.now,
    }
    added = sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row)
    message_id = (await work.db.scalars(added.returning(incoming_messages.c.id))).one()
    await work.record("incoming_message.received", Record(message_id, customer))
    return message_id


async def handle_letters_of(work: Work, name: str) -> None:
    """An agent has dealt with all that they wrote."""
    theirs = sa.select(customers.c.id).where(customers.c.company_name == name).scalar_subquery()
    update = (
        sa.update(incoming_messages)
        .where(incoming_messages.c.tenant_id == work.tenant_id, incoming_messages.c.customer_id == theirs)
        .values(handled_at=work.now)
        .returning(incoming_messages.c.id)
    )
    for message_id in (await work.db.scalars(update)).all():
        await work.record("incoming_message.handle", Record(message_id))


async def live_through(clock: FixedClock, firms: list[Firm], first: date, last: date) -> None:
    """Every day from `first` to `last`: letters in the morning, people at noon, the clock's own work after them and at
    night, when it is a new day already in both firms.
    """
    clock.move_to(datetime.combine(first - timedelta(days=1), NIGHT, UTC))
    await _the_clocks_work(firms)
    day = first
    while day <= last:
        for hour in HOURS:
            clock.move_to(datetime.combine(day, hour, UTC))
            await releasing.release_due(firms[0].story.house.office)
            if await something_is_due(firms):
                await firms[0].story.pump(1).run_until_idle()
        clock.move_to(datetime.combine(day, PEOPLE_ACT, UTC))
        for firm in firms:
            for act in firm.acts.get(day, ()):
                async with firm.work() as work:
                    await act(work)
        acted = any(day in firm.acts for firm in firms)
        for at in (LOOKED_AGAIN, NIGHT) if acted else (NIGHT,):
            clock.move_to(datetime.combine(day, at, UTC))
            await _the_clocks_work(firms)
        day += timedelta(days=1)


async def something_is_due(firms: list[Firm]) -> bool:
    """Whether the pump has anything to do: it takes its time to find out."""
    async with firms[0].story.house.office.scan() as work:
        due = sa.select(sends.c.id).where(sends.c.queue_at <= work.now).limit(1)
        return (await work.db.execute(due)).first() is not None


async def _the_clocks_work(firms: list[Firm]) -> None:
    """What the worker's hour does, in its order."""
    for firm in firms:
        await tending.tend(firm.story.house.office, firm.tenant_id)
        await staging.stage_all(firm.story.house.office, firm.tenant_id)
        async with firm.work(SYSTEM) as work:
            await ordering.order_due(work, await sparing.spared(work))


async def written(firm: Firm) -> list[tuple[str, str, str, str]]:
    """Every message that left: when by the firm's clock, to whom, in which words, about what at which rung."""
    s, c, v, t, about = sends, customers, template_versions, templates, send_subjects
    found = (
        sa.select(
            s.c.sent_at,
            c.c.company_name,
            t.c.code,
            sa.func.string_agg(
                sa.func.concat(invoices.c.number, sa.func.coalesce(about.c.touch, "")),
                aggregate_order_by(sa.literal(" "), invoices.c.number),
            ),
        )
        .select_from(s)
        .join(c, (c.c.tenant_id == s.c.tenant_id) & (c.c.id == s.c.customer_id))
        .join(v, (v.c.tenant_id == s.c.tenant_id) & (v.c.id == s.c.template_version_id))
        .join(t, (t.c.tenant_id == s.c.tenant_id) & (t.c.id == v.c.template_id))
        .join(about, (about.c.tenant_id == s.c.tenant_id) & (about.c.send_id == s.c.id))
        .join(invoices, (invoices.c.tenant_id == s.c.tenant_id) & (invoices.c.id == about.c.subject_id))
        .where(s.c.tenant_id == firm.tenant_id, s.c.state == "sent", about.c.dropped_at.is_(None))
        .group_by(s.c.id, s.c.sent_at, c.c.company_name, t.c.code)
        .order_by(s.c.sent_at, c.c.company_name)
    )
    async with firm.work(SYSTEM) as work:
        return [
            (f"{row[0].astimezone(firm.zone):%Y-%m-%d %H:%M}", row[1], row[2], row[3])
            for row in await work.db.execute(found)
        ]
