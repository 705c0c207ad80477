"""Secrets at rest: they open where they were put and nowhere else, and a dump shows none (R124, R125)."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.clock import FixedClock
from bursar.core.crypto import CannotOpen
from bursar.core.database import Addresses
from bursar.core.errors import NotFound
from bursar.core.keys import Keyring, new_entry
from bursar.core.tables import secrets, tenant_keys
from bursar.core.work import Office, Record, Work
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

CANARY = "canary-5f1e-Pa55word"


async def ciphertext(work: Work, secret_id: UUID) -> bytes:
    found = sa.select(secrets.c.ciphertext).where(
        secrets.c.tenant_id == work.tenant_id, secrets.c.id == secret_id
    )
    return (await work.db.scalars(found)).one()


async def test_a_secret_comes_back_and_can_be_replaced(work: Work) -> None:
    secret = await work.vault.put("smtp", b"first")
    assert await work.vault.get(secret) == b"first"

    await work.vault.replace(secret, b"second")

    assert await work.vault.get(secret) == b"second"
    assert b"second" not in await ciphertext(work, secret)


async def test_another_tenants_secret_is_not_found(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        secret = await work.vault.put("smtp", b"theirs")

    async with office.work(ours) as work:
        with pytest.raises(NotFound):
            await work.vault.get(secret)
        with pytest.raises(NotFound):
            await work.vault.replace(secret, b"ours now")


async def test_a_ciphertext_moved_to_another_row_or_tenant_stays_shut(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        stolen = await ciphertext(work, await work.vault.put("smtp", b"theirs"))

    async with office.work(ours) as work:
        first, second = await work.vault.put("smtp", b"one"), await work.vault.put("smtp", b"two")
        for moved in (await ciphertext(work, second), stolen):
            mine = (secrets.c.tenant_id == ours) & (secrets.c.id == first)
            await work.db.execute(sa.update(secrets).where(mine).values(ciphertext=moved))
            with pytest.raises(CannotOpen):
                await work.vault.get(first)


async def test_after_a_rotation_the_old_root_key_can_be_dropped(office: Office, clock: FixedClock) -> None:
    old, new = new_entry("k1"), new_entry("k2")

    def with_keys(*entries: str) -> Office:
        return Office(office.engine, clock, Keyring.parse(",".join(entries)))

    tenant, event = await a_tenant(office), uuid4()
    async with with_keys(old).work(tenant) as work:
        secret, customer = await work.vault.put("smtp", b"kept"), await a_customer(work)
        sealed = await work.vault.seal_personal({event: {"email": "c@x.com"}}, {event: customer})

    async with with_keys(new, old).work(tenant) as work:
        assert await work.vault.get(secret) == b"kept"
        assert await work.vault.rotate()
        assert not await work.vault.rotate(), "twice is once"

    async with with_keys(new).work(tenant) as work:
        assert await work.vault.get(secret) == b"kept"
        assert await work.vault.open_personal(event, customer, sealed[event]) == {"email": "c@x.com"}
        named = sa.select(tenant_keys.c.key_id).where(tenant_keys.c.tenant_id == tenant)
        assert await work.db.scalar(named) == "k2"
    with pytest.raises(CannotOpen):
        async with with_keys(old).work(tenant) as work:
            await work.vault.get(secret)


async def test_a_dump_of_all_tables_shows_no_secret_and_nothing_personal(
    office: Office, addresses: Addresses
) -> None:
    async with office.work(await a_tenant(office)) as work:
        customer = await a_customer(work)
        await work.vault.put("smtp", CANARY.encode())
        await work.record("customer.edit", Record(customer, customer, private={"after": {"email": CANARY}}))

    engine = create_async_engine(addresses.owner, poolclass=sa.NullPool)
    async with engine.connect() as root:
        tables = await root.scalars(
            sa.text(
                "select oid::regclass::text from pg_class where relkind in ('r', 'p') and not relispartition "
                "and relnamespace = 'public'::regnamespace"
            )
        )
        for table in tables.all():
            # As hexadecimal too: bytes are printed so in a dump.
            found = await root.scalar(
                sa.text(
                    f"select count(*) from {table} t where t::text like :plain or t::text like :hexadecimal"
                ),
                {"plain": f"%{CANARY}%", "hexadecimal": f"%{CANARY.encode().hex()}%"},
            )
            assert found == 0, table
