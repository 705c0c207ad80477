"""Which adapter answers which port: the only place that names both. `app` hands them to the house."""

from collections.abc import Mapping
from typing import Any

from bursar.billing.documents.ports import EinvoiceProvider, ProviderFactory
from bursar.billing.tills.ports import Till, TillDesk, TillFactory
from bursar.core.errors import N_, Conflict
from bursar.core.scanning import Scanner
from bursar.core.settings import Settings
from bursar.outbox.incoming.ports import MailboxReader, ReaderFactory
from bursar.outbox.ports import (
    AccountRef,
    EventDesk,
    Finder,
    FinderFactory,
    Identities,
    Identity,
    Sender,
    SenderFactory,
)
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountKind
from bursar.outbox.tokens import TokenKeeper


def senders(settings: Settings, keeper: TokenKeeper) -> SenderFactory:
    """The way out for each kind of account. Vendors' libraries are loaded by who uses them."""
    networks = tuple(str(network) for network in settings.private_hosts)
    helo = settings.base_url.split("//", 1)[1].partition("/")[0].partition(":")[0]

    def by_smtp(kind: str, given: Mapping[str, Any], secret: bytes | None) -> Sender:
        from bursar.integrations.ses.adapter import SesSender
        from bursar.integrations.smtp.adapter import SmtpSender, SmtpSettings

        way = SmtpSettings(
            host=given["host"],
            port=given["port"],
            username=given.get("username"),
            password=secret.decode() if secret else None,
            tls=given.get("tls", "starttls"),
            connections=given.get("connections", 1),
            allowed_networks=networks,
            helo_name=helo,
        )
        return SesSender(way) if kind == AccountKind.SES else SmtpSender(way)

    def make(
        kind: str, given: Mapping[str, Any], secret: bytes | None, account: AccountRef | None = None
    ) -> Sender:
        if kind in (AccountKind.SMTP, AccountKind.SES):
            return by_smtp(kind, given, secret)
        if account is None or kind not in SIGNS_IN_BY_CONSENT:
            raise ValueError(f"no adapter is bound for {kind}")
        connections, tokens = given.get("connections", 1), keeper.of(account)
        if kind == AccountKind.GMAIL:
            from bursar.integrations.gmail.adapter import GmailSender
            from bursar.integrations.gmail.client import GmailClient

            client = GmailClient(settings.gmail_url, tokens, connections=connections)
            return GmailSender(client, reads=bool(given.get("reads")), connections=connections)
        from bursar.integrations.graph.adapter import GraphSender
        from bursar.integrations.graph.client import GraphClient

        return GraphSender(GraphClient(settings.graph_url, tokens, connections=connections))

    return make


def finders(settings: Settings, keeper: TokenKeeper) -> FinderFactory:
    """Who looks into an account's Sent folder, where we may read it."""

    def make(kind: str, given: Mapping[str, Any], account: AccountRef) -> Finder | None:
        if kind not in SIGNS_IN_BY_CONSENT or not given.get("reads"):
            return None
        if kind == AccountKind.GMAIL:
            from bursar.integrations.gmail.adapter import GmailFinder
            from bursar.integrations.gmail.client import GmailClient

            return GmailFinder(GmailClient(settings.gmail_url, keeper.of(account)))
        from bursar.integrations.graph.adapter import GraphFinder
        from bursar.integrations.graph.client import GraphClient

        return GraphFinder(GraphClient(settings.graph_url, keeper.of(account)))

    return make


def readers(settings: Settings, keeper: TokenKeeper) -> ReaderFactory:
    """Who looks into an account's mailbox for what comes back, where we may read it."""
    networks = tuple(str(network) for network in settings.private_hosts)

    def make(
        kind: str, given: Mapping[str, Any], secret: bytes | None, account: AccountRef
    ) -> MailboxReader | None:
        if kind == AccountKind.SMTP and (imap := given.get("imap")) and secret:
            from bursar.integrations.imap.reader import ImapReader
            from bursar.integrations.imap.session import ImapSettings

            way = ImapSettings(
                host=imap["host"],
                port=imap["port"],
                username=given.get("username") or "",
                password=secret.decode(),
                tls=imap.get("tls", "implicit"),
                allowed_networks=networks,
            )
            return ImapReader(way)
        if kind not in SIGNS_IN_BY_CONSENT or not given.get("reads"):
            return None
        if kind == AccountKind.GMAIL:
            from bursar.integrations.gmail.client import GmailClient
            from bursar.integrations.gmail.reading import GmailReader

            return GmailReader(GmailClient(settings.gmail_url, keeper.of(account)))
        from bursar.integrations.graph.client import GraphClient
        from bursar.integrations.graph.reading import GraphReader

        return GraphReader(GraphClient(settings.graph_url, keeper.of(account)))

    return make


def event_desk(settings: Settings) -> EventDesk:
    """Who reads what Amazon tells of messages."""
    from bursar.integrations.ses.events import SesDesk
    from bursar.integrations.ses.signing import Certificates

    return SesDesk(Certificates(frozenset(settings.sns_cert_hosts)))


def identities(settings: Settings) -> Identities:
    """Where the owners of mailboxes say yes. Raises `Conflict` where the operator has not made us known."""

    def make(kind: str) -> Identity:
        if kind == AccountKind.GMAIL and settings.gmail_client_id and settings.gmail_client_secret:
            from bursar.integrations.gmail.identity import GoogleIdentity

            return GoogleIdentity(
                accounts_url=settings.google_accounts_url,
                token_url=settings.google_token_url,
                gmail_url=settings.gmail_url,
                client_id=settings.gmail_client_id,
                client_secret=settings.gmail_client_secret.get_secret_value(),
            )
        if kind == AccountKind.OUTLOOK and settings.microsoft_client_id and settings.microsoft_client_secret:
            from bursar.integrations.graph.identity import MicrosoftIdentity

            return MicrosoftIdentity(
                login_url=settings.microsoft_login_url,
                graph_url=settings.graph_url,
                client_id=settings.microsoft_client_id,
                client_secret=settings.microsoft_client_secret.get_secret_value(),
            )
        raise Conflict(
            N_("This installation is not known to the provider yet. Its operator must register it there."),
            code="provider_not_set_up",
        )

    return make


def scanner(settings: Settings) -> Scanner | None:
    """Who looks for viruses in what people upload, if the operator has somebody."""
    if settings.clamav is None:
        return None
    from bursar.integrations.clamav.adapter import Clamd

    return Clamd(settings.clamav)


def einvoice_providers(settings: Settings) -> ProviderFactory:
    """Who carries e-invoices into the network."""

    def make(name: str) -> EinvoiceProvider:
        if name != "sandbox" or settings.einvoice_url is None:
            raise ValueError(f"no provider is bound for {name}")
        from bursar.integrations.einvoice.adapter import SandboxProvider

        return SandboxProvider(settings.einvoice_url)

    return make


def tills(settings: Settings) -> TillFactory:
    """Where customers pay by card: the firm's own account at a provider."""

    def make(provider: str, secret: bytes) -> Till:
        if provider != "stripe":
            raise ValueError(f"no adapter is bound for {provider}")
        from bursar.integrations.stripe.adapter import StripeTill

        return StripeTill(secret, settings.stripe_url)

    return make


def till_desk() -> TillDesk:
    """Who reads what Stripe tells of checkouts, refunds and disputes."""
    from bursar.integrations.stripe.desk import StripeDesk

    return StripeDesk()
