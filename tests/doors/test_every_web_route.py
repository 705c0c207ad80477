"""Every page and every act of the web application, asked by the wrong firm, a viewer and nobody (R122)."""

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

import pytest
from httpx2 import Response

from bursar.billing.recurring.running import carry_out
from bursar.core.journal_checks import walk
from bursar.core.keys import Keyring
from bursar.core.tokens import Kind, sign
from bursar.house import House
from tests.makers.api import footprint
from tests.makers.sweeping import (
    Firm,
    a_full_firm,
    a_viewer,
    call,
    nobody,
    routes,
    secrets_of,
)

pytestmark = pytest.mark.anyio

ANSWERED = ("", "/pdf", "/promise", "/dispute", "/paid", "/checkout", "/checkout/look")
HOSTED = frozenset(
    {
        *(f"/i/{{token}}{below}" for below in ANSWERED),
        *(f"/c/{{token}}/{{invoice_id}}{below}" for below in ANSWERED),
        *(f"/c/{{token}}{below}" for below in ("", "/promise", "/statement.{kind}")),
    }
)
"""An invoice's public page and a customer's own, with their answers."""

SELLING = frozenset({"/p/{token}", "/p/{token}/mail", "/p/{token}/again", *(f"/pay/{{token}}{below}" for below in ("", "/return", "/cancel", "/look", "/checkout"))})  # fmt: skip
"""An offer's public page and an order's."""

OPEN = frozenset({"/sign-in", "/language", "/password/{token}", "/o/{token}", "/l/{token}", "/u/{token}", "/u/{token}/return", "/hooks/ses/{token}", "/hooks/stripe/{token}"}) | HOSTED | SELLING  # fmt: skip
"""What needs no session: the sign-in itself, and addresses that are the right to act."""

ONES_OWN = frozenset(
    {
        "/language",
        "/sign-in",
        "/sign-out",
        "/password/{token}",
        "/u/{token}",
        "/u/{token}/return",
        "/hooks/ses/{token}",  # nobody's cookie counts there, the token and Amazon's signature do
        "/hooks/stripe/{token}",
        "/account/profile",
        "/account/password",
        "/account/second-factor",
        "/account/second-factor/offer",
        "/account/second-factor/removal",
        "/account/sessions/{session_id}/end",
        "/campaign-segments",
        "/campaign-segments/{view_id:uuid}/deletion",
        "/invoice-views",
        "/invoice-views/{view_id}/name",
        "/invoice-views/{view_id}/deletion",
        "/notifications/reading",
        "/notifications/{notification_id}/reading",
        "/tenants/{tenant_id}/session",
    }
    | HOSTED
    | SELLING
)
"""What a viewer does with what is theirs: their account, their sessions, what they have read."""

READS = frozenset({"/campaigns/estimate", "/sequences/estimate", "/recurring/preview", "/templates/{template_id:uuid}/previews", "/templates/{template_id:uuid}/checks", "/templates/{template_id:uuid}/blocks"})  # fmt: skip
"""Posts that write nothing: a form is too long for an address."""

UNREADY: Mapping[str, int] = {
    "/credit-notes/{credit_note_id}/xml": 409,
    "/invoices/{invoice_id}/xml": 409,  # the firm's papers are not complete enough for an e-invoice
    "/sending-accounts/consents/{provider}": 404,  # nobody comes back who was not sent there
    "/exports/statement.{kind}": 422,  # of whom, and from when, stands in the address' query
}
"""Files that need more than the firm of this test has: what is answered in their place."""

STREAMS = frozenset(
    {
        "/campaigns/{campaign_id:uuid}/progress",
        "/imports/{run_id}/progress",
        "/recurring/runs/{recurring_run_id:uuid}/progress",
        "/seals/{check_id:uuid}/progress",
    }
)
"""Pages that stay open as long as something goes on."""

REQUEST = re.compile(r"[0-9a-f]{16}|nonce=\"[^\"]+\"")


@pytest.fixture(scope="module")
async def theirs(api: House) -> Firm:
    return await a_full_firm(api, "Dune")


@pytest.fixture(scope="module")
async def ours(api: House) -> Firm:
    return await a_full_firm(api, "Fjord")


@pytest.fixture(scope="module")
async def canaries(theirs: Firm, ours: Firm) -> frozenset[str]:
    return await secrets_of(theirs, ours)


