"""Templates: the list, a new one, and the editor of one language at a time."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from bursar.chasing.sampling import who_owes
from bursar.chasing.template_usage import results_of, usage_of
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.outbox import tags, template_library, templates
from bursar.outbox.defaults import starter
from bursar.outbox.tags import Category, MergeTag, TagKind
from bursar.outbox.template_words import LOCALES, VersionInput
from bursar.outbox.templates import Template, Version
from bursar.web import pages, reading, template_blocks
from bursar.web.forms import Form
from bursar.web.sessions import staff_router, viewer_work
from bursar.web.template_forms import FORMATS, direction, given, in_format, values

router = staff_router()
ONE = "/templates/{template_id:uuid}"
PUBLISHED, SAVED = N_("Published: new messages take these words."), N_("The draft is saved.")


@router.get("/templates")
async def list_templates(request: Request, archived: str = "") -> Response:
    async with viewer_work(request) as work:
        found = await templates.list_templates(work)
        missing = await template_library.missing_of_library(work)
    offered = [one for one in found if one.active or archived]
    by_category = {
        category: rows
        for category in Category
        if (rows := [one for one in offered if one.category == category])
    }
    return pages.render(
        request,
        "staff/templates.html",
        by_category=by_category,
        missing=missing,
        archived=bool(archived),
        archived_count=sum(not one.active for one in found),
    )


@router.get("/templates/new")
async def new_template(request: Request) -> Response:
    return _new(request, Form({"category": Category.OVERDUE_NOTICE, "locale": "en"}))


@router.post("/templates")
async def create(request: Request) -> Response:
    """It begins with the words of ours that come nearest."""
    typed = await reading.typed(request)
    try:
        category = Category(reading.must_be(typed, "category", Category))
        first = starter(category, reading.must_be(typed, "locale", LOCALES))
        async with viewer_work(request) as work:
            template_id, _ = await templates.create_template(
                work, code=typed.get("code", ""), name=typed.get("name", ""), category=category, first=first
            )
    except (Invalid, Conflict) as refusal:
        return _new(request, Form(typed).refused(refusal))
    return pages.see_other(request, f"/templates/{template_id}?locale={first.locale}")


@router.get(ONE)
async def edit_template(request: Request, template_id: UUID, locale: str = "", written: str = "") -> Response:
    """`written` is the format in which somebody would rather go on: blocks, html or text."""
    async with viewer_work(request) as work:
        template, versions = await templates.get_template(work, template_id)
        chosen = reading.one_of(locale, LOCALES) or _first_locale(request, template)
        newest = next((one for one in versions if one.locale == chosen), None)
        words = newest.words if newest else starter(template.category, chosen)
        wanted = reading.one_of(written, FORMATS) or words.body_format
        form = Form(values(in_format(words, wanted, template.category)))
        return await _editor(request, work, template, versions, chosen, form)


@router.post(ONE + "/drafts")
async def save_draft(request: Request, template_id: UUID) -> Response:
    """The draft of one language; the button may ask to publish it at once."""
    typed = await reading.typed(request)
    words = given(typed)
    published = typed.get("then") == "publish"
    try:
        async with viewer_work(request) as work:
            version_id = await templates.save_draft(work, template_id, words)
            if published:
                await templates.publish(work, version_id)
    except (Invalid, Conflict) as refusal:
        form = Form({**values(words), "customer": typed.get("customer", "")}).refused(refusal)
        return await _again(request, template_id, words, form)
    toast = PUBLISHED if published else SAVED
    return pages.see_other(request, f"/templates/{template_id}?locale={words.locale}", toast=toast)


@router.post(ONE + "/blocks")
async def change_blocks(request: Request, template_id: UUID) -> Response:
    """A button of the editor was pressed: the blocks as they are now; nothing is stored."""
    typed = await reading.typed(request)
    documents, focus = template_blocks.acted(template_blocks.documents_of(typed), typed.get("act", ""), typed)
    if pages.wants_fragment(request):
        return pages.render(
            request,
            "staff/template_blocks.html",
            blocks=template_blocks.shown(documents),
            focus=focus,
            template_id=template_id,
            dir=direction(typed.get("locale", "")),
        )
    words = given(typed)
    form = Form({**values(words), "documents": documents})
    return await _again(request, template_id, words, form)


async def _again(request: Request, template_id: UUID, words: VersionInput, form: Form) -> Response:
    async with viewer_work(request, read_only=True) as work:
        template, versions = await templates.get_template(work, template_id)
        locale = reading.one_of(words.locale, LOCALES) or LOCALES[0]
        return await _editor(request, work, template, versions, locale, form)


def _first_locale(request: Request, template: Template) -> str:
    mine = pages.page_view(request).language.code
    known = (*template.drafts, *template.published)
    return mine if mine in known or not known else known[0]


async def _editor(
    request: Request, work: Work, template: Template, versions: list[Version], locale: str, form: Form
) -> Response:
    mine = [one for one in versions if one.locale == locale]
    documents = form.value("documents") or template_blocks.stored(form.value("body"))
    return pages.render(
        request,
        "staff/template.html",
        status=form.status,
        template=template,
        versions=mine,
        draft=next((one for one in mine if one.published_at is None), None),
        in_use=next((one for one in mine if one.published_at), None),
        locale=locale,
        locales=LOCALES,
        formats=FORMATS,
        readers=await _readers(work, template),
        blocks=template_blocks.shown(documents) if form.value("body_format") == "blocks" else (),
        focus="",
        template_id=template.id,
        dir=direction(locale),
        tags=[(tag, *_written(tag)) for tag in tags.tags_of(template.category).values()],
        required=tags.required_tags(template.category),
        form=form,
        owing=await who_owes(work),
        usage=await usage_of(work, template.id),
        results=await results_of(work, template.id),
    )


async def _readers(work: Work, template: Template) -> dict[str, str]:
    """Of each language, in which its readers get the message; empty while nothing is published."""
    if not template.published or not template.active:
        return {}
    _, versions = await templates.get_template(work, template.id)
    language = {one.id: one.locale for one in versions}
    found = await templates.versions_for(work, template.id, LOCALES)
    return {locale: language[version] for locale, version in found.items() if locale}


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
