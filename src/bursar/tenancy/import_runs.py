"""Runs of imports as rows: begun, looked at, and their rows' outcomes kept slice by slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, IllegalMove, NotFound, StaleVersion
from bursar.core.states import Move, allowed_from
from bursar.core.work import Work
from bursar.tenancy import raw_cells, states, tenants
from bursar.tenancy.importers import Firm, Verdict
from bursar.tenancy.layouts import Layout
from bursar.tenancy.queries import imports as queries
from bursar.tenancy.reasons import Reason, Translate, reason_text, restored, stored
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, ImportState, RowOutcome

MOVES = (states.IMPORT_READ, states.IMPORT_APPLY, states.IMPORT_REFUSE)
LARGEST_PAGE = 500
ROWS_AT_ONCE = 2_000
"""Rows in one statement and, while writing, in one Work: about a second."""


@dataclass(frozen=True, slots=True)
class Counts:
    """`rows` are all of the sheet. `applied` of them were written or passed over; `through` is the last one."""

    rows: int
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    applied: int = 0
    through: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One file of one kind. `error` says why a run that is still `reading` cannot be judged."""

    id: UUID
    version: int
    kind: ImportKind
    state: ImportState
    file_name: str
    sha256: bytes
    layout: Layout
    counts: Counts
    error: tuple[Reason, ...]
    created_at: datetime

    def must_allow(self, move: Move) -> None:
        """Raises `IllegalMove` before anything is written."""
        if self.state not in move.sources:
            raise IllegalMove("import_run", self.state, move.event, allowed_from(MOVES, self.state))

    def must_be_open(self, event: str) -> None:
        """Raises `IllegalMove` for a run that is over."""
        if self.state not in (ImportState.READING, ImportState.READY):
            raise IllegalMove("import_run", self.state, event, allowed_from(MOVES, self.state))

    def must_be_whole(self, rows: Sequence[Row]) -> None:
        """Raises `Conflict` for a run whose file was not kept to the end: its upload was interrupted."""
        if len(rows) != self.counts.rows:
            raise Conflict(
                N_("The upload of this file was interrupted. Upload it again."), code="upload_interrupted"
            )

    def must_be_untouched(self) -> None:
        """Raises `Conflict` once writing has begun: half a file under one mapping and half under another."""
        if self.counts.applied:
            raise Conflict(
                N_("Writing of this file has begun. Finish it, then import a corrected file."),
                code="apply_begun",
            )


@dataclass(frozen=True, slots=True)
class RowReport:
    """One row as people and programs are told of it; `id` is the customer, invoice… it became or met."""

    number: int
    outcome: RowOutcome | None
    reason: str
    field: str | None
    id: UUID | None
    cells: tuple[Any, ...] = ()


async def firm_of(work: Work) -> Firm:
    firm = await tenants.this_tenant(work)
    return Firm(firm.country, firm.currency, firm.locale, firm.settings, work.today)


async def get_run(work: Work, run_id: UUID, *, lock: bool = False) -> Run:
    """Raises `NotFound`, for another tenant's too."""
    row = (await work.db.execute(queries.one_run(work, run_id, lock=lock))).mappings().one_or_none()
    if row is None:
        raise NotFound("import")
    return _run(row)


async def list_runs(work: Work, *, before: UUID | None = None, limit: int = 50) -> list[Run]:
    """The newest first, older than `before`."""
    found = await work.db.execute(queries.list_runs(work, before, max(1, min(limit, LARGEST_PAGE))))
    return [_run(row) for row in found.mappings()]


async def list_rows(
    work: Work,
    run_id: UUID,
    *,
    outcome: RowOutcome | None = None,
    after: int = 0,
    limit: int = 100,
    translate: Translate = str,
) -> list[RowReport]:
    """Rows of one outcome, or of all, in the order of the sheet, behind row `after`."""
    limit = max(1, min(limit, LARGEST_PAGE))
    found = await work.db.execute(
        queries.outcomes_of(work, run_id, outcome=outcome, after=after, limit=limit)
    )
    return [row_report(row, translate) for row in found.mappings()]


