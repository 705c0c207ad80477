"""`python -m dev.pictures OUT_DIR [NAME…]`: pictures of the staff app over an invented season, to look at.

Starts the product on a database of its own with one firm in it, signs in, and takes every page (or those
named) in each language, wide and on a phone. With `--window` as much of it as the window shows (the pictures of
docs/). With `--check` axe looks at each page too, and the exit status says whether anybody is shut out.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from uuid import UUID

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from bursar import app
from bursar.billing.credit_notes import issue_credit_note
from bursar.billing.disputes import open_dispute
from bursar.billing.finding import list_invoices
from bursar.billing.importers import import_desk
from bursar.billing.invoices import Draft, create_draft
from bursar.billing.lines import Line
from bursar.billing.payments import NewPayment, record_payment
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason
from bursar.chasing.campaigns import CampaignPlan, create_campaign, send_now
from bursar.chasing.states import CampaignKind
from bursar.core.keys import Keyring, new_entry
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.migrating import migrate
from bursar.core.money import Money
from bursar.core.server import stop_server
from bursar.core.settings import Settings, load_settings
from bursar.core.work import Actor
from bursar.house import House
from bursar.outbox.connecting import SmtpServer, connect_smtp
from bursar.outbox.pump import Pump
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore
from bursar.tenancy.imports import import_sheet
from bursar.tenancy.states import ImportKind
from bursar.tenancy.tenants import create_tenant
from bursar.web.app import create_web
from bursar.web.languages import OFFERED
from bursar.web.security import Site
from dev.answers_season import tell_answers
from dev.browser import browser as chromium
from dev.chasing_season import tell_chasing
from dev.selling_season import tell_selling
from dev.sending_season import tell_sending, tell_waiting
from dev.serving import serving, until_closed

EMAIL, PASSWORD = "rania@workingtitle.example", "seven grey herons at noon"
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NAMES = (
    "Atelier Noor FZ-LLC",
    "Khalifa & Sons Trading",
    "مؤسسة الواحة للأزياء",
    "Maison Lavande",
    "Dar Al Qamar",
    "Reem Fabrics LLC",
    "بيت الحرير",
    "Studio Marlowe",
    "Gulf Stitch Works",
    "Layali Events",
    "North Quay Interiors",
    "دار الياسمين",
)


@dataclass(slots=True)
class Season:
    """What was made, for the addresses of pages."""

    pages: dict[str, str] = field(default_factory=dict)


async def tell_season(house: House, season: Season) -> None:
    """A firm with its customers, open invoices, money, a promise, a dispute, and a campaign that went out."""
    firm = await create_tenant(
        house.office,
        slug="working-title",
        name="Working Title",
        country="AE",
        currency="AED",
        time_zone="Asia/Dubai",
        locale="en",
        owner_email=EMAIL,
        owner_name="Rania Haddad",
        password=PASSWORD,
    )
    owner = Actor(ActorType.AGENT, firm.owner_id, AgentRole.OWNER)
    desk = import_desk(house.office)
    sheet = await _sheet(house, firm.id)
    done = await import_sheet(
        desk, firm.id, owner, ImportKind.INVOICES, "open-invoices.csv", sheet, apply=True
    )
    dry = await import_sheet(
        desk, firm.id, owner, ImportKind.INVOICES, "november.csv", sheet + _more(), apply=False
    )
    season.pages |= {"import": f"/imports/{dry.id}", "import-columns": f"/imports/{dry.id}/columns"}
    season.pages["import-done"] = f"/imports/{done.id}"
    await _money(house, firm.id, owner, season)
    await _campaign(house, firm.id, owner, season)


async def _sheet(house: House, tenant_id: UUID) -> bytes:
    async with house.office.work(tenant_id) as work:
        today = work.today
    random = Random(7)  # noqa: S311  the same amounts each time, and no secret
    lines = ["Invoice number,Customer,Email,Total,Currency,Due date,Language"]
    for number in range(1, 49):
        place = number % len(NAMES)
        due = today - timedelta(days=random.choice((-20, -8, 4, 12, 26, 45, 58, 80, 130)))
        address = "" if place == 8 else f"accounts@customer{place}.example"
        amount = random.randrange(80_000, 2_400_000) / 100
        currency = "EUR" if place == 3 else "AED"
        language = "ar" if place in {2, 6, 11} else "en"
        lines.append(
            f"WT-26-{1200 + number},{NAMES[place]},{address},{amount:.2f},{currency},{due},{language}"
        )
    return "\n".join(lines).encode()


def _more() -> bytes:
    """A second look at the same sheet: a new row, a changed one and some that cannot be."""
    return (
        b"\nWT-26-1300,Studio Marlowe,accounts@customer7.example,4100.00,AED,2027-01-15,en"
        b"\nWT-26-1301,Layali Events,accounts@,900.00,AED,2027-01-15,en"
        b"\nWT-26-1302,Layali Events,accounts@customer9.example,-20.00,AED,31/02/2027,en\n"
    )


async def _money(house: House, tenant_id: UUID, owner: Actor, season: Season) -> None:
    async with house.office.work(tenant_id, actor=owner) as work:
        invoices = [one for one in await list_invoices(work, limit=60) if one.total.currency == "AED"]
        for one in invoices[:4]:
            part = Money(one.total.minor // (1 if one is invoices[0] else 2), "AED")
            paying = NewPayment(part, work.today, allocate_to=[(one.id, None)], method="Bank transfer")
            paid = await record_payment(work, replace(paying, reference="TT 4711"))
            season.pages["payment"] = f"/payments/{paid.payment_id}"
        await make_promise(
            work, invoices[5].id, promised_for=work.today + timedelta(days=9), reason="By phone"
        )
        await open_dispute(
            work, invoices[6].id, reason=DisputeReason.QUALITY, statement="Two of the jackets came back torn."
        )
        line = Line("Costume fitting, November", Money(1_250_00, "AED"))
        draft = await create_draft(work, Draft(invoices[7].customer_id, "AED", [line]))
        note = await issue_credit_note(
            work, invoices[9].id, Money(120_00, "AED"), because="One jacket came back."
        )
        season.pages |= await tell_selling(work, invoices[6].customer_id)
    season.pages |= {
        "customer": f"/customers/{invoices[6].customer_id}",
        "customer-edit": f"/customers/{invoices[6].customer_id}/edit",
        "invoice": f"/invoices/{invoices[6].id}",
        "invoice-promised": f"/invoices/{invoices[5].id}",
        "draft": f"/invoices/{draft}",
        "draft-edit": f"/invoices/{draft}/edit",
        "payment-new": f"/payments/new?invoice={invoices[8].id}",
        "credit-note-new": f"/invoices/{invoices[8].id}/credit-notes/new",
        "credit-note": f"/credit-notes/{note.id}",
        "cancellation": f"/invoices/{invoices[8].id}/cancellation/new",
        "journal-one": f"/journal/invoice/{invoices[6].id}",
    }


async def _campaign(house: House, tenant_id: UUID, owner: Actor, season: Season) -> None:
    async with Sink(SinkSettings(), MemoryStore()) as sink:
        server = SmtpServer("127.0.0.1", sink.port, tls="none")
        address = "billing@workingtitle.example"
        await connect_smtp(house.office, tenant_id, owner, house.senders, address=address, server=server)
        async with house.office.work(tenant_id, actor=owner) as work:
            plan = CampaignPlan(
                "Autumn season, first reminder", CampaignKind.OVERDUE_NOTICE, {"min_days_overdue": 20}
            )
            campaign = await create_campaign(work, plan)
            await send_now(work, campaign, any_hour=True)
        pump = Pump(house.office, house.letters, house.composers, house.senders, house.files, lanes=1)
        await pump.run_until_idle()
        async with house.office.work(tenant_id, actor=owner) as work:
            rest = CampaignPlan("Just late", CampaignKind.OVERDUE_NOTICE, {"max_days_overdue": 15})
            draft = await create_campaign(work, rest)
        season.pages |= await tell_sending(house, tenant_id, owner, finished=campaign, draft=draft)
        season.pages |= await tell_chasing(house, tenant_id, owner)
        season.pages |= await tell_answers(house, tenant_id, owner)
        season.pages |= await tell_waiting(house, tenant_id, owner, draft)


PAGES = {
    "today": "/",
    "customers": "/customers",
    "customer-new": "/customers/new",
    "invoices": "/invoices?status=open",
    "payments": "/payments",
    "results": "/results",
    "imports": "/imports",
    "import-new": "/imports/new",
    "journal": "/journal",
    "tasks": "/tasks",
    "notifications": "/notifications",
    "search": "/search?q=no",
    "account": "/account",
    "settings": "/settings",
    "billing-settings": "/settings/billing",
    "rates": "/settings/rates",
    "credit-notes": "/credit-notes",
    "calendar": "/settings/calendar",
    "people": "/settings/people",
    "api-keys": "/settings/api-keys",
    "choose-customer": "/invoices/new",
}
"""Addresses that need nothing made; those of a season's own rows come with it."""


