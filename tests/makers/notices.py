"""A firm that writes notices, and what it ordered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.documents.keeping import print_all
from bursar.billing.notices import ordering
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.tables import send_subjects, sends
from bursar.tenancy.tables import tenants
from tests.makers.story import Story, a_story


@asynccontextmanager
async def a_firm(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, **notices: Any
) -> AsyncIterator[Story]:
    async with a_story(addresses, clock, keyring, is_primary=True) as story:
        if notices:
            await rule(story, **notices)
        yield story


async def rule(story: Story, **notices: Any) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await work.db.execute(
            sa.update(tenants)
            .where(tenants.c.tenant_id == story.tenant_id)
            .values(settings={"billing": {"notices": notices}})
        )


async def notices(story: Story) -> list[Any]:
    async with story.house.office.work(story.tenant_id) as work:
        found = (
            sa.select(sends)
            .where(sends.c.tenant_id == story.tenant_id, sends.c.purpose == "notice")
            .order_by(sends.c.id)
        )
        return list(await work.db.execute(found))


async def about(story: Story, send_id: UUID) -> set[UUID]:
    async with story.house.office.work(story.tenant_id) as work:
        found = sa.select(send_subjects.c.subject_id).where(
            send_subjects.c.tenant_id == story.tenant_id, send_subjects.c.send_id == send_id
        )
        return set(await work.db.scalars(found))


async def drain(story: Story) -> None:
    await print_all(story.house.press, story.tenant_id)
    await story.pump(1).run_until_idle()


async def tend(story: Story) -> None:
    async with story.house.office.work(story.tenant_id) as work:
        await ordering.order_due(work)
        await ordering.let_go(work)


def body(message: Any) -> str:
    return message.get_body(("plain",)).get_content()
