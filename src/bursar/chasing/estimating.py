"""What a campaign would come to, while somebody is still choosing. Nothing is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bursar.chasing.queries import estimating as queries
from bursar.chasing.selecting import check_selection
from bursar.chasing.states import CampaignKind, ExcludedReason
from bursar.core.money import Money
from bursar.core.work import Work


@dataclass(frozen=True, slots=True)
class Estimate:
    """`invoices` of `customers` would be written about; `left_out` counts the others of the choice by reason."""

    invoices: int
    customers: int
    totals: tuple[Money, ...]
    left_out: Mapping[str, int]


async def estimate(work: Work, kind: CampaignKind, selection: Mapping[str, Any]) -> Estimate:
    """As `create_campaign` would freeze it at this moment. Raises `Invalid` by field for what cannot be a choice."""
    selection = check_selection(selection)
    rows = (await work.db.execute(queries.sums(work, kind, selection))).all()
    customers = (await work.db.scalars(queries.people(work, kind, selection))).one()
    left_out: dict[str, int] = {}
    for row in rows:
        if row.reason:
            left_out[row.reason] = left_out.get(row.reason, 0) + row.many
    if "numbers" in selection:
        unknown = len(selection["numbers"]) - sum(row.many for row in rows)
        if unknown > 0:
            left_out[ExcludedReason.UNKNOWN] = unknown
    inside = [row for row in rows if not row.reason]
    totals = tuple(Money(row.minor, row.currency) for row in inside)
    return Estimate(sum(row.many for row in inside), customers, totals, left_out)
