"""Who says a template's words, and what came of them: derived from rows, never kept in counters."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bursar.billing.notices.kinds import CATEGORY, NoticeKind
from bursar.chasing.queries import template_usage as queries
from bursar.chasing.results import HUMAN
from bursar.core.money import Money
from bursar.core.work import Work
from bursar.outbox.templates import Template, get_template

LOOKED_BACK, MOST_LOOKED_AT = timedelta(days=90), 100_000
MOST_CAMPAIGNS = 20


@dataclass(frozen=True, slots=True)
class InCampaign:
    id: UUID
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class InSequence:
    """`offset_days` from the due date; before it is below zero."""

    id: UUID
    name: str
    active: bool
    offset_days: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The newest 20 campaigns. `notices` are those that billing writes by itself with these words."""

    campaigns: tuple[InCampaign, ...]
    sequences: tuple[InSequence, ...]
    notices: tuple[NoticeKind, ...]


@dataclass(frozen=True, slots=True)
class TemplateResults:
    """Of messages since `since`, of at most the firm's newest 100,000. Clicks are those of people, as far as one can
    tell; `collected` came in for their invoices after the first message left, whatever else was done meanwhile.
    """

    since: datetime
    sent: int
    bounced: int
    replied: int
    clicked: int
    collected: tuple[Money, ...]


async def usage_of(work: Work, template_id: UUID) -> Usage:
    """Raises `NotFound`."""
    template, _ = await get_template(work, template_id)
    campaigns = await work.db.execute(queries.campaigns_with(work, template_id, MOST_CAMPAIGNS))
    sequences = await work.db.execute(queries.sequences_with(work, template_id))
    return Usage(
        tuple(InCampaign(row.id, row.name, row.state) for row in campaigns),
        tuple(InSequence(row.id, row.name, row.active, row.offset_days) for row in sequences),
        _notices(template),
    )


def _notices(template: Template) -> tuple[NoticeKind, ...]:
    if not (template.is_default and template.active):
        return ()
    return tuple(kind for kind, category in CATEGORY.items() if category is template.category)


async def results_of(work: Work, template_id: UUID) -> TemplateResults:
    """Raises `NotFound`."""
    await get_template(work, template_id)
    since = work.now - LOOKED_BACK
    row = (await work.db.execute(queries.outcomes(work, template_id, since, MOST_LOOKED_AT, HUMAN))).one()
    money = await work.db.execute(queries.collected(work, template_id, since, MOST_LOOKED_AT))
    collected = tuple(Money(one.amount_minor, one.currency) for one in money if one.amount_minor)
    return TemplateResults(since, row.sent, row.bounced, row.replied, row.clicked, collected)
