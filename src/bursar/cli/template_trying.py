"""`bursar template preview|test`: the words of a template as a reader would have them."""

from pathlib import Path
from typing import Annotated

import typer

from bursar.cli import running, template_answers
from bursar.cli.options import AsJson, Tenant
from bursar.cli.output import Answer
from bursar.cli.templates import Code, Locale
from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.work import SYSTEM
from bursar.house import House
from bursar.outbox import template_acts
from bursar.outbox.accounts import list_accounts
from bursar.outbox.template_words import preview
from bursar.outbox.templates import Version
from bursar.outbox.trying import About, send_to_oneself
from bursar.tenancy.agents import list_agents
from bursar.tenancy.tenants import find_tenant


def show_preview(
    ctx: typer.Context,
    called: Code,
    *,
    tenant: Tenant,
    locale: Locale = "en",
    html: Annotated[Path | None, typer.Option(help="Write the HTML to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """The newest words of a language with sample values, as a reader would see them."""

    async def act(house: House) -> Answer:
        async with running.work_in(house, tenant) as work:
            template, versions = await template_acts.find_template(work, called)
        found = preview(_newest(versions, locale).words, template.category)
        if html is not None:
            html.write_text(found.html, encoding="utf-8")
        return template_answers.previewed(found)

    running.run(ctx, act, as_json=as_json)


def send_test(
    ctx: typer.Context,
    called: Code,
    *,
    tenant: Tenant,
    to: Annotated[str, typer.Option(help="The address of one of the firm's own people.", show_default=False)],
    locale: Locale = "en",
    as_json: AsJson = False,
) -> None:
    """Send the newest words with sample values through the primary mailbox, at once and around the queue."""

    async def act(house: House) -> Answer:
        tenant_id = await find_tenant(house.office, tenant)
        async with running.work_in(house, tenant) as work:
            template, versions = await template_acts.find_template(work, called)
            account = next((one for one in await list_accounts(work) if one.is_primary), None)
        if account is None:
            raise Conflict(N_("No mailbox is connected yet."), code="no_account")
        people = await list_agents(house.office, tenant_id, SYSTEM)
        if to.casefold() not in {one.email.casefold() for one in people if one.active}:
            raise Invalid(N_("A test goes to one of your own people."), code="test_to_stranger", field="to")
        words = _newest(versions, locale).words
        await send_to_oneself(
            house.office,
            tenant_id,
            SYSTEM,
            house.senders,
            house.letters,
            account.id,
            to=to,
            words=words,
            about=About(template.category),
        )
        return Answer({"to": to, "locale": words.locale}, (f"Handed over to {account.address}'s server.",))

    running.run(ctx, act, as_json=as_json)


def _newest(versions: list[Version], locale: str) -> Version:
    found = next((one for one in versions if one.locale == locale), None)
    if found is None:
        raise Conflict(N_("It has no words in %(locale)s."), code="no_words", field="locale", locale=locale)
    return found
