"""What an agent decides about a campaign before anything is frozen, checked: names, texts, shares, the mailbox."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bursar.chasing.kinds import KINDS
from bursar.chasing.queries import campaigns as queries
from bursar.chasing.selecting import check_selection, template_code
from bursar.chasing.states import CampaignKind, GroupBy
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.tenancy import cells

LONGEST_NAME = 120
LONGEST_DESCRIPTION = 500  # characters
MOST_HELD_OUT = 50  # of a hundred customers


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """What an agent decides about a campaign before anything is frozen.

    `selection` is `{"numbers": [...]}` for pasted numbers, else a filter: import_run (what a sheet brought),
    min_days_overdue, max_days_overdue, due_within_days, currency, min_balance_minor, max_balance_minor, tags,
    customers, customer_kind, languages, countries, quiet_days (nothing was sent to them for so long).
    Of a hundred customers `other_share` get `other_template`, and `holdout_percent` nothing at all.
    """

    name: str
    kind: CampaignKind
    selection: Mapping[str, Any]
    group_by: GroupBy = GroupBy.CUSTOMER
    template: str | None = None  # its code
    sending_account_id: UUID | None = None
    sender_name: str | None = None
    reply_to: str | None = None
    description: str | None = None
    other_template: str | None = None  # its code
    other_share: int = 50
    holdout_percent: int = 0


async def columns_of(work: Work, plan: CampaignPlan) -> dict[str, Any]:
    template_id = await _template(work, plan.kind, plan.template, field="template")
    account = (await work.db.execute(queries.account(work, plan.sending_account_id))).one_or_none()
    if account is None:
        raise Invalid(
            N_("Connect a mailbox first: a campaign leaves from your own."),
            code="no_account",
            field="sending_account",
        )
    return {
        "name": named(plan.name),
        "kind": plan.kind,
        "selection": check_selection(plan.selection),
        "group_by": plan.group_by,
        "description": _described(plan.description),
        "template_id": template_id,
        "sending_account_id": account.id,
        "sender_name": cells.parse_name(plan.sender_name, field="sender_name") if plan.sender_name else None,
        "reply_to": cells.parse_email(plan.reply_to, field="reply_to")[0] if plan.reply_to else None,
        "holdout_percent": _percent(plan.holdout_percent, 0, MOST_HELD_OUT, field="holdout_percent"),
    }


def _described(text: str | None) -> str | None:
    return cells.parse_text(text, field="description", limit=LONGEST_DESCRIPTION) if text else None


async def _template(work: Work, kind: CampaignKind, code: str | None, *, field: str) -> UUID:
    wanted = template_code(code)
    found = (
        await work.db.execute(queries.template_of_kind(work, KINDS[kind].category, wanted))
    ).one_or_none()
    if found is None:
        raise Invalid(N_("There is no such template."), code="unknown_template", field=field)
    return found.id


async def variants_of(work: Work, plan: CampaignPlan) -> list[dict[str, Any]]:
    """The two texts that are tried against each other, or none."""
    if not plan.other_template:
        return []
    first = await _template(work, plan.kind, plan.template, field="template")
    second = await _template(work, plan.kind, plan.other_template, field="other_template")
    if first == second:
        raise Invalid(
            N_("Choose two different templates to compare."), code="same_template", field="other_template"
        )
    share = _percent(plan.other_share, 1, 99, field="other_share")
    return [
        {"label": "A", "template_id": first, "share": 100 - share},
        {"label": "B", "template_id": second, "share": share},
    ]


def _percent(value: int, least: int, most: int, *, field: str) -> int:
    if not least <= value <= most:
        raise Invalid(
            N_("Give a whole number between %(least)s and %(most)s."),
            code="percent_unusable",
            field=field,
            least=least,
            most=most,
        )
    return value


def named(name: str) -> str:
    name = cells.parse_name(name, field="name", limit=LONGEST_NAME) if len(name) <= LONGEST_NAME else ""
    if not name:
        raise Invalid(
            N_("Give the campaign a name of at most %(longest)s characters."),
            code="name_unusable",
            field="name",
            longest=LONGEST_NAME,
        )
    return name
