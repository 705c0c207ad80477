"""What catalog asks before it changes prices: how far each customer was billed for each product (R86)."""

from collections.abc import Collection, Mapping
from datetime import date

from bursar.billing.queries import billed as queries
from bursar.catalog.ports import Pair
from bursar.core.work import Work


async def billed_through(work: Work, pairs: Collection[Pair]) -> Mapping[Pair, date]:
    """The last day of service on an issued invoice; a pair of which nothing was billed is left out."""
    found = await work.db.execute(queries.billed_through(work, sorted(pairs))) if pairs else ()
    return {(row.customer_id, row.product_id): row.through for row in found}
