"""What every operation of a vendor's interface goes through: who asks, what is wrong today, the contract, the quota."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bursar.sandbox.cloud.account import Account, Accounts
from bursar.sandbox.cloud.contract import JSON, Contract, Operation, wrong
from bursar.sandbox.cloud.limits import Window
from bursar.sandbox.cloud.post import Post
from bursar.sandbox.cloud.tokens import Stale, Tokens
from bursar.sandbox.cloud.troubles import Stall, Trouble, Troubles
from bursar.sandbox.serving import ending_of

REMEMBERED = 20_000
NONSENSE = b"<html><body>Proxy: upstream said something strange</body>"


class Refusal(Exception):
    """The vendor says no; `name` is one of the contract's errors. `words` replace its message.

    `retry_after` is told in a header; `wait` in words, where the message has a place for it. Both in seconds.
    """

    def __init__(
        self,
        name: str,
        words: str | None = None,
        *,
        retry_after: float | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(name, words)
        self.name, self.words, self.retry_after, self.wait = name, words, retry_after, wait


@dataclass
class Answer:
    """`body`: bytes as they are, None for an empty answer, anything else as JSON."""

    body: Any = None
    status: int = 200
    media: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Call:
    """A request that has been understood. `body` is parsed where it was JSON."""

    account: Account
    client: str
    scopes: frozenset[str]
    url: str  # without its query
    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]
    media: str
    body: Any

    def first(self, name: str, default: str = "") -> str:
        return next((value for key, value in self.query if key == name), default)

    def each(self, name: str) -> list[str]:
        return [value for key, value in self.query if key == name]


@dataclass
class Noted:
    """A request that came, for whoever counts them; `wrong` is what the contract has not."""

    operation: str
    mailbox: str
    status: int
    at: float
    wrong: list[str]
    trouble: str | None = None


Handler = Callable[[Call], Awaitable[Answer]]


class Dialect(Protocol):
    """How this vendor words a refusal, and which of its errors are meant by the usual reasons."""

    reasons: Mapping[str, str]

    def refused(self, error: Mapping[str, Any], words: str, headers: Mapping[str, str]) -> Any: ...


@dataclass
class Desk:
    """All that one vendor knows. `settings` are its limits and manners, for the control door to change."""

    contract: Contract
    accounts: Accounts
    tokens: Tokens
    dialect: Dialect
    post: Post
    troubles: Troubles = field(default_factory=Troubles)
    calls: deque[Noted] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    settings: dict[str, Any] = field(default_factory=dict)
    windows: dict[tuple[str, str], Window] = field(default_factory=dict)
    busy: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    usual: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.usual = dict(self.settings)

    def forget(self) -> None:
        """Everything but who the programs are."""
        self.settings.update(self.usual)
        self.troubles.held.clear()
        self.calls.clear()
        self.windows.clear()
        self.accounts.held.clear()
        self.tokens.forget()

    def window(self, name: str, mailbox: str, seconds: float) -> Window:
        """The one of this limit and mailbox; how much it holds, the settings say."""
        most = self.settings[name]
        key = (name, mailbox.lower())
        if key not in self.windows or self.windows[key].most != most:
            self.windows[key] = Window(most, seconds)
        return self.windows[key]

    def routes(
        self,
        name: str,
        handler: Handler,
        *,
        limit: Callable[[Call, Operation], None],
        also: tuple[str, str] | None = None,
    ) -> list[Route]:
        """Where the contract says, and there with one part of the path put in another's place."""
        operation = self.contract.operations[name]

        async def endpoint(request: Request) -> Response:
            return await self._exchange(request, operation, handler, limit)

        paths = [operation.path, *([operation.path.replace(*also)] if also else [])]
        return [Route(path, endpoint, methods=[operation.method]) for path in paths]

    async def _exchange(
        self,
        request: Request,
        operation: Operation,
        handler: Handler,
        limit: Callable[[Call, Operation], None],
    ) -> Response:
        noted = Noted(operation.name, "", 0, time.time(), [])
        self.calls.append(noted)
        raw = await request.body()
        try:
            account, client, scopes = self._holder(request)
            noted.mailbox = account.address
            trouble = self.troubles.next(operation.name, account.address)
            noted.trouble = trouble.answer if trouble else None
            answer = await self.happen(trouble, request, noted, accepted=False)
            if answer is None:
                call = self._understood(request, operation, raw, (account, client, scopes), noted)
                with self._counted(call):
                    limit(call, operation)
                    answer = await handler(call)
                    answer = await self.happen(trouble, request, noted, accepted=True) or answer
        except Refusal as refusal:
            answer = self.refused(refusal)
        noted.status = answer.status
        return as_response(answer)

    def _holder(self, request: Request) -> tuple[Account, str, frozenset[str]]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            grant = self.tokens.holder(token if scheme.lower() == "bearer" else "")
        except Stale as stale:
            raise Refusal(self.dialect.reasons["unauthenticated"], str(stale) or None) from None
        account = self.accounts.of(grant.mailbox)
        if account is None:
            raise Refusal(self.dialect.reasons["unauthenticated"])
        return account, grant.client_id, grant.scopes

    def _understood(
        self,
        request: Request,
        operation: Operation,
        raw: bytes,
        holder: tuple[Account, str, frozenset[str]],
        noted: Noted,
    ) -> Call:
        account, client, scopes = holder
        if operation.scopes and not scopes.intersection(operation.scopes):
            raise Refusal(self.dialect.reasons["scope"])
        query = parse_qsl(request.url.query, keep_blank_values=True)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        noted.wrong += self.contract.wrong_in_query(operation, query)
        body: Any = raw
        if not operation.body:
            noted.wrong += ["a body where none belongs"] if raw else []
        elif media not in operation.body:
            noted.wrong.append(f"media type {media!r}")
            raise Refusal(self.dialect.reasons["media"])
        elif media == JSON:
            body = _parsed(raw, noted)
            noted.wrong += wrong(operation.body[media], body) if not noted.wrong else []
        if noted.wrong:
            raise Refusal(self.dialect.reasons["invalid"], "; ".join(noted.wrong))
        headers = dict(request.headers)
        url = str(request.url.replace(query=""))
        return Call(account, client, scopes, url, request.path_params, query, headers, media, body)

    @contextmanager
    def _counted(self, call: Call) -> Iterator[None]:
        """How many requests of this client and mailbox are in hand."""
        key = (call.client, call.account.address.lower())
        most = self.settings.get("concurrent")
        if most is not None and self.busy[key] >= most:
            raise Refusal(self.dialect.reasons["concurrent"], retry_after=1)
        self.busy[key] += 1
        try:
            yield
        finally:
            self.busy[key] -= 1

    async def happen(
        self, trouble: Trouble | None, request: Request, noted: Noted, *, accepted: bool
    ) -> Answer | None:
        """What is to be answered instead, if the trouble belongs to this side of the deed. Raises `Refusal`.

        None: the right answer, perhaps held back for a while or said twice.
        """
        if trouble is None or trouble.is_afterwards != accepted:
            return None
        match trouble.answer:
            case "lost":
                ending_of(request.scope).lost = True
                return Answer(status=599)  # what nobody will read
            case "twice":
                ending_of(request.scope).twice = True
            case "late":
                await asyncio.sleep(trouble.seconds)
            case "stall":
                await self.troubles.stall(Stall(noted.operation, noted.mailbox, trouble.is_afterwards))
            case "nonsense":
                return Answer(NONSENSE, 200, "text/html")
            case name:
                raise Refusal(name, trouble.message, retry_after=trouble.retry_after)
        return None

    def refused(self, refusal: Refusal) -> Answer:
        """In this vendor's words."""
        error = self.contract.errors[refusal.name]
        wait = refusal.retry_after if refusal.retry_after is not None else error.get("retry_after")
        headers = {"Retry-After": str(max(1, round(wait)))} if wait is not None else {}
        said = refusal.wait or wait or error.get("wait", 0)
        words = (refusal.words or error["message"]).replace("{retry_at}", _moment(said))
        body = self.dialect.refused(error, words, headers)
        return Answer(body, error["status"], headers={**headers, **error.get("headers", {})})


def _moment(seconds: float) -> str:
    """So many seconds from now, as vendors write it."""
    at = datetime.fromtimestamp(time.time() + seconds, UTC).isoformat(timespec="milliseconds")
    return at.replace("+00:00", "Z")


def _parsed(raw: bytes, noted: Noted) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        noted.wrong.append("the body is no JSON")
        return None


def as_response(answer: Answer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status, headers=answer.headers)
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    media = f"{answer.media}; charset=UTF-8" if answer.media == JSON else answer.media
    headers = {**answer.headers, "Content-Type": media}
    return Response(body, answer.status, headers=headers)
