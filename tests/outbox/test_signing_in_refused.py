"""Mailboxes connected at their provider: whom R132 keeps out, and what must not be taken for a yes."""

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor
from bursar.house import House
from bursar.outbox import signing_in
from bursar.outbox.accounts import list_accounts
from bursar.outbox.ports import Identity
from bursar.outbox.states import AccountKind
from tests.makers.tenancy import a_tenant
from tests.makers.vendors import OWNER, begun, came, come_back, state_of
from tests.vendors import CALLBACK, Vendor

pytestmark = pytest.mark.anyio
SESSION = UUID("00000000-0000-7000-8000-000000000001")


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