@contextmanager
def product() -> Iterator[tuple[str, dict[str, str]]]:
    """The product over one season: its address, and that of each page by name."""
    with tempfile.TemporaryDirectory() as data:
        folder = Path(data)
        folder.chmod(0o711)  # the database's own user passes through
        settings = load_settings(data_dir=folder, private_hosts="127.0.0.0/8", log_level="warning")
        keyring = Keyring.parse(new_entry("k1"))
        season = Season(dict(PAGES))
        with ThreadPoolExecutor(1) as aside:  # the caller may be inside a loop of the browser's
            aside.submit(asyncio.run, _prepared(settings, keyring, season)).result()
        house = app.build(settings, keyring=keyring)
        try:
            web = create_web(house, Site(base_url="http://127.0.0.1"))
            web.router.lifespan_context = partial(until_closed, house)
            with serving(web) as address:
                yield address, season.pages
        finally:
            stop_server(folder)


async def _prepared(settings: Settings, keyring: Keyring, season: Season) -> None:
    house = app.build(settings, keyring=keyring)
    migrate(house.addresses)
    await tell_season(house, season)
    await house.close()


def main(folder: Path, wanted: set[str], *, check: bool, whole: bool) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    found: list[str] = []
    with product() as (address, pages), sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for code in OFFERED:
            for size, (width, height) in SIZES.items():
                page = signed_in(chrome, address, code, width, height)
                for name, path in pages.items():
                    if wanted and name not in wanted:
                        continue
                    page.goto(address + path)
                    page.screenshot(path=folder / f"{name}-{code}-{size}.png", full_page=whole)
                    found += [f"{name} {code} {size}: {said}" for said in problems(page, check=check)]
                page.context.close()
        chrome.close()
    print("\n".join(found))
    return 1 if found else 0


def signed_in(chrome: Browser, address: str, code: str, width: int, height: int) -> Page:
    context = chrome.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    context.add_cookies([{"name": "bursar_language", "value": code, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.locator("#field-email").fill(EMAIL)
    page.locator("#field-password").fill(PASSWORD)
    page.locator("#field-password").press("Enter")
    page.wait_for_url(f"{address}/")
    return page


def problems(page: Page, *, check: bool) -> Iterator[str]:
    """What shuts somebody out, and a page that is wider than its screen."""
    over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if over > 0:
        yield f"{over} px too wide"
    if check:
        for rule in Axe().run(page).response["violations"]:
            for node in rule["nodes"]:
                yield f"{rule['id']}: {node['html'][:160]}"


if __name__ == "__main__":
    names = [each for each in sys.argv[1:] if not each.startswith("--")] or sys.exit(__doc__)
    options = {"check": "--check" in sys.argv, "whole": "--window" not in sys.argv}
    sys.exit(main(Path(names[0]), set(names[1:]), **options))