def told(answer: Response, canaries: Iterable[str]) -> list[str]:
    """What of theirs stands in an answer: its text and its headers."""
    text = answer.text + repr(answer.headers)
    return sorted(canary for canary in canaries if canary in text)


def plain(answer: Response, path: str) -> tuple[int, str]:
    """An answer without what differs between any two requests; a page may say its own address."""
    return answer.status_code, REQUEST.sub("", answer.text.replace(path, ""))


async def test_there_is_something_to_find(theirs: Firm, canaries: frozenset[str]):
    """The owner reads every page of their own things, and finds them there: the paths and ids below are real."""
    assert {"Dune Trading", "pay@dune.example", "rim@dune.example", "never@dune.example"} <= canaries
    failed, found = [], set()
    for route in routes():
        if route.method == "GET" and route.template not in OPEN | STREAMS:
            for path in route.paths(theirs.ids):
                answer = await theirs.call(route, path)
                found.update(told(answer, canaries))
                if answer.status_code != UNREADY.get(
                    route.template, answer.status_code if answer.is_success else 303
                ):
                    failed.append((str(route), path, answer.status_code))

    assert failed == []
    assert {"Dune Trading", "pay@dune.example", "Rim Dune", "never@dune.example", "November Dune"} <= found


async def test_another_firms_things_are_not_there(theirs: Firm, ours: Firm, canaries: frozenset[str]):
    """404 for what others have as for what nobody has, in the same words, and nothing is written anywhere."""
    before = [await footprint(ours.owner.house, firm.tenant_id) for firm in (theirs, ours)]
    failed, swept = [], 0
    for route in filter(lambda route: route.ids, routes()):
        for path, nowhere in zip(route.paths(theirs.ids), route.paths(ours.nowhere()), strict=True):
            answer, unknown = await ours.call(route, path), await ours.call(route, nowhere)
            leaked = told(answer, [canary for canary in canaries if canary not in path])
            swept += 1
            if answer.status_code != 404 or plain(answer, path) != plain(unknown, nowhere) or leaked:
                failed.append((str(route), path, answer.status_code, unknown.status_code, leaked))

    assert failed == []
    assert [await footprint(ours.owner.house, firm.tenant_id) for firm in (theirs, ours)] == before
    assert swept > 80


async def test_a_thing_of_ours_opens_no_way_to_one_of_theirs(
    theirs: Firm, ours: Firm, canaries: frozenset[str]
):
    """Where a path names two things, only the first is ours; where a form is shown, it shows nothing of theirs."""
    before = await footprint(ours.owner.house, theirs.tenant_id)
    failed = []
    for route in filter(lambda route: len(route.ids) > 1 and route.template != "/why/{kind}/{key}", routes()):
        mixed = {**theirs.ids, route.ids[0]: ours.ids.get(route.ids[0], "")}
        for path in route.paths(mixed):
            answer = await ours.call(route, path)
            form = route.method == "GET" and route.template.endswith("/new")
            if answer.status_code not in ({200, 404} if form else {404}) or told(
                answer, canaries - set(theirs.ids.values())
            ):
                failed.append((str(route), path, answer.status_code, told(answer, canaries)))

    assert failed == []
    assert await footprint(ours.owner.house, theirs.tenant_id) == before


async def test_lists_and_searches_know_nothing_of_another_firm(
    theirs: Firm, ours: Firm, canaries: frozenset[str]
):
    """Whatever is asked of them: every parameter with their names, numbers and ids in it."""
    asked = ["Dune", theirs.ids["customer_id"], theirs.ids["invoice_id"]]
    own = canaries - set(asked)
    failed = []
    for route in routes():
        if route.method != "GET" or route.template in OPEN | STREAMS:
            continue
        for path in route.paths(ours.ids):
            for query in ({}, *({name: value} for name in route.asked for value in asked)):
                answer = await ours.owner.browser.get(path, params=query)
                usual = {200, 303, 404, 422, UNREADY.get(route.template, 200)}
                if answer.status_code not in usual or told(answer, own):
                    failed.append((path, query, answer.status_code, told(answer, own)))

    assert failed == []


