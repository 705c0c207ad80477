"""Every page, act and file of the portal, asked by the wrong customer; and as whom the database was asked (R122)."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from httpx2 import AsyncClient, Response
from sqlalchemy import event

from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from tests.makers.api import footprint
from tests.makers.portal import Portal, a_portal, open_portal, something_of_everything
from tests.makers.staff import a_browser
from tests.makers.story import an_account, the_library
from tests.makers.sweeping import IN_PATH, TYPED, Route, portal_routes
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

BEFORE_THE_DOOR = ("/portal/{slug}", "/portal/{slug}/enter/{token}", "/portal/{slug}/sign-out")
SENTENCES = 12


@dataclass(frozen=True)
class Guest:
    """A customer with their browser, and the ids of what is theirs."""

    browser: AsyncClient
    slug: str
    ids: dict[str, str]

    async def call(self, route: Route, ids: dict[str, str]) -> Response:
        path = IN_PATH.sub(lambda found: {"slug": self.slug, **ids}[found[1]], route.template)
        typed = dict(TYPED) if route.method == "POST" else None
        return await self.browser.request(route.method, path, data=typed)


@dataclass(frozen=True)
class Town:
    """A firm with two customers, and a neighbour with one."""

    portal: Portal
    ours: Guest
    beside: Guest
    foreign: Guest


@pytest.fixture
async def town(addresses: Addresses, clock: FixedClock, keyring: Keyring) -> AsyncIterator[Town]:
    async with a_portal(addresses, clock, keyring) as portal:
        async with portal.work() as work:
            ours = await a_customer(work, company_name="Noor Trading", email="huda@noor.example")
            beside = await a_customer(work, company_name="Qamar Fashion", email="omar@qamar.example")
            of_ours = await something_of_everything(work, ours, "Noor")
            of_beside = await something_of_everything(work, beside, "Qamar")
        other = await a_tenant(portal.house.office, name="Elsewhere")
        async with portal.house.office.work(other) as work:
            await an_account(work, portal.story.sink.port)
            await the_library(work)
            theirs = await a_customer(work, company_name="Dune Works", email="dana@dune.example")
            of_theirs = await something_of_everything(work, theirs, "Dune")
        elsewhere = await open_portal(portal.house, other)
        neighbour = Portal(portal.story, elsewhere, a_browser(portal.house))
        yield Town(
            portal,
            Guest(await portal.sign_in("huda@noor.example"), portal.slug, of_ours),
            Guest(await portal.sign_in("omar@qamar.example"), portal.slug, of_beside),
            Guest(await neighbour.sign_in("dana@dune.example"), elsewhere, of_theirs),
        )


async def test_everybody_finds_their_own(town: Town) -> None:
    """The ids below are real, and every page that shows something of one is reached."""
    swept = 0
    for guest, called in ((town.ours, "Noor"), (town.beside, "Qamar"), (town.foreign, "Dune")):
        for route in _inside("GET"):
            answer = await guest.call(route, guest.ids)
            wanted = (
                {200, 303, 404}
                if route.template.endswith(("/pdf", "/promise", "/paid", "/dispute", "/checkout"))
                else {200}
            )
            assert answer.status_code in wanted, (str(route), answer.status_code)
            swept += 1
        page = await guest.browser.get(f"/portal/{guest.slug}/orders/{guest.ids['order_id']}")
        assert f"Setup {called}" in page.text
    assert swept > 3 * SENTENCES


async def test_what_is_another_customers_is_as_if_it_were_not_there(town: Town) -> None:
    """404 for what is theirs as for what nobody has, in the same words, and nothing is written at either firm."""
    tenants = (town.portal.story.tenant_id, await _tenant(town))
    before = [await footprint(town.portal.house, one) for one in tenants]
    failed, swept = [], 0
    for asking, others in ((town.ours, (town.beside, town.foreign)), (town.foreign, (town.ours,))):
        for route in filter(lambda route: route.ids, _inside()):
            nobody = await asking.call(route, {name: str(uuid4()) for name in asking.ids})
            for other in others:
                answer = await asking.call(route, other.ids)
                swept += 1
                same = _said(answer) == _said(nobody)
                if answer.status_code != 404 or not same or _told(answer, other):
                    failed.append((str(route), answer.status_code, nobody.status_code))
    assert failed == []
    assert [_quiet(await footprint(town.portal.house, one)) for one in tenants] == [
        _quiet(one) for one in before
    ]
    assert swept > 2 * SENTENCES


async def test_lists_and_first_pages_hold_nothing_of_anybody_else(town: Town) -> None:
    for route in (route for route in _inside("GET") if not route.ids):
        for cursor in ("", town.beside.ids["invoice_id"], town.foreign.ids["order_id"]):
            path = route.template.replace("{slug}", town.ours.slug)
            answer = await town.ours.browser.get(path, params={"before": cursor} if cursor else None)
            assert answer.status_code == 200
            shown = answer.text.replace(cursor, "") if cursor else answer.text
            assert not any(word in shown for word in ("Qamar", "Dune")), path
            for other in (town.beside, town.foreign):
                assert not any(one in shown for one in other.ids.values()), path


async def test_forms_that_name_what_is_another_customers_change_nothing_of_theirs(town: Town) -> None:
    before = [await footprint(town.portal.house, one) for one in (await _tenant(town),)]
    names = {
        **TYPED,
        "customer_id": town.foreign.ids["customer_id"],
        "tenant_id": str(await _tenant(town)),
        "invoice_id": town.foreign.ids["invoice_id"],
        "state": "active",
    }
    for route in (route for route in _inside("POST") if not route.ids):
        path = route.template.replace("{slug}", town.ours.slug)
        assert (await town.ours.browser.post(path, data=names)).status_code < 500
    assert [_quiet(await footprint(town.portal.house, one)) for one in (await _tenant(town),)] == [
        _quiet(one) for one in before
    ]
    beside = await town.beside.browser.get(f"/portal/{town.beside.slug}/profile")
    assert "Words" not in beside.text


async def test_staff_and_strangers_find_no_way_in(town: Town) -> None:
    stranger = Guest(a_browser(town.portal.house), town.ours.slug, {})
    staff = a_browser(town.portal.house)
    staff.cookies.set("bursar_session", town.ours.browser.cookies["bursar_portal"])
    for route in _inside():
        for browser in (stranger.browser, staff):
            answer = await Guest(browser, town.ours.slug, {}).call(route, town.ours.ids)
            assert answer.status_code == 303, str(route)
            assert answer.headers["location"] == f"/portal/{town.ours.slug}"
            assert answer.text == ""
    into_staff = a_browser(town.portal.house)
    into_staff.cookies.set("bursar_session", town.ours.browser.cookies["bursar_portal"])
    assert (await into_staff.get("/customers")).headers["location"].startswith("/sign-in")


async def test_every_read_of_a_page_is_made_as_the_customer(town: Town) -> None:
    """Beside the session's own look-up and the switch between customers of one address, whether the firm takes cards, what
    was offered to their address and is nobody's yet, and the files' bytes; who comes back from a provider is shown what the invoice's public page shows.
    """
    as_others = re.compile(r"\b(sessions|tenant_slugs|customer_contacts|tills|payment_links)\b")
    for route in _inside("GET"):
        if route.template.endswith(("/customers", "/pdf", "/checkout")):
            continue
        with _asked(town.portal) as asked:
            await town.ours.call(route, town.ours.ids)
        mine = [statement for role, statement in asked if role == "bursar_customer"]
        others = [
            statement
            for role, statement in asked
            if role != "bursar_customer" and not as_others.search(statement)
        ]
        assert mine, str(route)
        assert others == [], str(route)


async def test_an_act_finds_its_subject_as_the_customer_before_anything_is_done(town: Town) -> None:
    path = f"/portal/{town.ours.slug}/invoices/{town.ours.ids['invoice_id']}/promise"
    async with town.portal.work() as work:
        day = work.today.isoformat()
    with _asked(town.portal) as asked:
        answer = await town.ours.browser.post(path, data={"promised_for": day})
    assert answer.status_code == 303
    about = [role for role, statement in asked if "invoices" in statement or "promises" in statement]
    assert about[0] == "bursar_customer"
    assert set(about[1:]) == {"bursar_system"}

    with _asked(town.portal) as asked:
        answer = await town.ours.browser.post(
            path.replace(town.ours.ids["invoice_id"], town.beside.ids["invoice_id"])
        )
    assert answer.status_code == 404
    assert {role for role, statement in asked if "invoices" in statement} == {"bursar_customer"}


def _inside(*methods: str) -> Iterator[Route]:
    """What only who is signed in may call."""
    for route in portal_routes():
        if route.template not in BEFORE_THE_DOOR and (not methods or route.method in methods):
            yield route


class _asked:  # noqa: N801  reads as a word where it is used
    """The statements sent meanwhile, each with the role that its transaction had taken up."""

    def __init__(self, portal: Portal) -> None:
        self._engine = portal.house.office.engine.sync_engine
        self._roles: dict[int, str] = {}
        self.found: list[tuple[str, str]] = []

    def __enter__(self) -> list[tuple[str, str]]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self.found

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(
        self, connection: sa.Connection, _cursor: object, statement: str, given: object, *_: object
    ) -> None:
        values = given if isinstance(given, dict) else {}
        if "set_context" in statement or "set_config('role'" in statement:
            self._roles[id(connection)] = str(values["role"])
        else:
            self.found.append((self._roles.get(id(connection), "bursar_app"), statement))


async def _tenant(town: Town) -> UUID:
    async with town.portal.house.office.directory() as work:
        found = sa.text("select tenant_id from tenant_slugs where slug = :slug")
        return (await work.db.execute(found, {"slug": town.foreign.slug})).scalar_one()


def _said(answer: Response) -> str:
    """An answer without what differs between any two requests."""
    return re.sub(r'[0-9a-f]{8}-[0-9a-f]{4}-7?[0-9a-f-]{22,23}|nonce="[^"]+"|[0-9a-f]{16}', "", answer.text)


def _told(answer: Response, other: Guest) -> bool:
    text = answer.text + repr(answer.headers)
    return any(word in text for word in ("Qamar", "Dune")) and other.ids["order_id"] not in text


def _quiet(marks: dict[str, str]) -> dict[str, str]:
    """Without what says only that somebody was there."""
    return {name: mark for name, mark in marks.items() if name != "sessions"}
