"""A customer's people and what the customer agreed to; and no personal word in the journal in clear (R110)."""

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tables import events
from bursar.core.work import Actor, Office, Work
from bursar.tenancy.agents import deactivate_agent, edit_agent, invite_agent
from bursar.tenancy.api_keys import create_api_key, revoke_api_key
from bursar.tenancy.consents import consents_of, record_consent, who_consented
from bursar.tenancy.contacts import add_contact, edit_contact, list_contacts, remove_contact
from bursar.tenancy.customer_sets import tag_customers, upsert_customers
from bursar.tenancy.customers import (
    create_customer,
    edit_customer,
    reinstate_customer,
    revoke_links,
    suspend_customer,
)
from bursar.tenancy.states import ConsentPurpose, ConsentState
from bursar.tenancy.tables import consents
from tests.makers.sign_in import PASSWORD, a_firm, enter
from tests.makers.tenancy import a_customer, a_tenant, acting, events_of, personal_of

pytestmark = pytest.mark.anyio

MARKETING = ConsentPurpose.MARKETING


async def test_a_firm_has_several_people_each_once(work: Work) -> None:
    customer = await a_customer(work)
    await add_contact(work, customer, {"name": "Huda", "email": "huda@example.com", "locale": "ar"})
    await add_contact(work, customer, {"name": "Ziad", "phone": "0501234567", "role": "signatory"})

    with pytest.raises(Conflict):
        await add_contact(work, customer, {"name": "Huda", "email": "HUDA@example.com"})

    assert [
        (each.name, each.email, each.phone, each.role, each.locale)
        for each in await list_contacts(work, customer)
    ] == [
        ("Huda", "huda@example.com", None, "billing", "ar"),
        ("Ziad", None, "+971501234567", "signatory", None),
    ]


async def test_a_contact_is_changed_and_removed_and_its_events_are_under_the_customers_key(
    work: Work,
) -> None:
    customer = await a_customer(work)
    contact = await add_contact(work, customer, {"name": "Huda", "email": "huda@example.com"})

    await edit_contact(work, contact, {"name": "Huda Saleh", "locale": "fr"})
    await edit_contact(work, contact, {"name": "Huda Saleh"})
    await remove_contact(work, contact)

    assert await list_contacts(work, customer) == []
    assert await events_of(work, contact) == [
        "customer_contact.add",
        "customer_contact.edit",
        "customer_contact.remove",
    ]
    changes, private = await personal_of(work, contact, "customer_contact.edit")
    assert changes == {"before": {"locale": None}, "after": {"locale": "fr"}, "fields": ["locale", "name"]}
    assert private == {"before": {"name": "Huda"}, "after": {"name": "Huda Saleh"}}
    with pytest.raises(NotFound):
        await remove_contact(work, contact)


async def test_an_edit_makes_no_twin(work: Work) -> None:
    customer = await a_customer(work)
    await add_contact(work, customer, {"name": "Huda", "email": "huda@example.com"})
    other = await add_contact(work, customer, {"name": "Ziad", "email": "huda@example.com"})

    with pytest.raises(Conflict):
        await edit_contact(work, other, {"name": "Huda"})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "a@example.com"}, "name"),
        ({"name": "Huda"}, "email"),
        ({"name": "Huda", "email": "huda"}, "email"),
        ({"name": "Huda", "phone": "12"}, "phone"),
        ({"name": "Huda", "email": "a@example.com", "shoe_size": "40"}, "shoe_size"),
    ],
)
async def test_a_contact_that_cannot_be_reached_is_refused(work: Work, given, field: str) -> None:
    customer = await a_customer(work)

    with pytest.raises(Invalid) as refusal:
        await add_contact(work, customer, given)

    assert refusal.value.field == field


async def test_nothing_said_is_unknown_and_the_last_word_counts(work: Work, clock) -> None:
    yes, no, silent = [await a_customer(work) for _ in range(3)]
    told = {"channel": "email", "purpose": MARKETING}
    await record_consent(work, yes, **told, consent=ConsentState.DENIED)
    work.now += timedelta(minutes=1)
    await record_consent(
        work, yes, **told, consent=ConsentState.GRANTED, proof="Form of 3 May", text_version="2026-1"
    )
    await record_consent(work, no, **told, consent=ConsentState.GRANTED, proof="By phone")
    work.now += timedelta(minutes=1)
    await record_consent(work, no, **told, consent=ConsentState.DENIED)

    assert await who_consented(work, [yes, no, silent], **told) == {yes}
    assert await who_consented(work, [yes], channel="sms", purpose=MARKETING) == set()
    (word,) = await consents_of(work, yes)
    assert (word.consent, word.proof, word.text_version) == (ConsentState.GRANTED, "Form of 3 May", "2026-1")
    assert await consents_of(work, silent) == []
    assert await work.db.scalar(sa.select(sa.func.count()).select_from(consents)) == 4


