"""What `bursar template …` answers."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from rich.panel import Panel
from rich.text import Text

from bursar.chasing.template_usage import TemplateResults, results_of, usage_of
from bursar.cli.output import Answer, facts, table
from bursar.core.work import Work
from bursar.outbox.defaults import LibraryTemplate
from bursar.outbox.template_import import Imported
from bursar.outbox.template_words import Preview
from bursar.outbox.templates import Template, Version


def listed(found: Sequence[Template], missing: Sequence[LibraryTemplate]) -> Answer:
    rows = [
        (one.category, one.code, one.name, _languages(one), one.recent_uses, _standing(one)) for one in found
    ]
    parts: list[Any] = [table("for", "code", "name", "languages", "sent in 30 days", "state", rows=rows)]
    if missing:
        codes = ", ".join(one.code for one in missing)
        parts.append(
            f"[dim]Of our library not here yet: {codes}. `bursar template install` puts it in.[/dim]"
        )
    return Answer({"items": [asdict(one) for one in found], "missing": [one.code for one in missing]}, parts)


async def shown(work: Work, template: Template, versions: Sequence[Version]) -> Answer:
    usage, results = await usage_of(work, template.id), await results_of(work, template.id)
    told = {
        "versions": [asdict(one) for one in versions],
        "usage": asdict(usage),
        "results": _results(results),
    }
    data = {**asdict(template), **told}
    rows = [(one.locale, one.number, one.subject, one.published_at or "draft") for one in versions]
    used = [
        *(f"notice: {one}" for one in usage.notices),
        *(f"sequence: {one.name}" for one in usage.sequences),
    ]
    used += [f"campaign: {one.name}" for one in usage.campaigns]
    parts = (
        facts(
            id=template.id,
            code=template.code,
            name=template.name,
            category=template.category,
            state=_standing(template),
            used_by=", ".join(used),
            sent_in_90_days=results.sent,
            came_back=results.bounced,
            answered=results.replied,
            clicked=results.clicked,
            money_since=", ".join(map(str, results.collected)),
        ),
        table("language", "version", "subject", "published", rows=rows),
    )
    return Answer(data, parts)


def _results(results: TemplateResults) -> dict[str, Any]:
    """Amounts stay amounts."""
    return {field.name: getattr(results, field.name) for field in fields(results)}


def previewed(found: Preview) -> Answer:
    title = f"{found.subject} · {found.preheader}" if found.preheader else found.subject
    return Answer(asdict(found), (Panel(Text(found.text.strip()), title=Text(title), title_align="left"),))


def imported(found: Imported, template: Template | None = None) -> Answer:
    """Without a template: what would come in."""
    data = {
        "id": template.id if template else None,
        "code": template.code if template else None,
        "subject": found.words.subject,
        "body": found.words.body,
        "recognised": dict(found.recognised),
        "unknown": found.unknown,
        "removed": found.removed,
        "one_invoice": found.one_invoice,
    }
    parts: list[Any] = [
        facts(
            code=template.code if template else None,
            subject=found.words.subject,
            nobody_knows=", ".join(found.unknown),
            taken_out=", ".join(found.removed),
            speaks_of="one invoice" if found.one_invoice else None,
        ),
        table("their tag", "ours", rows=found.recognised),
    ]
    if template is None:
        parts.append("[dim]Nothing was written. The same with --apply keeps it as a draft.[/dim]")
    return Answer(data, parts)


def _languages(one: Template) -> str:
    return ", ".join([*one.published, *(f"{locale} (draft)" for locale in one.drafts)])


def _standing(one: Template) -> str:
    if not one.active:
        return "archived"
    if one.is_default:
        return "the usual one"
    return "in use" if one.published else "draft"
