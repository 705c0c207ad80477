"""What an e-invoice would be refused for, found before there is a number (R37)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from bursar.billing.documents.reading import draft_as_document
from bursar.billing.documents.rules_ae import Failure, failures

REGIME = "PINT-AE"
"""The one regime that we write e-invoices for, as `einvoice_obligations` names it."""

COLUMNS: Mapping[str, str] = {
    **dict.fromkeys(("ibr-143-ae", "ibr-144-ae"), "address_lines"),
    **dict.fromkeys(("ibr-150-ae", "ibr-149-ae", "ibr-136-ae"), "registration_number"),
    **dict.fromkeys(("ibr-172-ae", "ibr-101-ae"), "registration_authority"),
    **dict.fromkeys(("ibr-09", "ibr-11"), "country"),
    **dict.fromkeys(("ibr-135-ae", "R29"), "tax_number"),
    "ibr-128-ae": "subdivision",
    "ibr-127-ae": "due_date",
    "ibr-192-ae": "bank",
}
"""Where what a rule misses is kept; everything else is of the draft's lines."""

_TOLD_ELSEWHERE = frozenset(
    {"ibr-132-ae", "ibr-103-ae", "ibr-134-ae", "ibr-06", "ibr-07", "ibr-159-ae", "ibr-16"}
)
"""What every invoice is asked for, e-invoice or not."""

_NO_NUMBER_YET = UUID(int=0)


def gaps(row: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> list[Failure]:
    """Rules that the draft breaks today. `row` is as an invoice's after issue, with any number."""
    from bursar.billing.documents.ubl import tree_of

    found = failures(tree_of(draft_as_document(row, lines), _NO_NUMBER_YET))
    return [failure for failure in found if failure.rule not in _TOLD_ELSEWHERE]
