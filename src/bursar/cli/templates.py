"""`bursar template …`: the words of reminders, in each language."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer

from bursar.cli import running, template_answers
from bursar.cli.imports import read_bytes
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import Work
from bursar.house import House
from bursar.outbox import template_acts, template_library, templates
from bursar.outbox.states import BodyFormat
from bursar.outbox.tags import Category
from bursar.outbox.template_import import keep_import, read_words
from bursar.outbox.template_words import VersionInput
from bursar.outbox.templates import Template

app = typer.Typer(no_args_is_help=True, help="The words of reminders, in each language.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The template's code or id.", show_default=False)]
Locale = Annotated[str, typer.Option(help="en, ar, he or fr.")]
Subject = Annotated[str, typer.Option(help="The subject, in Liquid.", show_default=False)]
Preheader = Annotated[str, typer.Option(help="What mailboxes show beside the subject.")]
Body = Annotated[Path, typer.Option("--body", help="A file with the body.", show_default=False)]
Format = Annotated[BodyFormat, typer.Option("--format", help="How the body is written.")]
Name = Annotated[str, typer.Option(help="What it is called here.", show_default=False)]
Kind = Annotated[Category, typer.Option(help="What it is for.", show_default=False)]


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    tenant: Tenant,
    category: Annotated[Category | None, typer.Option(help="Only these.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Those that are archived, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """By what they are for."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            found = await templates.list_templates(work, category=category, active_only=not archived)
            missing = await template_library.missing_of_library(work)
        return template_answers.listed(found, missing)

    running.run(ctx, act, as_json=as_json)


@app.command()
def show(ctx: typer.Context, called: Code, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """A template with its versions, who says its words, and what came of them."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            return await template_answers.shown(work, *await template_acts.find_template(work, called))

    running.run(ctx, act, as_json=as_json)


@app.command()
def create(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="Its short name, once in the firm.", show_default=False)],
    *,
    tenant: Tenant,
    name: Name,
    category: Kind,
    subject: Subject,
    body: Body,
    locale: Locale = "en",
    preheader: Preheader = "",
    format_: Format = BodyFormat.HTML,
    as_json: AsJson = False,
) -> None:
    """A template with its first draft, which says nothing before it is published."""

    async def act(house: House) -> Answer:
        first = _words(locale, subject, body, format_, preheader)
        async with running.work_in(house, tenant) as work:
            made, _ = await templates.create_template(
                work, code=code, name=name, category=category, first=first
            )
            return await template_answers.shown(work, *await templates.get_template(work, made))

    running.run(ctx, act, as_json=as_json)


@app.command()
def draft(
    ctx: typer.Context,
    called: Code,
    *,
    tenant: Tenant,
    subject: Subject,
    body: Body,
    locale: Locale = "en",
    preheader: Preheader = "",
    format_: Format = BodyFormat.HTML,
    as_json: AsJson = False,
) -> None:
    """Write the draft of a language, or write it anew."""

    async def act(house: House) -> Answer:
        words = _words(locale, subject, body, format_, preheader)
        async with running.work_in(house, tenant) as work:
            template, _ = await template_acts.find_template(work, called)
            await templates.save_draft(work, template.id, words)
            return await template_answers.shown(work, *await templates.get_template(work, template.id))

    running.run(ctx, act, as_json=as_json)


@app.command()
def publish(
    ctx: typer.Context,
    called: Code,
    *,
    tenant: Tenant,
    locale: Annotated[str | None, typer.Option(help="Only this language; else every draft.")] = None,
    as_json: AsJson = False,
) -> None:
    """New messages take the words of its drafts from now on."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            template, versions = await template_acts.find_template(work, called)
            drafts = [one for one in versions if one.published_at is None and locale in (None, one.locale)]
            if not drafts:
                raise Conflict(N_("There is no draft to publish."), code="no_draft")
            for one in drafts:
                await templates.publish(work, one.id)
            return await template_answers.shown(work, *await templates.get_template(work, template.id))

    running.run(ctx, act, as_json=as_json)


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="HTML or plain text.", show_default=False)],
    *,
    tenant: Tenant,
    name: Name,
    category: Kind,
    code: Annotated[str, typer.Option(help="Its short name; made of the name if left out.")] = "",
    locale: Locale = "en",
    subject: Annotated[str, typer.Option(help="Left out, the title of the page.")] = "",
    apply: Annotated[
        bool, typer.Option("--apply", help="Keep it as a draft; without, only say what would come in.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """A message of another program: cleaned, its merge tags made ours. Sheets come by `bursar import templates`."""

    async def act(house: House) -> Answer:
        found = read_words(_text(file), category, locale, subject)
        if not apply:
            return template_answers.imported(found)
        async with running.work_in(house, tenant) as work:
            made = await keep_import(work, found, category, name=name, code=code)
            template, _ = await templates.get_template(work, made)
        return template_answers.imported(found, template)

    running.run(ctx, act, as_json=as_json)


@app.command()
def install(ctx: typer.Context, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Put in what of our library is not here yet; what is here stays as it is."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            added = await template_library.install_library(work)
        return Answer({"added": added}, (", ".join(added) or "Everything was here already.",))

    running.run(ctx, act, as_json=as_json)


@app.command()
def usual(ctx: typer.Context, called: Code, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Notices of its kind take its words from now on, and new campaigns are offered it first."""
    _change(ctx, called, tenant, lambda work, one: template_acts.make_usual(work, one.id), as_json=as_json)


@app.command()
def archive(ctx: typer.Context, called: Code, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Offer it no more; messages that are prepared with it still go."""
    _change(
        ctx,
        called,
        tenant,
        lambda work, one: templates.edit_template(work, one.id, active=False),
        as_json=as_json,
    )


@app.command()
def restore(ctx: typer.Context, called: Code, *, tenant: Tenant, as_json: AsJson = False) -> None:
    """Offer it again."""
    _change(
        ctx,
        called,
        tenant,
        lambda work, one: templates.edit_template(work, one.id, active=True),
        as_json=as_json,
    )


def _change(
    ctx: typer.Context,
    called: str,
    tenant: str,
    change: Callable[[Work, Template], Awaitable[None]],
    *,
    as_json: bool,
) -> None:
    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            template, _ = await template_acts.find_template(work, called)
            await change(work, template)
            return await template_answers.shown(work, *await templates.get_template(work, template.id))

    running.run(ctx, act, as_json=as_json)


def _words(locale: str, subject: str, body: Path, written: BodyFormat, preheader: str) -> VersionInput:
    return VersionInput(locale, subject, _text(body), written.value, preheader)


def _text(file: Path) -> str:
    try:
        return read_bytes(file).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            N_("This file is no text in UTF-8. Save it as that and bring it again."),
            code="not_utf8",
            field="file",
        ) from None
