"""How long a sheet of open invoices takes from its bytes to invoices: read, judged, written, reported.

Timed are a workbook and a text file, each with its dry run, its writing and its report. The bare limit writes
the same rows of the workbook into the same tables by hand, one statement a table, everything on: what lies
between is reading the file, understanding 80,000 cells, and judging each row twice.
"""

import argparse
import csv
import io
import time
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.event import listen, remove

from benchmarks.ground import TENANT, Ground, run, say
from bursar.billing.importers import import_desk
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor
from bursar.house import House
from bursar.tenancy.import_slices import Desk
from bursar.tenancy.imports import apply_run, read_file, report
from bursar.tenancy.states import ImportKind

CLERK = Actor(ActorType.AGENT, None, AgentRole.OWNER)
HEADER = (
    "Invoice number",
    "Customer code",
    "Customer name",
    "E-mail",
    "Phone",
    "Issue date",
    "Due date",
    "Total",
)

# Every row that an import writes, by hand: the copy of the sheet, its customers, invoices, lines and outcomes.
LIMIT = (
    """
    insert into import_runs (tenant_id, id, kind, file_name, sha256, state)
    values (:tenant, :run, 'invoices', 'limit', ''::bytea, 'reading')
    """,
    """
    insert into import_rows (tenant_id, import_run_id, number, raw)
    select :tenant, :run, number, raw from jsonb_to_recordset(cast(:raw as jsonb)) as given (number int, raw jsonb)
    """,
    """
    insert into customers (tenant_id, external_code, kind, full_name, email, email_key, phone, source, state)
    select distinct on (raw ->> 1) :tenant, raw ->> 1, 'person', raw ->> 2, raw ->> 3, raw ->> 3, raw ->> 4,
           'invoice', 'active'
      from import_rows where tenant_id = :tenant and import_run_id = :run
    """,
    """
    insert into invoices (tenant_id, customer_id, state, series, number, external_source, external_id, currency,
                          subtotal_minor, total_minor, balance_minor, issue_date, due_date, locale)
    select r.tenant_id, c.id, 'issued', 'import:sheet', raw ->> 0, 'sheet', raw ->> 0, 'AED',
           minor, minor, minor, (raw -> 5 ->> 'day')::date, (raw -> 6 ->> 'day')::date, 'en'
      from import_rows r join customers c on c.tenant_id = r.tenant_id and c.external_code = raw ->> 1,
           lateral (select ((raw -> 7 ->> 'number')::numeric * 100)::bigint as minor) as amount
     where r.tenant_id = :tenant and r.import_run_id = :run
    """,
    """
    insert into invoice_lines (tenant_id, invoice_id, customer_id, position, description, quantity,
                               unit_price_minor, tax_category, tax_rate, net_minor, tax_minor)
    select tenant_id, id, customer_id, 1, number, 1, total_minor, 'O', 0, total_minor, 0
      from invoices where tenant_id = :tenant
    """,
    """
    update import_rows r set outcome = 'created' where tenant_id = :tenant and import_run_id = :run
    """,
    """
    update import_rows r set entity_id = i.id from invoices i
     where r.tenant_id = :tenant and r.import_run_id = :run and i.tenant_id = r.tenant_id
       and i.external_source = 'sheet' and i.external_id = raw ->> 0
    """,
)


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    rows = _rows(arguments.size)
    async with Ground() as house:
        desk = import_desk(house.office)
        book = await _timed(house, desk, "invoices.xlsx", _xlsx(rows), rows)
        text = await _timed(house, desk, "invoices.csv", _csv(rows), rows)
        limit = await _limit(house, *book[1:], rows)
    for name, (seconds, *_) in (("workbook", book), ("text", text)):
        say(f"{name}: {seconds:.2f} s, {arguments.size / seconds:,.0f} rows a second, goal 10 s for 10,000")
    say(f"limit: {limit:.2f} s for the same rows by hand")
    ratio = round(book[0] / limit, 2)
    return {
        "seconds": round(book[0], 3),
        "per_second": round(arguments.size / book[0], 1),
        "limit_ratio": ratio,
    }


async def _timed(
    house: House, desk: Desk, name: str, data: bytes, rows: Sequence[Sequence[Any]]
) -> tuple[float, UUID, UUID]:
    """Seconds from the bytes to the report, the tenant it was done in, and the run."""
    tenant_id = await _a_tenant(house)
    began = time.perf_counter()
    dry = await read_file(desk, tenant_id, CLERK, ImportKind.INVOICES, name, data)
    judged = time.perf_counter()
    done = await apply_run(desk, tenant_id, CLERK, dry.id)
    written = time.perf_counter()
    told = b"".join([part async for part in await report(desk, tenant_id, CLERK, dry.id)])
    ended = time.perf_counter()
    say(
        f"{name}: dry run {judged - began:.2f} s, writing {written - judged:.2f} s, report {ended - written:.2f} s"
    )
    assert dry.counts.created == done.counts.created == len(rows), done.counts
    assert told.count(b"\r\n") == len(rows) + 1
    await _check(house, tenant_id, rows)
    return ended - began, tenant_id, dry.id


