"""Statements over notices: what is to be told of which invoices and payments, and what is true of them now."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries.sets import among
from bursar.billing.states import InvoiceState, PaymentSource
from bursar.billing.tables import (
    invoice_payments,
    invoices,
    is_being_paid,
    is_disputed,
    is_open,
    is_promised,
    payments,
)
from bursar.core.schema import same_tenant, uuids_named
from bursar.core.tables import files
from bursar.core.work import Work
from bursar.outbox.states import Purpose, SendState
from bursar.outbox.tables import has_replied, send_subjects, sending_accounts, sends
from bursar.tenancy.states import CustomerState
from bursar.tenancy.tables import customers, recipient, tenants

_NONE = sa.null().cast(sa.Text)


class Words(NamedTuple):
    """A template's newest published versions by language, and the language for all others."""

    versions: Mapping[str, UUID]
    default: str


def newly_issued(work: Work, ids: Sequence[UUID], words: Words) -> sa.Select:
    """A notice for each of these invoices, in the columns of an order.

    One that was paid in the transaction that issued it is told of by its receipt.
    """
    key = sa.func.concat("invoice/", invoices.c.id, "/issued")
    return _due(key, None, words).where(
        invoices.c.tenant_id == work.tenant_id,
        among(invoices.c.id, ids),
        invoices.c.state == InvoiceState.ISSUED,
    )


def one_by_hand(work: Work, invoice_id: UUID, number: int, words: Words) -> sa.Select:
    """The notice of one invoice, once more."""
    key = sa.func.concat("invoice/", invoices.c.id, f"/issued/{number}")
    return _due(key, None, words).where(invoices.c.tenant_id == work.tenant_id, invoices.c.id == invoice_id)


def sent_by_hand(work: Work, invoice_id: UUID) -> sa.Select:
    """The notices of an invoice that an agent asked for, the automatic one among them."""
    return sa.select(sends.c.id, sends.c.state).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.purpose == Purpose.NOTICE,
        sends.c.id.in_(
            sa.select(send_subjects.c.send_id).where(
                send_subjects.c.tenant_id == work.tenant_id,
                send_subjects.c.subject_type == "invoice",
                send_subjects.c.subject_id == invoice_id,
                send_subjects.c.dropped_at.is_(None),
            )
        ),
        sends.c.touch_key.startswith(f"invoice/{invoice_id}/issued"),
    )


def ordered_as(work: Work, touch_key: str) -> sa.Select:
    """The notice with this key."""
    return sa.select(sends.c.id).where(
        sends.c.tenant_id == work.tenant_id,
        sends.c.purpose == Purpose.NOTICE,
        sends.c.touch_key == touch_key,
    )


def coming_due(work: Work, days_before: int, words: Words, spared: sa.Select | None) -> sa.Select:
    """Our open invoices that are due within `days_before` days and were written before those began.

    Who has just been sent an invoice needs no reminder of it. One notice a customer, whatever it is about.
    """
    ahead = timedelta(days=days_before)
    return _reminding(work, "reminder", -days_before, words, spared).where(
        invoices.c.due_date.between(work.today, work.today + ahead),
        invoices.c.issue_date < invoices.c.due_date - days_before,
    )


def late(work: Work, days_after: int, first: date, words: Words, spared: sa.Select | None) -> sa.Select:
    """Our open invoices that are late by so many days and were not due before `first`, one notice a customer."""
    last = work.today - timedelta(days=days_after)
    return _reminding(work, "overdue", days_after, words, spared).where(
        invoices.c.due_date.between(first, last)
    )


