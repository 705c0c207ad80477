"""Who is in a campaign, who is not and why, and what each mail will be about: the freeze, in sets."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BIT, distinct_on

from bursar.billing.tables import invoices
from bursar.chasing.queries.selecting import excluded_because, selected
from bursar.chasing.states import ExcludedReason, GroupBy
from bursar.chasing.tables import campaign_invoices, holdouts
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.tables import template_versions
from bursar.tenancy.tables import customers, recipient, tenants

HUNDRED = 100


class Text(NamedTuple):
    """A template that a part of the customers get: its newest published versions by language, and the fall-back."""

    versions: Mapping[str, UUID]
    fallback: tuple[str, UUID]
    share: int  # of a hundred customers


chosen = sa.table(
    "chosen",
    sa.column("invoice_id", sa.UUID),
    sa.column("number", sa.Text),
    sa.column("reason", sa.Text),
    sa.column("balance_minor", sa.BigInteger),
    sa.column("currency", sa.Text),
    sa.column("customer_id", sa.UUID),
    sa.column("to_address", sa.Text),
    sa.column("address_key", sa.Text),
    sa.column("to_name", sa.Text),
    sa.column("language", sa.Text),
)

CREATE_CHOSEN = sa.text(
    """
    create temporary table if not exists chosen (
        invoice_id uuid, number text, reason text, balance_minor bigint, currency text, customer_id uuid,
        to_address text, address_key text, to_name text, language text
    ) on commit drop
    """
)
"""What a selection holds, written once and analysed: rows of this transaction have no statistics otherwise, and
what follows would be planned for one row instead of 100,000."""

ANALYZE_CHOSEN = sa.text("analyze chosen")


def forget_chosen() -> sa.Delete:
    """All rows of this transaction's own temporary table, which has no tenant_id."""
    return sa.delete(chosen)


def choose(work: Work, kind: str, selection: Mapping[str, Any], campaign_id: UUID | None) -> sa.Insert:
    """Every invoice of the selection, once, with the first reason that keeps it out, or none."""
    rows = (
        sa.select(
            invoices.c.id,
            invoices.c.number,
            excluded_because(work, kind, campaign_id),
            invoices.c.balance_minor,
            invoices.c.currency,
            customers.c.id,
            recipient("email"),
            recipient("email_key"),
            recipient("name"),
            sa.func.split_part(sa.func.coalesce(customers.c.locale, tenants.c.locale), "-", 1),
        )
        .join(customers, sa.and_(same_tenant(customers, invoices), customers.c.id == invoices.c.customer_id))
        .join(tenants, same_tenant(tenants, customers))
        .where(*selected(work, selection, kind))
    )
    return sa.insert(chosen).from_select([column.name for column in chosen.columns], rows)


def fill(work: Work, campaign_id: UUID, run_id: UUID) -> sa.Insert:
    """The list of a run: what was chosen, in or out."""
    fixed = (work.tenant_id, campaign_id, run_id)
    rows = sa.select(
        *(sa.literal(one, sa.UUID) for one in fixed),
        chosen.c.invoice_id,
        chosen.c.number,
        chosen.c.reason.is_(None),
        chosen.c.reason,
    )
    columns = ["tenant_id", "campaign_id", "run_id", "invoice_id", "asked_for", "included", "excluded_reason"]
    return sa.insert(campaign_invoices).from_select(columns, rows)


def note_unknown(work: Work, campaign_id: UUID, run_id: UUID, numbers: Sequence[str]) -> sa.Insert:
    """The pasted numbers that no invoice of the tenant has."""
    texts = sa.literal(list(numbers), sa.ARRAY(sa.Text))
    asked = sa.func.unnest(texts).table_valued("number", name="asked").render_derived()
    known = sa.exists().where(invoices.c.tenant_id == work.tenant_id, invoices.c.number == asked.c.number)
    rows = sa.select(
        sa.literal(work.tenant_id, sa.UUID),
        sa.literal(campaign_id, sa.UUID),
        sa.literal(run_id, sa.UUID),
        asked.c.number,
        sa.false(),
        sa.literal(str(ExcludedReason.UNKNOWN)),
    ).where(~known)
    columns = ["tenant_id", "campaign_id", "run_id", "asked_for", "included", "excluded_reason"]
    return sa.insert(campaign_invoices).from_select(columns, rows)


def hold_out(campaign_id: UUID, percent: int) -> sa.Update:
    """So many of a hundred customers of those chosen are kept out: the same ones each time a campaign is frozen.

    The rows are of this transaction's own temporary table, which has no tenant_id.
    """
    reason = sa.literal(str(ExcludedReason.HOLDOUT), sa.Text)
    kept_out = _place(campaign_id, "holdout") < percent
    return sa.update(chosen).where(chosen.c.reason.is_(None), kept_out).values(reason=reason)


