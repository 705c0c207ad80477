"""What a reviewed message may change by itself before it goes."""

from collections.abc import Mapping, Sequence
from typing import Any

from bursar.billing.facts import Fact


def differs(
    reviewed: Mapping[str, Any], facts: Sequence[Fact], to_address: str | None, *, edited: bool
) -> str | None:
    """What changed since a person reviewed a send, beyond what may change by itself; None if nothing did.

    Subjects may only drop and amounts only fall; of a text edited by hand nothing may change at all.
    """
    seen: Mapping[str, int] = reviewed["invoices"]
    if reviewed["to"] != to_address:
        return "address"
    for fact in facts:
        before = seen.get(str(fact.id))
        if before is None:
            return "invoice_added"
        if fact.balance_minor > before or (edited and fact.balance_minor != before):
            return "balance"
    return "invoice_dropped" if edited and len(facts) != len(seen) else None
