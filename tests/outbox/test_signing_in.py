"""Mailboxes connected at their provider: what R132 asks of the way there and back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.keys import Keyring
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events, secrets
from bursar.core.work import Actor
from bursar.house import House
from bursar.outbox import pausing, signing_in
from bursar.outbox.accounts import list_accounts
from bursar.outbox.connecting import abandon_overdue
from bursar.outbox.ports import Identity
from bursar.outbox.states import AccountKind
from bursar.outbox.tables import mailbox_sign_ins
from tests.makers.api import a_site
from tests.makers.outbox import the_account
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import OWNER, begun, came, come_back, connected, settings_of
from tests.vendors import CALLBACK, Vendor

pytestmark = pytest.mark.anyio
SESSION = UUID("00000000-0000-7000-8000-000000000001")


@pytest.fixture(params=["gmail", "graph"])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.getfixturevalue(request.param)


@pytest.fixture
async def house(
    shared_addresses: Addresses, clock: FixedClock, keyring: Keyring, vendor: Vendor
) -> AsyncIterator[House]:
    async with a_site(shared_addresses, clock, keyring, **settings_of(vendor)) as house:
        yield house


@pytest.fixture
async def tenant(house: House) -> UUID:
    return await a_tenant(house.office)


async def state_of(house: House, tenant: UUID) -> tuple[str, str | None]:
    """Of the only account: its state and what is said beside it."""
    async with house.office.work(tenant) as work:
        [account] = await list_accounts(work)
    return account.state, account.last_error


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


async def test_another_firms_state_is_not_there(house: House, tenant: UUID, vendor: Vendor) -> None:
    other, box = await a_tenant(house.office), vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)

    with pytest.raises(NotFound):
        await come_back(house, other, vendor, location)

    assert await state_of(house, tenant) == ("connecting", None)


async def test_another_browser_does_not_finish_what_this_one_began(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    asked = await begun(house, tenant, vendor, box, session_id=SESSION)
    location = vendor.consent(asked.url, box)

    for stranger in (None, uuid4()):
        with pytest.raises(Conflict):
            await come_back(house, tenant, vendor, location, session_id=stranger)

    await come_back(house, tenant, vendor, location, session_id=SESSION)


async def test_who_is_no_owner_any_more_does_not_finish(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)

    for role in (AgentRole.ADMIN, AgentRole.AGENT, AgentRole.VIEWER):
        with pytest.raises(NotAllowed):
            await come_back(house, tenant, vendor, location, actor=Actor(ActorType.AGENT, None, role))


@pytest.mark.parametrize("role", [AgentRole.ADMIN, AgentRole.AGENT, AgentRole.VIEWER])
async def test_only_an_owner_begins(house: House, tenant: UUID, vendor: Vendor, role: AgentRole) -> None:
    actor = Actor(ActorType.AGENT, None, role)
    with pytest.raises(NotAllowed):
        await begun(house, tenant, vendor, vendor.mailbox(), actor=actor)
    async with house.office.work(tenant) as work:
        assert await list_accounts(work) == []


class Overheard:
    """The provider's sign-in itself, and what it was asked to take back."""

    def __init__(self, identity: Identity) -> None:
        self._identity, self.revoked = identity, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._identity, name)

    async def revoke(self, refresh_token: str) -> None:
        self.revoked.append(refresh_token)
        await self._identity.revoke(refresh_token)


async def test_another_mailbox_is_refused_and_its_permission_given_back(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    meant, chosen = vendor.mailbox(), vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, meant)).url, chosen)
    overheard = Overheard(house.identities("gmail" if vendor.name == "gmail" else "outlook"))

    with pytest.raises(Invalid) as refusal:
        await come_back(replace(house, identities=lambda _: overheard), tenant, vendor, location)

    assert refusal.value.code == "another_mailbox"
    assert await state_of(house, tenant) == ("connecting", signing_in.ANOTHER)
    [token] = overheard.revoked
    if vendor.name == "gmail":  # Microsoft has no address at which one could
        assert vendor.token(grant_type="refresh_token", refresh_token=token).status_code == 400


async def test_a_no_at_the_provider_is_a_no(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box, allow=False)

    with pytest.raises(Invalid) as refusal:
        await come_back(house, tenant, vendor, location)

    assert refusal.value.code == "consent_denied"
    assert await state_of(house, tenant) == ("connecting", signing_in.DENIED)


async def test_a_consent_without_sending_is_no_consent(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    without = ["gmail.send"] if vendor.name == "gmail" else ["Mail.Send"]
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box, without=without)

    with pytest.raises(Invalid) as refusal:
        await come_back(house, tenant, vendor, location)

    assert refusal.value.code == "scope_missing"


async def test_one_providers_answer_is_not_taken_to_another(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)
    other = AccountKind.OUTLOOK if vendor.name == "gmail" else AccountKind.GMAIL

    with pytest.raises(Conflict):
        await come_back(house, tenant, vendor, location, kind=other)


@pytest.mark.parametrize("vendor", ["gmail"], indirect=True)
async def test_an_answer_that_names_another_issuer_is_refused(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    box = vendor.mailbox()
    back = came(vendor.consent((await begun(house, tenant, vendor, box)).url, box))
    forged = signing_in.Came(back.state, back.code, issuer="https://login.evil.example")

    with pytest.raises(Invalid) as refusal:
        await signing_in.finish(
            house.office,
            tenant,
            OWNER,
            house.identities,
            forged,
            kind=AccountKind.GMAIL,
            redirect_uri=CALLBACK,
        )

    assert refusal.value.code == "wrong_issuer"


async def test_a_stolen_code_is_of_no_use_without_our_verifier(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    """Somebody puts a code of theirs behind our state: it was made for another challenge."""
    box = vendor.mailbox()
    ours = came(vendor.consent((await begun(house, tenant, vendor, box)).url, box))
    theirs = came(vendor.consent((await begun(house, await a_tenant(house.office), vendor, box)).url, box))
    mixed = signing_in.Came(ours.state, theirs.code)

    with pytest.raises(Invalid) as refusal:
        await signing_in.finish(
            house.office, tenant, OWNER, house.identities, mixed,
            kind=AccountKind.GMAIL if vendor.name == "gmail" else AccountKind.OUTLOOK, redirect_uri=CALLBACK,
        )  # fmt: skip

    assert refusal.value.code == "code_refused"


async def test_a_provider_that_is_silent_is_told_as_such(house: House, tenant: UUID, vendor: Vendor) -> None:
    box = vendor.mailbox()
    location = vendor.consent((await begun(house, tenant, vendor, box)).url, box)
    vendor.trouble("lost", operation="token")

    with pytest.raises(Invalid) as refusal:
        await come_back(house, tenant, vendor, location)

    assert refusal.value.code == "provider_silent"


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


async def test_an_installation_that_the_provider_does_not_know_says_so(
    house: House, tenant: UUID, vendor: Vendor
) -> None:
    other = AccountKind.OUTLOOK if vendor.name == "gmail" else AccountKind.GMAIL

    with pytest.raises(Conflict) as refusal:
        await signing_in.begin(
            house.office,
            tenant,
            OWNER,
            house.identities,
            kind=other,
            address="a@b.example",
            redirect_uri=CALLBACK,
        )

    assert refusal.value.code == "provider_not_set_up"
