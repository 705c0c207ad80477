"""Gmail's interface, version 1, as far as a program needs it that sends and looks for what it sent."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from bursar.sandbox.cloud.account import Account, Accounts, Item
from bursar.sandbox.cloud.contract import Contract, Operation
from bursar.sandbox.cloud.desk import Answer, Call, Desk, Refusal
from bursar.sandbox.cloud.paging import NoSuchPage, page, place_of, word_for
from bursar.sandbox.cloud.post import Post
from bursar.sandbox.cloud.tokens import Client, Tokens
from bursar.sandbox.gmail.dialect import Gmail
from bursar.sandbox.gmail.resources import id_of, labels, number_of, short, shown
from bursar.sandbox.gmail.searching import Unsearchable, search
from bursar.sandbox.gmail.sending import sent
from bursar.sandbox.identity.google import Google
from bursar.sandbox.identity.routes import Identity
from bursar.sandbox.serving import Endings

METADATA = "https://www.googleapis.com/auth/gmail.metadata"
SETTINGS: dict[str, Any] = {
    "units_per_minute": 15_000,
    "messages_per_day": 2_000,
    "recipients_per_message": 100,
    "concurrent": None,
    "rewrite_message_id": False,
    "searchable_after_s": 0,
}
"""Documented limits of a mailbox, for the control door to change; null: none."""


def new_desk(post: Post, client: Client) -> Desk:
    tokens = Tokens({client.id: client}, access_prefix="ya29.a0", refresh_prefix="1//0")
    accounts = Accounts(numbers=post.numbers)
    post.accounts.append(accounts)
    contract = Contract.load("bursar.sandbox.gmail")
    return Desk(contract, accounts, tokens, Gmail(), post, settings=dict(SETTINGS))


def vendor(desk: Desk) -> ASGIApp:
    """accounts.google.com, oauth2.googleapis.com and gmail.googleapis.com in one."""
    google = Google()
    handlers: dict[str, Callable[[Desk, Call], Awaitable[Answer]]] = {
        "messages.send": sent,
        "messages.send.upload": sent,
        "messages.list": _list,
        "messages.get": _get,
        "threads.get": _thread,
        "history.list": _history,
        "getProfile": _profile,
        "sendAs.list": _aliases,
        "sendAs.get": _alias,
    }
    routes = [
        route
        for name, handler in handlers.items()
        for route in desk.routes(name, _of(desk, handler), limit=_limit(desk))
    ]
    app = Starlette(
        routes=[*routes, *Identity(desk, google).routes(), *google.routes(desk)],
        exception_handlers={404: _nowhere, 405: _nowhere},
    )
    return Endings(app)


def _of(
    desk: Desk, handler: Callable[[Desk, Call], Awaitable[Answer]]
) -> Callable[[Call], Awaitable[Answer]]:
    async def answered(call: Call) -> Answer:
        if call.path["user"].lower() not in {"me", call.account.address.lower()}:
            raise Refusal("forbidden", f"Delegation denied for {call.account.address}")
        return await handler(desk, call)

    return answered


def _limit(desk: Desk) -> Callable[[Call, Operation], None]:
    """150 messages a minute are what 15,000 units allow, if nothing else is asked."""

    def limit(call: Call, operation: Operation) -> None:
        if desk.window("units_per_minute", call.account.address, 60).wait(operation.cost):
            raise Refusal("userRateLimitExceeded")

    return limit


async def _nowhere(_: Request, __: Exception) -> Response:
    return JSONResponse({"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}}, 404)


async def _profile(_: Desk, call: Call) -> Answer:
    account = call.account
    return Answer(
        {
            "emailAddress": account.address,
            "messagesTotal": len(account.items),
            "threadsTotal": len({item.thread for item in account.items.values()}),
            "historyId": str(account.history),
        }
    )


async def _list(desk: Desk, call: Call) -> Answer:
    """The newest first; `q` needs more than the metadata scope."""
    words = call.first("q")
    if words and call.scopes & {METADATA} == call.scopes & set(
        desk.contract.operations["messages.list"].scopes
    ):
        raise Refusal("forbidden", "Metadata scope does not support 'q' parameter")
    try:
        tests = search(words)
        start = place_of(call.first("pageToken"), "messages") if call.first("pageToken") else 0
    except (Unsearchable, NoSuchPage) as problem:
        raise Refusal("invalidArgument", f"Invalid {problem}") from None
    wanted = set(call.each("labelIds"))
    found = [
        item
        for item in call.account.newest()
        if wanted <= set(labels(item)) and _is_indexed(desk, item) and all(test(item) for test in tests)
    ]
    rows, following = page(found, start, int(call.first("maxResults", "100")))
    told: dict[str, Any] = {"resultSizeEstimate": len(found)}
    told |= {"messages": [short(item) for item in rows]} if rows else {}
    return Answer(told | ({"nextPageToken": word_for(following, "messages")} if following else {}))


def _is_indexed(desk: Desk, item: Item) -> bool:
    """A search does not know yet what came a moment ago."""
    return item.received_at <= time.time() - desk.settings["searchable_after_s"]


def _found(call: Call) -> Item:
    item = call.account.items.get(number_of(call.path["id"]) or 0)
    if item is None:
        raise Refusal("notFound")
    return item


async def _get(desk: Desk, call: Call) -> Answer:
    form = call.first("format", "full")
    allowed = call.scopes & set(desk.contract.operations["messages.get"].scopes)
    if form in {"full", "raw"} and allowed == {METADATA}:
        raise Refusal("forbidden", f"Metadata scope doesn't allow format {form.upper()}")
    return Answer(shown(_found(call), form, call.each("metadataHeaders")))


async def _thread(_: Desk, call: Call) -> Answer:
    number = number_of(call.path["id"]) or 0
    items = call.account.thread(number)
    if not items:
        raise Refusal("notFound")
    form = call.first("format", "full")
    told = [shown(item, form, call.each("metadataHeaders")) for item in items]
    changed = max(item.changed for item in items)
    return Answer({"id": id_of(number), "historyId": str(changed), "messages": told})


async def _history(_: Desk, call: Call) -> Answer:
    """What came and went since; 404 for a place that is too old or that never was."""
    account, since = call.account, int(call.first("startHistoryId"))
    if not account.oldest_history <= since <= account.history:
        raise Refusal("notFound")
    kinds = set(call.each("historyTypes")) or {"messageAdded", "messageDeleted"}
    changes = _changes(account, since, call.first("labelId")) if kinds else []
    told = [record for kind, record in changes if kind in kinds]
    try:
        start = place_of(call.first("pageToken"), "history") if call.first("pageToken") else 0
    except NoSuchPage:
        raise Refusal("invalidArgument", "Invalid pageToken") from None
    rows, following = page(told, start, int(call.first("maxResults", "100")))
    answer: dict[str, Any] = {"historyId": str(account.history)}
    answer |= {"history": list(rows)} if rows else {}
    return Answer(answer | ({"nextPageToken": word_for(following, "history")} if following else {}))


def _changes(account: Account, since: int, label: str) -> list[tuple[str, dict[str, Any]]]:
    came = [(item.changed, "messageAdded", "messagesAdded", item) for item in account.items.values()]
    went = [(at, "messageDeleted", "messagesDeleted", item) for at, item in account.gone]
    return [
        (
            kind,
            {
                "id": str(at),
                "messages": [short(item)],
                name: [{"message": {**short(item), "labelIds": labels(item)}}],
            },
        )
        for at, kind, name, item in sorted([*came, *went], key=lambda change: change[0])
        if at > since and (not label or label in labels(item))
    ]


async def _aliases(_: Desk, call: Call) -> Answer:
    account = call.account
    return Answer({"sendAs": [_as(account, one) for one in (account.address, *account.aliases)]})


async def _alias(_: Desk, call: Call) -> Answer:
    wanted = call.path["sendAsEmail"]
    if not call.account.may_send_as(wanted):
        raise Refusal("notFound")
    return Answer(_as(call.account, wanted))


def _as(account: Account, address: str) -> dict[str, Any]:
    own = address.lower() == account.address.lower()
    told: dict[str, Any] = {"sendAsEmail": address, "displayName": account.name, "replyToAddress": ""}
    told |= {"isPrimary": True, "isDefault": True} if own else {"treatAsAlias": True}
    return told | ({} if own else {"verificationStatus": "accepted"})
