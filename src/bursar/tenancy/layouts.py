"""How one sheet is laid out: its header, which column is what, and how its writer writes amounts and days."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from bursar.core.errors import Invalid
from bursar.tenancy.amounts import NumberStyle, guess_number_style
from bursar.tenancy.dates import DateStyle, guess_date_style
from bursar.tenancy.grids import CellValue
from bursar.tenancy.headers import guess_mapping
from bursar.tenancy.importers import Firm, Table
from bursar.tenancy.reasons import Reason, restored, stored
from bursar.tenancy.sheets import Row, Sheet

S = TypeVar("S", NumberStyle, DateStyle)

_AMOUNTS = frozenset({"total", "balance", "paid", "amount", "price"})
_DAYS = frozenset(
    {"issue_date", "due_date", "received_on", "effective_from", "effective_to", "active_from", "active_to"}
)


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` go from the column, counted from zero, to a field; `unclear` ones a person should look at.

    `warnings` are said once for the whole sheet, as when its dates are written in two ways.
    """

    header: tuple[str, ...]
    source: str
    columns: Mapping[int, str]
    unclear: tuple[int, ...] = ()
    numbers: NumberStyle = NumberStyle.UNKNOWN
    dates: DateStyle = DateStyle.UNKNOWN
    warnings: tuple[Reason, ...] = ()

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            tuple(document["header"]),
            document["source"],
            {int(column): name for column, name in document["columns"].items()},
            tuple(document["unclear"]),
            NumberStyle(document["numbers"]),
            DateStyle(document["dates"]),
            restored(document["warnings"]),
        )

    def document(self) -> dict[str, Any]:
        return {
            "header": list(self.header),
            "source": self.source,
            "columns": {str(column): name for column, name in self.columns.items()},
            "unclear": list(self.unclear),
            "numbers": self.numbers,
            "dates": self.dates,
            "warnings": stored(self.warnings),
        }

    def table(self, rows: Sequence[Row]) -> Table:
        columns = {name: column for column, name in self.columns.items() if column < len(self.header)}
        return Table(self.header, columns, rows, self.numbers, self.dates)


def guess_layout(sheet: Sheet, kind: str, mapping: Mapping[int, str] | None = None) -> Layout:
    """From the header alone; `mapping` is a person's word and leaves nothing unclear."""
    if mapping is not None:
        return Layout(tuple(sheet.header), sheet.source, dict(mapping))
    guess = guess_mapping(sheet.header, kind)
    return Layout(tuple(sheet.header), sheet.source, guess.mapping, guess.unclear)


def with_styles(
    layout: Layout, rows: Sequence[Row], firm: Firm, numbers: NumberStyle | None, dates: DateStyle | None
) -> Layout:
    """What a person said of the styles, else what the columns prove, else what is usual for the firm.

    Where cells contradict each other the style stays unknown: only cells that prove themselves are read.
    """
    warnings: list[Reason] = []
    if numbers is None:
        amounts = _cells(layout, rows, _AMOUNTS)
        numbers = _guessed(lambda: guess_number_style(amounts, firm.locale), NumberStyle.UNKNOWN, warnings)
    if dates is None:
        days = _cells(layout, rows, _DAYS)
        dates = _guessed(lambda: guess_date_style(days, firm.country), DateStyle.UNKNOWN, warnings)
    return replace(layout, numbers=numbers, dates=dates, warnings=tuple(warnings))


def _guessed(guess: Callable[[], S], unknown: S, warnings: list[Reason]) -> S:
    try:
        return guess()
    except Invalid as mixed:
        warnings.append(Reason.of(mixed))
        return unknown


def _cells(layout: Layout, rows: Sequence[Row], fields: frozenset[str]) -> Iterable[CellValue]:
    columns = [
        column for column, name in layout.columns.items() if name in fields and column < len(layout.header)
    ]
    return [row.cells[column] for row in rows for column in columns]
