"""Mailboxes at simulated vendors, and our adapters as they speak with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx2

from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor
from bursar.house import House
from bursar.integrations.gmail.adapter import GmailFinder, GmailSender
from bursar.integrations.gmail.client import GmailClient
from bursar.integrations.gmail.identity import GoogleIdentity
from bursar.integrations.graph.adapter import GraphFinder, GraphSender
from bursar.integrations.graph.client import GraphClient
from bursar.integrations.graph.identity import MicrosoftIdentity
from bursar.outbox import signing_in
from bursar.outbox.account_fields import AccountInput
from bursar.outbox.accounts import edit_account, list_accounts
from bursar.outbox.ports import Finder, Identity, Letter, Sender
from bursar.outbox.signing_in import Begun, Came
from bursar.outbox.states import AccountKind
from tests.contracts import Watching
from tests.makers.smtp import a_letter
from tests.vendors import CALLBACK, Vendor


def an_identity(vendor: Vendor, *, transport: httpx2.AsyncBaseTransport | None = None) -> Identity:
    known = {"client_id": vendor.client_id, "client_secret": vendor.client_secret, "transport": transport}
    at = {name.removeprefix("BURSAR_").lower(): value for name, value in vendor.settings.items()}
    if vendor.name == "gmail":
        return GoogleIdentity(
            accounts_url=at["google_accounts_url"],
            token_url=at["google_token_url"],
            gmail_url=at["gmail_url"],
            **known,
        )
    return MicrosoftIdentity(login_url=at["microsoft_login_url"], graph_url=at["graph_url"], **known)


@dataclass
class HeldTokens:
    """`ports.Tokens` of one mailbox for one test: the real way to refresh them, without a vault."""

    identity: Identity
    access_token: str
    refresh_token: str
    asked: list[str | None] = field(default_factory=list)

    async def access(self, *, instead_of: str | None = None) -> str:
        self.asked.append(instead_of)
        if instead_of == self.access_token:
            grant = await self.identity.refresh(self.refresh_token)
            self.access_token = grant.access_token
            self.refresh_token = grant.refresh_token or self.refresh_token
        return self.access_token


def a_letter_from(box: str, to: str = "customer@example.org", **given: Any) -> Letter:
    """A letter as our own house writes it: from the mailbox itself, with a date."""
    written = a_letter(to, sender=box, **given)
    message = written.message.replace(b"firm@example.com", box.encode())
    return written._replace(message=b"Date: Fri, 20 Nov 2026 10:00:00 +0000\r\n" + message)


def held(vendor: Vendor, mailbox: str, *scopes: str) -> HeldTokens:
    told: Mapping[str, Any] = vendor.tokens(mailbox, *scopes)
    return HeldTokens(an_identity(vendor), told["access_token"], told["refresh_token"])


def a_vendor_sender(vendor: Vendor, tokens: HeldTokens, *, reads: bool = True, **given: Any) -> Sender:
    """The adapter under test; every request it makes is held against our contract on its way."""
    transport = Watching(vendor.name)
    if vendor.name == "gmail":
        client = GmailClient(vendor.settings["BURSAR_GMAIL_URL"], tokens, transport=transport)
        return GmailSender(client, reads=reads, **given)
    return GraphSender(GraphClient(vendor.settings["BURSAR_GRAPH_URL"], tokens, transport=transport), **given)


def a_finder(vendor: Vendor, tokens: HeldTokens) -> Finder:
    transport = Watching(vendor.name)
    if vendor.name == "gmail":
        return GmailFinder(GmailClient(vendor.settings["BURSAR_GMAIL_URL"], tokens, transport=transport))
    return GraphFinder(GraphClient(vendor.settings["BURSAR_GRAPH_URL"], tokens, transport=transport))


def settings_of(*vendors: Vendor) -> dict[str, Any]:
    """What Bursar's settings must say to speak with these."""
    told = {name: value for vendor in vendors for name, value in vendor.settings.items()}
    return {name.removeprefix("BURSAR_").lower(): value for name, value in told.items()}


KINDS = {"gmail": AccountKind.GMAIL, "graph": AccountKind.OUTLOOK}
OWNER = Actor(ActorType.AGENT, None, AgentRole.OWNER)


async def begun(house: House, tenant_id: UUID, vendor: Vendor, box: str, **given: Any) -> Begun:
    """An owner typed the address and is sent to the provider."""
    asked = {"actor": OWNER, "reads": True, "redirect_uri": CALLBACK, **given}
    return await signing_in.begin(
        house.office,
        tenant_id,
        asked.pop("actor"),
        house.identities,
        kind=KINDS[vendor.name],
        address=box,
        **asked,
    )


def came(location: str) -> Came:
    """What the browser brings back."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
    return Came(query.get("state", ""), query.get("code", ""), query.get("error", ""), query.get("iss", ""))


async def come_back(house: House, tenant_id: UUID, vendor: Vendor, location: str, **given: Any) -> UUID:
    asked = {"actor": OWNER, "kind": KINDS[vendor.name], "redirect_uri": CALLBACK, **given}
    return await signing_in.finish(
        house.office, tenant_id, asked.pop("actor"), house.identities, came(location), **asked
    )


async def connected(house: House, tenant_id: UUID, vendor: Vendor, box: str, **given: Any) -> UUID:
    """The mailbox sends from now on, fast enough for tests."""
    asked = await begun(house, tenant_id, vendor, box, **given)
    account_id = await come_back(house, tenant_id, vendor, vendor.consent(asked.url, box))
    async with house.office.work(tenant_id, actor=OWNER) as work:
        pace = {"batch_size": 50, "batch_interval": timedelta(0), "daily_quota": 1_000_000}
        await edit_account(work, account_id, AccountInput(**pace))
    return account_id


async def state_of(house: House, tenant: UUID) -> tuple[str, str | None]:
    """Of the only account: its state and what is said beside it."""
    async with house.office.work(tenant) as work:
        [account] = await list_accounts(work)
    return account.state, account.last_error
