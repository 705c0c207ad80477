"""Which invoices a choice holds, and why one of them is left out."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoices, is_being_paid, is_disputed, is_open, is_promised
from bursar.chasing.kinds import KINDS
from bursar.chasing.states import CampaignKind, Covers, ExcludedReason
from bursar.chasing.tables import campaign_exclusions, is_excluded
from bursar.core.schema import same_tenant
from bursar.core.work import Work
from bursar.outbox.states import Channel, MailStream, SuppressionReason
from bursar.outbox.tables import has_replied, sends, suppression_of
from bursar.tenancy.states import CustomerState
from bursar.tenancy.tables import customers, import_rows, recipient, tenants

_REMINDER = sa.literal(MailStream.REMINDER, sa.Text)


def selected(work: Work, selection: Mapping[str, Any], kind: str) -> list[sa.ColumnElement[bool]]:
    """The conditions on an invoice and its customer: pasted numbers, those of a sheet, or a filter over what is open.

    Of numbers and sheets all are taken, so that each that is left out can be given its reason.
    """
    conditions = [invoices.c.tenant_id == work.tenant_id]
    if numbers := selection.get("numbers"):
        return [*conditions, invoices.c.number == sa.any_(sa.literal(list(numbers), sa.ARRAY(sa.Text)))]
    if import_run := selection.get("import_run"):
        conditions.append(invoices.c.id.in_(_of_sheet(work, UUID(import_run))))
        chosen = selection
    else:
        conditions.append(is_open(invoices))
        chosen = {**KINDS[CampaignKind(kind)].selection, **selection}
    return [*conditions, *_by_age(work, chosen), *_by_amount(selection), *_by_customer(work, selection)]


def _of_sheet(work: Work, import_run: UUID) -> sa.Select:
    """What the rows of a sheet became or met."""
    rows = import_rows
    return sa.select(rows.c.entity_id).where(
        rows.c.tenant_id == work.tenant_id,
        rows.c.import_run_id == import_run,
        rows.c.entity_id.is_not(None),
    )


def _by_age(work: Work, chosen: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    due, today = invoices.c.due_date, sa.literal(work.today)
    conditions: list[sa.ColumnElement[bool]] = []
    if "min_days_overdue" in chosen:
        conditions.append(due <= today - int(chosen["min_days_overdue"]))
    if "max_days_overdue" in chosen:
        conditions.append(due >= today - int(chosen["max_days_overdue"]))
    if "due_within_days" in chosen:
        conditions.append(due.between(today, today + int(chosen["due_within_days"])))
    return conditions


def _by_amount(selection: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if currency := selection.get("currency"):
        conditions.append(invoices.c.currency == currency)
    if "min_balance_minor" in selection:
        conditions.append(invoices.c.balance_minor >= int(selection["min_balance_minor"]))
    if "max_balance_minor" in selection:
        conditions.append(invoices.c.balance_minor <= int(selection["max_balance_minor"]))
    return conditions


def _by_customer(work: Work, selection: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    c = customers.c
    conditions: list[sa.ColumnElement[bool]] = []
    if tags := selection.get("tags"):
        conditions.append(c.tags.op("&&")(sa.literal(list(tags), sa.ARRAY(sa.Text))))
    if ids := selection.get("customers"):
        conditions.append(c.id.in_([UUID(str(one)) for one in ids]))
    if kind := selection.get("customer_kind"):
        conditions.append(c.kind == kind)
    if countries := selection.get("countries"):
        conditions.append(c.country.in_(countries))
    if languages := selection.get("languages"):
        home = tenants.alias("home")
        ours = sa.select(home.c.locale).where(home.c.tenant_id == work.tenant_id).scalar_subquery()
        conditions.append(sa.func.split_part(sa.func.coalesce(c.locale, ours), "-", 1).in_(languages))
    if "quiet_days" in selection:
        conditions.append(~_written_to(work, int(selection["quiet_days"])))
    return conditions


def _written_to(work: Work, days: int) -> sa.ColumnElement[bool]:
    """Customers to whom something that they did not ask for was sent in the last so many days."""
    since = sa.literal(work.now) - sa.cast(f"{days} days", sa.Interval)
    return sa.exists().where(
        same_tenant(sends, customers),
        sends.c.customer_id == customers.c.id,
        sends.c.stream != MailStream.TRANSACTIONAL,
        sends.c.sent_at > since,
    )


def excluded_because(work: Work, kind: str, campaign_id: UUID | None = None) -> sa.ColumnElement[str | None]:
    """Why an invoice (joined with its customer) is left out; null if it is in. The first reason wins."""
    address = recipient("email_key")
    opted_out = suppression_of(address, customers.c.tenant_id, Channel.EMAIL, _REMINDER)
    E, S = ExcludedReason, SuppressionReason  # noqa: N806  short names keep the list readable
    not_due = [(invoices.c.due_date >= work.today, E.NOT_DUE)] if kind == CampaignKind.OVERDUE_NOTICE else []
    by_hand = [(_left_out(campaign_id), E.BY_HAND)] if campaign_id else []
    whens: Sequence[tuple[sa.ColumnElement[bool], Any]] = [
        (invoices.c.state == InvoiceState.DRAFT, E.DRAFT),
        (invoices.c.state.in_((InvoiceState.CANCELLED, InvoiceState.REFUNDED)), E.CANCELLED),
        (~is_open(invoices), E.PAID),
        *not_due,
        *by_hand,
        (is_excluded(invoices, work.today, Covers.CAMPAIGNS, Covers.EVERYTHING), E.EXCLUDED),
        (is_being_paid(invoices), E.PROCESSING),
        (is_disputed(invoices), E.DISPUTE),
        (is_promised(invoices, work.today), E.PROMISE),
        (customers.c.state == CustomerState.SUSPENDED, E.CUSTOMER_SUSPENDED),
        (has_replied(customers), E.REPLIED),
        (address.is_(None), E.NO_ADDRESS),
    ]
    told = {
        S.HARD_BOUNCE: E.HARD_BOUNCE,
        S.COMPLAINT: E.COMPLAINT,
        S.ERASURE: E.SUPPRESSED,
        S.UNSUBSCRIBE: E.UNSUBSCRIBED,
        S.MANUAL: E.SUPPRESSED,
    }
    stopped = sa.case({key: str(value) for key, value in told.items()}, value=opted_out)
    return sa.case(*((condition, sa.literal(str(value))) for condition, value in whens), else_=stopped)


def _left_out(campaign_id: UUID) -> sa.ColumnElement[bool]:
    """Invoices that were taken out of this campaign by hand, or whose customers were."""
    e = campaign_exclusions
    ours = (same_tenant(e, invoices), e.c.campaign_id == campaign_id)
    return sa.or_(
        sa.exists().where(*ours, e.c.customer_id == invoices.c.customer_id, e.c.invoice_id.is_(None)),
        sa.exists().where(*ours, e.c.invoice_id == invoices.c.id),
    )
