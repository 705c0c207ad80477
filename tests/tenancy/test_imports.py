"""The framework of imports: mapping, dry run, slices, crashes, reports. What each importer does is tested beside it."""

from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office
from bursar.tenancy import import_runs, import_slices
from bursar.tenancy.amounts import NumberStyle
from bursar.tenancy.imports import apply_run, discard_run, read_file, report, set_mapping
from bursar.tenancy.states import ImportKind, ImportState
from bursar.tenancy.tables import customers, import_rows
from bursar.tenancy.tables import import_runs as runs
from tests.makers.sheets import CLERK, a_desk, bring, count, csv_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def office(shared_addresses, clock, keyring):
    """Works that commit, in tenants of their own: a database for each of these tests would cost more than they."""
    engine = create_async_engine(shared_addresses.app, pool_size=4)
    yield Office(engine, clock, keyring)
    await engine.dispose()


CUSTOMER_SHEET = ImportKind.CUSTOMERS
CUSTOMERS = ("Customer code", "Name", "Company", "E-mail", "Phone")
VIEWER = Actor(ActorType.AGENT, uuid4(), AgentRole.VIEWER)


async def customers_here(desk, tenant):
    async with desk.work(tenant, CLERK) as work:
        found = await work.db.execute(
            sa.select(customers).where(customers.c.tenant_id == tenant).order_by(customers.c.id)
        )
        return found.all()


async def test_a_dry_run_writes_no_customer_and_can_be_applied_later(office):
    desk, tenant = await a_desk(office)

    run = await read_file(
        desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", csv_of(CUSTOMERS, ["", "Mona", "", "m@x.example", ""])
    )
    assert (run.state, run.counts.created, await customers_here(desk, tenant)) == ("ready", 1, [])

    applied = await apply_run(desk, tenant, CLERK, run.id)
    assert (applied.state, applied.counts.applied, len(await customers_here(desk, tenant))) == (
        "applied",
        1,
        1,
    )


async def test_a_file_that_cannot_be_read_leaves_no_trace(office):
    desk, tenant = await a_desk(office)
    for data in (b"", b"%PDF-1.7 x", b"Name;E-mail\n"):
        with pytest.raises(Invalid):
            await bring(desk, tenant, "customers", data)
    async with desk.work(tenant, CLERK) as work:
        assert await count(work, runs) == 0


async def test_a_header_that_says_too_little_waits_for_a_person_who_says_the_rest(office):
    desk, tenant = await a_desk(office)
    data = csv_of(("Who", "Where to"), ["Mona", "m@x.example"])

    run = await read_file(desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", data)
    assert (run.state, run.error[0].code) == ("reading", "mapping_missing_field")
    with pytest.raises(IllegalMove):
        await apply_run(desk, tenant, CLERK, run.id)

    run = await set_mapping(desk, tenant, CLERK, run.id, {0: "full_name", 1: "email"})
    assert (run.state, run.error, run.counts.created) == ("ready", (), 1)


async def test_one_call_refuses_the_run_of_a_header_that_says_too_little(office):
    desk, tenant = await a_desk(office)
    with pytest.raises(Invalid, match="Without it the rows cannot be used"):
        await bring(desk, tenant, "customers", csv_of(("Who", "Where to"), ["Mona", "m@x.example"]))
    async with desk.work(tenant, CLERK) as work:
        [run] = await import_runs.list_runs(work)
    assert run.state is ImportState.REFUSED


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({0: "shoe_size"}, "mapping_unknown_field"),
        ({0: "email", 1: "email"}, "mapping_doubled_field"),
        ({1: "email"}, "mapping_missing_field"),
        ({9: "full_name"}, "mapping_no_column"),
    ],
)
async def test_a_mapping_that_cannot_be_changes_nothing(office, mapping, code):
    desk, tenant = await a_desk(office)
    run = await read_file(
        desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", csv_of(("Name", "E-mail"), ["Mona", "m@x.example"])
    )

    with pytest.raises(Invalid) as refused:
        await set_mapping(desk, tenant, CLERK, run.id, mapping)

    assert refused.value.code == code
    async with desk.work(tenant, CLERK) as work:
        assert (await import_runs.get_run(work, run.id)).layout.columns == {0: "full_name", 1: "email"}


