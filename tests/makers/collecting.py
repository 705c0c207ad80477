"""Money and promises after messages, by chance; and what that comes to as anybody would count it: row by row."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bursar.billing.tables import invoice_payments, payments, promises
from bursar.chasing.analytics.collecting import catch_up
from bursar.core.clock import FixedClock
from bursar.core.work import Office, Work
from bursar.outbox.tables import send_subjects, sends, template_versions
from tests.makers.billing import an_invoice
from tests.makers.outbox import a_run, a_send, a_subject, a_version, an_account
from tests.makers.tenancy import a_customer

ACTS = ("write", "write", "pay", "pay", "pay", "pay", "undo", "promise", "days", "count", "count")


async def money_in(
    work: Work, invoice: UUID, customer: UUID, minor: int, on: date, currency: str = "AED"
) -> UUID:
    """An allocation of a payment that came on a day."""
    row = {
        "customer_id": customer,
        "amount_minor": minor,
        "currency": currency,
        "received_on": on,
        "source": "bank",
        "recorded_at": work.now,
    }
    paid = sa.insert(payments).values(tenant_id=work.tenant_id, external_id=uuid4().hex, **row)
    payment = (await work.db.scalars(paid.returning(payments.c.id))).one()
    row = {
        "customer_id": customer,
        "amount_minor": minor,
        "invoice_id": invoice,
        "payment_id": payment,
        "applied_on": on,
    }
    applied = sa.insert(invoice_payments).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(applied.returning(invoice_payments.c.id))).one()


async def take_back(work: Work, allocation: UUID) -> None:
    a = invoice_payments
    was = (
        await work.db.execute(sa.select(a).where(a.c.tenant_id == work.tenant_id, a.c.id == allocation))
    ).one()
    names = ("customer_id", "invoice_id", "payment_id", "applied_on")
    row = {name: was._asdict()[name] for name in names}
    undone = sa.insert(a).values(
        tenant_id=work.tenant_id, amount_minor=-was.amount_minor, reverses_id=was.id, **row
    )
    await work.db.execute(undone)


async def a_message(work: Work, about: Sequence[UUID], **given: Any) -> UUID:
    """A reminder that went at this moment."""
    send = await a_send(work, **{"state": "sent", "sent_at": work.now, **given})
    for invoice in about:
        await a_subject(work, send, subject_id=invoice)
    return send


class Payers:
    """A tenant's few invoices, written about and paid by chance."""

    def __init__(self, office: Office, clock: FixedClock, tenant_id: UUID, chance: random.Random) -> None:
        self.office, self.clock, self.tenant_id, self.chance = office, clock, tenant_id, chance
        self.paid: list[UUID] = []

    async def settle_in(self) -> "Payers":
        async with self.office.work(self.tenant_id) as work:
            self.customer = await a_customer(work)
            self.invoices = [await an_invoice(work, of=self.customer, minor=10**9) for _ in range(4)]
            self.version, self.account, self.run = (
                await a_version(work),
                await an_account(work),
                await a_run(work),
            )
        return self

    async def act(self) -> None:
        self.clock.advance(timedelta(seconds=1))  # nothing happens twice at one moment
        name = self.chance.choice(ACTS)
        if name == "days":
            self.clock.advance(timedelta(hours=self.chance.choice([1, 9, 30, 200])))
        elif name == "count":
            await catch_up(self.office, self.tenant_id, settled=timedelta(0))
        else:
            async with self.office.work(self.tenant_id) as work:
                await getattr(self, f"_{name}")(work)

    async def _write(self, work: Work) -> None:
        given: dict[str, Any] = {"stream": self.chance.choice(["reminder", "reminder", "transactional"])}
        if self.chance.random() < 0.7:
            given |= {
                "template_version_id": self.version,
                "sending_account_id": self.account,
                "run_id": self.run,
            }
        about = self.chance.sample(self.invoices, self.chance.choice([1, 2]))
        await a_message(work, about, purpose=self.chance.choice(["campaign", "notice"]), **given)

    async def _pay(self, work: Work) -> None:
        on = work.today + timedelta(days=self.chance.choice([-9, -1, 0, 0, 0, 1]))
        currency = self.chance.choice(["AED", "AED", "USD"])
        invoice = self.chance.choice(self.invoices)
        paid = await money_in(work, invoice, self.customer, self.chance.randrange(1, 9000), on, currency)
        self.paid.append(paid)

    async def _undo(self, work: Work) -> None:
        if self.paid:
            await take_back(work, self.paid.pop(self.chance.randrange(len(self.paid))))

    async def _promise(self, work: Work) -> None:
        row = {"customer_id": self.customer, "amount_minor": 5, "currency": "AED", "promised_for": work.today}
        given = {
            "invoice_id": self.chance.choice(self.invoices),
            "state": self.chance.choice(["kept", "broken", "withdrawn"]),
            "created_at": work.now,
        }
        await work.db.execute(sa.insert(promises).values(tenant_id=work.tenant_id, **row, **given))