async def _limit(house: House, source: UUID, source_run: UUID, rows: Sequence[Sequence[Any]]) -> float:
    """The statements by hand, printed, and beside them those that ours became."""
    tenant_id, ours = await _a_tenant(house), []
    engine = house.office.engine.sync_engine
    say("by hand:")
    async with house.office.work(tenant_id) as work:
        run_id = (await work.db.execute(sa.text("select uuidv7()"))).scalar_one()
        told = {"source": source, "source_run": source_run}
        # The sheet's copy stands in the other tenant, whom this Work must not see: it is read before the clock.
        await work.db.execute(_ENTER, {"tenant": str(source)})
        raw = (await work.db.execute(sa.text(_SOURCE), told)).scalar_one()
        await work.db.execute(_ENTER, {"tenant": str(tenant_id)})
        began = time.perf_counter()
        # Rows written in this transaction have no statistics; a nested loop over them takes minutes.
        await work.db.execute(sa.text("set local enable_nestloop = off"))
        for statement in LIMIT:
            text = sa.text(statement)
            given = {"tenant": tenant_id, "run": run_id, "raw": raw}
            await work.db.execute(text, {name: given[name] for name in text.compile().params})
    seconds = time.perf_counter() - began
    say("\n".join(LIMIT))
    await _check(house, tenant_id, rows)
    await _say_ours(house, engine, ours, rows)
    return seconds


_SOURCE = """
    select jsonb_agg(jsonb_build_object('number', number, 'raw', raw) order by number)::text
      from import_rows where tenant_id = :source and import_run_id = :source_run
    """
_ENTER = sa.text("select set_config('app.tenant_id', :tenant, true)")


async def _say_ours(house: House, engine: sa.Engine, ours: list[str], rows: Sequence[Sequence[Any]]) -> None:
    """The writing statements of a small import, each once."""

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split(None, 3)
        if words[0].lower() in {"insert", "update"} and statement not in ours:
            ours.append(statement)

    listen(engine, "before_cursor_execute", note)
    desk, tenant_id = import_desk(house.office), await _a_tenant(house)
    dry = await read_file(desk, tenant_id, CLERK, ImportKind.INVOICES, "few.csv", _csv(rows[:3]))
    await apply_run(desk, tenant_id, CLERK, dry.id)
    remove(engine, "before_cursor_execute", note)
    say("\n\n".join(["ours:", *ours]))


async def _check(house: House, tenant_id: UUID, rows: Sequence[Sequence[Any]]) -> None:
    """Every row once, with its money, one line each, and its event in the journal."""
    counts = sa.text(
        """
        select (select count(*) from customers where tenant_id = :t), count(*), sum(balance_minor),
               (select sum(net_minor) from invoice_lines where tenant_id = :t),
               (select count(*) from events where tenant_id = :t and type = 'invoice.issued')
          from invoices where tenant_id = :t
        """
    )
    async with house.office.work(tenant_id) as work:
        found = tuple((await work.db.execute(counts, {"t": tenant_id})).one())
    fils = sum(row[7] for row in rows) * 100
    assert found == (len({row[1] for row in rows}), len(rows), fils, fils, len(rows)), found


async def _a_tenant(house: House) -> UUID:
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"b-{tenant_id.hex[:8]}"})
    return tenant_id


def _rows(size: int) -> list[list[Any]]:
    """Seven invoices a customer; amounts are whole dirhams so that any reader adds them up alike."""
    rows = []
    for at in range(size):
        who = at // 7
        issued = date(2026, 8, 1) + timedelta(days=at % 90)
        person = [f"C-{who:05}", f"Customer {who}", f"c{who}@example.com", f"+97150{1000000 + who}"]
        rows.append([f"WT-{at:06}", *person, issued, issued + timedelta(days=30), 100 + at % 900])
    return rows


def _csv(rows: Sequence[Sequence[Any]]) -> bytes:
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return written.getvalue().encode()


def _xlsx(rows: Sequence[Sequence[Any]]) -> bytes:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Open invoices")
    sheet.append(HEADER)
    for row in rows:
        sheet.append(list(row))
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


if __name__ == "__main__":
    run(main, size=10_000)