def received(work: Work, ids: Sequence[UUID], words: Words) -> sa.Select:
    """A receipt for each of these payments that pays invoices of ours: a row for each that it pays.

    What a sheet brought in is the past, and was receipted where it was written.
    """
    key = sa.func.concat("payment/", payments.c.id, "/receipt")
    share = same_tenant(invoice_payments, payments) & (invoice_payments.c.payment_id == payments.c.id)
    paid = same_tenant(invoices, invoice_payments) & (invoices.c.id == invoice_payments.c.invoice_id)
    return (
        _columns(sa.select(), key, None, words)
        .select_from(
            payments.join(invoice_payments, share)
            .join(invoices, paid)
            .join(customers, same_tenant(customers, payments) & (customers.c.id == payments.c.customer_id))
            .join(tenants, same_tenant(tenants, customers))
        )
        .where(
            payments.c.tenant_id == work.tenant_id,
            among(payments.c.id, ids),
            payments.c.amount_minor > 0,
            payments.c.source != PaymentSource.IMPORT,
            invoices.c.seller.is_not(None),
        )
        .distinct()
    )


def waiting_with_document(work: Work) -> sa.Select:
    """Invoices whose PDF is there while a notice still waits for it."""
    about = same_tenant(send_subjects, sends) & (send_subjects.c.send_id == sends.c.id)
    its = same_tenant(invoices, send_subjects) & (invoices.c.id == send_subjects.c.subject_id)
    return (
        sa.select(invoices.c.id)
        .select_from(sends.join(send_subjects, about).join(invoices, its))
        .where(
            sends.c.tenant_id == work.tenant_id,
            sends.c.reason == "document",
            sends.c.state == SendState.QUEUED,
            send_subjects.c.subject_type == "invoice",
            invoices.c.pdf_file_id.is_not(None),
        )
    )


def _reminding(work: Work, kind: str, days: int, words: Words, spared: sa.Select | None) -> sa.Select:
    """Open invoices of ours that were never told so before and are not to be left in peace, keyed by their customer.

    A rung is named by its days from due, whoever tells it: an invoice that a sequence had reminded of needs no
    reminder, and one that a sequence had called late no notice. What another program wrote is reminded of there, by a
    sequence or by a campaign.
    """
    touch = f"{days:+d}"
    first = sa.func.first_value(invoices.c.id).over(
        partition_by=invoices.c.customer_id, order_by=(invoices.c.due_date, invoices.c.id)
    )
    had = sa.exists().where(
        same_tenant(send_subjects, invoices),
        send_subjects.c.subject_type == "invoice",
        send_subjects.c.subject_id == invoices.c.id,
        send_subjects.c.touch.is_not(None),
        *([] if days < 0 else [send_subjects.c.touch.startswith("+"), send_subjects.c.touch != "+0"]),
        send_subjects.c.dropped_at.is_(None),
    )
    named = sa.exists().where(
        same_tenant(sends, invoices),
        sends.c.purpose == Purpose.NOTICE,
        sends.c.touch_key == sa.func.concat("invoice/", invoices.c.id, f"/{kind}"),
    )
    return _due(sa.func.concat("invoice/", first, f"/{kind}"), touch, words).where(
        invoices.c.tenant_id == work.tenant_id,
        is_open(invoices),
        invoices.c.seller.is_not(None),
        customers.c.state == CustomerState.ACTIVE,
        ~is_disputed(invoices),
        ~is_promised(invoices, work.today),
        ~is_being_paid(invoices),
        ~had,
        ~named,
        *([] if spared is None else [invoices.c.id.not_in(spared)]),
    )


def _due(key: sa.ColumnElement[str], touch: str | None, words: Words) -> sa.Select:
    theirs = same_tenant(customers, invoices) & (customers.c.id == invoices.c.customer_id)
    return _columns(sa.select(), key, touch, words).select_from(
        invoices.join(customers, theirs).join(tenants, same_tenant(tenants, customers))
    )


def _columns(statement: sa.Select, key: sa.ColumnElement[str], touch: str | None, words: Words) -> sa.Select:
    """In the columns of an order (`ordering.DUE`)."""
    spoken = sa.func.split_part(sa.func.coalesce(customers.c.locale, tenants.c.locale), "-", 1)
    known = spoken.in_(list(words.versions))
    version = sa.case(
        *((spoken == locale, sa.literal(one, sa.UUID)) for locale, one in words.versions.items()),
        else_=sa.literal(words.versions[words.default], sa.UUID),
    )
    return statement.add_columns(
        key.label("touch_key"),
        invoices.c.id.label("subject_id"),
        (sa.literal(touch) if touch else _NONE).label("touch"),
        invoices.c.balance_minor.label("fact"),
        customers.c.id.label("customer_id"),
        recipient("email").label("to_address"),
        recipient("email_key").label("address_key"),
        recipient("name").label("to_name"),
        sa.case((known, spoken), else_=sa.literal(words.default)).label("locale"),
        version.label("template_version_id"),
    )


