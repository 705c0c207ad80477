"""Messages as they come to a firm's mailbox: the collection of files, and letters written for a test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.core.tables import events
from bursar.core.work import Work
from bursar.outbox.incoming.classify import Incoming, read
from bursar.outbox.incoming.taking_in import Heard
from bursar.outbox.tables import has_replied, incoming_messages, suppressions
from bursar.tenancy.tables import customers
from tests.makers.outbox import a_send, the_send
from tests.makers.tenancy import a_customer

DATA = Path(__file__).parents[1] / "outbox" / "incoming" / "data"
OURS = "019a9b1c5d2e7f008a1b2c3d4e5f6071.0123456789abcdef@firm.example"
OURS_BEFORE = "019a9b1c5d2e7f008a1b2c3d4e5f6070.fedcba9876543210@firm.example"
HUDA = "huda@customer.example"
ID = UUID("019a9b1c-5d2e-7f00-8a1b-2c3d4e5f6071")
"""The send that the files of the collection are about: a message to Huda."""


def mail(name: str) -> Incoming:
    return read((DATA / f"{name}.eml").read_bytes())


def heard(raw: str | bytes, at: datetime = datetime(2026, 11, 18, 8, tzinfo=UTC)) -> Heard:
    """A message as a reader hands it over: by its text, or by a file of the collection."""
    octets = raw if isinstance(raw, bytes) else raw.encode()
    return Heard(read(octets), at)


def from_file(name: str) -> Heard:
    return heard((DATA / f"{name}.eml").read_bytes())


async def a_message_to_huda(work: Work, **given: object) -> sa.Row:
    """The send that the collection speaks of, handed over two hours ago; her customer is made with it."""
    customer = given.pop("customer_id", None) or await a_customer(work, email=HUDA)
    row = {
        "id": ID,
        "customer_id": customer,
        "to_address": HUDA,
        "state": "sent",
        "sent_at": work.now,
        "message_id": f"<{OURS}>",
        **given,
    }
    await a_send(work, **row)
    return await the_send(work, row["id"])  # pyright: ignore[reportArgumentType]  given by name


def an_answer(
    to: str, *, body: str = "We pay on Thursday.", head: str = "", sender: str = HUDA, nth: int = 1
) -> str:
    """A person's reply to the message with the id `to` (angle brackets and all)."""
    return (
        f"From: Huda <{sender}>\r\nSubject: Re: Two invoices are open\r\nMessage-ID: <r{nth}@customer.example>\r\n"
        f"In-Reply-To: {to}\r\n{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )


def a_report(
    about: str,
    *,
    to: str = HUDA,
    action: str = "failed",
    status: str = "5.1.1",
    words: str = "",
    nth: int = 1,
) -> str:
    """A delivery report that returns the message with the id `about`."""
    return (
        f"Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nMessage-ID: <d{nth}@mx.example>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\n\r\nReport.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n"
        f"Final-Recipient: rfc822; {to}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; {words or 'said no'}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {about}\r\n--b--\r\n"
    )


async def a_reply(work: Work, customer_id: UUID, send_id: UUID | None = None, **given: Any) -> UUID:
    """A person's answer that waits for somebody, as it stands in the inbox."""
    row = {
        "channel": "email",
        "from_address": f"{uuid4().hex[:10]}@customer.example",
        "customer_id": customer_id,
        "send_id": send_id,
        "subject": "Re: Two invoices are open",
        "body": "We pay on Thursday.",
        "class": "human",
        "provider_message_id": uuid4().hex,
        "received_at": work.now,
        **given,
    }
    added = sa.insert(incoming_messages).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(added.returning(incoming_messages.c.id))).one()


async def all_incoming(work: Work) -> list[sa.Row]:
    found = (
        sa.select(incoming_messages)
        .where(incoming_messages.c.tenant_id == work.tenant_id)
        .order_by(incoming_messages.c.id)
    )
    return list(await work.db.execute(found))


async def suppressed(work: Work) -> list[tuple[str, str]]:
    found = sa.select(suppressions.c.address_key, suppressions.c.reason).where(
        suppressions.c.tenant_id == work.tenant_id, suppressions.c.lifted_at.is_(None)
    )
    return [tuple(row) for row in await work.db.execute(found)]


async def told(work: Work) -> list[str]:
    """Events of what came in, in order."""
    found = (
        sa.select(events.c.type)
        .where(events.c.tenant_id == work.tenant_id, events.c.entity_type == "incoming_message")
        .order_by(events.c.id)
    )
    return list(await work.db.scalars(found))


async def waits(work: Work) -> bool:
    """Whether the customer counts as one who has answered."""
    return bool(
        await work.db.scalar(
            sa.select(has_replied(customers)).where(
                customers.c.tenant_id == work.tenant_id, customers.c.email_key == HUDA
            )
        )
    )
