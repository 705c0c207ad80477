"""What is done to a mailbox: made the first choice, signed in again, tried, switched off, its secret destroyed."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.house import House
from bursar.outbox import accounts
from bursar.outbox.connecting import reconnect_smtp
from bursar.outbox.template_words import VersionInput
from bursar.outbox.trying import send_to_oneself
from bursar.web import languages, pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import origin_of, signed_in, staff_router, viewer_work

router = staff_router()
ONE = "/sending-accounts/{account_id:uuid}"


@router.post(ONE + "/primary")
async def make_primary(request: Request, account_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await accounts.make_primary(work, account_id)
    return _back(request, account_id, N_("New messages leave from here now."))


@router.post(ONE + "/disablement")
async def disable(request: Request, account_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await accounts.disable(work, account_id)
    return _back(request, account_id, N_("Switched off."))


@router.post(ONE + "/secret-deletion")
async def forget_secret(request: Request, account_id: UUID) -> Response:
    async with viewer_work(request) as work:
        await accounts.forget_secret(work, account_id)
    return _back(request, account_id, N_("Its password is destroyed."))


@router.get(ONE + "/reconnection/new")
async def ask_password(request: Request, account_id: UUID) -> Response:
    return await _password_form(request, account_id, Form())


@router.post(ONE + "/reconnection")
async def reconnect(request: Request, account_id: UUID) -> Response:
    signed, house = signed_in(request), _house(request)
    typed = await reading.typed(request)
    try:
        await reconnect_smtp(
            house.office,
            signed.tenant_id,
            signed.actor,
            house.senders,
            account_id,
            password=typed.get("password", ""),
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        return await _password_form(request, account_id, Form().refused(refusal))
    return _back(request, account_id, N_("Connected again. Paused campaigns wait for you to let them go on."))


@router.post(ONE + "/tests")
async def send_test(request: Request, account_id: UUID) -> Response:
    """To the one who is signed in, so that nobody else gets mail by it."""
    signed, house = signed_in(request), _house(request)
    code = pages.page_view(request).language.code
    words = VersionInput(
        code,
        languages.say(code, N_("A test from Bursar")),
        languages.say(
            code, N_("If you read this, this mailbox can send. Reminders look and arrive like this.")
        ),
        "text",
    )
    await send_to_oneself(
        house.office,
        signed.tenant_id,
        signed.actor,
        house.senders,
        house.letters,
        account_id,
        to=signed.email,
        words=words,
    )
    return _back(request, account_id, N_("Handed over. Look into your own mailbox."))


async def _password_form(request: Request, account_id: UUID, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        account = await accounts.get_account(work, account_id)
    return pages.render(
        request, "staff/sending_account_password.html", status=form.status, account=account, form=form
    )


def _back(request: Request, account_id: UUID, toast: str) -> Response:
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=toast)


def _house(request: Request) -> House:
    return request.app.state.house
