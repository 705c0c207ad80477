"""What every request goes through: its key, what is wrong today, the contract, the limit, and once is once."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bursar.sandbox.cloud.desk import NONSENSE
from bursar.sandbox.cloud.limits import Window
from bursar.sandbox.cloud.troubles import Stall, Trouble, Troubles
from bursar.sandbox.serving import Endings, ending_of
from bursar.sandbox.stripe import asking, paying, refusing
from bursar.sandbox.stripe.contract import Operation
from bursar.sandbox.stripe.keys import Keys
from bursar.sandbox.stripe.ledger import Ledger, Thing, new_id
from bursar.sandbox.stripe.listing import expanded
from bursar.sandbox.stripe.operations import HANDLERS, Asked
from bursar.sandbox.stripe.refusing import Refusal
from bursar.sandbox.stripe.world import Act, World

REMEMBERED = 20_000
LOST = 599
"""The noted status of an answer that never left."""
SETTINGS: Mapping[str, Any] = {"test_requests_per_second": 25, "live_requests_per_second": 100}
"""Documented limits of an account, for the control door to change; null: none."""

Answer = tuple[int, dict[str, Any]]


@dataclass
class Noted:
    """A request that came. `mailbox` is the account (troubles are told by that name); `params` as they were read."""

    operation: str
    mailbox: str = ""
    status: int = 0
    at: float = field(default_factory=time.time)
    request_id: str = field(default_factory=lambda: new_id("req", 14))
    key: str | None = None
    params: Any = None
    trouble: str | None = None
    replay_of: str | None = None


@dataclass
class Desk:
    world: World = field(default_factory=World)
    troubles: Troubles = field(default_factory=Troubles)
    calls: deque[Noted] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    keys: Keys = field(default_factory=Keys)
    settings: dict[str, Any] = field(default_factory=lambda: dict(SETTINGS))
    windows: dict[str, Window] = field(default_factory=dict)

    def forget(self) -> None:
        """Everything but the accounts and their keys."""
        self.troubles.release()
        self.troubles.held.clear()
        self.calls.clear()
        self.keys.held.clear()
        self.settings.update(SETTINGS)
        self.windows.clear()
        self.world.clock.offset_s = 0
        self.world.courier.forget()
        for ledger in self.world.ledgers:
            ledger.things.clear()
            ledger.asides.clear()
            ledger.revoked = False

    async def exchange(self, request: Request, operation: Operation) -> Response:
        noted = Noted(operation.name)
        self.calls.append(noted)
        raw, wait = await request.body(), None
        try:
            status, told = await self._answered(request, operation, raw, noted)
        except Refusal as refusal:
            status, told = self.refused(refusal, noted.request_id)
            wait = refusal.retry_after
        noted.status = LOST if ending_of(request.scope).lost else status
        return self._response(noted, status, told, wait)

    async def _answered(self, request: Request, operation: Operation, raw: bytes, noted: Noted) -> Answer:
        """Raises `Refusal`."""
        ledger = asking.holder(self.world, request)
        noted.mailbox = ledger.account["id"]
        trouble = self.troubles.next(operation.name, noted.mailbox)
        noted.trouble = trouble.answer if trouble else None
        asking.check_headers(self.world, request, ledger)
        params = asking.params(request, operation, raw)
        noted.params = params
        noted.key = request.headers.get("idempotency-key") if operation.method == "POST" else None
        self._check_pace(ledger)
        paying.expire_due(self.world)
        act = Act(self.world, ledger, {"id": noted.request_id, "idempotency_key": noted.key})
        asked = Asked(act, params, request.path_params.get("id", ""), request.url.path)
        if noted.key is None:
            return await self._carried_out(request, operation, asked, trouble, noted)
        return await self._once(request, operation, asked, trouble, noted)

    async def _once(
        self, request: Request, operation: Operation, asked: Asked, trouble: Trouble | None, noted: Noted
    ) -> Answer:
        """Under the key it came with; what it is answered, errors too, every later one is answered."""
        ledger, key = asked.act.ledger, noted.key or ""
        owner = f"{ledger.account['id']} {ledger.mode}"
        fingerprint = json.dumps([operation.method, asked.url, asked.params], sort_keys=True)
        kept = self.keys.begin(owner, key, fingerprint, noted.request_id)
        if kept is not None and kept.answer is not None:
            noted.replay_of = kept.request_id
            return kept.answer
        answer: Answer | None = None
        try:
            answer = await self._carried_out(request, operation, asked, trouble, noted)
            return answer
        except Refusal as refusal:
            answer = self.refused(refusal, noted.request_id) if refusal.is_kept else None
            raise
        finally:
            self.keys.finish(owner, key, answer)

    async def _carried_out(
        self, request: Request, operation: Operation, asked: Asked, trouble: Trouble | None, noted: Noted
    ) -> Answer:
        await self._happen(trouble, request, noted, accepted=False)
        answer = self._told(asked, HANDLERS[operation.name](asked))
        await self._happen(trouble, request, noted, accepted=True)
        return answer

    def _told(self, asked: Asked, thing: Thing) -> Answer:
        """Held against the contract before it leaves, and after its ids were expanded."""
        told = expanded(asked.act.ledger, thing, asked.params.get("expand", ()))
        for one in told["data"] if told["object"] == "list" else [told]:
            self.world.contract.check(one)
        return 200, deepcopy(told)

    async def _happen(
        self, trouble: Trouble | None, request: Request, noted: Noted, *, accepted: bool
    ) -> None:
        """If the trouble belongs to this side of the deed. Raises `Refusal` where that is the trouble."""
        if trouble is None or trouble.is_afterwards != accepted:
            return
        match trouble.answer:
            case "lost":
                ending_of(request.scope).lost = True
                if not accepted:
                    raise Refusal("bad_gateway", is_kept=False)  # nobody will read it
            case "twice":
                ending_of(request.scope).twice = True
            case "late":
                await asyncio.sleep(trouble.seconds)
            case "stall":
                await self.troubles.stall(Stall(noted.operation, noted.mailbox, trouble.is_afterwards))
            case "nonsense":
                request.scope["sandbox.nonsense"] = True
            case name:
                status = self.world.contract.errors[name]["status"]
                wait = trouble.retry_after
                raise Refusal(name, trouble.message, retry_after=wait, is_kept=status >= 500)

    def refused(self, refusal: Refusal, request_id: str) -> Answer:
        error = self.world.contract.errors[refusal.name]
        return error["status"], refusing.body(error, refusal, request_id)

    def _response(self, noted: Noted, status: int, told: dict[str, Any], wait: float | None) -> Response:
        headers = {"Request-Id": noted.request_id, "Stripe-Version": self.world.contract.version}
        headers |= {"Idempotency-Key": noted.key} if noted.key else {}
        if noted.replay_of is not None:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": noted.replay_of}
        headers |= {"Retry-After": str(round(wait))} if wait is not None else {}
        return JSONResponse(told, status, headers=headers)

    def _check_pace(self, ledger: Ledger) -> None:
        most = self.settings[f"{ledger.mode}_requests_per_second"]
        window = self.windows.get(ledger.key)
        if window is None or window.most != most:
            window = self.windows[ledger.key] = Window(most, 1)
        if window.wait(1):
            raise Refusal("rate_limit", is_kept=False)


def vendor(desk: Desk) -> Endings:
    """api.stripe.com."""

    def at(operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            answer = await desk.exchange(request, operation)
            if request.scope.get("sandbox.nonsense"):
                return Response(NONSENSE, media_type="text/html")
            return answer

        return Route(operation.path, endpoint, methods=[operation.method])

    async def nowhere(request: Request, _: Exception) -> Response:
        words = f"Unrecognized request URL ({request.method}: {request.url.path})."
        status, told = desk.refused(Refusal("unrecognised_url", words), new_id("req", 14))
        return JSONResponse(told, status)

    routes = [at(operation) for operation in desk.world.contract.operations.values()]
    return Endings(Starlette(routes=routes, exception_handlers={404: nowhere, 405: nowhere}))
