"""Lifecycle 1, typed from its table: what an agent may do to a customer, in every state, as every role."""

import asyncio
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.errors import IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tokens import new_token
from bursar.core.work import SYSTEM, Actor, Office, Work
from bursar.tenancy.customer_sets import upsert_customers
from bursar.tenancy.customers import create_customer, get_customer, reinstate_customer, suspend_customer
from bursar.tenancy.states import CustomerSource
from bursar.tenancy.tables import customer_sign_in_tokens, customers, sessions
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of

pytestmark = pytest.mark.anyio

# state, suspended_reason of every condition a customer can be in
CONDITIONS = [
    ("pending", None),
    ("active", None),
    ("suspended", "unpaid"),
    ("suspended", "admin"),
    ("suspended", "refund"),
    ("suspended", "chargeback"),
]
LISTED = {
    ("active", None, "admin_suspend"): ("suspended", "admin"),
    ("suspended", "admin", "reinstate"): ("active", None),
    ("suspended", "refund", "reinstate"): ("active", None),
    ("suspended", "chargeback", "reinstate"): ("active", None),
}
MATRIX = [(*condition, event) for condition in CONDITIONS for event in ("admin_suspend", "reinstate")]


async def happen(work: Work, event: str, customer: UUID, version: int | None = None) -> None:
    if event == "admin_suspend":
        await suspend_customer(work, customer, reason="Asked by the court", version=version)
    else:
        await reinstate_customer(work, customer, version=version)


@pytest.mark.parametrize(("state", "reason", "event"), MATRIX)
async def test_each_event_in_each_state(work: Work, state: str, reason: str | None, event: str) -> None:
    customer = await a_customer(work, state=state, suspended_reason=reason)
    expected = LISTED.get((state, reason, event))

    if expected is None:
        with pytest.raises(IllegalMove) as refusal:
            await happen(work, event, customer)
        assert refusal.value.params["event"] == event

    else:
        await happen(work, event, customer)

    after = await get_customer(work, customer)
    assert (after.state, after.suspended_reason) == (expected or (state, reason))
    assert after.version == (2 if expected else 1)
    moved = [f"customer.{event}"] if expected else []
    assert await events_of(work, customer) == [f"customer.{state}", *moved]


async def test_a_refused_move_says_what_is_allowed(work: Work) -> None:
    customer = await a_customer(work)

    with pytest.raises(IllegalMove) as refusal:
        await reinstate_customer(work, customer)

    assert refusal.value.allowed == ("admin_suspend",)


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (acting(AgentRole.OWNER), True),
        (acting(AgentRole.ADMIN), True),
        (acting(AgentRole.AGENT), False),
        (acting(AgentRole.VIEWER), False),
        (Actor(ActorType.CUSTOMER, uuid4()), False),
        (SYSTEM, True),
    ],
)
@pytest.mark.parametrize("event", ["admin_suspend", "reinstate"])
async def test_suspending_and_reinstating_are_for_admins(
    office: Office, actor: Actor, may: bool, event: str
) -> None:
    tenant = await a_tenant(office)
    before = ("active", None) if event == "admin_suspend" else ("suspended", "admin")
    async with office.work(tenant) as work:
        customer = await a_customer(work, state=before[0], suspended_reason=before[1])

    async with office.work(tenant, actor=actor) as work:
        if may:
            await happen(work, event, customer)
        else:
            with pytest.raises(NotAllowed):
                await happen(work, event, customer)
        after = await get_customer(work, customer)

    assert ((after.state, after.suspended_reason) != before) is may


async def test_suspending_needs_a_reason(work: Work) -> None:
    customer = await a_customer(work)

    with pytest.raises(Invalid) as refusal:
        await suspend_customer(work, customer, reason="  ")

    assert refusal.value.field == "reason"
    assert await events_of(work, customer) == ["customer.active"]


@pytest.mark.parametrize("event", ["admin_suspend", "reinstate"])
async def test_a_stale_version_moves_nothing(work: Work, event: str) -> None:
    state = {"admin_suspend": {}, "reinstate": {"state": "suspended", "suspended_reason": "admin"}}[event]
    customer = await a_customer(work, **state)

    with pytest.raises(StaleVersion):
        await happen(work, event, customer, version=7)

    assert (await get_customer(work, customer)).version == 1


async def test_the_same_event_a_second_time_is_refused(work: Work) -> None:
    customer = await a_customer(work)
    await suspend_customer(work, customer, reason="first")

    with pytest.raises(IllegalMove):
        await suspend_customer(work, customer, reason="second")

    assert await events_of(work, customer) == ["customer.active", "customer.admin_suspend"]


async def test_of_two_who_suspend_at_once_one_does(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        customer = await a_customer(work)

    async def suspend() -> None:
        async with office.work(tenant, actor=acting(AgentRole.ADMIN)) as work:
            await suspend_customer(work, customer, reason="at once")

    results = await asyncio.gather(suspend(), suspend(), return_exceptions=True)

    assert sorted(type(each).__name__ for each in results) == ["IllegalMove", "NoneType"]
    async with office.work(tenant) as work:
        assert await events_of(work, customer) == ["customer.active", "customer.admin_suspend"]


async def test_suspending_closes_the_portal_at_once(work: Work) -> None:
    suspended, other = await a_customer(work), await a_customer(work)
    later = {"expires_at": work.now.replace(year=2030)}
    for customer in (suspended, other):
        theirs = {"tenant_id": work.tenant_id, "customer_id": customer, **later}
        await work.db.execute(
            sa.insert(sessions).values(
                **theirs, idle_expires_at=later["expires_at"], token_hash=new_token(work.tenant_id).hash
            )
        )
        await work.db.execute(
            sa.insert(customer_sign_in_tokens).values(**theirs, token_hash=new_token(work.tenant_id).hash)
        )

    await suspend_customer(work, suspended, reason="left")

    open_sessions = sa.select(sessions.c.customer_id).where(
        sessions.c.tenant_id == work.tenant_id, sessions.c.revoked_at.is_(None)
    )
    open_links = sa.select(customer_sign_in_tokens.c.customer_id).where(
        customer_sign_in_tokens.c.tenant_id == work.tenant_id, customer_sign_in_tokens.c.used_at.is_(None)
    )
    assert list(await work.db.scalars(open_sessions)) == [other]
    assert list(await work.db.scalars(open_links)) == [other]


@pytest.mark.parametrize("event", ["admin_suspend", "reinstate"])
async def test_another_tenants_customer_is_not_there(office: Office, event: str) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        customer = await a_customer(work)

    async with office.work(theirs, actor=acting(AgentRole.OWNER)) as work:
        with pytest.raises(NotFound):
            await happen(work, event, customer)

    async with office.work(ours) as work:
        assert await events_of(work, customer) == ["customer.active"]


async def test_whoever_is_made_by_hand_or_by_a_sheet_is_active(work: Work) -> None:
    by_hand = await create_customer(work, {"full_name": "A"})
    (by_sheet,) = await upsert_customers(work, [{"full_name": "B"}])

    found = (
        await work.db.execute(
            sa.select(customers.c.id, customers.c.state, customers.c.source).where(
                customers.c.tenant_id == work.tenant_id
            )
        )
    ).all()
    assert sorted(found) == sorted(
        [
            (by_hand, "active", CustomerSource.MANUAL),
            (by_sheet.customer_id, "active", CustomerSource.IMPORT),
        ]
    )
