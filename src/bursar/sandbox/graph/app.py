"""Microsoft Graph, version 1.0: a mailbox that sends, and that can be looked into where that was allowed."""

import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from bursar.sandbox.cloud.account import Account, Accounts, Folder, Item
from bursar.sandbox.cloud.contract import Contract, Operation
from bursar.sandbox.cloud.desk import Answer, Call, Desk, Refusal
from bursar.sandbox.cloud.paging import NoSuchPage, page, place_of, word_for
from bursar.sandbox.cloud.post import Post
from bursar.sandbox.cloud.tokens import Client, Tokens
from bursar.sandbox.graph.dialect import Graph
from bursar.sandbox.graph.filtering import Unfilterable, filtered, names, ordered
from bursar.sandbox.graph.resources import FIELDS, folder_of, id_of, number_of, profile, selected, shown
from bursar.sandbox.graph.sending import drafted, sent, sent_draft
from bursar.sandbox.identity.microsoft import Microsoft
from bursar.sandbox.identity.routes import Identity
from bursar.sandbox.serving import Endings

TEN_MINUTES_S = 600
BASIC = "https://graph.microsoft.com/Mail.ReadBasic"
CONTEXT = "https://graph.microsoft.com/v1.0/$metadata#users('me')/messages"
SETTINGS: dict[str, Any] = {
    "requests_per_10_minutes": 10_000,
    "concurrent": 4,
    "messages_per_minute": 30,
    "recipients_per_day": 10_000,
    "recipients_per_message": 500,
    "largest_request": 4 * 1024 * 1024,
    "rewrite_message_id": False,
    "searchable_after_s": 0,
}
"""Documented limits of a mailbox, for the control door to change; null: none."""


def new_desk(post: Post, client: Client) -> Desk:
    tokens = Tokens(
        {client.id: client}, access_prefix="EwB", refresh_prefix="M.C5_", access_s=3600, overlap_s=60
    )
    accounts = Accounts(numbers=post.numbers)
    post.accounts.append(accounts)
    contract = Contract.load("bursar.sandbox.graph")
    return Desk(contract, accounts, tokens, Graph(), post, settings=dict(SETTINGS))


def vendor(desk: Desk) -> ASGIApp:
    """login.microsoftonline.com and graph.microsoft.com in one."""
    microsoft = Microsoft()
    handlers: dict[str, Callable[[Desk, Call], Awaitable[Answer]]] = {
        "me": _me,
        "sendMail": sent,
        "messages.delta": _delta,
        "mailFolders.messages.list": _list,
        "messages.list": _list,
        "messages.value": _value,
        "messages.send": _send_draft,
        "messages.get": _get,
        "messages.create": _create,
    }
    routes = [
        route
        for name, handler in handlers.items()
        for route in desk.routes(
            name, _of(desk, handler), limit=_limit(desk), also=("/v1.0/me", "/v1.0/users/{user}")
        )
    ]
    app = Starlette(
        routes=[*routes, *Identity(desk, microsoft).routes(), *microsoft.routes()],
        exception_handlers={404: _nowhere, 405: _nowhere},
    )
    return Endings(app)


def _of(
    desk: Desk, handler: Callable[[Desk, Call], Awaitable[Answer]]
) -> Callable[[Call], Awaitable[Answer]]:
    async def answered(call: Call) -> Answer:
        if call.path.get("user", call.account.address).lower() != call.account.address.lower():
            raise Refusal("ErrorAccessDenied")
        return await handler(desk, call)

    return answered


def _limit(desk: Desk) -> Callable[[Call, Operation], None]:
    def limit(call: Call, _: Operation) -> None:
        window = desk.window("requests_per_10_minutes", call.account.address, TEN_MINUTES_S)
        wait = window.wait(1)
        if wait:
            raise Refusal("TooManyRequests", retry_after=wait)

    return limit


async def _nowhere(request: Request, _: Exception) -> Response:
    words = f"Resource not found for the segment {request.url.path.rpartition('/')[2]!r}."
    return JSONResponse({"error": {"code": "ResourceNotFound", "message": words}}, 404)


async def _me(_: Desk, call: Call) -> Answer:
    told = profile(call.account)
    wanted = _names(call, tuple(told))
    return Answer({name: value for name, value in told.items() if not wanted or name in wanted})


def _names(call: Call, known: tuple[str, ...]) -> list[str]:
    try:
        return names(call.first("$select"), known)
    except Unfilterable as problem:
        raise Refusal("BadRequest", str(problem)) from None


def _is_basic(desk: Desk, call: Call) -> bool:
    return call.scopes & set(desk.contract.operations["messages.get"].scopes) == {BASIC}


def _wanted(desk: Desk, call: Call, item: Item) -> dict[str, Any]:
    told = shown(item, basic=_is_basic(desk, call))
    return selected(told, _names(call, FIELDS))


