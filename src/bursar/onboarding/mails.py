"""Mails about orders: a welcome to whoever has just become a customer, and reminders of what was not paid."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.formats import format_day, money_setter
from bursar.core.work import Work
from bursar.onboarding.addresses import order_address
from bursar.onboarding.queries import order_mails as queries
from bursar.onboarding.queries.order_mails import Words
from bursar.onboarding.states import OrderState
from bursar.outbox import template_library
from bursar.outbox.composing import Queued, Say, Silent, Verdict
from bursar.outbox.ordering import Order, order_many, primary_account
from bursar.outbox.states import MailStream, Purpose
from bursar.outbox.tags import Category
from bursar.tenancy.portal_links import PATH as PORTAL_PATH
from bursar.tenancy.states import SuspendedReason

SOON = 3
"""Before campaigns: somebody has just paid, or may pay in a minute."""


async def welcome(work: Work, order_ids: Sequence[UUID], customer_ids: Sequence[UUID]) -> None:
    """Greet these customers, who are active since now by these orders; each once in a lifetime."""
    words = await _words(work, Category.WELCOME) if customer_ids else None
    account = await primary_account(work) if words else None
    if words is not None and account is not None:
        told = Order(Purpose.WELCOME, MailStream.TRANSACTIONAL, sending_account_id=account, priority=SOON)
        await order_many(work, told, "order", queries.to_welcome(work, order_ids, customer_ids, words))


async def remind(work: Work, order_ids: Sequence[UUID]) -> bool:
    """The next reminder of each of these orders. False where none could be ordered: a firm without a mailbox, or
    without words, reminds nobody.
    """
    words, account = await _words(work, Category.PAYMENT_REMINDER), await primary_account(work)
    if words is None or account is None:
        return False
    told = Order(Purpose.PAYMENT_REMINDER, MailStream.REMINDER, sending_account_id=account, priority=SOON)
    await order_many(work, told, "order", queries.to_remind(work, order_ids, words))
    return True


class OrderComposer:
    """Speaks for welcomes and payment reminders, whose subjects are orders; `base_url` is where their pages are."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        rows = (await work.db.execute(queries.told(work, [send.id for send in sends]))).all()
        told = {send_id: list(each) for send_id, each in groupby(rows, lambda row: row.send_id)}
        return {send.id: self._verdict(work, send, told.get(send.id, [])) for send in sends}

    def _verdict(self, work: Work, send: Queued, rows: Sequence[sa.Row[Any]]) -> Verdict:
        about = [row for row in rows if row.id is not None]
        if not about:
            return Silent("no_subject")
        reminds = send.purpose is Purpose.PAYMENT_REMINDER
        dropped = {row.id: why for row in about if (why := _silence(row, reminds=reminds))}
        live = [row for row in about if row.id not in dropped]
        if not live:
            return Silent(next(iter(dropped.values())), dropped)
        return Say(self._values(work, send, live[0]), dropped)

    def _values(self, work: Work, send: Queued, row: sa.Row[Any]) -> dict[str, Any]:
        pay = order_address(work.keyring, self._base, work.tenant_id, row.id, link_version=row.link_version)
        return {
            **_people(row, send.to_name),
            "today": format_day(work.today, send.locale),
            "unsubscribe_link": "each message gets its own"
            if send.purpose is Purpose.PAYMENT_REMINDER
            else None,
            "order": _order(work, row, send.locale),
            **(
                {"pay_link": pay}
                if send.purpose is Purpose.PAYMENT_REMINDER
                else {"portal_link": f"{self._base}{PORTAL_PATH}{row.slug}"}
            ),
        }


def _silence(row: sa.Row[Any], *, reminds: bool) -> str | None:
    """Why nothing may be said of this order any more, or None."""
    if row.state == OrderState.REFUNDED:
        return "refund"
    if not reminds:
        return None
    if row.state != OrderState.PENDING:
        return {OrderState.PAID: "paid", OrderState.CANCELLED: "cancelled"}.get(row.state, "given_up")
    if row.hold_reason is not None:
        return "processing"
    if row.suspended_reason not in (None, SuspendedReason.UNPAID):
        return "customer_suspended"
    return "replied" if row.replied else None


def _order(work: Work, row: sa.Row[Any], locale: str) -> dict[str, Any]:
    money = money_setter(locale, row.currency)
    return {
        "product": row.metadata["line"]["description"],
        "amount": money(row.amount_minor),
        "tax": money(row.tax_minor) if row.tax_minor else None,
        "date": format_day(row.created_at.astimezone(work.zone).date(), locale),
    }


def _people(row: sa.Row[Any], to_name: str | None) -> dict[str, Any]:
    return {
        "customer": {
            "name": to_name or row.full_name or row.company_name,
            "company": row.company_name,
            "code": row.external_code,
        },
        "tenant": {
            "name": row.firm,
            "address": ", ".join([*row.address_lines, *([row.city] if row.city else [])]) or None,
        },
        "sender": {"name": row.account_name or row.firm, "email": row.account_address},
        "reply_to": row.account_reply_to or row.account_address,
    }


async def _words(work: Work, category: Category) -> Words | None:
    words = await template_library.words_for(work, category)
    return Words(*words) if words is not None else None
