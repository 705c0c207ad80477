"""A quarter of messages for the pictures: what went, what came back, what money followed."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bursar.billing.finding import list_invoices
from bursar.house import House
from bursar.outbox.rollups import catch_up
from tests.makers.collecting import money_in
from tests.makers.counting import an_id
from tests.makers.outbox import a_run, a_send, a_subject, a_template, a_version

NAMES = ("Before it is due", "Friendly reminder", "Second reminder", "Last notice")
WEEKS = 12


async def tell_results(house: House, tenant_id: UUID, account_id: UUID) -> dict[str, str]:
    """Twelve weeks of forty to eighty messages, and money after a third of them."""
    chance = random.Random(11)  # noqa: S311  the same quarter each time, and no secret
    async with house.office.work(tenant_id) as work:
        versions = [await a_version(work, await a_template(work, name=name)) for name in NAMES]
        invoices = [one for one in await list_invoices(work, limit=60) if one.number]
        for week in range(WEEKS):
            run = await a_run(work, state="closed", reason="finished")
            for _ in range(chance.randrange(40, 80)):
                at = work.now - timedelta(days=7 * (WEEKS - week), hours=chance.randrange(100))
                given = _outcome(chance, at) | {"run_id": run, "sending_account_id": account_id}
                kind = chance.choice(["campaign", "chase", "chase"])
                version = chance.choice(versions)
                send = await a_send(
                    work, id=an_id(at, chance), template_version_id=version, purpose=kind, **given
                )
                if given["state"] == "sent" and chance.random() < 0.4:
                    about = chance.choice(invoices)
                    await a_subject(work, send, subject_id=about.id)
                    on = min(
                        (at + timedelta(days=chance.choice([1, 2, 5, 9, 12, 20, 28]))).date(), work.today
                    )
                    minor = chance.randrange(50_00, 9_000_00)
                    await money_in(work, about.id, about.customer_id, minor, on, about.total.currency)
    await catch_up(house.office, tenant_id)
    return {"results": "/results", "results-behind": "/results/messages?figure=bounced"}


def _outcome(chance: random.Random, at: datetime) -> dict[str, Any]:
    lot = chance.random()
    if lot < 0.08:
        return {"state": "suppressed", "reason": chance.choice(["paid", "promise", "replied", "dispute"])}
    if lot < 0.11:
        return {"state": "bounced", "reason": "hard_bounce", "sent_at": at, "bounced_at": at}
    if lot < 0.13:
        return {"state": "failed", "reason": "unreachable", "failed_at": at}
    given: dict[str, Any] = {"state": "sent", "sent_at": at}
    if chance.random() < 0.45:
        given |= {"opened_at": at, "open_count": 2}
    elif chance.random() < 0.3:
        given |= {"open_count": 1}
    if chance.random() < 0.2:
        given |= {"clicked_at": at, "click_count": 1}
    if chance.random() < 0.09:
        given |= {"replied_at": at}
    return given
