"""Sheets brought in: read, mapped, judged row by row, and written in slices that survive a crash.

A run keeps its rows as they were read. Every step opens Works of its own, none of them long: a sheet may
have 100,000 rows and a transaction has 60 seconds (architecture.md).
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.moves import move
from bursar.core.work import Actor, Work
from bursar.tenancy import import_runs, states
from bursar.tenancy.amounts import NumberStyle
from bursar.tenancy.dates import DateStyle
from bursar.tenancy.headers import check_mapping
from bursar.tenancy.import_runs import RowReport, Run, slices
from bursar.tenancy.import_slices import Desk, Readable, judge, read, write_slice
from bursar.tenancy.layouts import Layout, guess_layout
from bursar.tenancy.reasons import Translate
from bursar.tenancy.reports import csv_lines, csv_report
from bursar.tenancy.sheets import Row, read_sheet
from bursar.tenancy.states import ImportKind, ImportState, RowOutcome


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file, or would: for programs, which read `rows` and people's `reason` in English."""

    id: UUID
    state: ImportState
    created: int
    updated: int
    unchanged: int
    refused: int
    rows: list[RowReport]


async def import_sheet(
    desk: Desk,
    tenant_id: UUID,
    actor: Actor,
    kind: ImportKind,
    name: str,
    data: bytes,
    *,
    apply: bool,
    mapping: Mapping[int, str] | None = None,
    translate: Translate = str,
) -> ImportReport:
    """From bytes to a report in one call; without `apply` a dry run that can be applied later by its id.

    Raises `Invalid` for a file that cannot be read, and for a mapping that lacks what its kind needs: then
    the run is refused.
    """
    run = await read_file(desk, tenant_id, actor, kind, name, data, mapping=mapping)
    if run.state is ImportState.READING:
        await discard_run(desk, tenant_id, actor, run.id)
        check_mapping(kind, run.layout.columns)
    if apply:
        run = await apply_run(desk, tenant_id, actor, run.id)
    async with desk.work(tenant_id, actor, read_only=True) as work:
        rows = await import_runs.all_rows(work, run.id, translate)
    counts = run.counts
    return ImportReport(
        run.id, run.state, counts.created, counts.updated, counts.unchanged, counts.refused, rows
    )


async def read_file(
    desk: Desk,
    tenant_id: UUID,
    actor: Actor,
    kind: ImportKind,
    name: str,
    data: bytes,
    *,
    mapping: Mapping[int, str] | None = None,
) -> Run:
    """Keep a file's rows and judge them under the mapping that its header suggests, or that is given.

    Raises `Invalid` for a file that cannot be read, before anything is kept. A header that says too little
    leaves the run `reading`, with the reason in `error`: `set_mapping` goes on from there.
    """
    sheet = await asyncio.to_thread(read_sheet, data, name)
    layout = guess_layout(sheet, kind, check_mapping(kind, mapping) if mapping is not None else None)
    digest = hashlib.sha256(data).digest()
    async with desk.work(tenant_id, actor) as work:
        work.allow(AgentRole.AGENT)
        run_id = await import_runs.begin(work, ImportKind(kind), name, digest, layout, len(sheet.rows))
    for part in slices(sheet.rows):
        async with desk.work(tenant_id, actor) as work:
            await import_runs.store_rows(work, run_id, part)
    return await judge(desk, tenant_id, actor, run_id, layout, sheet.rows)


async def set_mapping(
    desk: Desk,
    tenant_id: UUID,
    actor: Actor,
    run_id: UUID,
    mapping: Mapping[int, str],
    *,
    numbers: NumberStyle | None = None,
    dates: DateStyle | None = None,
) -> Run:
    """Say which column is what, and how amounts and dates are written; the rows are judged again.

    Raises `Invalid` for a mapping that cannot be, `IllegalMove` for a run that is over, `Conflict` once
    writing has begun or if the upload never ended.
    """
    async with desk.work(tenant_id, actor, read_only=True) as work:
        run, rows = await _open_run(work, run_id)
    checked = check_mapping(run.kind, mapping)
    if any(column not in range(len(run.layout.header)) for column in checked):
        raise Invalid(N_("The sheet has no such column."), code="mapping_no_column", field="mapping")
    layout = Layout(run.layout.header, run.layout.source, checked)
    return await judge(desk, tenant_id, actor, run_id, layout, rows, numbers, dates)


