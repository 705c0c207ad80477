"""Tills are connected by the firm's owner, tried before they are kept, watched, and end with their secrets gone."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.states import TillState
from bursar.billing.tables import tills as tills_table
from bursar.billing.tills import connecting, tills
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.core.tables import secrets
from bursar.notifications.tables import notifications, tasks
from tests.makers.billing import told_of
from tests.makers.tenancy import a_tenant, an_agent
from tests.makers.tills import WEBHOOK_SECRET, Firm, a_firm, a_till
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(
    addresses: Addresses, keyring: Keyring, stripe: StripeProcess, tmp_path: Path
) -> AsyncIterator[Firm]:
    async with a_firm(addresses, keyring, stripe, tmp_path) as made:
        yield made


async def check(firm: Firm, till_id: UUID) -> tills.TillShown:
    house = firm.house
    return await connecting.check_till(house.office, house.tills, firm.tenant, firm.owner, till_id)


async def test_a_key_that_works_becomes_a_till_that_waits_for_its_webhook(firm: Firm) -> None:
    till_id = await firm.connect(webhook_secret="")

    row = await firm.till(till_id)
    assert (row.state, row.account_id, row.live, row.is_primary) == (
        "connecting",
        firm.stripe.account["id"],
        False,
        False,
    )
    assert row.display_name == "Rive Partners"
    async with firm.work() as work:
        assert await work.vault.get(row.secret_id) == firm.key.encode()
        assert await tills.taking_money(work) is None


async def test_with_its_webhook_secret_it_is_ready_and_the_first_takes_the_payments(firm: Firm) -> None:
    till_id = await firm.connect(webhook_secret="")
    async with firm.work(firm.owner) as work:
        await connecting.set_webhook_secret(work, till_id, f"  {WEBHOOK_SECRET}\n")

    async with firm.work() as work:
        till = await tills.taking_money(work)
        assert till is not None
        assert (till.id, till.reports, till.state) == (till_id, True, TillState.ACTIVE)
        assert await told_of(work, till_id) == [
            "till.connecting",
            "till.replace_webhook_secret",
            "till.connected",
        ]


async def test_both_secrets_at_once_do_in_one_go(firm: Firm) -> None:
    assert (await firm.till(await firm.connect())).state == "active"


async def test_connecting_again_goes_on_where_it_stopped(firm: Firm) -> None:
    first = await firm.connect(webhook_secret="")

    assert await firm.connect() == first
    assert (await firm.till(first)).state == "active"
    assert len(await firm.rows(tills_table)) == 1


async def test_an_account_that_is_ready_is_not_connected_twice(firm: Firm) -> None:
    await firm.connect()

    with pytest.raises(Conflict) as refused:
        await firm.connect()
    assert (refused.value.code, refused.value.field) == ("till_connected", "key")


async def test_test_and_live_money_of_an_account_are_two_tills_and_the_first_stays_the_primary(
    firm: Firm,
) -> None:
    trial = await firm.connect()
    live = await firm.connect(key=firm.stripe.account["live_key"])

    assert (await firm.till(live)).live
    assert (await firm.till(trial)).is_primary
    assert not (await firm.till(live)).is_primary
    async with firm.work(firm.owner) as work:
        await tills.make_primary(work, live)
        await tills.make_primary(work, live)  # nothing more
        assert (await told_of(work, live))[-1] == "till.make_primary"
    assert [(row.id, row.is_primary) for row in await firm.rows(tills_table)] == [
        (trial, False),
        (live, True),
    ]


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"key": ""}, "secret_missing", "key"),
        ({"key": "sk_test with a space"}, "secret_unreadable", "key"),
        ({"key": "sk_test_" + "x" * 500}, "secret_unreadable", "key"),
        ({"key": "sk_tést_1"}, "secret_unreadable", "key"),
        ({"key": "sk_test_nobody_knows_this"}, "key_refused", "key"),
        ({"webhook_secret": "whsec with a space"}, "secret_unreadable", "webhook_secret"),
    ],
)
async def test_what_is_no_key_is_refused_and_nothing_is_kept(
    firm: Firm, typed: dict[str, str], code: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await firm.connect(**typed)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert await firm.rows(tills_table) == []
    assert await firm.rows(secrets) == []


async def test_the_key_typed_twice_is_noticed(firm: Firm) -> None:
    with pytest.raises(Invalid) as refused:
        await firm.connect(webhook_secret=firm.key)
    assert refused.value.code == "key_twice"


async def test_a_provider_that_does_not_answer_keeps_nothing(firm: Firm) -> None:
    firm.stripe.trouble("unavailable", times=None)

    with pytest.raises(Conflict) as refused:
        await firm.connect()
    assert refused.value.code == "provider_silent"
    assert await firm.rows(tills_table) == []


@pytest.mark.parametrize("role", [AgentRole.ADMIN, AgentRole.AGENT, AgentRole.VIEWER])
async def test_only_an_owner_connects_changes_and_ends_tills(firm: Firm, role: AgentRole) -> None:
    till_id = await firm.connect()
    other = await an_agent(firm.house.office, firm.tenant, role)
    house = firm.house

    with pytest.raises(NotAllowed):
        await connecting.connect_till(house.office, house.tills, firm.tenant, other, key=firm.key)
    with pytest.raises(NotAllowed):
        await connecting.replace_key(house.office, house.tills, firm.tenant, other, till_id, key=firm.key)
    for verb in (
        tills.disable,
        tills.make_primary,
        lambda work, one: connecting.set_webhook_secret(work, one, "whsec_other"),
    ):
        with pytest.raises(NotAllowed):
            async with firm.work(other) as work:
                await verb(work, till_id)
    assert (await firm.till(till_id)).state == "active"


async def test_another_tenants_till_is_not_there(firm: Firm) -> None:
    async with firm.house.office.work(await a_tenant(firm.house.office)) as theirs:
        till_id = await a_till(theirs)

    async with firm.work(firm.owner) as work:
        with pytest.raises(NotFound):
            await tills.get_till(work, till_id)
        with pytest.raises(NotFound):
            await tills.disable(work, till_id)
    with pytest.raises(NotFound):
        await check(firm, till_id)


async def test_the_address_for_reports_names_tenant_and_till(firm: Firm) -> None:
    till_id = await firm.connect()

    async with firm.work() as work:
        till = await tills.get_till(work, till_id)
        url = tills.hook_url(work, "https://books.example/", till)
    assert url.startswith("https://books.example/hooks/stripe/")
    assert url == f"https://books.example/hooks/stripe/{url.rpartition('/')[2]}"


async def test_a_revoked_key_needs_its_owner_who_is_told_once(firm: Firm) -> None:
    till_id = await firm.connect()
    firm.stripe.act(f"/accounts/{firm.stripe.account['id']}/revocation")
    try:
        assert (await check(firm, till_id)).state is TillState.NEEDS_REAUTH
        assert (await check(firm, till_id)).state is TillState.NEEDS_REAUTH
    finally:
        firm.stripe.control.delete(f"/accounts/{firm.stripe.account['id']}/revocation")

    async with firm.work() as work:
        assert (await told_of(work, till_id))[-1] == "till.auth_failed"
        assert await tills.taking_money(work) is None
    [task] = await firm.rows(tasks)
    assert (task.kind, task.about_id, task.done_at) == ("reconnect_till", till_id, None)
    assert await firm.rows(notifications) == []  # it was the owner who looked

    assert (await check(firm, till_id)).state is TillState.ACTIVE  # the key works again
    [task] = await firm.rows(tasks)
    assert task.done_at is not None


async def test_the_owner_is_told_when_somebody_else_finds_the_key_refused(firm: Firm) -> None:
    till_id = await firm.connect()

    for _ in range(2):
        async with firm.work() as work:
            await tills.refuse(work, till_id, "Expired API Key provided")

    [told] = await firm.rows(notifications)
    assert (told.kind, told.agent_id) == ("till.auth_failed", firm.owner.id)


async def test_another_key_of_the_account_takes_the_place_of_the_old_one(firm: Firm) -> None:
    till_id = await firm.connect()
    async with firm.work() as work:
        await tills.refuse(work, till_id, "Expired API Key provided")

    house = firm.house
    await connecting.replace_key(house.office, house.tills, firm.tenant, firm.owner, till_id, key=firm.key)

    row = await firm.till(till_id)
    assert (row.state, row.last_error, row.is_primary) == ("active", None, True)
    assert len(await firm.rows(secrets)) == 2


async def test_a_key_of_another_account_or_of_the_other_money_is_refused(firm: Firm) -> None:
    till_id = await firm.connect()
    house = firm.house
    before = await firm.rows(secrets)

    for key in (firm.stripe.told["accounts"][1]["test_key"], firm.stripe.account["live_key"]):
        with pytest.raises(Invalid) as refused:
            await connecting.replace_key(house.office, house.tills, firm.tenant, firm.owner, till_id, key=key)
        assert (refused.value.code, refused.value.field) == ("other_account", "key")
    assert await firm.rows(secrets) == before


async def test_a_disabled_till_loses_its_secrets_and_the_next_takes_over(firm: Firm) -> None:
    first = await firm.connect()
    second = await firm.connect(key=firm.stripe.account["live_key"])

    async with firm.work(firm.owner) as work:
        await tills.disable(work, first)
    await firm.house.cashier.close_till(firm.tenant, first, is_last_try=False)

    gone, heir = await firm.till(first), await firm.till(second)
    assert (gone.state, gone.secret_id, gone.webhook_secret_id, gone.is_primary) == (
        "disabled",
        None,
        None,
        False,
    )
    assert heir.is_primary
    assert len(await firm.rows(secrets)) == 2  # the other's
    async with firm.work(firm.owner) as work:
        with pytest.raises(IllegalMove):
            await tills.disable(work, first)
        with pytest.raises(IllegalMove):
            await connecting.set_webhook_secret(work, first, "whsec_new")
        with pytest.raises(Conflict):
            await tills.make_primary(work, first)
    with pytest.raises(Conflict):
        await check(firm, first)


async def test_a_disabled_till_is_connected_again_with_both_secrets(firm: Firm) -> None:
    till_id = await firm.connect()
    async with firm.work(firm.owner) as work:
        await tills.disable(work, till_id)
    await firm.house.cashier.close_till(firm.tenant, till_id, is_last_try=False)

    assert await firm.connect(webhook_secret="") == till_id
    assert (await firm.till(till_id)).state == "connecting"
    assert await firm.connect() == till_id
    assert (await firm.till(till_id)).state == "active"


async def test_secrets_are_nowhere_in_what_is_shown_or_journalled(firm: Firm) -> None:
    till_id = await firm.connect()

    async with firm.work() as work:
        shown = repr(await tills.get_till(work, till_id))
        journal = await work.db.scalar(
            sa.text("select string_agg(e::text, ' ') from events e where tenant_id = :tenant"),
            {"tenant": firm.tenant},
        )
    for secret in (firm.key, WEBHOOK_SECRET):
        assert secret not in shown
        assert secret not in str(journal)
