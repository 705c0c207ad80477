"""Billing's answer to the outbox: what its notices say now, for a whole batch in one query."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.billing.facts import Fact, invoice_values, silence
from bursar.billing.links import Addresses
from bursar.billing.notices.kinds import STREAM, NoticeKind
from bursar.billing.queries import notices as queries
from bursar.billing.states import InvoiceState
from bursar.core.formats import format_day, money_setter
from bursar.core.schema import uuids_text
from bursar.core.work import Work
from bursar.outbox.composing import Attachment, Queued, Say, Silent, Verdict
from bursar.outbox.states import MailStream
from bursar.tenancy.states import CustomerState


class NoticeComposer:
    """Speaks for notices, whose subjects are invoices; `base_url` is where their pages are."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        ids = uuids_text([send.id for send in sends])
        named = {"tenant_id": work.tenant_id, "today": work.today, "ids": ids}
        rows = (await work.db.execute(queries.told(), named)).all()
        told = {send_id: list(each) for send_id, each in groupby(rows, lambda row: row.send_id)}
        pages = Addresses(work.keyring, self._base_url, work.tenant_id)
        return {send.id: _verdict(work, send, told.get(send.id, []), pages) for send in sends}


def _verdict(work: Work, send: Queued, rows: Sequence[Row[Any]], pages: Addresses) -> Verdict:
    about = [row for row in rows if row.id is not None]
    if not about:
        return Silent("no_subject")
    head, kind = about[0], NoticeKind(about[0].kind)
    if STREAM[kind] is MailStream.REMINDER:
        if head.customer_state == CustomerState.SUSPENDED:
            return Silent("customer_suspended")
        if head.replied:
            return Silent("replied")
    dropped = {row.id: why for row in about if (why := _silence(work, kind, row))}
    live = [row for row in about if row.id not in dropped]
    if not live:
        return Silent(next(iter(dropped.values())), dropped)
    attachment = _document(head) if kind is NoticeKind.ISSUED else None
    if kind is NoticeKind.ISSUED and attachment is None:
        return Silent("no_document")
    return Say(_values(work, send, kind, live, pages), dropped, attachment=attachment)


def _silence(work: Work, kind: NoticeKind, row: Row[Any]) -> str | None:
    """Why this invoice may not be spoken of in a notice of this kind, or None."""
    if kind is NoticeKind.ISSUED:
        return "credited" if row.state == InvoiceState.CANCELLED else None
    if kind is NoticeKind.RECEIPT:
        return None if (row.paid_minor or 0) > 0 else "reversed"
    if kind is NoticeKind.REMINDER and row.due_date < work.today:
        return "too_late"
    return silence(
        row.state,
        row.balance_minor,
        disputed=row.disputed,
        promised=row.promised,
        being_paid=row.being_paid,
    )


def _document(row: Row[Any]) -> Attachment | None:
    if row.file_key is None:
        return None
    return Attachment(row.file_key, row.file_name, row.file_media_type, row.file_sha256)


def _values(
    work: Work, send: Queued, kind: NoticeKind, live: Sequence[Row[Any]], pages: Addresses
) -> dict[str, Any]:
    head, locale = live[0], send.locale
    facts = [
        Fact(
            row.id, row.number, row.currency, row.total_minor, row.balance_minor, row.issue_date, row.due_date
        )
        for row in live
    ]
    version = head.link_version
    values = invoice_values(
        facts,
        work.today,
        locale,
        lambda id_: pages.of(id_, version),
        all_of_it=pages.of_customer(send.customer_id, version) if send.customer_id else None,
    )
    if kind is NoticeKind.RECEIPT:
        values |= {"payment": _payment(head, locale)}
        for shown, row in zip(values["invoices"], live, strict=True):
            shown["paid"] = money_setter(locale, row.currency)(row.paid_minor)
    return {
        "customer": {
            "name": send.to_name or head.full_name or head.company_name,
            "company": head.company_name,
            "code": head.external_code,
        },
        "tenant": {
            "name": head.firm,
            "address": ", ".join([*head.address_lines, *([head.city] if head.city else [])]) or None,
        },
        "sender": {"name": head.account_name or head.firm, "email": head.account_address},
        "reply_to": head.account_reply_to or head.account_address,
        "today": format_day(work.today, locale),
        "unsubscribe_link": ("each message gets its own" if STREAM[kind] is MailStream.REMINDER else None),
        **values,
    }


def _payment(row: Row[Any], locale: str) -> dict[str, Any]:
    return {
        "amount": money_setter(locale, row.payment_currency)(row.payment_amount_minor),
        "date": format_day(row.payment_received_on, locale),
        "reference": row.payment_reference,
    }