async def apply_run(desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID) -> Run:
    """Write a run's rows, slice by slice, each judged again in the Work that writes it.

    After a crash the next call goes on behind the last slice. Two calls at once do not meet: the later one
    makes the earlier raise `StaleVersion`. Raises `IllegalMove` unless the run is ready.
    """
    async with desk.work(tenant_id, actor, read_only=True) as work:
        run, rows = await _open_run(work, run_id, writing=True)
        firm = await import_runs.firm_of(work)
    judged = await read(desk, run.kind, run.layout, rows, firm)
    async with desk.work(tenant_id, actor) as work:
        run = await import_runs.get_run(work, run_id, lock=True)
        run.must_allow(states.IMPORT_APPLY)
        await import_runs.begin_writing(work, run)
    left = [entry for entry in judged.entries if entry.number > run.counts.through]
    for part in slices(left) or [[]]:
        await write_slice(desk, tenant_id, actor, run_id, run.version + 1, Readable(judged.importer, part))
    async with desk.work(tenant_id, actor, read_only=True) as work:
        return await import_runs.get_run(work, run_id)


async def discard_run(desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID) -> None:
    """Refuse a file that was not written. Raises `NotFound`, `IllegalMove`, `Conflict` once writing has begun."""
    async with desk.work(tenant_id, actor) as work:
        work.allow(AgentRole.AGENT)
        run = await import_runs.get_run(work, run_id, lock=True)
        run.must_allow(states.IMPORT_REFUSE)
        run.must_be_untouched()
        await move(work, states.IMPORT_REFUSE, run_id)


async def report(
    desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID, translate: Translate = str
) -> AsyncIterator[bytes]:
    """The sheet as it came, with what became of each row and why: CSV that a spreadsheet opens.

    In parts, each read in a Work of its own: a sheet may be larger than what one answer should hold.
    Raises `NotFound` before the first part.
    """
    async with desk.work(tenant_id, actor, read_only=True) as work:
        run = await import_runs.get_run(work, run_id)
    return _report_parts(desk, tenant_id, actor, run, translate)


async def _report_parts(
    desk: Desk, tenant_id: UUID, actor: Actor, run: Run, translate: Translate
) -> AsyncGenerator[bytes, None]:
    names = [translate(name) for name in (N_("Row"), N_("Outcome"), N_("Reason"))]
    outcomes = {outcome: translate(label) for outcome, label in OUTCOMES.items()}
    yield csv_report([names[0], *run.layout.header, *names[1:]], [])
    after = 0
    while True:
        async with desk.work(tenant_id, actor, read_only=True) as work:
            rows = await import_runs.rows_behind(work, run.id, after, translate)
        if not rows:
            return
        lines = [
            [row.number, *row.cells, outcomes[row.outcome] if row.outcome else "", row.reason] for row in rows
        ]
        yield await asyncio.to_thread(csv_lines, lines)
        after = rows[-1].number


OUTCOMES = {
    RowOutcome.CREATED: N_("created"),
    RowOutcome.UPDATED: N_("updated"),
    RowOutcome.UNCHANGED: N_("unchanged"),
    RowOutcome.REFUSED: N_("refused"),
}


async def _open_run(work: Work, run_id: UUID, *, writing: bool = False) -> tuple[Run, list[Row]]:
    work.allow(AgentRole.AGENT)
    run = await import_runs.get_run(work, run_id)
    if writing:
        run.must_allow(states.IMPORT_APPLY)
    else:
        run.must_be_open("map")
        run.must_be_untouched()
    rows = await import_runs.read_rows(work, run_id)
    run.must_be_whole(rows)
    return run, rows