async def all_rows(work: Work, run_id: UUID, translate: Translate = str) -> list[RowReport]:
    found = await work.db.execute(queries.outcomes_of(work, run_id))
    return [row_report(row, translate) for row in found.mappings()]


async def rows_behind(work: Work, run_id: UUID, after: int, translate: Translate = str) -> list[RowReport]:
    """The next rows behind row `after`, as many as one Work takes at once."""
    found = await work.db.execute(queries.outcomes_of(work, run_id, after=after, limit=ROWS_AT_ONCE))
    return [row_report(row, translate) for row in found.mappings()]


async def read_rows(work: Work, run_id: UUID) -> list[Row]:
    """The rows as they were uploaded."""
    found = await work.db.execute(queries.rows_of(work, run_id))
    return [raw_cells.from_json(row.number, row.raw) for row in found]


async def store_rows(work: Work, run_id: UUID, rows: Sequence[Row]) -> None:
    told = [{"number": row.number, "raw": raw_cells.to_json(row)} for row in rows]
    await work.db.execute(queries.add_rows(work, run_id, told))


async def save_verdicts(work: Work, run_id: UUID, verdicts: Sequence[Verdict]) -> None:
    if verdicts:
        await work.db.execute(queries.settle_rows(work, run_id, [_told(verdict) for verdict in verdicts]))


async def recount(work: Work, run: Run, *, applied: int = 0, through: int = 0) -> Counts:
    """Count the outcomes anew and keep the counts."""
    found = {row.outcome: row.rows for row in await work.db.execute(queries.count_outcomes(work, run.id))}
    counts = Counts(
        run.counts.rows, *(found.get(outcome, 0) for outcome in RowOutcome), applied=applied, through=through
    )
    await work.db.execute(queries.change_run(work, run.id, {"counts": _document(counts)}))
    return counts


async def begin(
    work: Work, kind: ImportKind, file_name: str, sha256: bytes, layout: Layout, rows: int
) -> UUID:
    values = {
        "kind": kind,
        "file_name": file_name[:200],
        "sha256": sha256,
        "mapping": layout.document(),
        "counts": _document(Counts(rows)),
        "state": ImportState.READING,
    }
    return (await work.db.execute(queries.add_run(work, values))).scalar_one()


async def put_layout(work: Work, run_id: UUID, layout: Layout, error: tuple[Reason, ...] = ()) -> None:
    """Whoever judges or writes by the layout before finds the run's version changed and stops."""
    values = {"mapping": layout.document(), "error": stored(error)}
    await work.db.execute(queries.change_run(work, run_id, values, new_version=True))


async def begin_writing(work: Work, run: Run) -> None:
    """A new version, so that nobody's late judgement is laid over what is written from here on."""
    await work.db.execute(queries.change_run(work, run.id, {"error": None}, new_version=True))


def must_be(run: Run, version: int) -> None:
    if run.version != version:
        raise StaleVersion("import")


def slices(verdicts: Sequence[Any], size: int = ROWS_AT_ONCE) -> list[Sequence[Any]]:
    return [verdicts[start : start + size] for start in range(0, len(verdicts), size)]


def row_report(row: Mapping[Any, Any], translate: Translate) -> RowReport:
    raw = raw_cells.from_json(row["number"], row["raw"])
    return RowReport(
        row["number"],
        RowOutcome(row["outcome"]) if row["outcome"] else None,
        reason_text(row["reason"], translate),
        row["field"],
        row["entity_id"],
        tuple(raw_cells.shown(raw.cells)),
    )


def _told(verdict: Verdict) -> dict[str, Any]:
    about = next((reason.field for reason in verdict.reasons if reason.field), None)
    return {
        "number": verdict.number,
        "outcome": verdict.outcome,
        "reason": stored(verdict.reasons),
        "field": about,
        "entity_id": str(verdict.entity_id) if verdict.entity_id else None,
    }


def _document(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in Counts.__slots__}


def _run(row: Mapping[Any, Any]) -> Run:
    return Run(
        row["id"],
        row["version"],
        ImportKind(row["kind"]),
        ImportState(row["state"]),
        row["file_name"],
        bytes(row["sha256"]),
        Layout.from_document(row["mapping"]),
        Counts(**row["counts"]),
        restored(row["error"]),
        row["created_at"],
    )
