"""Somebody takes an offer by the room's own verb, without a page."""

from typing import Any

import sqlalchemy as sa

from bursar.core.money import Money
from bursar.onboarding import registering
from bursar.onboarding.addresses import OFFER_PATH
from bursar.onboarding.registering import Agreed, MailSent, Registered, Registration
from tests.makers.selling import Counter

TOTAL = Money(4_725_00, "AED")
AGREED = Agreed(price=TOTAL, terms=None, resume="of this page")
GIVEN = Registration(
    AGREED,
    "Huda Noor",
    "Noor Trading",
    "050 123 4567",
    "ar",
    address_lines="Villa 7, Al Wasl Road",
    city="Dubai",
)


async def offered(counter: Counter, **given: Any) -> str:
    return (await counter.offer(**given)).removeprefix(OFFER_PATH)


async def register(counter: Counter, token: str, given: Registration = GIVEN) -> Registered | MailSent:
    office = counter.house.office
    prospect = await registering.prospect_of(office, token)
    async with prospect.work(office) as work:
        return await registering.register(work, token, given)


async def jobs(counter: Counter, task: str) -> int:
    """How many of this job wait for this firm."""
    async with counter.work() as work:
        waiting = sa.text(
            "select count(*) from procrastinate_jobs where task_name = :task and args ->> 'tenant_id' = :tenant"
        )
        return (await work.db.scalars(waiting, {"task": task, "tenant": str(counter.tenant)})).one()