@pytest.mark.parametrize("proof", [None, "", " - "])
async def test_a_yes_without_proof_is_none(work: Work, proof: str | None) -> None:
    customer = await a_customer(work)

    with pytest.raises(Invalid) as refusal:
        await record_consent(
            work, customer, channel="email", purpose=MARKETING, consent=ConsentState.GRANTED, proof=proof
        )

    assert refusal.value.field == "proof"
    assert await consents_of(work, customer) == []


async def test_customers_say_it_themselves_and_viewers_do_not(office: Office) -> None:
    tenant, other = await a_tenant(office), await a_tenant(office)
    async with office.work(tenant) as work:
        customer = await a_customer(work)
        contact = await add_contact(work, customer, {"name": "Huda", "email": "huda@example.com"})
    said = {"channel": "email", "purpose": MARKETING, "consent": ConsentState.DENIED}

    async with office.work(tenant, actor=Actor(ActorType.CUSTOMER, customer)) as work:
        await record_consent(work, customer, **said)
    async with office.work(tenant, actor=acting(AgentRole.VIEWER)) as work:
        for act in (
            record_consent(work, customer, **said),
            add_contact(work, customer, {"name": "A", "email": "a@example.com"}),
            edit_contact(work, contact, {"name": "A"}),
            remove_contact(work, contact),
        ):
            with pytest.raises(NotAllowed):
                await act
    async with office.work(other, actor=acting(AgentRole.OWNER)) as work:
        for act in (
            record_consent(work, customer, **said),
            add_contact(work, customer, {"name": "A", "email": "a@example.com"}),
            edit_contact(work, contact, {"name": "A"}),
            remove_contact(work, contact),
        ):
            with pytest.raises(NotFound):
                await act
        assert await list_contacts(work, customer) == []


async def test_no_name_and_no_address_stands_in_the_journal_in_clear(office: Office) -> None:
    firm = await a_firm(office, owner_email="canary-owner@example.com", owner_name="Canary Owner")
    await enter(office, "canary-owner@example.com", PASSWORD)
    owner = acting(AgentRole.OWNER, firm.owner_id)
    agent = await invite_agent(
        office, firm.id, owner, email="canary-agent@example.com", name="Canary Agent", role=AgentRole.AGENT
    )
    personal = {
        "full_name": "Canary Person",
        "company_name": "Canary Ltd",
        "email": "canary@example.com",
        "external_code": "canary@example.com",
        "address_lines": ["Canary Street 1"],
        "city": "Canary Wharf",
        "tags": ["canary"],
        "custom_fields": {"Nickname": "Canary"},
    }
    async with office.work(firm.id, actor=owner) as work:
        made = await create_customer(work, {"full_name": "Canary First"})
        await edit_customer(work, made, personal)  # pyright: ignore[reportArgumentType]  a plain dict of its fields
        await upsert_customers(work, [{"external_code": "canary@example.com", "city": "Canary City"}])
        await tag_customers(work, [made], add=["canary-tag"])
        contact = await add_contact(
            work, made, {"name": "Canary Contact", "email": "canary-contact@example.com"}
        )
        await edit_contact(work, contact, {"name": "Canary Other", "role": "Canary"})
        await remove_contact(work, contact)
        await record_consent(
            work,
            made,
            channel="email",
            purpose=MARKETING,
            consent=ConsentState.GRANTED,
            proof="Canary said so",
        )
        await revoke_links(work, made)
        await suspend_customer(work, made, reason="They asked")
        await reinstate_customer(work, made)
        await edit_agent(work, agent.agent_id, name="Canary Renamed", phone="0501234567")
        key = await create_api_key(work, name="Canary Key", scopes=["*"])
        await revoke_api_key(work, key.id)
        await deactivate_agent(work, agent.agent_id)
        rows = (
            await work.db.execute(sa.select(sa.cast(sa.func.to_jsonb(events.table_valued()), sa.Text)))
        ).all()
        types = set(await work.db.scalars(sa.select(events.c.type)))

    assert len(types) >= 16
    assert "canary" not in str(rows).lower()


async def test_an_unknown_customer_has_no_people(work: Work) -> None:
    with pytest.raises(NotFound):
        await add_contact(work, uuid4(), {"name": "A", "email": "a@example.com"})
