"""How a request becomes one act: who calls, what they may, one Work, the answer kept, then the commit.

All of it stands in the route, so that no operation can forget it: a door function gets a Work that is open
already, and its answer leaves only after that Work was committed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from bursar.api import auth, idempotency
from bursar.core.errors import N_, Invalid
from bursar.core.work import Origin, Work
from bursar.house import House
from bursar.tenancy.api_keys import SignedByKey

JSON, FORM = "application/json", "multipart/form-data"
SAFE = frozenset({"GET", "HEAD"})
SCHEME = "ApiKey"


@dataclass(frozen=True, slots=True)
class Call:
    """One request of one key, for acts that open Works of their own."""

    house: House
    caller: SignedByKey
    origin: Origin

    @property
    def act(self) -> dict[str, Any]:
        """Arguments of `office.work` after the tenant."""
        return {"actor": self.caller.actor, "origin": self.origin, "cause": f"api_key {self.caller.key_id}"}


class WrongMediaType(Invalid):
    status = 415

    def __init__(self, expected: str) -> None:
        super().__init__(
            N_("Send the body as %(expected)s."), code="media_type", field="Content-Type", expected=expected
        )


class Act(APIRoute):
    """A route whose function runs inside one Work; a GET's may not write."""

    noun: ClassVar[str] = ""  # what the scope is about: customers -> customers:read, customers:write
    takes: ClassVar[str] = JSON
    in_one_work: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        methods: Iterable[str] = options.get("methods") or {"GET"}
        self.scope = f"{self.noun}:{'read' if SAFE.issuperset(methods) else 'write'}"
        extra: dict[str, Any] = {"security": [{SCHEME: [self.scope]}], **(options.get("openapi_extra") or {})}
        if "POST" in methods:
            extra["parameters"] = [*extra.get("parameters", ()), idempotency.PARAMETER]
        super().__init__(path, endpoint, **{**options, "openapi_extra": extra})

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            house: House = request.app.state.house
            caller = await auth.caller_of(request, house.office, request.app.state.limits)
            caller.require(self.scope)
            _must_be_documented(request, request.app.state.queries[self.name])
            body = await request.body()
            await _must_be_readable(request, body, self.takes)
            call = Call(house, caller, auth.origin_of(request))
            request.state.call = call
            return await (_in_one_work if self.in_one_work else _in_several)(call, request, body, answer)

        return handle


Answering = Callable[[Request], Coroutine[Any, Any, Response]]


async def _in_one_work(call: Call, request: Request, body: bytes, answer: Answering) -> Response:
    reads = request.method in SAFE
    async with call.house.office.work(call.caller.tenant_id, read_only=reads, **call.act) as work:
        claim = await idempotency.first(work, request, body)
        if claim and claim.answer:
            return idempotency.replay(claim.answer)
        request.state.work = work
        response = await answer(request)
        if claim:
            await idempotency.keep(work, claim, request, response)
    return response


async def _in_several(call: Call, request: Request, body: bytes, answer: Answering) -> Response:
    """The outside is called between Works, so the key is looked for first and its answer written last.

    Twins may both act; the verbs behind such routes allow that, and the later one is given the first's answer.
    """
    office, tenant_id = call.house.office, call.caller.tenant_id
    if idempotency.key_of(request) is None:
        return await answer(request)
    async with office.work(tenant_id, **call.act) as work:
        before = await idempotency.answered(work, request, body)
    if before is not None:
        return before
    response = await answer(request)
    async with office.work(tenant_id, **call.act) as work:
        claim = await idempotency.first(work, request, body)
        if claim and claim.answer:
            return idempotency.replay(claim.answer)
        if claim:
            await idempotency.keep(work, claim, request, response)
    return response


def door(path: str, noun: str, *, tag: str, takes: str = JSON, in_one_work: bool = True) -> APIRouter:
    """A router whose every operation needs the scope of `noun`, to read or to write by its method."""
    kind = type(
        f"{tag.title().replace(' ', '')}Act",
        (Act,),
        {"noun": noun, "takes": takes, "in_one_work": in_one_work},
    )
    return APIRouter(prefix=path, tags=[tag], route_class=kind)


def _must_be_documented(request: Request, known: Collection[str]) -> None:
    """Raises for a parameter of no meaning here, or one given twice: no filter is ignored in silence."""
    given = Counter(name for name, _ in request.query_params.multi_items())
    wrong = [
        ("extra_forbidden", "Extra inputs are not permitted", name) for name in given if name not in known
    ]
    wrong += [("repeated", "Give it once", name) for name in known if given[name] > 1]
    if wrong:
        raise RequestValidationError(
            [{"type": kind, "loc": ("query", name), "msg": told} for kind, told, name in wrong]
        )


async def _must_be_readable(request: Request, body: bytes, takes: str) -> None:
    """The media type that is documented, and no text that cannot be stored."""
    if any("\0" in value for _, value in request.query_params.multi_items()):
        raise _unstorable("query")
    if not body or request.method in SAFE:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != takes:
        raise WrongMediaType(takes)
    if takes == JSON:
        try:
            _must_be_storable(await request.json())
        except (ValueError, RecursionError):
            raise HTTPException(400) from None


def _must_be_storable(given: Any) -> None:
    """Raises `Invalid` for NUL, lone surrogates, NaN and infinity, anywhere inside."""
    waiting = [given]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
                raise _unstorable("body")
        elif isinstance(value, float) and not isfinite(value):
            raise _unstorable("body")


def _unstorable(place: str) -> Invalid:
    return Invalid(
        N_("The request contains a sign that cannot be stored."), code="sign_not_usable", field=place
    )


async def _work(request: Request) -> Work:
    return request.state.work


async def _call(request: Request) -> Call:
    return request.state.call


Acting = Annotated[Work, Depends(_work)]
Calling = Annotated[Call, Depends(_call)]
