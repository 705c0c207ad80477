"""How late the money is: overdue invoices told once, sums per currency, buckets by age (R77, R78)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from bursar.billing.queries import books
from bursar.billing.rules import Bucket
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Record, Work

BECAME_OVERDUE = "invoice.became_overdue"


@dataclass(frozen=True, slots=True)
class Overdue:
    """All that is overdue in one currency."""

    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Ageing:
    """What is open in one currency, by age. `disputed` is a part of it; `credit` is money apart from it."""

    buckets: Mapping[Bucket, Money]
    disputed: Money
    credit: Money

    @property
    def total(self) -> Money:
        return Money.total(self.buckets.values(), self.credit.currency)


async def note_overdue(work: Work, *, limit: int = 2_000) -> int:
    """Write `invoice.became_overdue` of invoices that have passed their due date; says of how many.

    Once for each, however often and from wherever this is called.
    """
    work.allow(AgentRole.ADMIN)
    late = await work.db.execute(books.tell_overdue(work, limit))
    told = [Record(row.id, row.customer_id, payload={"due_date": row.due_date.isoformat()}) for row in late]
    await work.record(BECAME_OVERDUE, *told)
    return len(told)


async def overdue_totals(work: Work) -> list[Overdue]:
    """One entry a currency in which something is overdue."""
    rows = await work.db.execute(books.overdue_totals(work))
    return [Overdue(row.invoices, Money(row.minor, row.currency)) for row in rows]


async def ageing(work: Work) -> dict[str, Ageing]:
    """What is open today, by currency and age, with unapplied credit beside it."""
    disputed = {row.currency: row.minor for row in await work.db.execute(books.contested_totals(work))}
    credit = {row.currency: row.minor for row in await work.db.execute(books.credit_totals(work, None))}
    rows = {row["currency"]: row for row in (await work.db.execute(books.ageing(work))).mappings()}
    return {
        currency: Ageing(
            {bucket: Money(rows[currency][bucket] if currency in rows else 0, currency) for bucket in Bucket},
            Money(disputed.get(currency, 0), currency),
            Money(credit.get(currency, 0), currency),
        )
        for currency in sorted(rows.keys() | credit.keys())
    }


async def credit_of(work: Work, customer_id: UUID) -> list[Money]:
    """A customer's money that pays no invoice yet, one amount a currency."""
    rows = await work.db.execute(books.credit_totals(work, customer_id))
    return [Money(row.minor, row.currency) for row in rows]
