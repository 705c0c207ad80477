"""Results as a table to take away: one row a period or a part, each currency in columns of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

from bursar.chasing.analytics.overview import Part, Results
from bursar.chasing.asking import Dimension
from bursar.core.errors import N_
from bursar.outbox.outcomes import Figure, Outcome
from bursar.tenancy.reports import ReportValue

Head = tuple[str, Mapping[str, Any]]

COLUMNS: Mapping[str, str] = {
    "ordered": N_("Ordered"),
    Figure.ACCEPTED: N_("Sent"),
    Outcome.DELIVERED: N_("Delivered"),
    Outcome.BOUNCED: N_("Bounced"),
    Outcome.FAILED: N_("Failed"),
    Outcome.SUPPRESSED: N_("Held back"),
    Outcome.CANCELLED: N_("Cancelled"),
    Outcome.WAITING: N_("Waiting"),
    Outcome.UNCERTAIN: N_("Uncertain"),
    Figure.REPLIED: N_("Answered"),
    Figure.OPENED: N_("Opened by people"),
    Figure.MACHINE_OPENED: N_("Opened by machines only"),
    Figure.CLICKED: N_("Links followed by people"),
    Figure.MACHINE_CLICKED: N_("Links followed by machines only"),
}


def sheet(found: Results, dimension: Dimension | None) -> tuple[list[Head], list[Sequence[ReportValue]]]:
    """Header (messages of the catalogue with what fills them) and rows, of the periods or of one dimension's parts."""
    currencies = sorted(found.collected)
    head: list[Head] = [(N_("Name") if dimension else N_("From"), {})]
    head += [(label, {}) for label in COLUMNS.values()]
    head += [(N_("Promises made"), {}), (N_("Promises kept"), {}), (N_("Promises broken"), {})]
    head += [
        (N_("%(currency)s within %(days)s days"), {"currency": currency, "days": days})
        for currency in currencies
        for days in found.windows
    ]
    parts = found.parts[dimension] if dimension else found.periods
    return head, [_row(part, currencies, len(found.windows)) for part in parts]


def _row(part: Part, currencies: Sequence[str], windows: int) -> Sequence[ReportValue]:
    name: ReportValue = part.name if part.name is not None else _plain(part.id)
    money: list[ReportValue] = []
    for currency in currencies:
        sums = part.collected.get(currency)
        money += [amount.decimal for amount in sums.within] if sums else [0] * windows
    made = part.promised
    return [name, *(part.counts.of(column) for column in COLUMNS), made.made, made.kept, made.broken, *money]


def _plain(given: Any) -> ReportValue:
    return given if given is None or not hasattr(given, "hex") else str(given)
