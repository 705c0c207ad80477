"""Mailboxes that reminders leave from: how each is, its pace, and connecting one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.outbox import accounts, amazon
from bursar.outbox.account_fields import AccountInput, SmtpServer
from bursar.outbox.accounts import Account
from bursar.outbox.connecting import connect_smtp
from bursar.outbox.states import AccountKind
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import office_of, origin_of, signed_in, staff_router, viewer_work

router = staff_router()
ONE = "/sending-accounts/{account_id:uuid}"
USUAL = {
    "port": "587",
    "tls": "starttls",
    "batch_size": "10",
    "batch_interval": "30",
    "daily_quota": "500",
    "connections": "2",
}
"""What a mailbox at a usual provider bears."""
PRESETS: dict[str, tuple[str, dict[str, str]]] = {
    "gmail": ("Gmail", {"host": "smtp.gmail.com", "port": "465", "tls": "implicit"}),
    "microsoft365": ("Microsoft 365", {"host": "smtp.office365.com", "port": "587", "tls": "starttls"}),
    "zoho": ("Zoho Mail", {"host": "smtp.zoho.com", "port": "465", "tls": "implicit"}),
    "fastmail": ("Fastmail", {"host": "smtp.fastmail.com", "port": "465", "tls": "implicit"}),
    "icloud": ("iCloud", {"host": "smtp.mail.me.com", "port": "587", "tls": "starttls"}),
    "yahoo": ("Yahoo", {"host": "smtp.mail.yahoo.com", "port": "465", "tls": "implicit"}),
}
"""Mail servers that people need not look up: what they are called, and how they are reached."""


@router.get("/sending-accounts")
async def list_accounts(request: Request) -> Response:
    async with viewer_work(request) as work:
        found = await accounts.list_accounts(work)
        now = work.now
    return pages.render(request, "staff/sending_accounts.html", accounts=found, now=now)


@router.get("/sending-accounts/new")
async def new_account(request: Request, address: str = "", preset: str = "") -> Response:
    _, server = PRESETS.get(preset, ("", {}))
    form = Form({**USUAL, **server, "address": address})
    return _new(request, form, preset)


@router.post("/sending-accounts")
async def connect(request: Request) -> Response:
    """Tried out before it is kept: whoever sees it in the list can send with it."""
    typed = await reading.typed(request)
    signed = signed_in(request)
    try:
        account_id = await connect_smtp(
            office_of(request),
            signed.tenant_id,
            signed.actor,
            request.app.state.house.senders,
            address=typed.get("address", ""),
            server=_server(typed),
            given=_pace(typed),
            origin=origin_of(request),
        )
    except (Invalid, Conflict) as refusal:
        form = Form(_shown_again(typed)).refused(refusal)
        return _new(request, form)
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=N_("Connected: it can send."))


@router.get(ONE)
async def show_account(request: Request, account_id: UUID) -> Response:
    async with viewer_work(request) as work:
        account = await accounts.get_account(work, account_id)
        values = {"now": work.now, "hook": _hook(request, work, account)}
    return _page(request, account, Form(_values(account)), **values)


@router.post(ONE)
async def save_account(request: Request, account_id: UUID) -> Response:
    typed = await reading.typed(request)
    try:
        async with viewer_work(request) as work:
            version = reading.version(typed)
            await accounts.edit_account(work, account_id, _pace(typed), version=version)
    except (Invalid, Conflict) as refusal:
        async with viewer_work(request, read_only=True) as work:
            account = await accounts.get_account(work, account_id)
            values = {"now": work.now, "hook": _hook(request, work, account)}
        return _page(request, account, Form(typed).refused(refusal), **values)
    return pages.see_other(request, f"/sending-accounts/{account_id}", toast=N_("Saved."))


def _new(request: Request, form: Form, preset: str = "") -> Response:
    names = {code: name for code, (name, _) in PRESETS.items()}
    known = {"presets": names, "preset": preset}
    return pages.render(request, "staff/sending_account_new.html", status=form.status, form=form, **known)


def _hook(request: Request, work: Work, account: Account) -> str | None:
    """Where Amazon is to tell what became of this mailbox's messages; for those who may set it up there."""
    viewer = signed_in(request)
    if account.kind is not AccountKind.SES or not viewer.role.reaches(AgentRole.ADMIN):
        return None
    return request.app.state.house.settings.base_url + amazon.hook_path(work, account.id)


def _page(request: Request, account: Account, form: Form, **values: Any) -> Response:
    return pages.render(
        request, "staff/sending_account.html", status=form.status, account=account, form=form, **values
    )


def _server(typed: dict[str, str]) -> SmtpServer:
    tls = typed.get("tls", "starttls")
    return SmtpServer(
        host=typed.get("host", ""),
        port=whole(typed, "port"),
        username=typed.get("username") or None,
        password=typed.get("password") or None,
        tls=tls if tls in ("starttls", "implicit", "none") else "starttls",
    )


def _pace(typed: dict[str, str]) -> AccountInput:
    return {
        "display_name": typed.get("display_name") or None,
        "reply_to": typed.get("reply_to") or None,
        "batch_size": whole(typed, "batch_size"),
        "batch_interval": timedelta(seconds=whole(typed, "batch_interval")),
        "daily_quota": whole(typed, "daily_quota"),
        "connections": whole(typed, "connections"),
    }


def whole(typed: dict[str, str], name: str) -> int:
    text = typed.get(name, "").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise Invalid(N_("Give a whole number."), code="number_unreadable", field=name)
    return int(text)


def _shown_again(typed: dict[str, str]) -> dict[str, str]:
    """All but the password: no page ever holds one."""
    return {name: value for name, value in typed.items() if name != "password"}


def _values(account: Account) -> dict[str, Any]:
    return {
        "display_name": account.display_name or "",
        "reply_to": account.reply_to or "",
        "batch_size": account.batch_size,
        "batch_interval": int(account.batch_interval.total_seconds()),
        "daily_quota": account.daily_quota,
        "connections": account.connections,
        "version": account.version,
    }
