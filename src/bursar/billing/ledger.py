"""The check that stored balances are what the ledger says (R72)."""

from dataclasses import dataclass
from uuid import UUID

from bursar.billing.queries import money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An invoice that is wrong, in minor units."""

    invoice_id: UUID
    balance: int
    ledger: int


async def discrepancies(work: Work) -> list[Discrepancy]:
    """Invoices whose balance is not total less allocations less credits. There should be none."""
    rows = await work.db.execute(money.out_of_balance(work))
    return [Discrepancy(row.id, row.balance_minor, row.ledger) for row in rows]
