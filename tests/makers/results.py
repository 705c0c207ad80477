"""A firm with something to show: a fortnight of messages, what became of them, money and a promise after them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.tables import promises
from bursar.chasing.tables import campaigns
from bursar.core.work import Work
from tests.makers.billing import an_invoice
from tests.makers.collecting import money_in
from tests.makers.counting import an_id
from tests.makers.outbox import a_run, a_send, a_subject, a_template, a_version, an_account
from tests.makers.tenancy import a_customer


@dataclass(frozen=True, slots=True)
class Told:
    """Ids of what was made. Of its campaign: 3 sent (1 answered and opened, 1 by a machine alone), 1 bounced, 1
    suppressed; besides 1 notice that waits. 40.00 AED came 2 days and 60.00 USD 9 days after; a promise was kept.
    """

    campaign: UUID
    template: UUID
    account: UUID
    sends: tuple[UUID, ...]


async def some_results(work: Work) -> Told:
    week_ago, customer = work.now - timedelta(days=10), await a_customer(work)
    template, account, run = await a_template(work, name="Gentle"), await an_account(work), await a_run(work)
    version = await a_version(work, template)
    row = {"name": "November", "kind": "overdue_notice", "template_id": template, "group_by": "customer"}
    given = {"sending_account_id": account, "run_id": run, "state": "completed", "started_at": week_ago}
    made = sa.insert(campaigns).values(tenant_id=work.tenant_id, selection={}, **row, **given)
    campaign = (await work.db.scalars(made.returning(campaigns.c.id))).one()
    its = {
        "run_id": run,
        "template_version_id": version,
        "sending_account_id": account,
        "customer_id": customer,
    }
    sent = {"state": "sent", "sent_at": week_ago}
    outcomes = (
        sent | {"replied_at": work.now, "opened_at": work.now, "open_count": 3},
        sent | {"open_count": 1},
        sent,
        sent | {"state": "bounced", "reason": "hard_bounce", "bounced_at": work.now},
        {"state": "suppressed", "reason": "paid"},
    )
    sends = [await a_send(work, id=an_id(week_ago), **its, **outcome) for outcome in outcomes]
    await a_send(work, id=an_id(week_ago), purpose="notice", customer_id=customer)
    dirhams, dollars = [await an_invoice(work, of=customer) for _ in range(2)]
    for invoice in (dirhams, dollars):
        await a_subject(work, sends[0], subject_id=invoice)
    await money_in(work, dirhams, customer, 40_00, work.today - timedelta(days=8))
    await money_in(work, dollars, customer, 60_00, work.today - timedelta(days=1), "USD")
    row = {
        "customer_id": customer,
        "invoice_id": dirhams,
        "amount_minor": 1,
        "currency": "AED",
        "state": "kept",
    }
    promised = sa.insert(promises).values(tenant_id=work.tenant_id, promised_for=work.today, **row)
    await work.db.execute(promised.values(created_at=work.now - timedelta(days=3)))
    return Told(campaign, template, account, tuple(sends))
