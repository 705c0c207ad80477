"""Rows of a run judged at once and written slice by slice, each slice in a Work of its own."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.core.errors import Conflict, Refusal
from bursar.core.moves import move
from bursar.core.work import Actor, Office, Work
from bursar.tenancy import import_runs, states
from bursar.tenancy.amounts import NumberStyle
from bursar.tenancy.dates import DateStyle
from bursar.tenancy.headers import check_mapping
from bursar.tenancy.import_runs import Run, slices
from bursar.tenancy.importers import Entry, Firm, Importer, Verdict, refused
from bursar.tenancy.layouts import Layout, with_styles
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, ImportState

JUDGED_AT_ONCE = 10_000
"""Rows judged in one Work; more than a slice, since nothing is locked."""
TRIES = 3
BUSY = frozenset({"busy", "customers_changed"})
"""What another Work's end makes good: a lock, or a row that both wanted to be the first to write."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where sheets are brought in: the Office, and the importer that each kind's room has."""

    office: Office
    importers: Mapping[ImportKind, Importer[Any]]

    def work(
        self, tenant_id: UUID, actor: Actor, *, read_only: bool = False
    ) -> AbstractAsyncContextManager[Work]:
        return self.office.work(tenant_id, actor=actor, cause="import", read_only=read_only)


@dataclass(frozen=True, slots=True)
class Readable:
    """Rows under a layout, read by their importer."""

    importer: Importer[Any]
    entries: Sequence[Entry[Any]]


async def judge(
    desk: Desk,
    tenant_id: UUID,
    actor: Actor,
    run_id: UUID,
    layout: Layout,
    rows: Sequence[Row],
    numbers: NumberStyle | None = None,
    dates: DateStyle | None = None,
) -> Run:
    """Judge every row under `layout` and keep the outcomes."""
    async with desk.work(tenant_id, actor) as work:
        run = await import_runs.get_run(work, run_id, lock=True)
        run.must_be_open("map")
        run.must_be_untouched()
        firm = await import_runs.firm_of(work)
        layout = await asyncio.to_thread(with_styles, layout, rows, firm, numbers, dates)
        error = _lacking(run.kind, layout)
        await import_runs.put_layout(work, run_id, layout, error)
    if not error:
        judged = await read(desk, run.kind, layout, rows, firm)
        verdicts = await _verdicts(desk, tenant_id, actor, judged)
        await _keep(desk, tenant_id, actor, run_id, run.version + 1, verdicts)
    async with desk.work(tenant_id, actor, read_only=True) as work:
        return await import_runs.get_run(work, run_id)


async def read(desk: Desk, kind: ImportKind, layout: Layout, rows: Sequence[Row], firm: Firm) -> Readable:
    """In a thread: ten thousand rows take seconds, in which others are to be served."""
    importer = desk.importers[kind]
    return Readable(importer, await asyncio.to_thread(importer.read, layout.table(rows), firm))


async def _verdicts(desk: Desk, tenant_id: UUID, actor: Actor, judged: Readable) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for part in slices(judged.entries, JUDGED_AT_ONCE):
        async with desk.work(tenant_id, actor, read_only=True) as work:
            readable = [entry for entry in part if entry.refusal is None]
            verdicts += _in_order(part, await judged.importer.judge(work, readable) if readable else [])
    return verdicts


async def _keep(
    desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID, version: int, verdicts: Sequence[Verdict]
) -> None:
    parts = slices(verdicts)
    for at, part in enumerate(parts, start=1):
        async with desk.work(tenant_id, actor) as work:
            run = await import_runs.get_run(work, run_id, lock=True)
            import_runs.must_be(run, version)
            await import_runs.save_verdicts(work, run_id, part)
            if at == len(parts):
                await import_runs.recount(work, run)
                if run.state is ImportState.READING:
                    await move(work, states.IMPORT_READ, run_id)


async def write_slice(
    desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID, version: int, judged: Readable
) -> None:
    """Write these rows in a Work of their own; begun again if somebody holds or has just written the same.

    Raises `StaleVersion` if another call writes this run by now.
    """
    for left in reversed(range(TRIES)):
        try:
            await _write(desk, tenant_id, actor, run_id, version, judged)
        except Conflict as conflict:
            if not left or conflict.code not in BUSY:
                raise
        else:
            return


async def _write(
    desk: Desk, tenant_id: UUID, actor: Actor, run_id: UUID, version: int, judged: Readable
) -> None:
    """One slice in one Work: what it writes and what the run says of it are true together."""
    async with desk.work(tenant_id, actor) as work:
        run = await import_runs.get_run(work, run_id, lock=True)
        import_runs.must_be(run, version)
        run.must_allow(states.IMPORT_APPLY)
        readable = [entry for entry in judged.entries if entry.refusal is None]
        written = await judged.importer.write(work, readable) if readable else []
        await import_runs.save_verdicts(work, run_id, _in_order(judged.entries, written))
        applied = run.counts.applied + len(judged.entries)
        through = judged.entries[-1].number if judged.entries else run.counts.through
        await import_runs.recount(work, run, applied=applied, through=through)
        if applied == run.counts.rows:
            await move(work, states.IMPORT_APPLY, run_id)


def _in_order(entries: Sequence[Entry[Any]], verdicts: Sequence[Verdict]) -> list[Verdict]:
    told = {verdict.number: verdict for verdict in verdicts}
    return [
        refused(entry.number, entry.refusal) if entry.refusal else told[entry.number] for entry in entries
    ]


def _lacking(kind: ImportKind, layout: Layout) -> tuple[Reason, ...]:
    try:
        check_mapping(kind, layout.columns)
    except Refusal as refusal:
        return (Reason.of(refusal),)
    return ()
