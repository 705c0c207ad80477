"""The mail that lets a customer into the portal: asked for, so it goes at any hour and counts as no nudge (R79).

Its link is made when it leaves (`tenancy.portal_links`): one that waited for its mailbox still gives all its minutes.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.formats import format_day
from bursar.core.work import Happened, Work
from bursar.outbox import template_library
from bursar.outbox.composing import Queued, Say, Silent, Verdict
from bursar.outbox.ordering import Order, order, primary_account
from bursar.outbox.queries import sign_in_mail as queries
from bursar.outbox.states import MailStream, Purpose
from bursar.outbox.tags import SAMPLE_PRIVATE_LINK, Category
from bursar.tenancy import portal_links
from bursar.tenancy.rules import PORTAL_LINK_LASTS

AT_ONCE = 1
"""Before everything else: somebody sits in front of an empty inbox."""


async def asked(work: Work, happened: Happened) -> None:
    """Called when customers ask to come in (`reactions.py`). One mail a minute to each: more would be a bombardment."""
    account = await primary_account(work)
    words = await _words(work, happened)
    if account is None or words is None:
        return  # a firm without a mailbox, or without words, writes to nobody
    versions, usual = words
    told = Order(Purpose.SIGN_IN, MailStream.TRANSACTIONAL, sending_account_id=account, priority=AT_ONCE)
    for row in await work.db.execute(queries.whom(work, happened.ids)):
        locale = row.locale if row.locale in versions else usual
        send_id = await order(
            work,
            told,
            touch_key=f"sign-in/{row.id}/{work.now:%Y-%m-%dT%H:%M}",
            to_address=row.to_address,
            address_key=row.address_key,
            to_name=row.to_name,
            locale=locale,
            template_version_id=versions[locale],
            customer_id=row.id,
        )
        if send_id is not None:
            await portal_links.add_link(work, send_id, row.id)


class SignInComposer:
    """Speaks for sign-in mails; `base_url` is where the portal is. The link of a send bears its id."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url.rstrip("/")

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        ids = [send.id for send in sends]
        rows = {row.id: row for row in await work.db.execute(queries.told(work, ids))}
        texts = await portal_links.texts_of(work, ids)
        return {send.id: self._verdict(work, send, rows.get(send.id), texts.get(send.id)) for send in sends}

    def _verdict(self, work: Work, send: Queued, row: sa.Row[Any] | None, token: str | None) -> Verdict:
        if row is None or token is None:
            return Silent("too_late")
        values = {
            **_people(row, send.to_name),
            "today": format_day(work.today, send.locale),
            "unsubscribe_link": None,
            "minutes": int(PORTAL_LINK_LASTS.total_seconds() // 60),
            "private_link": SAMPLE_PRIVATE_LINK,
        }
        return Say(values, private_link=f"{self._base}{portal_links.link_path(row.slug, token)}")


async def _words(work: Work, happened: Happened) -> tuple[dict[str, UUID], str] | None:
    """A firm that is older than the portal has no words for this yet; one that switched them off says nothing."""
    words = await template_library.words_for(work, Category.SIGN_IN)
    if words is None:
        await template_library.tenant_created(work, happened)
        words = await template_library.words_for(work, Category.SIGN_IN)
    return words


def _people(row: sa.Row[Any], to_name: str | None) -> dict[str, Any]:
    """What every mail names of its reader and its writer."""
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
