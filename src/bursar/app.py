"""The composition root: settings -> database -> adapters (`bindings`) -> doors."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from bursar import bindings
from bursar.billing.notices.composing import NoticeComposer
from bursar.chasing.composing import CampaignComposer
from bursar.chasing.previews import TestComposer
from bursar.core.clock import Clock, SystemClock
from bursar.core.database import Addresses, find_database, make_engine
from bursar.core.files import FileStore
from bursar.core.keyfile import load_keyring
from bursar.core.keys import Keyring
from bursar.core.settings import Settings, load_settings
from bursar.core.uploads import Doorman
from bursar.core.work import Office
from bursar.house import House
from bursar.onboarding.link_mail import LinkComposer
from bursar.onboarding.mails import OrderComposer
from bursar.outbox.composing import Composers
from bursar.outbox.incoming.answering import ReplyComposer
from bursar.outbox.letters import Letters
from bursar.outbox.sign_in_mail import SignInComposer
from bursar.outbox.states import Purpose
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
    consents = bindings.identities(settings)
    keeper = TokenKeeper(office, consents)
    return House(
        settings=settings,
        addresses=addresses,
        keyring=keyring,
        office=office,
        files=files,
        letters=Letters(keyring, settings.base_url),
        composers=composers(settings),
        senders=bindings.senders(settings, keeper),
        finders=bindings.finders(settings, keeper),
        readers=bindings.readers(settings, keeper),
        identities=consents,
        event_desk=bindings.event_desk(settings),
        einvoice_providers=bindings.einvoice_providers(settings),
        tills=bindings.tills(settings),
        till_desk=bindings.till_desk(),
        doorman=Doorman(files, bindings.scanner(settings)),
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
        Purpose.PAYMENT_LINK: LinkComposer(settings.base_url),
        Purpose.SIGN_IN: SignInComposer(settings.base_url),
        Purpose.WELCOME: OrderComposer(settings.base_url),
        Purpose.PAYMENT_REMINDER: OrderComposer(settings.base_url),
    }


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
