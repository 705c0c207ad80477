"""Every route of the web application, and two firms full of everything to call them with.

Routes are read from the application itself, so that a new one is called without anybody adding it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from fastapi.routing import iter_route_contexts
from httpx2 import Response

from bursar.billing.disputes import comment_dispute
from bursar.core import uploads
from bursar.core.checking import start_check
from bursar.core.kinds import AgentRole
from bursar.core.schema import metadata
from bursar.core.work import Work
from bursar.house import House
from bursar.tenancy.saved_views import save_view
from bursar.web.app import create_web
from tests.makers.api import a_program
from tests.makers.api_rows import some_of_everything
from tests.makers.everything import tenant_tables
from tests.makers.hosted import a_picture
from tests.makers.staff import Staff, a_browser, sign_in
from tests.makers.tenancy import an_agent

IN_PATH = re.compile(r"{(\w+)(?::\w+)?}")
PORTAL = "/portal/"
NO_IDS: Mapping[str, str] = {
    "day": "2026-12-02",
    "first": "2027-02-08",
    "kind": "csv",
    "provider": "google",
    "slug": "working-title",
    "token": "A1b2C3d4" * 6,
}
"""What stands in a path and is nobody's id."""

NAMED: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "/why/{kind}/{key}": tuple(
        ("kind", kind, f"{kind}_id") for kind in ("invoice", "customer", "send")
    ),
    "/journal/{entity_type}/{entity_id}": tuple(
        ("entity_type", noun, f"{noun}_id")
        for noun in ("customer", "invoice", "payment", "promise", "dispute", "campaign", "template", "sequence", "chase", "order")
    ),
}  # fmt: skip
"""Paths that name a kind of thing and one of that kind: which kinds, and whose ids."""

