"""Mailboxes at Amazon SES: its SMTP endpoint, and the topic that tells what became of mails."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.house import House
from bursar.outbox import amazon
from bursar.outbox.account_fields import usual_pace
from bursar.outbox.states import AccountKind
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import origin_of, signed_in, staff_router, viewer_work
from bursar.web.staff.sending_accounts import whole

router = staff_router()
FIELDS = ("address", "display_name", "reply_to", "host", "port", "username", "topic_arn")


@router.get("/sending-accounts/new/ses")
async def new_account(request: Request, address: str = "") -> Response:
    return _form(request, Form({"address": address, "port": "587"}))


@router.post("/sending-accounts/new/ses")
async def connect(request: Request) -> Response:
    """Tried out before it is kept, as any mail server."""
    typed = await reading.typed(request)
    signed, house = signed_in(request), _house(request)
    try:
        account_id = await amazon.connect_ses(
            house.office,
            signed.tenant_id,
            signed.actor,
            house.senders,
            address=typed.get("address", ""),
            host=typed.get("host", ""),
            port=whole(typed, "port"),
            username=typed.get("username", ""),
            password=typed.get("password", ""),
            topic_arn=typed.get("topic_arn", ""),
            given={
                **usual_pace(AccountKind.SES),
                "display_name": typed.get("display_name") or None,
                "reply_to": typed.get("reply_to") or None,
            },
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        return _form(request, Form({name: typed.get(name, "") for name in FIELDS}).refused(refusal))
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=N_("Connected: it can send."))


@router.post("/sending-accounts/{account_id:uuid}/topic")
async def set_topic(request: Request, account_id: UUID) -> Response:
    """Which topic of Amazon's may tell us something about this mailbox."""
    typed = await reading.typed(request)
    async with viewer_work(request) as work:
        await amazon.set_topic(work, account_id, typed.get("topic_arn", ""))
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=N_("Saved."))


def _form(request: Request, form: Form) -> Response:
    return pages.render(request, "staff/sending_account_new_ses.html", status=form.status, form=form)


def _house(request: Request) -> House:
    return request.app.state.house
