"""The composition root: settings -> database -> adapters -> doors. The only place that binds ports."""

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Receive, Scope, Send

from bursar.billing.documents.ports import EinvoiceProvider, ProviderFactory
from bursar.billing.notices.composing import NoticeComposer
from bursar.chasing.composing import CampaignComposer
from bursar.chasing.previews import TestComposer
from bursar.core.clock import Clock, SystemClock
from bursar.core.database import Addresses, find_database, make_engine
from bursar.core.errors import N_, Conflict
from bursar.core.files import FileStore
from bursar.core.keyfile import load_keyring
from bursar.core.keys import Keyring
from bursar.core.scanning import Scanner
from bursar.core.settings import Settings, load_settings
from bursar.core.uploads import Doorman
from bursar.core.work import Office
from bursar.house import House
from bursar.outbox.composing import Composers
from bursar.outbox.incoming.answering import ReplyComposer
from bursar.outbox.incoming.ports import MailboxReader, ReaderFactory
from bursar.outbox.letters import Letters
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
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, AccountKind, Purpose
from bursar.outbox.tokens import TokenKeeper
from bursar.reactions import REACTIONS

if TYPE_CHECKING:
    from bursar.api.auth import Limits


def build(
    settings: Settings | None = None,
    *,
    clock: Clock | None = None,
    addresses: Addresses | None = None,
    keyring: Keyring | None = None,
) -> House:
    """The house that the environment asks for; tests hand in their own clock, database and keys."""
    settings = settings or load_settings()
    keyring = keyring or load_keyring(settings)
    addresses = addresses or find_database(settings, keyring)
    engine = make_engine(addresses.app, pool_size=settings.pool_size)
    files = FileStore(settings.files_url or settings.data_dir / "files")
    office = Office(engine, clock or SystemClock(), keyring, REACTIONS)
    consents = identities(settings)
    keeper = TokenKeeper(office, consents)
    return House(
        settings=settings,
        addresses=addresses,
        keyring=keyring,
        office=office,
        files=files,
        letters=Letters(keyring, settings.base_url),
        composers=composers(settings),
        senders=senders(settings, keeper),
        finders=finders(settings, keeper),
        readers=readers(settings, keeper),
        identities=consents,
        event_desk=event_desk(settings),
        einvoice_providers=einvoice_providers(settings),
        doorman=Doorman(files, scanner(settings)),
    )


def composers(settings: Settings) -> Composers:
    """Which room speaks for the sends of each purpose."""
    campaigns = CampaignComposer(settings.base_url)
    return {
        Purpose.CAMPAIGN: campaigns,
        Purpose.CHASE: campaigns,
        Purpose.TEST: TestComposer(campaigns),
        Purpose.NOTICE: NoticeComposer(settings.base_url),
        Purpose.REPLY: ReplyComposer(),
    }


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


def work_off(house: House, *, until_idle: bool) -> Awaitable[None]:
    """The worker's process. Doors are imported when they are opened: most commands need neither."""
    from bursar.worker.main import work_until_stopped

    return work_until_stopped(house, until_idle=until_idle)


def site(house: House, *, limits: "Limits | None" = None) -> ASGIApp:
    """What `bursar serve` serves: the pages, and the API below /api. `limits` is the pace of its keys."""
    from bursar.api.app import MOUNTED_AT, create_api
    from bursar.web.app import create_web

    pages, api = create_web(house), create_api(house, limits=limits)

    async def doors(scope: Scope, receive: Receive, send: Send) -> None:
        """Each door has guards of its own; what is no request at all (the start, the end) is the pages'."""
        if scope["type"] == "http" and f"{scope['path']}/".startswith(f"{MOUNTED_AT}/"):
            await api({**scope, "root_path": f"{scope.get('root_path', '')}{MOUNTED_AT}"}, receive, send)
        else:
            await pages(scope, receive, send)

    return doors


def main() -> None:
    """The `bursar` command."""
    from bursar.cli.building import Building
    from bursar.cli.main import make_cli

    make_cli(Building(settings=load_settings, build=build, site=site, worker=work_off))()
