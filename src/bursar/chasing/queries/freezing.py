"""Who is in a campaign, who is not and why, and what each mail will be about: the freeze, in sets."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoices, is_disputed, is_open, is_promised
from bursar.chasing.states import CampaignKind, ExcludedReason, GroupBy
from bursar.chasing.tables import campaign_invoices
from bursar.core.schema import same_tenant, uuids
from bursar.core.work import Work
from bursar.outbox.states import Channel, MailStream, SuppressionReason
from bursar.outbox.tables import has_replied, suppression_of, template_versions
from bursar.tenancy.states import CustomerState
from bursar.tenancy.tables import customers, recipient, tenants

_REMINDER = sa.literal(MailStream.REMINDER, sa.Text)


def selected(work: Work, selection: Mapping[str, Any], kind: str) -> list[sa.ColumnElement[bool]]:
    """The conditions of a campaign's selection: pasted numbers, or a filter over open invoices."""
    conditions = [invoices.c.tenant_id == work.tenant_id]
    if numbers := selection.get("numbers"):
        return [*conditions, invoices.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text)))]
    conditions.append(is_open(invoices))
    if kind == CampaignKind.OVERDUE_NOTICE or "min_days_overdue" in selection:
        days = int(selection.get("min_days_overdue", 1))
        conditions.append(invoices.c.due_date <= sa.literal(work.today) - days)
    if "max_days_overdue" in selection:
        conditions.append(invoices.c.due_date >= sa.literal(work.today) - int(selection["max_days_overdue"]))
    if kind == CampaignKind.INVOICE_REMINDER:
        within = int(selection.get("due_within_days", 7))
        conditions.append(invoices.c.due_date.between(work.today, sa.literal(work.today) + within))
    if currency := selection.get("currency"):
        conditions.append(invoices.c.currency == currency)
    if "min_balance_minor" in selection:
        conditions.append(invoices.c.balance_minor >= int(selection["min_balance_minor"]))
    if tags := selection.get("tags"):
        conditions.append(customers.c.tags.overlap(list(tags)))
    if ids := selection.get("customers"):
        conditions.append(invoices.c.customer_id.in_([UUID(str(one)) for one in ids]))
    return conditions


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


def choose(work: Work, kind: str, selection: Mapping[str, Any]) -> sa.Insert:
    """Every invoice of the selection, once, with the first reason that keeps it out, or none."""
    rows = (
        sa.select(
            invoices.c.id,
            invoices.c.number,
            excluded_because(work, kind),
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


def excluded_because(work: Work, kind: str) -> sa.ColumnElement[str | None]:
    """Why an invoice (joined with its customer) is left out; null if it is in. The first reason wins."""
    address = recipient("email_key")
    opted_out = suppression_of(address, customers.c.tenant_id, Channel.EMAIL, _REMINDER)
    E, S = ExcludedReason, SuppressionReason  # noqa: N806  short names keep the list readable
    whens: list[tuple[sa.ColumnElement[bool], Any]] = [
        (invoices.c.state == InvoiceState.DRAFT, E.DRAFT),
        (invoices.c.state.in_((InvoiceState.CANCELLED, InvoiceState.REFUNDED)), E.CANCELLED),
        (~is_open(invoices), E.PAID),
        (is_disputed(invoices), E.DISPUTE),
        (is_promised(invoices, work.today), E.PROMISE),
        (customers.c.state == CustomerState.SUSPENDED, E.CUSTOMER_SUSPENDED),
        (has_replied(customers), E.REPLIED),
        (address.is_(None), E.NO_ADDRESS),
    ]
    if kind == CampaignKind.OVERDUE_NOTICE:
        whens.insert(3, (invoices.c.due_date >= work.today, E.NOT_DUE))
    told = {
        S.HARD_BOUNCE: E.HARD_BOUNCE,
        S.COMPLAINT: E.COMPLAINT,
        S.ERASURE: E.SUPPRESSED,
        S.UNSUBSCRIBE: E.UNSUBSCRIBED,
        S.MANUAL: E.SUPPRESSED,
    }
    stopped = sa.case({key: str(value) for key, value in told.items()}, value=opted_out)
    return sa.case(*((condition, sa.literal(str(value))) for condition, value in whens), else_=stopped)


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


def due(run_id: UUID, group_by: str, versions: Mapping[str, UUID], default: tuple[str, UUID]) -> sa.Select:
    """Those chosen for a run that are in, one row an invoice, in the columns of an order (`ordering.DUE`).

    `versions` is the template's newest published version by language, `default` the fall-back's locale and id.
    The rows are of this transaction's own temporary table, which has no tenant_id.
    """
    c = chosen.c
    about = c.customer_id if group_by == GroupBy.CUSTOMER else c.invoice_id
    version = sa.case(
        *((c.language == locale, sa.literal(one, sa.UUID)) for locale, one in versions.items()),
        else_=sa.literal(default[1], sa.UUID),
    )
    return sa.select(
        sa.func.concat(f"run/{run_id}/", about).label("touch_key"),
        c.invoice_id.label("subject_id"),
        sa.null().cast(sa.Text).label("touch"),
        c.balance_minor.label("fact"),
        c.customer_id,
        c.to_address,
        c.address_key,
        c.to_name,
        sa.case((c.language.in_(list(versions)), c.language), else_=sa.literal(default[0])).label("locale"),
        version.label("template_version_id"),
    ).where(c.reason.is_(None))


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