async def messages_by_hand(work: Work) -> dict[UUID, list[sa.Row[Any]]]:
    """The reminders about each invoice that went, the last one last."""
    rows = await work.db.execute(
        sa.select(sends, send_subjects.c.subject_id, template_versions.c.template_id)
        .join(send_subjects, send_subjects.c.send_id == sends.c.id)
        .outerjoin(template_versions, template_versions.c.id == sends.c.template_version_id)
        .where(
            sends.c.tenant_id == work.tenant_id, sends.c.stream == "reminder", sends.c.sent_at.is_not(None)
        )
        .order_by(sends.c.sent_at, sends.c.id)
    )
    about: dict[UUID, list[sa.Row[Any]]] = {}
    for row in rows:
        about.setdefault(row.subject_id, []).append(row)
    return about


async def collected_by_hand(work: Work) -> Counter[tuple[Any, ...]]:
    """(day, purpose, run, template, account, currency, days after, days after the first, "payments" or "minor")."""
    about, zone = await messages_by_hand(work), ZoneInfo(str(work.zone))
    a, p = invoice_payments, payments
    rows = await work.db.execute(
        sa.select(a, p.c.received_on, p.c.recorded_at, p.c.currency)
        .join(p, p.c.id == a.c.payment_id)
        .where(a.c.tenant_id == work.tenant_id)
    )
    found: Counter[tuple[Any, ...]] = Counter()
    for row in rows:
        days = [(one.sent_at.astimezone(zone).date(), one) for one in about.get(row.invoice_id, [])]
        before = [
            (day, one) for day, one in days if day <= row.received_on and one.sent_at <= row.recorded_at
        ]
        if before and (row.received_on - before[-1][0]).days <= 90:
            day, last = before[-1]
            key = (day, last.purpose, last.run_id, last.template_id, last.sending_account_id, row.currency)
            days_after = ((row.received_on - day).days, (row.received_on - before[0][0]).days)
            found[*key, *days_after, "payments"] += 1 if row.reverses_id is None else -1
            found[*key, *days_after, "minor"] += row.amount_minor
    return found


async def promised_by_hand(work: Work) -> Counter[tuple[Any, ...]]:
    """(day of the message, its purpose, the promise's state)."""
    about, zone = await messages_by_hand(work), ZoneInfo(str(work.zone))
    found: Counter[tuple[Any, ...]] = Counter()
    for row in await work.db.execute(sa.select(promises).where(promises.c.tenant_id == work.tenant_id)):
        made = row.created_at.astimezone(zone).date()
        before = [one for one in about.get(row.invoice_id, []) if one.sent_at.astimezone(zone).date() <= made]
        if before and (made - before[-1].sent_at.astimezone(zone).date()).days <= 90:
            found[before[-1].sent_at.astimezone(zone).date(), before[-1].purpose, row.state] += 1
    return found
