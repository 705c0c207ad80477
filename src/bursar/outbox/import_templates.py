"""Sheets of message templates from another system: a row for each template, or for each language of one.

What comes in is a draft: nothing of it is sent before somebody has read and published it. A template is the same by its
code, which is made of its name where the sheet has none.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.outbox import templates
from bursar.outbox.states import TemplateSource
from bursar.outbox.tags import Category
from bursar.outbox.template_import import code_of, read_words
from bursar.outbox.template_words import LOCALES, VersionInput, check_version
from bursar.outbox.templates import LONGEST_NAME, Template, Version
from bursar.tenancy.cells import parse_name, parse_text, text_of
from bursar.tenancy.importers import Entry, Firm, Table, Verdict, read_rows, refused
from bursar.tenancy.reasons import Reason
from bursar.tenancy.sheets import Row
from bursar.tenancy.states import ImportKind, RowOutcome

_CATEGORIES: dict[str, Category] = {
    **{category.value: category for category in Category},
    "reminder": Category.INVOICE_REMINDER,
    "before_due": Category.INVOICE_REMINDER,
    "due": Category.INVOICE_REMINDER,
    "first_notice": Category.OVERDUE_NOTICE,
    "second_notice": Category.OVERDUE_NOTICE,
    "final_notice": Category.OVERDUE_NOTICE,
    "last_notice": Category.OVERDUE_NOTICE,
    "overdue": Category.OVERDUE_NOTICE,
    "follow_up": Category.PAYMENT_FOLLOW_UP,
    "followup": Category.PAYMENT_FOLLOW_UP,
    "bulk_reminder": Category.PAYMENT_FOLLOW_UP,
    "thank_you": Category.THANKS,
    "payment_received": Category.RECEIPT,
    "account_statement": Category.STATEMENT,
    "new_invoice": Category.INVOICE_ISSUED,
    "invoice": Category.INVOICE_ISSUED,
}
_NO = frozenset({"no", "n", "false", "0", "inactive", "archived", "disabled", "لا", "non", "inactif"})
OF_ONE = Reason(
    N_(
        "Its tags speak of one invoice. Use it where each invoice has a message of its own, or put the table in."
    ),
    "template_of_one_invoice",
)


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    code: str
    name: str
    description: str | None
    category: Category
    active: bool
    versions: tuple[VersionInput, ...]


@dataclass(slots=True)
class _Plan:
    """What becomes of one row: the template that is there, and the versions that would be drafts."""

    verdict: Verdict
    there: Template | None = None
    drafts: tuple[VersionInput, ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateImporter:
    """Rows of one code bring languages of one template; the same language twice is refused."""

    kind: ImportKind = ImportKind.TEMPLATES

    def read(self, table: Table, firm: Firm) -> list[Entry[TemplateFacts]]:
        entries = read_rows(table, lambda row: _facts(table, row, firm))
        seen: set[tuple[str, str]] = set()
        checked: list[Entry[TemplateFacts]] = []
        for entry in entries:
            mine = {(entry.facts.code, one.locale) for one in entry.facts.versions} if entry.facts else set()
            if mine & seen:
                twice = Reason(
                    N_("This template is in the sheet twice in this language."), "template_twice", "name"
                )
                checked.append(Entry(entry.number, refusal=twice))
                continue
            seen |= mine
            notes = (OF_ONE,) if entry.facts and _speaks_of_one(entry.facts) else ()
            checked.append(Entry(entry.number, entry.facts, entry.refusal, notes))
        return checked

    async def judge(self, work: Work, entries: Sequence[Entry[TemplateFacts]]) -> list[Verdict]:
        return [plan.verdict for plan in await _plans(work, entries)]

    async def write(self, work: Work, entries: Sequence[Entry[TemplateFacts]]) -> list[Verdict]:
        made: dict[str, Any] = {}
        verdicts: list[Verdict] = []
        for entry, plan in zip(entries, await _plans(work, entries), strict=True):
            facts, drafts = entry.read, list(plan.drafts)
            template_id = plan.there.id if plan.there else made.get(facts.code)
            if plan.verdict.outcome is not RowOutcome.REFUSED:
                if template_id is None:
                    template_id = made[facts.code] = await _create(work, facts, drafts.pop(0))
                for words in drafts:
                    await templates.save_draft(work, template_id, words)
            verdicts.append(Verdict(entry.number, plan.verdict.outcome, plan.verdict.reasons, template_id))
        return verdicts


def _facts(table: Table, row: Row, firm: Firm) -> TemplateFacts:
    cells = {name: table.cell(row, name) for name in table.columns}
    name = cells.get("name")
    if name is None:
        raise Invalid(N_("Give the template's name."), code="name_missing", field="name")
    named = parse_name(name, field="name", limit=LONGEST_NAME)
    category = _category(_said(cells, "category"))
    description = cells.get("description")
    active = (_said(cells, "active") or "yes").casefold() not in _NO
    return TemplateFacts(
        code_of(_said(cells, "code") or named),
        named,
        parse_text(description, field="description") if description is not None else None,
        category,
        active,
        _versions(cells, category, firm),
    )


def _versions(cells: Mapping[str, Any], category: Category, firm: Firm) -> tuple[VersionInput, ...]:
    locale = _locale(_said(cells, "locale") or firm.locale, stated=_said(cells, "locale") is not None)
    found = [_words(cells, "subject", "body", locale, category)]
    if _said(cells, "body_ar"):
        if locale == "ar":
            raise Invalid(
                N_("The row brings two texts in Arabic. Leave one of them out."),
                code="locale_twice",
                field="body_ar",
            )
        found.append(_words(cells, "subject_ar", "body_ar", "ar", category))
    return tuple(found)


def _words(
    cells: Mapping[str, Any], subject: str, body: str, locale: str, category: Category
) -> VersionInput:
    source = _said(cells, body)
    if not source:
        raise Invalid(N_("The row has no text."), code="body_missing", field=body)
    imported = read_words(source, category, locale, _said(cells, subject) or "")
    if imported.unknown:
        raise Invalid(
            N_("Nobody knows what %(tags)s stands for. Write a tag of ours instead."),
            code="foreign_tag_unknown",
            field=body,
            tags=", ".join(imported.unknown[:5]),
        )
    check_version(imported.words, category)
    return imported.words


def _said(cells: Mapping[str, Any], name: str) -> str | None:
    value = cells.get(name)
    return text_of(value, name).strip() if value is not None else None


def _category(said: str | None) -> Category:
    """A sheet that does not say is of the kind that fits everywhere."""
    if not said:
        return Category.PAYMENT_FOLLOW_UP
    found = _CATEGORIES.get(re.sub(r"[\s-]+", "_", said.strip()).casefold())
    if found is None:
        raise Invalid(
            N_("“%(given)s” is no kind of message of ours. Write one of these: %(known)s."),
            code="category_unknown",
            field="category",
            given=said[:40],
            known=", ".join(Category),
        )
    return found


def _locale(said: str, *, stated: bool) -> str:
    language = re.split("[-_]", said.strip().casefold())[0]
    names = {
        "english": "en",
        "arabic": "ar",
        "hebrew": "he",
        "french": "fr",
        "العربية": "ar",
        "français": "fr",
    }
    language = names.get(language, language)
    if language not in LOCALES and not stated:
        return "en"
    return language  # `check_version` refuses what is none of ours


def _speaks_of_one(facts: TemplateFacts) -> bool:
    return any("invoices.first." in one.body for one in facts.versions)


async def _plans(work: Work, entries: Sequence[Entry[TemplateFacts]]) -> list[_Plan]:
    there = {one.code: one for one in await templates.list_templates(work)}
    plans: list[_Plan] = []
    new: set[str] = set()
    for entry in entries:
        facts = entry.read
        template = there.get(facts.code)
        if template is None:
            outcome = RowOutcome.UPDATED if facts.code in new else RowOutcome.CREATED
            new.add(facts.code)
            plans.append(_Plan(Verdict(entry.number, outcome, entry.notes), None, facts.versions))
        elif template.source is not TemplateSource.IMPORTED:
            plans.append(_Plan(refused(entry.number, _taken(facts.code))))
        else:
            plans.append(await _changes(work, entry, template))
    return plans


async def _changes(work: Work, entry: Entry[TemplateFacts], template: Template) -> _Plan:
    facts = entry.read
    if template.category is not facts.category:
        return _Plan(refused(entry.number, _other_kind(template.category)))
    _, versions = await templates.get_template(work, template.id)
    newest: dict[str, Version] = {}
    for version in versions:
        newest.setdefault(version.locale, version)
    drafts = tuple(
        one for one in facts.versions if one.locale not in newest or newest[one.locale].words != one
    )
    outcome = RowOutcome.UPDATED if drafts else RowOutcome.UNCHANGED
    return _Plan(Verdict(entry.number, outcome, entry.notes, template.id), template, drafts)


async def _create(work: Work, facts: TemplateFacts, first: VersionInput) -> Any:
    template_id, _ = await templates.create_template(
        work,
        code=facts.code,
        name=facts.name,
        category=facts.category,
        first=first,
        description=facts.description,
        source=TemplateSource.IMPORTED,
    )
    if not facts.active:
        await templates.edit_template(work, template_id, active=False)
    return template_id


def _taken(code: str) -> Reason:
    return Reason(
        N_("“%(code)s” is a template that was not imported. Give this one another code."),
        "code_taken",
        "code",
        {"code": code},
    )


def _other_kind(category: Category) -> Reason:
    return Reason(
        N_("The template that is here is for something else: %(category)s."),
        "category_differs",
        "category",
        {"category": category.value},
    )
