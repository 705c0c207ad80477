"""Chasing's answer to the outbox: what a campaign's mails say now, for a whole batch in three queries."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from bursar.chasing.queries import composing as queries
from bursar.chasing.rules import Fact, differs, invoice_values, silence
from bursar.core.formats import format_day
from bursar.core.schema import uuids_text
from bursar.core.work import Work
from bursar.outbox.composing import Held, Queued, Say, Silent, Verdict


class CampaignComposer:
    """Speaks for sends of campaigns, whose subjects are invoices."""

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        facts = await _facts(work, [send.id for send in sends])
        customers = sorted({send.customer_id for send in sends if send.customer_id})
        people = {row.id: row for row in await people_of(work, customers)}
        runs = sorted({send.run_id for send in sends if send.run_id})
        firms = {row.run_id: row for row in await work.db.execute(queries.firms(work, runs))}
        return {
            send.id: _verdict(
                work, send, facts.get(send.id, []), people.get(send.customer_id), firms.get(send.run_id)
            )
            for send in sends
        }


async def subjects_of(work: Work, send_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """What these sends are about, live: a row an invoice."""
    named = {"tenant_id": work.tenant_id, "today": work.today, "ids": uuids_text(send_ids)}
    return (await work.db.execute(queries.subjects(), named)).all()


async def people_of(work: Work, customer_ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """These customers as letters name them."""
    named = {"tenant_id": work.tenant_id, "ids": uuids_text(customer_ids)}
    return (await work.db.execute(queries.people(), named)).all()


async def _facts(work: Work, send_ids: Sequence[UUID]) -> dict[UUID, list[Fact]]:
    facts: dict[UUID, list[Fact]] = {}
    for row in await subjects_of(work, send_ids):
        silent = silence(row.state, row.balance_minor, disputed=row.disputed, promised=row.promised)
        facts.setdefault(row.send_id, []).append(
            Fact(
                row.id,
                row.number,
                row.currency,
                row.total_minor,
                row.balance_minor,
                row.issue_date,
                row.due_date,
                silent,
            )
        )
    return facts


def _verdict(
    work: Work, send: Queued, facts: Sequence[Fact], person: Row[Any] | None, firm: Row[Any] | None
) -> Verdict:
    dropped = {fact.id: fact.silent for fact in facts if fact.silent}
    live = [fact for fact in facts if not fact.silent]
    if not live or person is None or firm is None:  # a test of a list that was frozen anew has no firm
        return Silent(next(iter(dropped.values()), "no_subject"), dropped)
    if person.replied:
        return Silent("replied", dropped)
    if send.reviewed is not None:
        what = differs(send.reviewed, live, person.to_address, edited=send.edited)
        if what is not None:
            return Held(what)
    return Say(_values(work, send, live, person, firm), dropped, firm.sender_name, firm.reply_to)


def _values(
    work: Work, send: Queued, live: Sequence[Fact], person: Row[Any], firm: Row[Any]
) -> dict[str, Any]:
    address = ", ".join([*firm.address_lines, *([firm.city] if firm.city else [])])
    return {
        "customer": {
            "name": send.to_name or person.full_name or person.company_name,
            "company": person.company_name,
            "code": person.external_code,
        },
        "tenant": {"name": firm.name, "address": address},
        "sender": {
            "name": firm.sender_name or firm.account_name or firm.name,
            "email": firm.account_address,
        },
        "reply_to": firm.reply_to or firm.account_reply_to or firm.account_address,
        "today": format_day(work.today, send.locale),
        "unsubscribe_link": "each message gets its own",
        **invoice_values(live, work.today, send.locale),
    }
