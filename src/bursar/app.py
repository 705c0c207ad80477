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
from bursar.core.files import FileStore
from bursar.core.keyfile import load_keyring
from bursar.core.keys import Keyring
from bursar.core.scanning import Scanner
from bursar.core.settings import Settings, load_settings
from bursar.core.uploads import Doorman
from bursar.core.work import Office
from bursar.house import House
from bursar.outbox.composing import Composers
from bursar.outbox.letters import Letters
from bursar.outbox.ports import Sender, SenderFactory
from bursar.outbox.states import AccountKind, Purpose
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
    return House(
        settings=settings,
        addresses=addresses,
        keyring=keyring,
        office=Office(engine, clock or SystemClock(), keyring, REACTIONS),
        files=files,
        letters=Letters(keyring, settings.base_url),
        composers=composers(settings),
        senders=senders(settings),
        einvoice_providers=einvoice_providers(settings),
        doorman=Doorman(files, scanner(settings)),
    )


def composers(settings: Settings) -> Composers:
    """Which room speaks for the sends of each purpose."""
    campaigns = CampaignComposer(settings.base_url)
    return {
        Purpose.CAMPAIGN: campaigns,
        Purpose.TEST: TestComposer(campaigns),
        Purpose.NOTICE: NoticeComposer(settings.base_url),
    }


def senders(settings: Settings) -> SenderFactory:
    """The way out for each kind of account."""
    networks = tuple(str(network) for network in settings.private_hosts)
    helo = settings.base_url.split("//", 1)[1].partition("/")[0].partition(":")[0]

    def make(kind: str, settings: Mapping[str, Any], secret: bytes | None) -> Sender:
        if kind != AccountKind.SMTP:
            raise ValueError(f"no adapter is bound for {kind}")
        from bursar.integrations.smtp.adapter import SmtpSender, SmtpSettings

        return SmtpSender(
            SmtpSettings(
                host=settings["host"],
                port=settings["port"],
                username=settings.get("username"),
                password=secret.decode() if secret else None,
                tls=settings.get("tls", "starttls"),
                connections=settings.get("connections", 1),
                allowed_networks=networks,
                helo_name=helo,
            )
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
