"""The other door of a simulated vendor: what came, what lies where, and how it shall misbehave next."""

from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.account import Account, Folder, Item
from bursar.sandbox.cloud.desk import Desk
from bursar.sandbox.cloud.troubles import Trouble
from bursar.sandbox.mailboxes import letters
from bursar.sandbox.mailboxes.mail import read_mail
from bursar.sandbox.mailboxes.replying import answer_to
from bursar.sandbox.smtp.store import Kept

SETTABLE_TOKENS = frozenset({"access_s", "code_s", "overlap_s"})


def control(desk: Desk) -> Starlette:
    """GET /calls?since= · GET /errors · GET, PUT, POST /troubles · GET /stalled?count=&wait= ·
    POST /release, /reset · GET, PUT /settings · GET, POST /mailboxes · GET, POST /mailboxes/{address}/messages ·
    DELETE one of them · POST /mailboxes/{address}/expiry, /revocation, /amnesia ·
    POST .../messages/{number}/replies, /absences, /reports.
    """
    box = Boxes(desk)
    one = "/mailboxes/{address}"
    letter = f"{one}/messages/{{number:int}}"
    return Starlette(
        routes=[
            Route("/calls", _asking(desk, _calls)),
            Route("/errors", _asking(desk, _errors)),
            Route("/troubles", _asking(desk, _troubles), methods=["GET", "PUT", "POST"]),
            Route("/stalled", _asking(desk, _stalled)),
            Route("/release", _asking(desk, _release), methods=["POST"]),
            Route("/reset", _asking(desk, _reset), methods=["POST"]),
            Route("/settings", _asking(desk, _settings), methods=["GET", "PUT"]),
            Route("/mailboxes", box.all, methods=["GET", "POST"]),
            Route(f"{one}/messages", box.messages, methods=["GET", "POST"]),
            Route(f"{one}/expiry", box.expire, methods=["POST"]),
            Route(f"{one}/revocation", box.revoke, methods=["POST"]),
            Route(f"{one}/amnesia", box.forget, methods=["POST"]),
            Route(letter, box.message, methods=["GET", "DELETE"]),
            Route(f"{letter}/replies", box.reply, methods=["POST"]),
            Route(f"{letter}/absences", box.be_away, methods=["POST"]),
            Route(f"{letter}/reports", box.report, methods=["POST"]),
        ]
    )


