"""What an importer is given and gives back: a table of cells, the entries it reads from them, a verdict a row.

Each room brings importers for what it owns; reading the file, the dry run, slices and the report are said
once, in imports.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from bursar.core.errors import Invalid
from bursar.core.work import Work
from bursar.tenancy.amounts import NumberStyle, currencies_in, currencies_named
from bursar.tenancy.cells import parse_currency, says_nothing
from bursar.tenancy.dates import DateStyle
from bursar.tenancy.grids import CellValue
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Firm:
    """Whose sheet it is: what a cell means where it does not say so itself."""

    country: str
    currency: str
    locale: str
    settings: Mapping[str, Any]
    today: date


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a mapping. `numbers` and `dates` say how this sheet's writer writes them."""

    header: Sequence[str]
    columns: Mapping[str, int]
    rows: Sequence[Row]
    numbers: NumberStyle
    dates: DateStyle

    def cell(self, row: Row, name: str) -> CellValue | None:
        """The cell of a field; None if the sheet has no such column, or nothing stands there."""
        column = self.columns.get(name)
        if column is None:
            return None
        value = row.cells[column]
        return None if says_nothing(value) else value

    def cells(self, row: Row, names: Iterable[str]) -> dict[str, CellValue]:
        """Those of the fields that say something."""
        found = {name: self.cell(row, name) for name in names}
        return {name: value for name, value in found.items() if value is not None}

    def currency(self, row: Row, amounts: Sequence[str], usual: str) -> str | None:
        """What the currency's column says, else a sign beside an amount, else an amount's header.

        A sign of several currencies means the `usual` one if that is among them. None if nothing is said.
        """
        stated = self.cell(row, "currency")
        if stated is not None:
            return _stated_currency(stated, usual)
        told = [currencies_in(value) for value in self.cells(row, amounts).values()]
        told += [
            currencies_named(self.header[self.columns[name]]) for name in amounts if name in self.columns
        ]
        codes = [each for each in told if each]
        common = frozenset.intersection(*codes) if codes else frozenset()
        if usual in common:
            return usual
        return next(iter(common)) if len(common) == 1 else None


@dataclass(frozen=True, slots=True)
class Entry(Generic[F]):
    """One row as its importer read it: `facts` of the importer's own kind, or why there are none."""

    number: int
    facts: F | None = None
    refusal: Reason | None = None
    notes: tuple[Reason, ...] = ()

    @property
    def read(self) -> F:
        """The facts of an entry that was not refused."""
        if self.facts is None:
            raise ValueError(f"row {self.number} was refused and has no facts")
        return self.facts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes, or became, of one row. Reasons of a row that is not refused are notes."""

    number: int
    outcome: RowOutcome
    reasons: tuple[Reason, ...] = field(default=())
    entity_id: UUID | None = None


class Importer(Protocol[F]):
    """How the sheets of one kind are read, judged and written. It is given no refused entries to judge or write."""

    @property
    def kind(self) -> ImportKind: ...

    def read(self, table: Table, firm: Firm) -> list[Entry[F]]:
        """One entry a row, in order. Pure, since it runs in a thread; sees the whole sheet, so that rows that
        contradict or repeat each other are found here.
        """
        ...

    async def judge(self, work: Work, entries: Sequence[Entry[F]]) -> list[Verdict]:
        """What `write` would do with each; nothing is written or locked."""
        ...

    async def write(self, work: Work, entries: Sequence[Entry[F]]) -> list[Verdict]:
        """Write one slice, judged again. The same slice a second time changes nothing."""
        ...


def read_rows(table: Table, read: Callable[[Row], F]) -> list[Entry[F]]:
    """An entry for each row of `table`: what `read` makes of it, or the `Invalid` that it raises."""
    return [_entry(row, read) for row in table.rows]


def refused(number: int, reason: Reason) -> Verdict:
    return Verdict(number, RowOutcome.REFUSED, (reason,))


def _entry(row: Row, read: Callable[[Row], F]) -> Entry[F]:
    if row.refusal is not None:
        return Entry(row.number, refusal=Reason.of(row.refusal))
    try:
        return Entry(row.number, read(row))
    except Invalid as refusal:
        return Entry(row.number, refusal=Reason.of(refusal))


def _stated_currency(stated: CellValue, usual: str) -> str:
    """People also write Dhs and € there. Raises `Invalid` for what is no currency, or several."""
    codes = currencies_in(f"1 {stated}") if isinstance(stated, str) else frozenset()
    if usual in codes:
        return usual
    return next(iter(codes)) if len(codes) == 1 else parse_currency(stated)
