"""How late the money is: overdue invoices told once, and their sums per currency (R77)."""

from dataclasses import dataclass
from uuid import UUID

from bursar.billing.queries import books
from bursar.core.kinds import AgentRole
from bursar.core.money import Money
from bursar.core.work import Record, Work

BECAME_OVERDUE = "invoice.became_overdue"


@dataclass(frozen=True, slots=True)
class Overdue:
    """All that is overdue in one currency."""

    count: int
    amount: Money


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


async def credit_of(work: Work, customer_id: UUID) -> list[Money]:
    """A customer's money that pays no invoice yet, one amount a currency."""
    rows = await work.db.execute(books.credit_totals(work, customer_id))
    return [Money(row.minor, row.currency) for row in rows]