def _asking(
    desk: Desk, answer: Callable[[Desk, Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    async def asked(request: Request) -> Response:
        return await answer(desk, request)

    return asked


async def _calls(desk: Desk, request: Request) -> Response:
    since = int(request.query_params.get("since", 0))
    return JSONResponse([asdict(noted) for noted in list(desk.calls)[since:]])


async def _errors(desk: Desk, _: Request) -> Response:
    """What a trouble may be called, beside its ways."""
    return JSONResponse(dict(desk.contract.errors))


async def _troubles(desk: Desk, request: Request) -> Response:
    if request.method != "GET":
        given: list[dict[str, Any]] = await request.json()
        try:
            added = [Trouble.parse(one, desk.contract.errors) for one in given]
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, status_code=422)
        kept = desk.troubles.held if request.method == "POST" else []
        desk.troubles.held = [*kept, *added]
    return JSONResponse(desk.troubles.as_json())


async def _stalled(desk: Desk, request: Request) -> Response:
    asked = request.query_params
    seconds = float(asked.get("wait", 0))
    found = await desk.troubles.stalled(count=int(asked.get("count", 1)), seconds=seconds)
    return JSONResponse([asdict(stall) for stall in found])


async def _release(desk: Desk, _: Request) -> Response:
    desk.troubles.release()
    return Response(status_code=204)


async def _reset(desk: Desk, _: Request) -> Response:
    """As it was when it started; nobody has a mailbox any more."""
    desk.troubles.release()
    desk.forget()
    return Response(status_code=204)


async def _settings(desk: Desk, request: Request) -> Response:
    """Limits and manners of the vendor, and how long its tokens last."""
    if request.method == "PUT":
        given: dict[str, Any] = await request.json()
        unknown = sorted(given.keys() - desk.settings.keys() - SETTABLE_TOKENS)
        if unknown:
            known = sorted({*desk.settings, *SETTABLE_TOKENS})
            return JSONResponse({"error": f"unknown: {unknown}; there are {known}"}, status_code=422)
        for name in given.keys() & SETTABLE_TOKENS:
            setattr(desk.tokens, name, given[name])
        desk.settings |= {name: value for name, value in given.items() if name in desk.settings}
    tokens = {name: getattr(desk.tokens, name) for name in SETTABLE_TOKENS}
    return JSONResponse({**desk.settings, **tokens})


class Boxes:
    """Mailboxes and what a person or a stranger's server does to them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def all(self, request: Request) -> Response:
        if request.method == "POST":
            given = await request.json()
            account = self._desk.accounts.open(given["address"], given.get("name", ""))
            account.aliases = list(given.get("aliases", account.aliases))
        told = [
            {"address": one.address, "name": one.name, "aliases": one.aliases, "messages": len(one.items)}
            for one in self._desk.accounts.all()
        ]
        return JSONResponse(told)

    async def messages(self, request: Request) -> Response:
        """POST: {"raw": base64, "folder"?, "received_at"?} puts a message there as it is."""
        account = self._account(request)
        if request.method == "POST":
            given = await request.json()
            folder = Folder(given.get("folder", "inbox"))
            item = account.put(folder, b64decode(given["raw"]), received_at=given.get("received_at"))
            return JSONResponse(_told(item), status_code=201)
        folder = request.query_params.get("folder")
        items = [one for one in account.items.values() if folder is None or one.folder == folder]
        return JSONResponse([_told(one) for one in items])

    async def message(self, request: Request) -> Response:
        account, item = self._item(request)
        if request.method == "DELETE":
            account.remove(item)
            return Response(status_code=204)
        return Response(item.raw, media_type="message/rfc822")

    async def expire(self, request: Request) -> Response:
        return JSONResponse({"tokens": self._desk.tokens.expire(self._account(request).address)})

    async def revoke(self, request: Request) -> Response:
        return JSONResponse({"grants": self._desk.tokens.take_back(self._account(request).address)})

    async def forget(self, request: Request) -> Response:
        """What readers remember of an older place is good no longer."""
        self._account(request).forget_history()
        return Response(status_code=204)

    async def reply(self, request: Request) -> Response:
        """Somebody answers a message of this mailbox: {"words"}."""
        account, item = self._item(request)
        to = [address for _, address in item.addresses("To")]
        kept = Kept(
            item.number, 0, account.address, to, item.received_at, item.message_id, None, tls=True, size=0
        )
        words = (await request.json()).get("words", "Thank you, we will pay.")
        raw = answer_to(read_mail(kept, item.raw), words).as_bytes()
        return JSONResponse(_told(account.put(Folder.INBOX, raw)), status_code=201)

    async def be_away(self, request: Request) -> Response:
        account, item = self._item(request)
        return JSONResponse(
            _told(account.put(Folder.INBOX, letters.out_of_office(item.raw))), status_code=201
        )

    async def report(self, request: Request) -> Response:
        """A server reports what became of it: {"status": "5.1.1", "recipient"?}."""
        account, item = self._item(request)
        given = await request.json()
        [(_, first), *_] = item.addresses("To")
        raw = letters.delivery_report(item.raw, given.get("recipient", first), given.get("status", "5.1.1"))
        return JSONResponse(_told(account.put(Folder.INBOX, raw)), status_code=201)

    def _account(self, request: Request) -> Account:
        account = self._desk.accounts.of(request.path_params["address"])
        if account is None:
            raise HTTPException(404)
        return account

    def _item(self, request: Request) -> tuple[Account, Item]:
        account = self._account(request)
        item = account.items.get(request.path_params["number"])
        if item is None:
            raise HTTPException(404)
        return account, item


def _told(item: Item) -> dict[str, Any]:
    return {
        "number": item.number,
        "folder": item.folder,
        "message_id": item.message_id,
        "thread": item.thread,
        "subject": item.header("Subject"),
        "from": item.header("From"),
        "to": [address for _, address in item.addresses("To", "Cc", "Bcc")],
        "received_at": item.received_at,
        "raw": b64encode(item.raw).decode(),
    }
