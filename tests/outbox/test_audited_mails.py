"""What is sent needs no event: each try is a row that says when, whether and about what."""

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.outbox.tables import attempts, send_subjects
from tests.makers.story import Story, a_story, on_its_way
from tests.makers.wire import answer, claimed, one_send

pytestmark = pytest.mark.anyio


@pytest.fixture
async def story(shared_addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Story]:
    async with a_story(shared_addresses, clock, keyring) as story:
        yield story


# EMAIL_SENT and INVOICE_SENT_TO_CUSTOMER, EMAIL_FAILED, EMAIL_RETRY
@pytest.mark.parametrize(
    ("way", "outcome"), [("accepted", "accepted"), ("rejected", "rejected"), ("unreachable", "error")]
)
async def test_a_mail_about_an_invoice_is_told_by_its_attempts(story: Story, way: str, outcome: str) -> None:
    await on_its_way(story)

    await answer(story, await claimed(story), way)

    send = await one_send(story)
    about = sa.select(
        attempts.c.number, attempts.c.outcome, attempts.c.finished_at, send_subjects.c.subject_type
    )
    joined = about.join(
        send_subjects,
        (send_subjects.c.tenant_id == attempts.c.tenant_id) & (send_subjects.c.send_id == attempts.c.send_id),
    )
    async with story.house.office.work(story.tenant_id) as work:
        mine = attempts.c.tenant_id == work.tenant_id, attempts.c.send_id == send.id
        [told] = (await work.db.execute(joined.where(*mine))).all()
    assert (told.number, told.outcome, told.subject_type) == (1, outcome, "invoice")
    assert told.finished_at is not None
