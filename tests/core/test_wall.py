"""The wall from inside: two tenants with a row in every table, and each role reaching for the other's."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses, UnsafeDatabase, refuse_if_unsafe
from bursar.core.keys import Keyring
from bursar.core.work import NOBODY, Office, Role, Work
from tests import databases
from tests.makers.everything import AT, customer_column, fill, tenant_tables
from tests.makers.tenancy import a_tenant

pytestmark = pytest.mark.anyio

TABLES = {table.name: table for table in tenant_tables()}
WRITERS = (Role.AGENT, Role.SYSTEM)
REFUSED = "42501"
OF_THE_FIRM = {"tenants", "products"}
"""What every customer of a firm may read: how it presents itself, and what it sells (R116)."""


@dataclass(frozen=True)
class Town:
    """Ours with two customers, and a neighbour; every table holds rows of all three customers."""

    office: Office
    ours: UUID
    theirs: UUID
    customers: list[UUID]
    root: AsyncConnection

    async def whole(self, tenant_id: UUID) -> str:
        """A digest of all that this tenant has, taken by who sees everything."""
        digest = hashlib.sha256()
        for name in TABLES:
            text = await self.root.scalar(
                sa.text(
                    f"select string_agg(t::text, '|' order by t::text) from {name} t where tenant_id = :id"
                ),
                {"id": tenant_id},
            )
            assert text, f"{name} is empty: nothing was tried on it"
            digest.update(text.encode())
        await self.root.rollback()
        return digest.hexdigest()


@pytest.fixture(scope="module")
async def town(server: databases.Server, template: str, keyring: Keyring) -> AsyncIterator[Town]:
    """Built once: what the tests try is refused, and the few rows they do write are their own."""
    name = databases.copy(server, template)
    addresses = server.addresses(name)
    pool = create_async_engine(addresses.app, pool_size=2)
    engine = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    office = Office(pool, FixedClock(AT), keyring)
    ours, theirs = await a_tenant(office), await a_tenant(office)
    customers = await fill(office, ours, customers=2)
    await fill(office, theirs)
    async with engine.connect() as root:
        yield Town(office, ours, theirs, customers, root)
    await pool.dispose()
    databases.drop(server, name)


async def attempt(work: Work, statement: sa.Executable, **given: object) -> int | str:
    """How many rows it touched, or the SQLSTATE with which it was refused; the Work goes on."""
    try:
        async with work.db.begin_nested():
            return (await work.db.execute(statement, given)).rowcount
    except DBAPIError as error:
        return getattr(error.orig, "sqlstate", None) or "?"


@pytest.mark.parametrize("role", WRITERS)
async def test_no_table_shows_a_row_of_another_tenant(town: Town, role: Role) -> None:
    async with town.office.work(town.ours, role=role) as work:
        for name, table in TABLES.items():
            seen = set(await work.db.scalars(sa.select(table.c.tenant_id).distinct()))
            assert seen == {town.ours}, name
            where = table.c.tenant_id == town.theirs
            assert await work.db.scalar(sa.select(sa.func.count()).select_from(table).where(where)) == 0, name


@pytest.mark.parametrize("role", WRITERS)
async def test_no_row_of_another_tenant_is_changed_deleted_or_taken(town: Town, role: Role) -> None:
    before = await town.whole(town.theirs)
    tried = {"update": 0, "delete": 0}
    async with town.office.work(town.ours, role=role) as work:
        for name, table in TABLES.items():
            theirs = table.c.tenant_id == town.theirs
            touch = sa.update(table).where(theirs).values(tenant_id=table.c.tenant_id)
            updated = await attempt(work, touch)
            deleted = await attempt(work, sa.delete(table).where(theirs))
            assert updated in {0, REFUSED}, name
            assert deleted in {0, REFUSED}, name
            tried["update"] += updated == 0
            tried["delete"] += deleted == 0

    assert min(tried.values()) > 5, "some tables may be written, else this proves only the grants"
    assert await town.whole(town.theirs) == before


@pytest.mark.parametrize("role", WRITERS)
async def test_no_row_is_put_into_another_tenant(town: Town, role: Role) -> None:
    before = await town.whole(town.theirs)
    async with town.office.work(town.ours, role=role) as work:
        for name, table in TABLES.items():
            written = [column for column in table.c if column.computed is None]
            given = (await work.db.execute(sa.select(*written).limit(1))).mappings().one()
            foreign = {**given, "tenant_id": town.theirs}
            assert await attempt(work, sa.insert(table).values(foreign)) == REFUSED, name
            moved = sa.update(table).values(tenant_id=town.theirs)
            # A guard may refuse before the wall does; what counts is that nothing arrives.
            assert isinstance(await attempt(work, moved), str), name

    assert await town.whole(town.theirs) == before


@pytest.mark.parametrize("role", [Role.AGENT, Role.SYSTEM, Role.CUSTOMER])
async def test_a_forgotten_tenant_sees_nothing(town: Town, role: Role) -> None:
    async with town.office.work(NOBODY, role=role) as work:
        await work.db.execute(sa.text("select set_config('app.tenant_id', '', true)"))
        for name, table in TABLES.items():
            assert await attempt(work, sa.select(table.c.tenant_id)) in {0, REFUSED}, name


async def test_the_role_that_signs_in_sees_nothing_at_all(town: Town) -> None:
    async with town.office.engine.connect() as db:
        for name in (*TABLES, "accounts", "tenant_slugs", "procrastinate_jobs", "alembic_version"):
            with pytest.raises(DBAPIError, match="permission denied"):
                await db.execute(sa.text(f"select 1 from {name}"))
            await db.rollback()


async def test_a_customer_sees_only_their_own_rows(town: Town) -> None:
    readable = 0
    async with town.office.work(town.ours, role=Role.CUSTOMER, customer_id=town.customers[0]) as work:
        for name, table in TABLES.items():
            column = customer_column(table)
            if name in OF_THE_FIRM:
                assert set(await work.db.scalars(sa.select(table.c.tenant_id))) == {town.ours}, name
            elif column is None or await attempt(work, sa.select(column)) == REFUSED:
                assert await attempt(work, sa.select(table.c.tenant_id)) == REFUSED, name
            else:
                assert set(await work.db.scalars(sa.select(column))) == {town.customers[0]}, name
                readable += 1
    assert readable >= 7


async def test_a_customer_never_sees_a_draft(town: Town) -> None:
    invoices = TABLES["invoices"]
    async with town.office.work(town.ours) as work:
        row = (
            await work.db.execute(sa.select(invoices).where(invoices.c.customer_id == town.customers[0]))
        ).one()
        draft = {**row._mapping, "id": uuid4(), "state": "draft", "number": None, "period": "2026-12"}
        await work.db.execute(sa.insert(invoices).values(draft))

    async with town.office.work(town.ours, role=Role.CUSTOMER, customer_id=town.customers[0]) as work:
        assert list(await work.db.scalars(sa.select(invoices.c.state))) == ["issued"]


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SCAN])
async def test_customers_and_scans_write_nothing(town: Town, role: Role) -> None:
    async with town.office.work(NOBODY, role=role) as work:
        for name, table in TABLES.items():
            column = table.c.tenant_id
            assert await attempt(work, sa.update(table).values(tenant_id=column)) == REFUSED, name
            assert await attempt(work, sa.delete(table)) == REFUSED, name
            assert await attempt(work, sa.text(f"insert into {name} default values")) == REFUSED, name


async def test_a_scan_sees_where_work_is_due_in_all_tenants_and_no_name(town: Town) -> None:
    async with town.office.scan() as work:
        sends = TABLES["sends"]
        assert set(await work.db.scalars(sa.select(sends.c.tenant_id))) == {town.ours, town.theirs}
        for column in (
            sends.c.to_address,
            sends.c.merge_data,
            TABLES["events"].c.changes,
            TABLES["tenants"].c.name,
        ):
            assert await attempt(work, sa.select(column)) == REFUSED


async def test_a_parent_of_another_tenant_is_refused_by_the_key_itself(town: Town) -> None:
    """R117: the check of a foreign key does not look through the wall, so the key must name the tenant."""
    contacts = TABLES["customer_contacts"]
    async with town.office.work(town.theirs) as work:
        stolen = {"tenant_id": town.theirs, "customer_id": town.customers[0], "name": "Mallory"}
        assert await attempt(work, sa.insert(contacts).values(stolen)) == "23503"


async def test_the_same_number_in_two_tenants_is_no_clash(town: Town) -> None:
    """R118: a unique key without the tenant would tell one firm what another has."""
    for tenant_id in (town.ours, town.theirs):
        async with town.office.work(tenant_id) as work:
            row = {"tenant_id": tenant_id, "series": "S", "period_key": "2026"}
            assert isinstance(await attempt(work, sa.insert(TABLES["number_series"]).values(row)), int)


async def test_the_program_refuses_to_run_as_who_could_pass_the_wall(addresses: Addresses) -> None:
    owner_of_a_table, bypasser = f"owns_{uuid4().hex[:8]}", f"bypasses_{uuid4().hex[:8]}"
    root = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    async with root.begin() as db:
        await db.execute(sa.text(f"create role {owner_of_a_table} login"))
        await db.execute(sa.text(f"create role {bypasser} login bypassrls"))
        await db.execute(sa.text(f"create table theirs (); alter table theirs owner to {owner_of_a_table}"))
    try:
        for name in (None, owner_of_a_table, bypasser):
            address = addresses.owner if name is None else addresses.app.set(username=name)
            engine = create_async_engine(address, poolclass=sa.NullPool)
            with pytest.raises(UnsafeDatabase, match="Connect as bursar_app"):
                await refuse_if_unsafe(engine)
        safe = create_async_engine(addresses.app, poolclass=sa.NullPool)
        await refuse_if_unsafe(safe)
    finally:
        async with root.begin() as db:
            await db.execute(sa.text("drop table theirs"))
            await db.execute(sa.text(f"drop role {owner_of_a_table}"))
            await db.execute(sa.text(f"drop role {bypasser}"))


async def test_a_role_does_not_stay_on_the_connection(
    addresses: Addresses, clock: FixedClock, keyring: Keyring
) -> None:
    engine = create_async_engine(addresses.app, pool_size=1, max_overflow=0)
    office = Office(engine, clock, keyring)
    async with office.work(await a_tenant(office)) as work:
        assert await work.db.scalar(sa.text("select current_user")) == "bursar_system"
    async with engine.connect() as db:
        row = (await db.execute(sa.text("select current_user, current_setting('app.tenant_id', true)"))).one()
        assert tuple(row) == ("bursar_app", "")
    await engine.dispose()
