"""The check that stored balances and credits are what the ledger says (R72)."""

from dataclasses import dataclass
from uuid import UUID

from bursar.billing.queries import credits as credit_queries
from bursar.billing.queries import money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An invoice, or a payment's credit, that is wrong, in minor units."""

    id: UUID
    balance: int
    ledger: int


async def discrepancies(work: Work) -> list[Discrepancy]:
    """Invoices whose balance is not total less allocations less credits, and payments whose credit is not what
    they brought less allocations less refunds. There should be none.
    """
    invoices = await work.db.execute(money.out_of_balance(work))
    credits_ = await work.db.execute(credit_queries.credits_out_of_balance(work))
    return [
        *(Discrepancy(row.id, row.balance_minor, row.ledger) for row in invoices),
        *(Discrepancy(row.id, row.credit, row.left) for row in credits_),
    ]
