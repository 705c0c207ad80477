"""Whom a cell means that names a customer by code, e-mail address or name."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from bursar.core.errors import N_
from bursar.core.work import Work
from bursar.tenancy.queries import imports as queries
from bursar.tenancy.reasons import Reason


async def customers_meant(work: Work, texts: Sequence[str]) -> dict[str, set[UUID]]:
    """For each text the customers with that code; else that e-mail address; else that name."""
    ranked: dict[str, dict[int, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    if texts:
        for match in await work.db.execute(queries.meant_by(work, sorted(set(texts)))):
            ranked[match.text][match.rank].add(match.id)
    return {text: ranked[text][min(ranked[text])] if ranked[text] else set() for text in texts}


def not_one(text: str, found: int) -> Reason:
    """Why `text` names nobody, or nobody in particular."""
    if found:
        message = N_("Several customers are called “%(text)s”. Give the customer's code instead.")
        return Reason(message, "customer_ambiguous", "customer", {"text": text})
    message = N_("There is no customer “%(text)s”. Import the customers first, or correct this cell.")
    return Reason(message, "customer_unknown", "customer", {"text": text})
