"""Customers' credit: money of their payments that pays nothing yet (R73). The caller holds the customers' locks."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from bursar.billing.queries import credits as queries
from bursar.core.work import Work


async def use_credits(work: Work, amounts: Mapping[UUID, int]) -> None:
    """Money of these payments is used; minor units of theirs."""
    if amounts:
        await work.db.execute(queries.lower_credits(work, amounts))
        await work.db.execute(queries.drop_used_credits(work, [*amounts]))


async def give_credits(work: Work, amounts: Mapping[UUID, int]) -> None:
    """Money of these payments is their customers' again, or still."""
    if amounts:
        await work.db.execute(queries.raise_credits(work, amounts))


def added_up(parts: Iterable[tuple[UUID, int]]) -> dict[UUID, int]:
    sums: dict[UUID, int] = {}
    for id_, amount in parts:
        sums[id_] = sums.get(id_, 0) + amount
    return sums
