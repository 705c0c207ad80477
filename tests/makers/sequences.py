"""A firm that chases by a sequence: its ladder, its days, and what stands in their lists."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.chasing.sequences import releasing, staging
from bursar.chasing.sequences.ladders import DEFAULT_LADDER
from bursar.chasing.sequences.lists import DayList, get_list
from bursar.chasing.sequences.sequences import (
    SequencePlan,
    activate,
    create_sequence,
    edit_sequence,
    list_sequences,
)
from bursar.chasing.tables import sequence_exclusions
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move_all
from bursar.core.work import Actor, Work
from bursar.outbox.states import AUTH_FAIL
from bursar.outbox.tables import send_subjects, sending_accounts, sends
from tests.makers.billing import an_overdue_invoice
from tests.makers.story import Story, a_story
from tests.makers.tenancy import a_customer

AGENT = Actor(ActorType.AGENT, UUID(int=7), AgentRole.OWNER)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a list: to whom, in which words, about which invoices; a rung, or None for what is only named."""

    id: UUID
    customer_id: UUID
    template: UUID
    locale: str
    state: str
    reason: str | None
    rungs: Mapping[UUID, str | None]


@dataclass(frozen=True, slots=True)
class Firm:
    story: Story
    clock: FixedClock

    @property
    def tenant_id(self) -> UUID:
        return self.story.tenant_id

    def work(self, actor: Actor = AGENT) -> Any:
        return self.story.house.office.work(self.tenant_id, actor=actor)

    async def stage(self) -> list[UUID]:
        return await staging.stage_all(self.story.house.office, self.tenant_id)

    async def the_list(self) -> DayList:
        """The one that was made last; there is a single sequence."""
        [run_id] = await self.stage()
        async with self.work() as work:
            return await get_list(work, run_id)

    async def release(self, run_id: UUID) -> None:
        async with self.work() as work:
            await releasing.release(work, run_id)

    async def a_day_passes(self, days: int = 1, *, at: int = 8) -> None:
        """To an hour of a day to come, in UTC."""
        day = self.clock.now() + timedelta(days=days)
        self.clock.move_to(day.replace(hour=at, minute=0))

    async def drain(self) -> None:
        await self.story.pump(1).run_until_idle()


@asynccontextmanager
async def a_firm(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, **tenant: Any
) -> AsyncIterator[Firm]:
    async with a_story(addresses, clock, keyring, tenant=tenant) as story:
        yield Firm(story, clock)


async def a_sequence(work: Work, *, on: bool = True, **given: Any) -> UUID:
    """The default ladder over everybody, switched on."""
    plan = SequencePlan(**{"name": "Reminders", "touches": DEFAULT_LADDER, **given})
    sequence_id = await create_sequence(work, plan)
    if on:
        await activate(work, sequence_id)
    return sequence_id


async def messages_of(work: Work, run_id: UUID) -> list[Message]:
    found = sa.select(sends).where(sends.c.tenant_id == work.tenant_id, sends.c.run_id == run_id)
    rows = (await work.db.execute(found.order_by(sends.c.id))).all()
    about = sa.select(send_subjects).where(
        send_subjects.c.tenant_id == work.tenant_id,
        send_subjects.c.send_id.in_([row.id for row in rows]),
        send_subjects.c.dropped_at.is_(None),
    )
    rungs: dict[UUID, dict[UUID, str | None]] = {}
    for one in await work.db.execute(about):
        rungs.setdefault(one.send_id, {})[one.subject_id] = one.touch
    return [
        Message(
            row.id,
            row.customer_id,
            row.template_version_id,
            row.locale,
            row.state,
            row.reason,
            rungs.get(row.id, {}),
        )
        for row in rows
    ]


async def left_out_of(work: Work, run_id: UUID) -> dict[UUID, str]:
    e = sequence_exclusions
    found = sa.select(e.c.invoice_id, e.c.reason).where(e.c.tenant_id == work.tenant_id, e.c.run_id == run_id)
    return {row.invoice_id: row.reason for row in await work.db.execute(found)}


async def rungs_in(firm: Firm, run_id: UUID) -> list[Mapping[UUID, str | None]]:
    async with firm.work() as work:
        return [message.rungs for message in await messages_of(work, run_id)]


async def late(firm: Firm, *days: int) -> list[UUID]:
    """Invoices of a customer that are late by so many days today."""
    async with firm.work() as work:
        customer = await a_customer(work)
        return [await an_overdue_invoice(work, of=customer, days=each) for each in days]


async def automatic(firm: Firm) -> None:
    """The list goes by itself at half past ten from now on."""
    async with firm.work() as work:
        [sequence] = await list_sequences(work)
        plan = SequencePlan("Reminders", DEFAULT_LADDER, auto_release=True, release_time=time(10, 30))
        await edit_sequence(work, sequence.id, plan)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November by the firm's clock."""
    return datetime(2026, 11, day, hour - 4, minute, tzinfo=UTC)


async def go_off(firm: Firm, when: datetime) -> int:
    firm.clock.move_to(when)
    released = await releasing.release_due(firm.story.house.office)
    await firm.drain()
    return released


async def break_account(work: Work) -> None:
    ids = list(await work.db.scalars(sa.select(sending_accounts.c.id)))
    await move_all(work, AUTH_FAIL, ids)
