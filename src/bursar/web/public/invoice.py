"""An invoice's page for its customer: seen, downloaded and answered by whoever has the link (R126)."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from bursar.billing import hosted
from bursar.billing.links import PATH
from bursar.web.public import answering, paying
from bursar.web.public.answering import Way
from bursar.web.sessions import office_of

router = APIRouter(prefix=PATH.rstrip("/"))


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def show(request: Request, token: str) -> Response:
    return await answering.page(request, _way(request, token), "invoice")


@router.api_route("/{token}/pdf", methods=["GET", "HEAD"])
async def download(request: Request, token: str) -> Response:
    return await answering.download(request, _way(request, token))


@router.api_route("/{token}/promise", methods=["GET", "HEAD"])
async def ask_promise(request: Request, token: str) -> Response:
    return await answering.page(request, _way(request, token), "promise")


@router.post("/{token}/promise")
async def promise(request: Request, token: str) -> Response:
    return await answering.promise(request, _way(request, token))


@router.api_route("/{token}/dispute", methods=["GET", "HEAD"])
async def ask_dispute(request: Request, token: str) -> Response:
    return await answering.page(request, _way(request, token), "dispute")


@router.post("/{token}/dispute")
async def contest(request: Request, token: str) -> Response:
    return await answering.contest(request, _way(request, token))


@router.api_route("/{token}/paid", methods=["GET", "HEAD"])
async def ask_paid(request: Request, token: str) -> Response:
    return await answering.page(request, _way(request, token), "paid")


@router.post("/{token}/paid")
async def claim(request: Request, token: str) -> Response:
    return await answering.claim(request, _way(request, token))


@router.post("/{token}/checkout")
async def pay(request: Request, token: str) -> Response:
    return await paying.pay(request, _way(request, token))


@router.post("/{token}/checkout/look")
async def look(request: Request, token: str) -> Response:
    return await paying.look(request, _way(request, token))


@router.api_route("/{token}/checkout", methods=["GET", "HEAD"])
async def come_back(request: Request, token: str) -> Response:
    return await paying.come_back(request, _way(request, token))


def _way(request: Request, token: str) -> Way:
    return Way(PATH + token, partial(hosted.open_link, office_of(request), token))
