"""Mailboxes whose owner signs in at Google or Microsoft: the way there, and back with an answer (R132)."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.house import House
from bursar.outbox import accounts, signing_in
from bursar.outbox.consent_addresses import CONSENTS, PROVIDERS, redirect_uri
from bursar.outbox.signing_in import Begun, Came
from bursar.outbox.states import AccountKind
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import origin_of, signed_in, staff_router, viewer_work

router = staff_router()


@router.get("/sending-accounts/new/{provider}")
async def new_account(request: Request, provider: str, address: str = "") -> Response:
    _kind(provider)
    return _form(request, provider, Form({"address": address}))


@router.post("/sending-accounts/new/{provider}")
async def begin(request: Request, provider: str) -> Response:
    """The mailbox is written down; what follows is at the provider's, which a page of ours says first: no form of
    ours may lead to another site.
    """
    kind, typed = _kind(provider), await reading.typed(request)
    signed, house = signed_in(request), _house(request)
    try:
        begun = await signing_in.begin(
            house.office,
            signed.tenant_id,
            signed.actor,
            house.identities,
            kind=kind,
            address=typed.get("address", ""),
            redirect_uri=redirect_uri(house.settings.base_url, kind),
            reads=typed.get("reads") == "yes",
            given={
                "display_name": typed.get("display_name") or None,
                "reply_to": typed.get("reply_to") or None,
            },
            session_id=signed.session_id,
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        return _form(request, provider, Form(typed).refused(refusal))
    return await _leave(request, begun)


@router.post("/sending-accounts/{account_id:uuid}/consent")
async def begin_again(request: Request, account_id: UUID) -> Response:
    """Sign in anew, or ask for reading too. What it has holds until the new answer is there."""
    typed = await reading.typed(request)
    signed, house = signed_in(request), _house(request)
    async with viewer_work(request, read_only=True) as work:
        account = await accounts.get_account(work, account_id)
    begun = await signing_in.begin_again(
        house.office,
        signed.tenant_id,
        signed.actor,
        house.identities,
        account_id,
        redirect_uri=redirect_uri(house.settings.base_url, account.kind),
        reads={"yes": True, "no": False}.get(typed.get("reads", "")),
        session_id=signed.session_id,
        origin=origin_of(request),
    )
    return await _leave(request, begun)


@router.get(CONSENTS + "{provider}")
async def come_back(
    request: Request, provider: str, state: str = "", code: str = "", error: str = "", iss: str = ""
) -> Response:
    """From the provider's page. The state, which is good once and in this session only, is what vouches for it."""
    kind = _kind(provider)
    signed, house = signed_in(request), _house(request)
    try:
        account_id = await signing_in.finish(
            house.office,
            signed.tenant_id,
            signed.actor,
            house.identities,
            Came(state, code, error, iss),
            kind=kind,
            redirect_uri=redirect_uri(house.settings.base_url, kind),
            session_id=signed.session_id,
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        form = Form().refused(refusal)
        return pages.render(
            request, "staff/sending_account_refused.html", status=form.status, form=form, provider=provider
        )
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=N_("Connected: it can send."))


async def _leave(request: Request, begun: Begun) -> Response:
    async with viewer_work(request, read_only=True) as work:
        account = await accounts.get_account(work, begun.account_id)
    return pages.render(request, "staff/sending_account_consent.html", account=account, begun=begun)


def _form(request: Request, provider: str, form: Form) -> Response:
    return pages.render(
        request, "staff/sending_account_new_consent.html", status=form.status, form=form, provider=provider
    )


def _kind(provider: str) -> AccountKind:
    if provider not in PROVIDERS:
        raise NotFound("provider")
    return PROVIDERS[provider]


def _house(request: Request) -> House:
    return request.app.state.house
