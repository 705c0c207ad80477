"""A template while it is written: as its reader would see it, what is not right yet, and a test to oneself."""

from uuid import UUID

from fastapi import Request
from markupsafe import escape
from starlette.responses import Response

from bursar.chasing.sampling import values_of
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.house import House
from bursar.outbox import template_words, templates
from bursar.outbox.accounts import list_accounts
from bursar.outbox.template_words import LOCALES, Preview, check_version
from bursar.outbox.trying import About, send_to_oneself
from bursar.web import pages, reading
from bursar.web.sessions import signed_in, staff_router, viewer_work
from bursar.web.template_forms import given

router = staff_router()
ONE = "/templates/{template_id:uuid}"
# What programs do that turn a message dark by themselves: colours are inverted, pictures are not.
_DARK = (
    "<style>html { background: #fff; filter: invert(0.92) hue-rotate(180deg); } "
    "img { filter: invert(1) hue-rotate(180deg); }</style>"
)


@router.post(ONE + "/previews")
async def preview(request: Request, template_id: UUID) -> Response:
    """For the frame beside the editor: the words as typed, with values of samples or of a customer."""
    typed = await reading.typed(request)
    shown, refusal = await _tried(request, template_id, typed)
    if shown is None:
        return pages.preview(
            _page(request, pages.refusal_text(request, refusal) if refusal else "", "#7d4a05")
        )
    if typed.get("look") == "text":
        return pages.preview(_page(request, shown.text, "#1d2733"))
    dark = typed.get("look") == "dark"
    return pages.preview(shown.html.replace("</head>", f"{_DARK}</head>", 1) if dark else shown.html)


@router.post(ONE + "/checks")
async def check(request: Request, template_id: UUID) -> Response:
    """Below the editor while one types: the subject as it would stand, or what is not right yet."""
    shown, refusal = await _tried(request, template_id, await reading.typed(request))
    return pages.render(request, "staff/template_check.html", shown=shown, refusal=refusal)


@router.post(ONE + "/tests")
async def send_test(request: Request, template_id: UUID) -> Response:
    """The words as typed, to the one who is signed in, so that nobody else gets mail by it; nothing is stored."""
    signed, house = signed_in(request), _house(request)
    typed = await reading.typed(request)
    words, back = given(typed), f"/templates/{template_id}"
    try:
        async with viewer_work(request, read_only=True) as work:
            work.allow(AgentRole.AGENT)
            template, _ = await templates.get_template(work, template_id)
            check_version(words, template.category)
            customer = reading.cursor(typed.get("customer"))
            values = await values_of(work, customer, template.category, words.locale) if customer else None
            account = next((one for one in await list_accounts(work) if one.is_primary), None)
        if account is None:
            raise Conflict(N_("No mailbox is connected yet."), code="no_account")
        await send_to_oneself(
            house.office,
            signed.tenant_id,
            signed.actor,
            house.senders,
            house.letters,
            account.id,
            to=signed.email,
            words=words,
            about=About(template.category, values),
        )
    except (Invalid, Conflict) as refusal:
        return _told(request, back, pages.refusal_text(request, refusal), "bad")
    return _told(request, back, N_("Handed over. Look into your own mailbox."), "good")


def _told(request: Request, back: str, text: str, tone: str) -> Response:
    """What was typed stays in the form where a script asked; else the page begins anew."""
    if not pages.wants_fragment(request):
        return pages.see_other(request, back, toast=text, tone=tone)
    said = pages.translated(request, text)
    return Response(status_code=204, headers={"HX-Trigger": pages.toast_trigger(said, tone)})


async def _tried(
    request: Request, template_id: UUID, typed: dict[str, str]
) -> tuple[Preview | None, Invalid | None]:
    words, customer = given(typed), reading.cursor(typed.get("customer"))
    async with viewer_work(request, read_only=True) as work:
        template, _ = await templates.get_template(work, template_id)
        values = None
        if customer and words.locale in LOCALES:
            values = await values_of(work, customer, template.category, words.locale)
    try:
        return template_words.preview(words, template.category, values), None
    except Invalid as refusal:
        return None, refusal


def _page(request: Request, text: str, colour: str) -> str:
    """Plain words as the small page that the frame shows."""
    language = pages.page_view(request).language
    body = f'<pre dir="auto" style="font: inherit; white-space: pre-wrap">{escape(text)}</pre>'
    style = f"font: 15px sans-serif; color: {colour}; padding: 1rem"
    return f'<!doctype html><html lang="{language.code}"><body style="{style}">{body}</body></html>'


def _house(request: Request) -> House:
    return request.app.state.house