async def test_forms_that_name_another_firms_things_write_nothing(
    api: House, theirs: Firm, canaries: frozenset[str]
):
    """By a third firm, whose owner may have ended their own session on the way."""
    guest = await a_full_firm(api, "Steppe")
    before = await footprint(api, theirs.tenant_id)
    names = {
        "customer": theirs.ids["customer_id"],
        "invoice": theirs.ids["invoice_id"],
        "sending_account": theirs.ids["account_id"],
        "account_id": theirs.ids["account_id"],
        "next": f"/customers/{theirs.ids['customer_id']}",
    }
    failed = []
    for route in routes():
        if route.method == "POST" and not route.ids and route.template not in {"/sign-out", "/sign-in"}:
            [path] = route.paths({})
            answer = await call(guest.owner, route, path, **names)
            leaked = told(answer, canaries - set(names.values()))
            if answer.status_code >= 500 or leaked:
                failed.append((str(route), answer.status_code, leaked))

    assert failed == []
    assert await footprint(api, theirs.tenant_id) == before


async def test_what_is_streamed_is_ours_alone(ours: Firm, canaries: frozenset[str]):
    owner = ours.owner
    await owner.post(f"/campaigns/{ours.ids['campaign_id']}/cancellation")
    await carry_out(owner.office, ours.tenant_id, UUID(ours.ids["recurring_run_id"]))
    await walk(owner.office, ours.tenant_id, UUID(ours.ids["check_id"]))

    streams = [route for route in routes() if route.template in STREAMS]
    assert {route.template for route in streams} == STREAMS
    for route in streams:
        [path] = route.paths(ours.ids)
        answer = await owner.get(path)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.text.endswith("event: end\ndata: \n\n")
        assert told(answer, canaries) == []


async def test_without_a_session_everything_leads_to_the_sign_in(theirs: Firm, canaries: frozenset[str]):
    before = await footprint(theirs.owner.house, theirs.tenant_id)
    stranger = nobody(theirs)
    failed = []
    for route in routes():
        for path in [] if route.template in OPEN else route.paths(theirs.ids):
            answer = await call(stranger, route, path)
            sent_away = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
            if not sent_away or answer.text or told(answer, canaries - set(theirs.ids.values())):
                failed.append((str(route), answer.status_code, answer.headers.get("location")))

    assert failed == []
    assert await footprint(theirs.owner.house, theirs.tenant_id) == before


async def test_a_viewer_changes_nothing(theirs: Firm):
    viewer = await a_viewer(theirs)
    before = await footprint(theirs.owner.house, theirs.tenant_id)
    failed = []
    for route in routes():
        if route.method == "POST" and route.template not in ONES_OWN | READS:
            for path in route.paths(theirs.ids):
                answer = await call(viewer, route, path, **_theirs(theirs.ids))
                if answer.status_code != 403:
                    failed.append((str(route), path, answer.status_code))

    assert failed == []
    assert await footprint(theirs.owner.house, theirs.tenant_id) == before


def _theirs(ids: Mapping[str, str]) -> dict[str, str]:
    return {name: ids[f"{name}_id"] for name in ("customer", "invoice", "product")}


def _named_by(kind: Kind) -> str:
    named = {Kind.HOSTED_INVOICE: "invoice_id", Kind.DEBTOR: "customer_id", Kind.INBOUND: "account_id"}
    return named.get(kind, "send_id")


async def test_a_link_out_of_a_mail_reaches_its_own_firm_alone(
    theirs: Firm, ours: Firm, keyring: Keyring, canaries: frozenset[str]
):
    """The token of one firm names a row of the other: it finds nothing, and nothing of either is changed."""
    before = [await footprint(theirs.owner.house, firm.tenant_id) for firm in (theirs, ours)]
    crossed = {
        kind: sign(keyring, kind, theirs.tenant_id, row, kind in (Kind.HOSTED_INVOICE, Kind.DEBTOR))
        for kind, row in ((kind, UUID(ours.ids[_named_by(kind)])) for kind in Kind)
    }
    stranger = nobody(theirs)
    for route in routes():
        if not route.template.startswith(("/u/", "/o/", "/l/", "/i/", "/c/", "/p/", "/pay/", "/hooks/")):
            continue
        for token in crossed.values():
            answer = await call(stranger, route, route.template.replace("{token}", token))
            assert answer.status_code < 500, route
            assert told(answer, canaries) == [], route
            assert "Fjord" not in answer.text, route

    assert [await footprint(theirs.owner.house, firm.tenant_id) for firm in (theirs, ours)] == before