def note_holdouts(work: Work, campaign_id: UUID, run_id: UUID) -> sa.Insert:
    """Who was kept out of a run, a row a customer."""
    fixed = (sa.literal(one, sa.UUID) for one in (work.tenant_id, campaign_id, run_id))
    rows = sa.select(*fixed, chosen.c.customer_id).where(chosen.c.reason == ExcludedReason.HOLDOUT).distinct()
    return sa.insert(holdouts).from_select(["tenant_id", "campaign_id", "run_id", "customer_id"], rows)


def _place(campaign_id: UUID, what: str) -> sa.ColumnElement[int]:
    """A customer's place among a hundred, drawn from both ids: another in each campaign, and for each question."""
    drawn = sa.func.md5(sa.func.concat(sa.literal(f"{campaign_id}/{what}/"), chosen.c.customer_id))
    number = sa.cast(sa.cast(sa.func.concat("x", sa.func.substr(drawn, 1, 7)), BIT(28)), sa.Integer)
    return number % HUNDRED


def due(campaign_id: UUID, run_id: UUID, group_by: str, texts: Sequence[Text]) -> sa.Select:
    """Those chosen for a run that are in, one row an invoice, in the columns of an order (`ordering.DUE`).

    The rows are of this transaction's own temporary table, which has no tenant_id.
    """
    c = chosen.c
    about = c.customer_id if group_by == GroupBy.CUSTOMER else c.invoice_id
    return sa.select(
        sa.func.concat(f"run/{run_id}/", about).label("touch_key"),
        c.invoice_id.label("subject_id"),
        sa.null().cast(sa.Text).label("touch"),
        c.balance_minor.label("fact"),
        c.customer_id,
        c.to_address,
        c.address_key,
        c.to_name,
        _by_share(campaign_id, texts, [_locale_of(text) for text in texts]).label("locale"),
        _by_share(campaign_id, texts, [_version_of(text) for text in texts]).label("template_version_id"),
    ).where(c.reason.is_(None))


def _by_share(
    campaign_id: UUID, texts: Sequence[Text], of_each: Sequence[sa.ColumnElement[Any]]
) -> sa.ColumnElement[Any]:
    """What the text that a customer gets says of itself."""
    if len(texts) == 1:
        return of_each[0]
    place, bound = _place(campaign_id, "variant"), 0
    whens: list[tuple[sa.ColumnElement[bool], sa.ColumnElement[Any]]] = []
    for text, value in zip(texts[:-1], of_each[:-1], strict=True):
        bound += text.share
        whens.append((place < bound, value))
    return sa.case(*whens, else_=of_each[-1])


def _locale_of(text: Text) -> sa.ColumnElement[str]:
    language = chosen.c.language
    return sa.case((language.in_(list(text.versions)), language), else_=sa.literal(text.fallback[0]))


def _version_of(text: Text) -> sa.ColumnElement[UUID]:
    whens = ((chosen.c.language == locale, sa.literal(one, sa.UUID)) for locale, one in text.versions.items())
    return sa.case(*whens, else_=sa.literal(text.fallback[1], sa.UUID))


def published(work: Work, template_id: UUID) -> sa.Select:
    """The newest published version of a template in each locale."""
    v = template_versions
    return (
        sa.select(v.c.locale, v.c.id)
        .ext(distinct_on(v.c.locale))
        .where(v.c.tenant_id == work.tenant_id, v.c.template_id == template_id, v.c.published_at.is_not(None))
        .order_by(v.c.locale, v.c.number.desc())
    )


def totals() -> sa.Select:
    """What was chosen and is in, a row a currency; of the temporary table, which has no tenant_id."""
    return (
        sa.select(
            chosen.c.currency,
            sa.func.count().label("invoices"),
            sa.cast(sa.func.sum(chosen.c.balance_minor), sa.BigInteger).label("balance_minor"),
        )
        .where(chosen.c.reason.is_(None))
        .group_by(chosen.c.currency)
        .order_by(chosen.c.currency)
    )


def excluded(work: Work, run_ids: Sequence[UUID]) -> sa.Select:
    """How many invoices (or pasted numbers) were left out of each of these runs for each reason."""
    run, reason = campaign_invoices.c.run_id, campaign_invoices.c.excluded_reason
    return (
        sa.select(run, reason.label("reason"), sa.func.count().label("many"))
        .where(
            campaign_invoices.c.tenant_id == work.tenant_id,
            run == sa.any_(uuids(run_ids)),
            ~campaign_invoices.c.included,
        )
        .group_by(run, reason)
        .order_by(run, reason)
    )