def _item(call: Call) -> Item:
    number = number_of(call.path["id"])
    if number is None:
        raise Refusal("ErrorInvalidIdMalformed")
    item = call.account.items.get(number)
    if item is None:
        raise Refusal("ErrorItemNotFound")
    return item


def _folder(call: Call) -> Folder | None:
    told = call.path.get("folder")
    folder = folder_of(told) if told else None
    if told and folder is None:
        raise Refusal("ErrorFolderNotFound")
    return folder


async def _get(desk: Desk, call: Call) -> Answer:
    return Answer(_wanted(desk, call, _item(call)))


async def _value(_: Desk, call: Call) -> Answer:
    return Answer(_item(call).raw, media="text/plain")


async def _create(desk: Desk, call: Call) -> Answer:
    answer = await drafted(desk, call)
    return Answer(_wanted(desk, call, answer.body), 201)


async def _send_draft(desk: Desk, call: Call) -> Answer:
    return await sent_draft(desk, call, _item(call))


async def _list(desk: Desk, call: Call) -> Answer:
    """The newest first, if nothing else is asked. What a filter finds is as old as the index."""
    folder, _ = _folder(call), _names(call, FIELDS)
    newest_first = True
    try:
        tests, fields = filtered(call.first("$filter"))
        if call.first("$orderby"):
            newest_first, allowed = ordered(call.first("$orderby"), fields)
            if not allowed:
                raise Refusal("InefficientFilter")
    except Unfilterable as problem:
        raise Refusal("BadRequest", str(problem)) from None
    until = time.time() - desk.settings["searchable_after_s"]
    found = [
        item
        for item in call.account.newest()
        if (folder is None or item.folder is folder)
        and (not fields or item.received_at <= until)
        and all(test(item) for test in tests)
    ]
    found = found if newest_first else found[::-1]
    start = int(call.first("$skip", "0"))
    rows, following = page(found, start, int(call.first("$top", "10")))
    told: dict[str, Any] = {"@odata.context": CONTEXT}
    told |= {"@odata.count": len(found)} if call.first("$count") == "true" else {}
    told["value"] = [_wanted(desk, call, item) for item in rows]
    told |= {"@odata.nextLink": _link(call, {"$skip": str(following)})} if following else {}
    return Answer(told)


async def _delta(desk: Desk, call: Call) -> Answer:
    """Changes of a folder since the word that the last answer ended with; without one, all of it."""
    folder, account = _folder(call), call.account
    since = _place(call, "$deltatoken", "delta")
    start = _place(call, "$skiptoken", "skip")
    if start and call.first("$deltatoken"):
        raise Refusal("BadRequest", "One of $deltatoken and $skiptoken.")
    if since and not account.oldest_history <= since <= account.history:
        raise Refusal("SyncStateNotFound")
    try:
        tests, fields = filtered(call.first("$filter"))
    except Unfilterable as problem:
        raise Refusal("BadRequest", str(problem)) from None
    if set(fields) - {"receivedDateTime"}:
        raise Refusal("BadRequest", "$filter of a change query supports receivedDateTime only.")
    changes = _changes(account, folder, max(since, start))
    most = _page_size(call)
    told: dict[str, Any] = {"@odata.context": CONTEXT, "value": []}
    for at, item, gone in changes[:most]:
        if gone:
            told["value"].append({"id": id_of(item.number), "@removed": {"reason": "deleted"}})
        elif all(test(item) for test in tests):
            told["value"].append(_wanted(desk, call, item))
        start = at
    if len(changes) > most:
        return Answer(told | {"@odata.nextLink": _link(call, {"$skiptoken": word_for(start, "skip")})})
    return Answer(
        told | {"@odata.deltaLink": _link(call, {"$deltatoken": word_for(account.history, "delta")})}
    )


def _changes(account: Account, folder: Folder | None, since: int) -> list[tuple[int, Item, bool]]:
    came = [(item.changed, item, False) for item in account.items.values() if item.folder is folder]
    went = [(at, item, True) for at, item in account.gone if item.folder is folder and since]
    return sorted((change for change in [*came, *went] if change[0] > since), key=lambda change: change[0])


def _page_size(call: Call) -> int:
    preferred = call.headers.get("prefer", "")
    told = (
        preferred.rpartition("odata.maxpagesize=")[2].partition(",")[0] if "maxpagesize" in preferred else ""
    )
    return int(call.first("$top") or (told if told.isdecimal() else "10"))


def _place(call: Call, name: str, kind: str) -> int:
    told = call.first(name)
    try:
        return place_of(told, kind) if told else 0
    except NoSuchPage:
        raise Refusal("SyncStateNotFound") from None


def _link(call: Call, further: dict[str, str]) -> str:
    """The same question, from another place on."""
    moving = {"$skip", "$skiptoken", "$deltatoken"}
    query = [(name, value) for name, value in call.query if name not in moving]
    return f"{call.url}?{urlencode([*query, *further.items()], safe='$')}"
