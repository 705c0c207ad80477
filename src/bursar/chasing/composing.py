"""Chasing's answer to the outbox: what mails of campaigns and sequences say now, a whole batch in few queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row

from bursar.billing.facts import Fact, invoice_values, silence
from bursar.billing.links import Addresses
from bursar.chasing.queries import composing as queries
from bursar.chasing.rules import differs
from bursar.chasing.sequences.rechecking import NOTHING, Standing, recheck
from bursar.core.formats import format_day
from bursar.core.schema import uuids_text
from bursar.core.work import Work
from bursar.outbox.composing import Held, Queued, Say, Silent, Verdict
from bursar.outbox.states import Purpose


class CampaignComposer:
    """Speaks for sends of campaigns and sequences, whose subjects are invoices; `base_url` is where their pages are."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url

    async def compose(self, work: Work, sends: Sequence[Queued]) -> Mapping[UUID, Verdict]:
        facts = await _facts(work, [send.id for send in sends])
        customers = {send.customer_id for send in sends if send.customer_id}
        people: dict[UUID | None, Row[Any]] = {row.id: row for row in await people_of(work, customers)}
        firms = await _firms(work, {send.run_id for send in sends if send.run_id})
        pages = Addresses(work.keyring, self._base_url, work.tenant_id)
        chased = [send for send in sends if send.purpose is Purpose.CHASE]
        standing = await recheck(work, chased) if chased else {}
        return {
            send.id: _verdict(
                work,
                send,
                standing.get(send.id, NOTHING),
                facts.get(send.id, []),
                people.get(send.customer_id),
                firms.get(send.run_id),
                pages,
            )
            for send in sends
        }


class _Firm(NamedTuple):
    """What all messages of a run say of who writes."""

    tenant: Mapping[str, str | None]
    sender: Mapping[str, str]
    answers_to: str
    from_name: str | None
    reply_to: str | None
    unseen: bool  # nobody reviewed the list: it went by itself


async def _firms(work: Work, run_ids: Iterable[UUID]) -> dict[UUID | None, _Firm]:
    named = {"tenant_id": work.tenant_id, "ids": uuids_text(run_ids)}
    return {
        row.run_id: _Firm(
            tenant={
                "name": row.name,
                # None and not "": for Liquid an empty text is true.
                "address": ", ".join([*row.address_lines, *([row.city] if row.city else [])]) or None,
            },
            sender={"name": row.sender_name or row.account_name or row.name, "email": row.account_address},
            answers_to=row.reply_to or row.account_reply_to or row.account_address,
            from_name=row.sender_name,
            reply_to=row.reply_to,
            unseen=row.unseen,
        )
        for row in await work.db.execute(queries.firms(), named)
    }


async def subjects_of(work: Work, send_ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """What these sends are about, live: a row an invoice."""
    named = {"tenant_id": work.tenant_id, "today": work.today, "ids": uuids_text(send_ids)}
    return (await work.db.execute(queries.subjects(), named)).all()


async def people_of(work: Work, customer_ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """These customers as letters name them."""
    named = {"tenant_id": work.tenant_id, "ids": uuids_text(customer_ids)}
    return (await work.db.execute(queries.people(), named)).all()


async def _facts(work: Work, send_ids: Iterable[UUID]) -> dict[UUID, list[Fact]]:
    facts: dict[UUID, list[Fact]] = {}
    # Taken apart in one go: asking a row for its columns one by one takes longer than all that is done with them.
    for row in await subjects_of(work, send_ids):
        send_id, *fact, state, disputed, promised, being_paid = tuple(row)
        one = Fact(*fact)
        silent = silence(
            state, one.balance_minor, disputed=disputed, promised=promised, being_paid=being_paid
        )
        facts.setdefault(send_id, []).append(one._replace(silent=silent) if silent else one)
    return facts


def _verdict(
    work: Work,
    send: Queued,
    standing: Standing,
    facts: Sequence[Fact],
    person: Row[Any] | None,
    firm: _Firm | None,
    pages: Addresses,
) -> Verdict:
    dropped = {fact.id: why for fact in facts if (why := fact.silent or standing.stopped.get(fact.id))}
    live = [fact for fact in facts if fact.id not in dropped]
    if not live or person is None or firm is None:  # a test of a list that was frozen anew has no firm
        return Silent(next(iter(dropped.values()), "no_subject"), dropped)
    silent = _chased_no_more(send, standing, live, person, firm)
    if silent is not None:  # its rungs are free: what is still open is told on another day
        return Silent(silent, {**dict.fromkeys((fact.id for fact in live), silent), **dropped})
    if person.replied:
        return Silent("replied", dropped)
    if send.reviewed is not None and not firm.unseen:
        what = differs(send.reviewed, live, person.to_address, edited=send.edited)
        if what is not None:
            return Held(what)
    return Say(_values(work, send, live, person, firm, pages), dropped, firm.from_name, firm.reply_to)


def _chased_no_more(
    send: Queued, standing: Standing, live: Sequence[Fact], person: Row[Any], firm: _Firm
) -> str | None:
    """Why a message of a sequence is not said although something of it is open; None for all others.

    What it was listed for is settled, and what is left would be told in graver words than it has earned.
    """
    if send.purpose is not Purpose.CHASE:
        return None
    if person.replied:
        return "replied"
    if standing.level([fact.id for fact in live]) < standing.level(standing.rungs):
        return "milder"
    if firm.unseen and person.to_address != send.to_address:
        return "moved"
    return None


def _values(
    work: Work, send: Queued, live: Sequence[Fact], person: Row[Any], firm: _Firm, pages: Addresses
) -> dict[str, Any]:
    version = person.link_version
    return {
        "customer": {
            "name": send.to_name or person.full_name or person.company_name,
            "company": person.company_name,
            "code": person.external_code,
        },
        "tenant": firm.tenant,
        "sender": firm.sender,
        "reply_to": firm.answers_to,
        "today": format_day(work.today, send.locale),
        "unsubscribe_link": "each message gets its own",
        **invoice_values(
            live,
            work.today,
            send.locale,
            lambda id_: pages.of(id_, version),
            all_of_it=pages.of_customer(person.id, version),
        ),
    }
