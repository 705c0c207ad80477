"""Of the season in the pictures, what came back: answers in two languages, a machine's, and reports of mail servers."""

from uuid import UUID

from bursar.core.work import Actor
from bursar.house import House
from bursar.outbox.accounts import list_accounts
from bursar.outbox.incoming.classify import read
from bursar.outbox.incoming.inbox import list_incoming
from bursar.outbox.incoming.polling import store
from bursar.outbox.incoming.taking_in import Heard
from bursar.outbox.reading import SendFilter, list_sends
from bursar.outbox.states import IncomingClass

PAYS = """Dear Rania,

we pay all of it on Thursday, sorry for the wait.

Kind regards
Leila

On Wed, 18 Nov 2026 at 10:00, Working Title <billing@workingtitle.example> wrote:
> Dear customer,
> three invoices are open."""
WORDS = (
    ("Subject: Re: Your open invoices", PAYS),
    ("Subject: Re: Your open invoices", "Two of the jackets came back torn. We do not pay for those."),
    (
        "Subject: =?utf-8?B?2LHYrzog2YHZiNin2KrZitix?=",
        "السلام عليكم،\n\nسنحوّل المبلغ الأسبوع القادم إن شاء الله.",
    ),
    ("Subject: Out of office next week\nAuto-Submitted: auto-replied", "I am away until Monday."),
    ("Subject: Out of office: please call my colleague", "Call Omar on extension 12, please."),
)
REPORTS = (
    ("5.2.2", "552 5.2.2 Mailbox full"),
    ("5.3.4", "552 5.3.4 Message too big for the route it took"),
)


async def tell_answers(house: House, tenant_id: UUID, owner: Actor) -> dict[str, str]:
    """Addresses of pages by name; the messages of a campaign have left."""
    async with house.office.work(tenant_id, actor=owner) as work:
        sent = [one for one in (await list_sends(work, SendFilter(state="sent"))).rows if one.message_id]
        [account] = await list_accounts(work)
        now = work.now
    raw = [_answer(one.message_id, one.to_address, *words) for one, words in zip(sent, WORDS, strict=False)]
    left = sent[len(raw) :] or sent[-1:]
    raw += [
        _report(one.message_id, one.to_address, *words) for one, words in zip(left, REPORTS, strict=False)
    ]
    await store(house.office, tenant_id, account.id, [Heard(read(one.encode()), now) for one in raw])
    async with house.office.work(tenant_id, actor=owner) as work:
        came = (await list_incoming(work)).rows
    answers = [one for one in came if one.kind is IncomingClass.HUMAN]
    pages = {"replies": "/replies", "reading": f"/sending-accounts/{account.id}/reading"}
    pages |= {f"reply-{nth}": f"/replies/{one.id}" for nth, one in enumerate(answers, 1)}
    reports = [one for one in came if one.kind is IncomingClass.REPORT]
    return pages | ({"reply-report": f"/replies/{reports[0].id}"} if reports else {})


def _answer(about: str | None, sender: str | None, head: str, body: str) -> str:
    return (
        f"From: {sender}\nMessage-ID: <{hash_of(body)}@customer.example>\nIn-Reply-To: {about}\n{head}\n"
        f"Content-Type: text/plain; charset=utf-8\n\n{body}\n"
    )


def _report(about: str | None, to: str | None, status: str, words: str) -> str:
    return (
        f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: Undelivered Mail Returned to Sender\n"
        f"Message-ID: <{hash_of(words)}@mx.example>\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\n'
        "Your message could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {words}\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {about}\n--b--\n"
    )


def hash_of(text: str) -> str:
    return text.encode().hex()[:20]
