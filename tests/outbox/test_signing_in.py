"""Mailboxes connected at their provider: the way there and back, and what is kept of it (R132)."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict
from bursar.core.tables import events, secrets
from bursar.house import House
from bursar.outbox import pausing, signing_in
from bursar.outbox.connecting import abandon_overdue
from bursar.outbox.tables import mailbox_sign_ins
from tests.makers.outbox import the_account
from tests.makers.vendors import OWNER, begun, came, come_back, connected, state_of
from tests.vendors import CALLBACK, Vendor

pytestmark = pytest.mark.anyio
SESSION = UUID("00000000-0000-7000-8000-000000000001")


async def test_the_owner_says_yes_and_the_mailbox_sends(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    asked = await begun(house, tenant, vendor, box)
    assert await state_of(house, tenant) == ("connecting", None)

    account = await come_back(house, tenant, vendor, vendor.consent(asked.url, box))

    async with house.office.work(tenant) as work:
        row = await the_account(work, account)
        assert (row.state, row.is_primary, row.address, row.settings["reads"]) == ("active", True, box, True)
        assert row.token_expires_at is not None
        assert b"refresh_token" in await work.vault.get(row.secret_id)
        [purpose] = await work.db.scalars(sa.select(secrets.c.purpose).where(secrets.c.tenant_id == tenant))
        assert purpose == "oauth_tokens"  # what PKCE needed is destroyed
    assert vendor.wrong() == []


async def test_no_token_and_no_state_stands_anywhere_in_clear(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    asked = await begun(house, tenant, vendor, box)
    location = vendor.consent(asked.url, box)
    account = await come_back(house, tenant, vendor, location)

    async with house.office.work(tenant) as work:
        kept = (await work.vault.get((await the_account(work, account)).secret_id)).decode()
        told = [
            str((await work.db.execute(sa.select(table).where(table.c.tenant_id == tenant))).all())
            for table in (events, secrets, mailbox_sign_ins)
        ]
    for secret in (came(location).state, came(location).code, kept.split('"')[3]):
        assert all(secret not in one for one in told)
        assert secret not in repr(asked.account_id)


async def test_only_to_send_is_asked_unless_reading_is_wanted(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    asked = await begun(house, tenant, vendor, box, reads=False)
    assert "readonly" not in asked.url
    assert "Mail.Read" not in asked.url

    account = await come_back(house, tenant, vendor, vendor.consent(asked.url, box))

    async with house.office.work(tenant) as work:
        assert (await the_account(work, account)).settings["reads"] is False


@pytest.mark.parametrize("vendor", ["gmail"], indirect=True)
async def test_who_unticks_reading_is_connected_without_it(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    asked = await begun(house, tenant, vendor, box, reads=True)

    account = await come_back(house, tenant, vendor, vendor.consent(asked.url, box, without=["readonly"]))

    async with house.office.work(tenant) as work:
        assert (await the_account(work, account)).settings["reads"] is False


async def test_a_state_is_good_once(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)
    await come_back(house, tenant, vendor, location)

    with pytest.raises(Conflict) as refusal:
        await come_back(house, tenant, vendor, location)

    assert refusal.value.code == "sign_in_over"


async def test_a_state_is_good_for_ten_minutes(
    house: House, tenant: UUID, vendor: Vendor, clock: FixedClock
) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)
    clock.advance(timedelta(minutes=10))

    with pytest.raises(Conflict):
        await come_back(house, tenant, vendor, location)


async def test_a_newer_sign_in_closes_the_one_before(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    old = vendor.consent((await begun(house, tenant, vendor, box)).url, box)
    new = vendor.consent((await begun(house, tenant, vendor, box)).url, box)

    with pytest.raises(Conflict):
        await come_back(house, tenant, vendor, old)
    await come_back(house, tenant, vendor, new)


async def test_who_never_comes_back_is_given_up(
    house: House, tenant: UUID, vendor: Vendor, clock: FixedClock
) -> None:
    asked = await begun(house, tenant, vendor, vendor.mailbox())
    clock.advance(timedelta(minutes=10))

    async with house.office.work(tenant) as work:
        assert await abandon_overdue(work, [asked.account_id]) == [asked.account_id]
        await signing_in.end_open_ones(work, asked.account_id)
        left = await work.db.scalar(
            sa.select(sa.func.count()).select_from(secrets).where(secrets.c.tenant_id == tenant)
        )
    assert left == 0


async def test_a_mailbox_that_was_locked_out_comes_back_with_the_same_owner(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    account = await connected(house, tenant, vendor, box)
    async with house.office.work(tenant) as work:
        await pausing.needs_reauth(work, account, "gone")

    asked = await signing_in.begin_again(
        house.office, tenant, OWNER, house.identities, account, redirect_uri=CALLBACK
    )
    assert await come_back(house, tenant, vendor, vendor.consent(asked.url, box)) == account

    assert await state_of(house, tenant) == ("active", None)


async def test_a_mailbox_that_sends_may_be_asked_for_reading_too(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    account = await connected(house, tenant, vendor, box, reads=False)

    asked = await signing_in.begin_again(
        house.office, tenant, OWNER, house.identities, account, redirect_uri=CALLBACK, reads=True
    )
    assert (await state_of(house, tenant))[0] == "active"
    await come_back(house, tenant, vendor, vendor.consent(asked.url, box))

    async with house.office.work(tenant) as work:
        row = await the_account(work, account)
    assert (row.state, row.settings["reads"]) == ("active", True)
