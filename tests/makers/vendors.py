"""Mailboxes at simulated vendors, and our adapters as they speak with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from bursar.integrations.gmail.adapter import GmailFinder, GmailSender
from bursar.integrations.gmail.client import GmailClient
from bursar.integrations.gmail.identity import GoogleIdentity
from bursar.integrations.graph.adapter import GraphFinder, GraphSender
from bursar.integrations.graph.client import GraphClient
from bursar.integrations.graph.identity import MicrosoftIdentity
from bursar.outbox.ports import Finder, Identity, Letter, Sender
from tests.contracts import Watching
from tests.makers.smtp import a_letter
from tests.vendors import Vendor


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