async def test_another_mapping_judges_every_row_again(office):
    desk, tenant = await a_desk(office)
    data = csv_of(("Name", "E-mail", "Phone"), ["Mona", "m@x.example", "12"])
    run = await read_file(desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", data)
    assert run.counts.refused == 1

    run = await set_mapping(
        desk, tenant, CLERK, run.id, {0: "full_name", 1: "email"}, numbers=NumberStyle.COMMA
    )

    assert (run.counts.created, run.counts.refused, run.layout.numbers) == (1, 0, NumberStyle.COMMA)


async def test_a_crash_between_slices_loses_nothing_and_doubles_nothing(office, monkeypatch):
    desk, tenant = await a_desk(office)
    monkeypatch.setattr(import_runs, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(import_runs.slices, "__defaults__", (10,))
    data = csv_of(("Customer code", "Name"), *([f"C{n}", f"Name {n}"] for n in range(35)))
    run = await read_file(desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", data)
    save, saved = import_runs.save_verdicts, []

    async def crash_in_the_third(work, run_id, verdicts):
        saved.append(len(verdicts))
        await save(work, run_id, verdicts)
        if len(saved) == 3:
            raise RuntimeError("the machine died")

    with monkeypatch.context() as dying:
        dying.setattr(import_runs, "save_verdicts", crash_in_the_third)
        with pytest.raises(RuntimeError):
            await apply_run(desk, tenant, CLERK, run.id)
    async with desk.work(tenant, CLERK) as work:
        half = await import_runs.get_run(work, run.id)
    assert (half.state, half.counts.applied, len(await customers_here(desk, tenant))) == ("ready", 20, 20)

    run = await apply_run(desk, tenant, CLERK, run.id)

    assert (run.state, run.counts.applied, run.counts.created) == ("applied", 35, 35)
    assert len(await customers_here(desk, tenant)) == 35


async def test_once_writing_has_begun_neither_mapping_nor_refusal_is_possible(office, monkeypatch):
    desk, tenant = await a_desk(office)
    monkeypatch.setattr(import_runs.slices, "__defaults__", (1,))
    run = await read_file(
        desk,
        tenant,
        CLERK,
        CUSTOMER_SHEET,
        "a.csv",
        csv_of(("Name",), ["Mona"], ["Omar"]),
        mapping={0: "full_name"},
    )
    write, written = import_slices.write_slice, []

    async def only_once(*given):
        if written:
            raise RuntimeError("the machine died")
        written.append(await write(*given))

    with monkeypatch.context() as dying:
        dying.setattr("bursar.tenancy.imports.write_slice", only_once)
        with pytest.raises(RuntimeError):
            await apply_run(desk, tenant, CLERK, run.id)

    for act in (
        set_mapping(desk, tenant, CLERK, run.id, {0: "company_name"}),
        discard_run(desk, tenant, CLERK, run.id),
    ):
        with pytest.raises(Conflict, match="Writing of this file has begun"):
            await act


async def test_who_writes_by_an_older_version_of_the_run_stops(office):
    desk, tenant = await a_desk(office)
    run = await read_file(
        desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", csv_of(("Name", "City"), ["Mona", "Dubai"])
    )

    with pytest.raises(StaleVersion):
        await import_slices.write_slice(
            desk, tenant, CLERK, run.id, run.version - 1, import_slices.Readable(desk.importers[run.kind], [])
        )


async def test_an_upload_that_was_interrupted_cannot_be_mapped(office):
    desk, tenant = await a_desk(office)
    run = await read_file(
        desk,
        tenant,
        CLERK,
        CUSTOMER_SHEET,
        "a.csv",
        csv_of(("Who", "City"), ["Mona", "Dubai"], ["Omar", "Dubai"]),
    )
    async with desk.work(tenant, CLERK) as work:
        await work.db.execute(
            sa.delete(import_rows).where(import_rows.c.tenant_id == tenant, import_rows.c.number == 3)
        )

    with pytest.raises(Conflict, match="interrupted"):
        await set_mapping(desk, tenant, CLERK, run.id, {0: "full_name"})


def shout(message: str) -> str:
    """A language in which only the report's own words differ."""
    return message.upper() if "%" not in message else message


async def test_the_report_is_the_sheet_with_outcomes_and_calculates_nothing(office):
    desk, tenant = await a_desk(office)
    data = csv_of(("Name", "Company", "E-mail"), ["Mona", "", "m@x.example"], ["", "=1+1", "n@x.example"])
    run = await read_file(desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", data)

    parts = [part async for part in await report(desk, tenant, CLERK, run.id, translate=shout)]
    written = b"".join(parts).decode("utf-8-sig").splitlines()

    assert written[0] == "ROW,Name,Company,E-mail,OUTCOME,REASON"
    assert written[1] == "2,Mona,,m@x.example,CREATED,"
    assert written[2].startswith("3,,'=1+1,n@x.example,REFUSED,")


async def test_the_report_of_a_long_sheet_comes_in_parts_with_every_row_once(office, monkeypatch):
    monkeypatch.setattr(import_runs, "ROWS_AT_ONCE", 2)
    desk, tenant = await a_desk(office)
    sheet = csv_of(
        CUSTOMERS, *(["", f"Mona {number}", "", f"m{number}@x.example", ""] for number in range(5))
    )
    run = await read_file(desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", sheet)

    parts = [part async for part in await report(desk, tenant, CLERK, run.id)]

    assert len(parts) == 4  # its head, two rows, two rows, one
    lines = b"".join(parts).decode("utf-8-sig").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["Row", "2", "3", "4", "5", "6"]


async def test_a_viewer_imports_nothing(office):
    desk, tenant = await a_desk(office)
    with pytest.raises(NotAllowed):
        await read_file(
            desk, tenant, VIEWER, CUSTOMER_SHEET, "a.csv", csv_of(("Name", "City"), ["Mona", "Dubai"])
        )


async def test_another_firms_run_does_not_exist(office):
    desk, tenant = await a_desk(office)
    _, other = await a_desk(office)
    run = await read_file(
        desk, tenant, CLERK, CUSTOMER_SHEET, "a.csv", csv_of(("Name", "City"), ["Mona", "Dubai"])
    )

    for act in (
        apply_run(desk, other, CLERK, run.id),
        set_mapping(desk, other, CLERK, run.id, {0: "full_name"}),
        discard_run(desk, other, CLERK, run.id),
        report(desk, other, CLERK, run.id),
    ):
        with pytest.raises(NotFound):
            await act
