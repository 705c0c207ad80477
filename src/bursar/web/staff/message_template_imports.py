"""A message from another program, pasted or as a file: looked at first, then kept as a draft."""

from typing import Annotated, Any

from fastapi import File, Request, UploadFile
from starlette.responses import Response

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.outbox.tags import Category
from bursar.outbox.template_import import LARGEST_HTML, Imported, keep_import, read_words
from bursar.outbox.template_words import LOCALES
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()


@router.get("/templates/import")
async def choose(request: Request) -> Response:
    return _page(request, Form({"category": Category.OVERDUE_NOTICE, "locale": "en"}), None)


@router.post("/templates/import")
async def bring(request: Request, file: Annotated[UploadFile | None, File()] = None) -> Response:
    """Nothing is kept unless that was the button."""
    async with viewer_work(request, read_only=True) as work:
        work.allow(AgentRole.AGENT)
    typed: dict[str, Any] = await reading.typed(request)
    found = None
    try:
        category = Category(reading.must_be(typed, "category", Category))
        locale = reading.must_be(typed, "locale", LOCALES)
        source = await _text_of(file) or typed.get("body", "")
        found = read_words(source, category, locale, typed.get("subject", ""))
        typed |= {"subject": found.words.subject, "body": found.words.body}
        if typed.get("then") != "keep":
            return _page(request, Form(typed), found)
        async with viewer_work(request) as work:
            template_id = await keep_import(
                work, found, category, name=typed.get("name", ""), code=typed.get("code", "")
            )
    except (Invalid, Conflict) as refusal:
        return _page(request, Form(typed).refused(refusal), found)
    toast = N_("It is here as a draft: nothing of it is used before you publish it.")
    return pages.see_other(request, f"/templates/{template_id}?locale={locale}", toast=toast)


async def _text_of(file: UploadFile | None) -> str:
    if file is None or not file.filename:
        return ""
    data = await file.read(4 * LARGEST_HTML + 1)  # at most four bytes a character
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            N_("This file is no text in UTF-8. Save it as that and bring it again."),
            code="not_utf8",
            field="file",
        ) from None


def _page(request: Request, form: Form, found: Imported | None) -> Response:
    return pages.render(
        request,
        "staff/template_import.html",
        status=form.status,
        form=form,
        found=found,
        categories=tuple(Category),
        locales=LOCALES,
    )
