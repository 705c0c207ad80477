"""Work, the journal's trigger, and the wall as one transaction feels it."""

from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bursar.core.errors import IllegalMove, NotAllowed, NotFound, StaleVersion
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.moves import move, move_all
from bursar.core.tables import events
from bursar.core.work import Actor, Happened, Office, Origin, Record, Work
from bursar.tenancy.states import ADMIN_SUSPEND, REINSTATE
from bursar.tenancy.tables import customers
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def events_of(work: Work, entity: UUID) -> list[str]:
    rows = await work.db.scalars(
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_id == entity)
        .order_by(events.c.id)
    )
    return list(rows)


async def test_a_new_row_and_its_move_are_each_one_event(work: Work) -> None:
    customer = await a_customer(work)

    await move(work, ADMIN_SUSPEND, customer, because="asked to", suspended_reason="admin")

    assert await events_of(work, customer) == ["customer.active", "customer.admin_suspend"]
    assert work.happened == [Happened("customer.admin_suspend", (customer,), "asked to")]


async def test_a_move_that_the_lifecycle_does_not_list_writes_nothing(work: Work) -> None:
    customer = await a_customer(work)

    with pytest.raises(IllegalMove, match="customer is active: cannot reinstate"):
        await move(work, REINSTATE, customer)

    assert await events_of(work, customer) == ["customer.active"]


async def test_a_stale_version_and_an_unknown_row_are_told_apart(work: Work) -> None:
    customer = await a_customer(work)

    with pytest.raises(StaleVersion):
        await move(work, ADMIN_SUSPEND, customer, version=7, suspended_reason="admin")
    with pytest.raises(NotFound):
        await move(work, ADMIN_SUSPEND, uuid4(), suspended_reason="admin")


async def test_a_set_moves_in_one_statement_and_passes_over_who_may_not(work: Work) -> None:
    first, second = await a_customer(work), await a_customer(work)
    await move(work, ADMIN_SUSPEND, first, suspended_reason="admin")

    moved = await move_all(work, ADMIN_SUSPEND, [first, second], suspended_reason="admin")

    assert moved == [second]


async def test_a_state_cannot_change_without_a_move(work: Work) -> None:
    customer = await a_customer(work)

    with pytest.raises(DBAPIError, match="changed its state without a move"):
        await work.db.execute(
            sa.update(customers)
            .where(customers.c.tenant_id == work.tenant_id, customers.c.id == customer)
            .values(state="suspended", suspended_reason="admin")
        )


async def test_the_journal_is_append_only(work: Work) -> None:
    await a_customer(work)

    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        await work.db.execute(sa.delete(events).where(events.c.tenant_id == work.tenant_id))


async def test_personal_data_stands_in_the_journal_only_under_the_customers_key(work: Work) -> None:
    customer = await a_customer(work)

    await work.record(
        "customer.edit",
        Record(customer, customer, {"after": {"email": "changed"}}, private={"email": "c@x.com"}),
    )

    row = (
        await work.db.execute(
            sa.select(events).where(events.c.tenant_id == work.tenant_id, events.c.type == "customer.edit")
        )
    ).one()
    assert b"c@x.com" not in row.private
    assert await work.vault.open_personal(row.id, customer, row.private) == {"email": "c@x.com"}


async def test_a_viewer_may_not_act_and_the_system_may(office: Office) -> None:
    tenant = await a_tenant(office)

    async with office.work(tenant, actor=Actor(ActorType.AGENT, None, AgentRole.VIEWER)) as work:
        with pytest.raises(NotAllowed):
            work.allow(AgentRole.AGENT)
    async with office.work(tenant) as work:
        work.allow(AgentRole.OWNER)


async def test_two_tenants_alternate_on_one_connection_and_see_only_their_own(
    addresses, clock, keyring: Keyring
) -> None:
    engine = create_async_engine(addresses.app, pool_size=1, max_overflow=0)
    office = Office(engine, clock, keyring)
    tenants = [await a_tenant(office) for _ in range(2)]
    theirs = {}
    for tenant in tenants:
        async with office.work(tenant) as work:
            theirs[tenant] = await a_customer(work)

    for tenant in tenants * 3:
        async with office.work(tenant) as work:
            seen = list(await work.db.scalars(sa.select(customers.c.id)))
        assert seen == [theirs[tenant]]
    async with office.directory() as work:
        assert list(await work.db.scalars(sa.select(customers.c.id))) == []
    await engine.dispose()


async def test_what_reacts_to_an_event_is_part_of_the_same_transaction(
    engine, clock, keyring: Keyring
) -> None:
    async def suspend_back(work: Work, happened: Happened) -> None:
        await move_all(work, REINSTATE, happened.ids, suspended_reason=None)

    office = Office(engine, clock, keyring, {"customer.admin_suspend": (suspend_back,)})
    tenant = await a_tenant(office)

    async with office.work(tenant) as work:
        customer = await a_customer(work)
        await move(work, ADMIN_SUSPEND, customer, suspended_reason="admin")

    async with office.work(tenant) as work:
        assert await events_of(work, customer) == [
            "customer.active",
            "customer.admin_suspend",
            "customer.reinstate",
        ]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("unknown", None),
        ("10.0.0.7:443", None),
        (None, None),
    ],
)
async def test_whatever_a_proxy_says_of_an_address_can_be_written_down(
    office: Office, said: str | None, kept: str | None
) -> None:
    tenant_id = await a_tenant(office)
    async with office.work(tenant_id, origin=Origin(ip=said)) as work:
        await work.record("tenant.edit", Record(tenant_id))
        [found] = await work.db.scalars(
            sa.select(events.c.ip).where(events.c.tenant_id == tenant_id, events.c.type == "tenant.edit")
        )
    assert (str(found) if found else None) == kept
