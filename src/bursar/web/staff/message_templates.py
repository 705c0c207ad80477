"""Templates: the list, the editor of one language at a time, and its preview while one writes."""

from typing import Any
from uuid import UUID

from fastapi import Request
from markupsafe import escape
from starlette.responses import Response

from bursar.chasing.sampling import values_of, who_owes
from bursar.core.errors import N_, Conflict, Invalid
from bursar.outbox import tags, template_words, templates
from bursar.outbox.defaults import library
from bursar.outbox.tags import Category, MergeTag, TagKind
from bursar.outbox.template_words import LOCALES, VersionInput
from bursar.outbox.templates import Template, Version
from bursar.web import pages, reading
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
ONE = "/templates/{template_id:uuid}"


@router.get("/templates")
async def list_templates(request: Request) -> Response:
    async with viewer_work(request) as work:
        found = await templates.list_templates(work)
    by_category = {
        category: [one for one in found if one.category == category]
        for category in Category
        if any(one.category == category for one in found)
    }
    return pages.render(request, "staff/templates.html", by_category=by_category)


@router.get("/templates/new")
async def new_template(request: Request) -> Response:
    return _new(request, Form({"category": Category.OVERDUE_NOTICE, "locale": "en"}))


@router.post("/templates")
async def create(request: Request) -> Response:
    """It begins with the words of ours that come nearest; a code is made of the name where none was typed."""
    typed = await reading.typed(request)
    try:
        category = Category(reading.must_be(typed, "category", Category))
        first = _starter(category, reading.must_be(typed, "locale", LOCALES))
        async with viewer_work(request) as work:
            template_id, _ = await templates.create_template(
                work, code=typed.get("code", ""), name=typed.get("name", ""), category=category, first=first
            )
    except (Invalid, Conflict) as refusal:
        return _new(request, Form(typed).refused(refusal))
    return pages.see_other(request, f"/templates/{template_id}?locale={first.locale}")


def _starter(category: Category, locale: str) -> VersionInput:
    ours = [one for one in library() if one.category == category]
    near = [one for one in ours if one.locale == locale] or [one for one in ours if one.locale == "en"]
    one = near[0]
    return VersionInput(locale, one.subject, one.body, one.body_format.value, one.preheader)


@router.get(ONE)
async def edit_template(request: Request, template_id: UUID, locale: str = "") -> Response:
    async with viewer_work(request) as work:
        template, versions = await templates.get_template(work, template_id)
        owing = await who_owes(work)
    chosen = reading.one_of(locale, LOCALES) or _first_locale(request, template)
    newest = next((one for one in versions if one.locale == chosen), None)
    return _editor(request, template, versions, chosen, Form(_values(template, newest, chosen)), owing)


@router.post(ONE + "/drafts")
async def save_draft(request: Request, template_id: UUID) -> Response:
    """The draft of one language; the button may ask to publish it at once."""
    typed = await reading.typed(request)
    given = _given(typed)
    try:
        async with viewer_work(request) as work:
            version_id = await templates.save_draft(work, template_id, given)
            if typed.get("then") == "publish":
                await templates.publish(work, version_id)
    except (Invalid, Conflict) as refusal:
        async with viewer_work(request, read_only=True) as work:
            template, versions = await templates.get_template(work, template_id)
            owing = await who_owes(work)
        form = Form(typed).refused(refusal)
        return _editor(request, template, versions, given.locale, form, owing)
    published = typed.get("then") == "publish"
    toast = N_("Published: new messages take these words.") if published else N_("The draft is saved.")
    return pages.see_other(request, f"/templates/{template_id}?locale={given.locale}", toast=toast)


@router.post(ONE + "/previews")
async def preview(request: Request, template_id: UUID) -> Response:
    """For the frame beside the editor: the words as typed, with values of samples or of a customer."""
    shown, refusal = await _tried(request, template_id)
    if shown is None:
        return pages.preview(_plainly(request, refusal))
    return pages.preview(shown.html)


@router.post(ONE + "/checks")
async def check(request: Request, template_id: UUID) -> Response:
    """Below the editor while one types: the subject as it would stand, or what is not right yet."""
    shown, refusal = await _tried(request, template_id)
    return pages.render(request, "staff/template_check.html", shown=shown, refusal=refusal)


async def _tried(request: Request, template_id: UUID) -> tuple[template_words.Preview | None, Invalid | None]:
    typed = await reading.typed(request)
    given, customer = _given(typed), reading.cursor(typed.get("customer"))
    async with viewer_work(request, read_only=True) as work:
        template, _ = await templates.get_template(work, template_id)
        values = None
        if customer and given.locale in LOCALES:
            values = await values_of(work, customer, template.category, given.locale)
    try:
        return template_words.preview(given, template.category, values), None
    except Invalid as refusal:
        return None, refusal


def _plainly(request: Request, refusal: Invalid | None) -> str:
    """A refusal as the small page that the frame shows."""
    text = pages.refusal_text(request, refusal) if refusal else ""
    language = pages.page_view(request).language
    return (
        f'<!doctype html><html lang="{language.code}" dir="{language.dir}"><body style="font: 15px sans-serif; '
        f'color: #7d4a05; padding: 1rem"><p>{escape(text)}</p></body></html>'
    )


def _given(typed: dict[str, str]) -> VersionInput:
    given_format: Any = typed.get("body_format", "html")
    return VersionInput(
        typed.get("locale", ""), typed.get("subject", ""), typed.get("body", ""), given_format
    )


def _values(template: Template, version: Version | None, locale: str) -> dict[str, Any]:
    if version is None:
        first = _starter(template.category, locale)
        return {"subject": first.subject, "body": first.body, "body_format": "html", "locale": locale}
    return {
        "subject": version.subject,
        "body": version.body,
        "body_format": version.body_format,
        "locale": locale,
    }


def _first_locale(request: Request, template: Template) -> str:
    mine = pages.page_view(request).language.code
    known = (*template.drafts, *template.published)
    return mine if mine in known or not known else known[0]


def _editor(
    request: Request,
    template: Template,
    versions: list[Version],
    locale: str,
    form: Form,
    owing: list[tuple[UUID, str]],
) -> Response:
    mine = [one for one in versions if one.locale == locale]
    return pages.render(
        request,
        "staff/template.html",
        status=form.status,
        template=template,
        versions=mine,
        draft=next((one for one in mine if one.published_at is None), None),
        locale=locale,
        locales=LOCALES,
        tags=[(tag, *_written(tag)) for tag in tags.tags_of(template.category).values()],
        required=tags.required_tags(template.category),
        form=form,
        owing=owing,
    )


def _written(tag: MergeTag) -> tuple[str, str]:
    """A tag's name where it is used, and what a click on it writes: inside a loop each row has a name of its own."""
    name = tag.path.replace("invoices[].", "invoice.").replace("totals[].", "total.")
    if tag.kind is TagKind.LIST:
        return name, f"{{% for {name.removesuffix('s')} in {name} %}}\n\n{{% endfor %}}"
    return name, f"{{{{ {name} }}}}"


def _new(request: Request, form: Form) -> Response:
    return pages.render(
        request,
        "staff/template_new.html",
        status=form.status,
        form=form,
        categories=tuple(Category),
        locales=LOCALES,
    )