TYPED: Mapping[str, str] = {
    "reason": "other", "promised_for": "2026-11-25", "statement": "Words", "body": "<p>Words</p>", "role": "viewer",
    "refunded_on": "2026-11-18", "amount": "1.00", "credit": "1.00", "currency": "AED", "received_on": "2026-11-01", "name": "Words",
    "email": "words@example.net", "purpose": "marketing", "consent": "denied", "proof": "Words", "became": "sent",
    "subject": "Words", "locale": "en", "body_format": "html", "password": "words that nobody guesses", "kind": "overdue_notice",
    "group_by": "customer", "source": "filter", "company_name": "Words", "description": "Words", "quantity": "1",
    "unit_price": "1.00", "rate": "3.6725", "way": "all", "reason_code": "VD", "tax_category": "S", "tax_rate": "5", "column-0": "company_name", "address": "words@example.net",
    "scope": "all", "batch_size": "10", "batch_interval": "60", "daily_quota": "100", "connections": "1",
    "host": "127.0.0.1", "port": "1", "tls": "starttls", "username": "words", "category": "overdue_notice", "code": "words", "on_date": "2026-12-02", "label": "Words", "until": "2026-12-24",
    "year": "2027", "scopes": "customers:read", "day_of_month": "1", "start_date": "2026-11-01", "quantity_source": "fixed", "proration": "none", "to": "words@example.net", "keep": "yes",
    "item_kind": "services", "unit_code": "C62", "effective_from": "2027-01-01", "active_from": "2026-11-01", "active_to": "2026-12-02",
    "release_time": "09:00", "gap_days": "3", "covers": "everything", "segment_name": "Words",
    "first": "2027-02-08", "last": "2027-03-09", "opens": "09:00", "closes": "15:00",
    "how": "set", "value": "5.00", "step": "agree", "mandatory_from": "2027-01-01", "checked_on": "2026-11-01", "phase": "below_50m", "provider": "sandbox",
}  # fmt: skip
"""One form that answers them all: what is refused about it hides whose the thing is."""


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    template: str
    asked: tuple[str, ...]
    """The names it reads from the address' query."""

    @property
    def ids(self) -> list[str]:
        """The names of somebody's ids in its path."""
        return [name for name in IN_PATH.findall(self.template) if name not in NO_IDS]

    def paths(self, ids: Mapping[str, Any]) -> list[str]:
        """The path with these ids in it; for one that says a kind first, the path of every kind."""
        if self.template not in NAMED:
            return [_path(self.template, {**NO_IDS, **ids})]
        last = IN_PATH.findall(self.template)[-1]
        return [
            _path(self.template, {kind: said, last: ids[name]}) for kind, said, name in NAMED[self.template]
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def _path(template: str, values: Mapping[str, Any]) -> str:
    return IN_PATH.sub(lambda found: str(values[found[1]]), template)


def routes() -> Iterator[Route]:
    """What the application answers, static files left out, and the portal, whose people are customers."""
    yield from (route for route in _routes() if not route.template.startswith(PORTAL))


def portal_routes() -> Iterator[Route]:
    """What it answers to customers who have signed in, and at their door."""
    yield from (route for route in _routes() if route.template.startswith(PORTAL))


def _routes() -> Iterator[Route]:
    for context in iter_route_contexts(create_web(None).routes):
        route: Any = context
        for method in sorted(set(getattr(route, "methods", None) or ()) - {"HEAD"}):
            asked = tuple(one.alias for one in route.dependant.query_params)
            yield Route(method, route.path, asked)


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm with one of each thing, the ids of those by their names in paths, and what only it has."""

    owner: Staff
    ids: Mapping[str, str]

    @property
    def tenant_id(self) -> UUID:
        return self.owner.tenant_id

    async def call(self, route: Route, path: str, **typed: str) -> Response:
        return await call(self.owner, route, path, **typed)

    def nowhere(self) -> dict[str, str]:
        """The same names with ids that nobody has."""
        return {name: str(uuid4()) for name in self.ids}


async def call(who: Staff, route: Route, path: str, **typed: str) -> Response:
    given: dict[str, Any] = {}
    if route.method == "POST":
        given["data"] = {**TYPED, **typed}
    if route.template == "/imports":
        given |= {"data": {"kind": "customers"}, "files": {"file": ("words.csv", b"Company\r\nWords\r\n")}}
    return await who.browser.request(route.method, path, **given)


async def a_full_firm(house: House, called: str) -> Firm:
    """Made through the API by a program of the owner, and its colleague has something to read and to do."""
    program = await a_program(house)
    host = f"{program.tenant_id.hex[:8]}.{called.lower()}.example"
    owner = await sign_in(house, program.tenant_id, email=f"owner@{host}", name=f"Ola {called}")
    colleague = await an_agent(house.office, program.tenant_id, email=f"aide@{host}", name=f"Aide {called}")
    ids = await some_of_everything(program, called)
    async with owner.work() as work:
        ids |= {
            "tenant_id": str(program.tenant_id),
            "agent_id": str(colleague.id),
            "session_id": str(await _any(work, "sessions", agent_id=owner.actor.id)),
            "recurring_run_id": ids["run_id"],
            "run_id": ids["import_id"],
            "view_id": str(await save_view(work, "invoice", f"Late {called}", {"q": called})),
            "check_id": str(await start_check(work)),
            "task_id": str(await _any(work, "tasks")),
            "note_id": str(await _a_proof(work, house, UUID(ids["dispute_id"]))),
            "notification_id": str(await _any(work, "notifications", agent_id=owner.actor.id)),
        }
    return Firm(owner, ids)


async def _a_proof(work: Work, house: House, dispute_id: UUID) -> UUID:
    """A note of the dispute that brings a file."""
    taken = await house.doorman.take(work.tenant_id, "proof.png", a_picture())
    file_id = await uploads.keep(work, taken)
    return await comment_dispute(work, dispute_id, body="Look", file_id=file_id)


async def _any(work: Any, name: str, **its: Any) -> UUID:
    table = metadata.tables[name]
    mine = [table.c.tenant_id == work.tenant_id, *(table.c[column] == value for column, value in its.items())]
    return (await work.db.scalars(sa.select(table.c.id).where(*mine).limit(1))).one()


async def a_viewer(firm: Firm) -> Staff:
    return await sign_in(firm.owner.house, firm.tenant_id, AgentRole.VIEWER)


def nobody(firm: Firm) -> Staff:
    """The same firm's address, without a session."""
    return replace(firm.owner, browser=a_browser(firm.owner.house))


async def secrets_of(firm: Firm, other: Firm) -> frozenset[str]:
    """What stands in this firm's rows, and in none of the other's: names, addresses, numbers, ids."""
    return await _words(firm) - await _words(other)


async def _words(firm: Firm) -> frozenset[str]:
    found: set[str] = set()
    async with firm.owner.work() as work:
        for table in tenant_tables():
            text = sa.text(f"select to_jsonb(t) from {table.name} t where tenant_id = :tenant")
            for row in await work.db.scalars(text, {"tenant": firm.tenant_id}):
                found.update(_leaves(row))
    return frozenset(found)


def _leaves(value: Any) -> Iterator[str]:
    """Texts worth looking for: short ones and numbers stand in every page."""
    match value:
        case dict():
            for inner in value.values():
                yield from _leaves(inner)
        case list():
            for inner in value:
                yield from _leaves(inner)
        case str() if len(value) >= 8 and not value.startswith("2026-"):
            yield value