@cache
def told() -> sa.Select:
    """Some notices with all that they say: a row for each invoice, and one for a notice that has none left.

    Each invoice, payment and file is looked up by its key. Built once. Named: tenant_id, today, ids (of the sends,
    as text).
    """
    s, today = sends, sa.bindparam("today", type_=sa.Date())
    about = sa.cast(sa.func.split_part(s.c.touch_key, "/", 2), sa.UUID)
    kind = sa.func.split_part(s.c.touch_key, "/", 3)
    live = (
        same_tenant(send_subjects, s)
        & (send_subjects.c.send_id == s.c.id)
        & (send_subjects.c.subject_type == "invoice")
        & send_subjects.c.dropped_at.is_(None)
    )
    its = same_tenant(invoices, s) & (invoices.c.id == send_subjects.c.subject_id)
    printed = (
        same_tenant(files, s)
        & (files.c.id == invoices.c.pdf_file_id)
        & (files.c.state == "clean")
        & (kind == "issued")
    )
    money = same_tenant(payments, s) & (payments.c.id == about) & (kind == "receipt")
    account = same_tenant(sending_accounts, s) & (sending_accounts.c.id == s.c.sending_account_id)
    return (
        sa.select(*_told(kind, today))
        .select_from(
            s.join(customers, same_tenant(customers, s) & (customers.c.id == s.c.customer_id))
            .join(tenants, same_tenant(tenants, s))
            .join(sending_accounts, account)
            .outerjoin(send_subjects, live)
            .outerjoin(invoices, its)
            .outerjoin(files, printed)
            .outerjoin(payments, money)
        )
        .where(s.c.tenant_id == sa.bindparam("tenant_id"), s.c.id == sa.any_(uuids_named("ids")))
        .order_by(s.c.id, invoices.c.due_date, invoices.c.number)
    )


def _told(kind: sa.ColumnElement[str], today: sa.ColumnElement[date]) -> list[Any]:
    """Everything that a notice can name."""
    return [
        sends.c.id.label("send_id"),
        kind.label("kind"),
        *(invoices.c[name] for name in _FACTS),
        invoices.c.state,
        is_disputed(invoices).label("disputed"),
        is_promised(invoices, today).label("promised"),
        is_being_paid(invoices).label("being_paid"),
        *(files.c[name].label(f"file_{name}") for name in ("key", "name", "media_type", "sha256")),
        *(payments.c[name].label(f"payment_{name}") for name in _PAYMENT),
        _paid().label("paid_minor"),
        customers.c.full_name,
        customers.c.company_name,
        customers.c.external_code,
        customers.c.link_version,
        customers.c.state.label("customer_state"),
        has_replied(customers).label("replied"),
        tenants.c.name.label("firm"),
        tenants.c.address_lines,
        tenants.c.city,
        sending_accounts.c.address.label("account_address"),
        sending_accounts.c.display_name.label("account_name"),
        sending_accounts.c.reply_to.label("account_reply_to"),
    ]


def _paid() -> sa.ScalarSelect[int]:
    """What a payment paid of an invoice, less what was taken back."""
    return (
        sa.select(sa.cast(sa.func.sum(invoice_payments.c.amount_minor), sa.BigInteger))
        .where(
            same_tenant(invoice_payments, payments),
            invoice_payments.c.payment_id == payments.c.id,
            invoice_payments.c.invoice_id == invoices.c.id,
        )
        .scalar_subquery()
    )


_FACTS = ("id", "number", "currency", "total_minor", "balance_minor", "issue_date", "due_date")
_PAYMENT = ("amount_minor", "currency", "received_on", "reference")
