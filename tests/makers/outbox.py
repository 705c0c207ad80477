"""Makers of the outbox: accounts, templates, runs and sends as they stand in the middle of their lives."""

from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.outbox.tables import (
    engagements,
    runs,
    send_subjects,
    sending_accounts,
    sends,
    template_versions,
    templates,
)


async def an_account(work: Work, **given: Any) -> UUID:
    """An active SMTP account of its own address; not primary unless asked."""
    row = {
        "channel": "email",
        "kind": "smtp",
        "address": f"{uuid4().hex[:10]}@firm.example",
        "state": "active",
        "settings": {"host": "smtp.firm.example", "port": 587, "username": "us", "tls": "starttls"},
        "next_batch_at": work.now,
        **given,
    }
    insert = sa.insert(sending_accounts).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(sending_accounts.c.id))).one()


async def a_template(work: Work, **given: Any) -> UUID:
    row = {
        "code": f"t-{uuid4().hex[:10]}",
        "name": "A reminder",
        "channel": "email",
        "category": "overdue_notice",
        "source": "custom",
        **given,
    }
    insert = sa.insert(templates).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(templates.c.id))).one()


BODY = (
    "<p>Dear {{ customer.name }},</p>"
    "{% for invoice in invoices %}<p>{{ invoice.number }}: {{ invoice.balance }} "
    '<a href="{{ invoice.link }}">pay</a></p>{% endfor %}'
)


async def a_version(work: Work, template_id: UUID | None = None, **given: Any) -> UUID:
    """A published English version that names each invoice."""
    row = {
        "template_id": template_id or await a_template(work),
        "number": 1,
        "locale": "en",
        "subject": "Open invoices",
        "body": BODY,
        "body_format": "html",
        "required_tags": [],
        "published_at": work.now,
        **given,
    }
    insert = sa.insert(template_versions).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(template_versions.c.id))).one()


async def a_run(work: Work, **given: Any) -> UUID:
    row = {"purpose": "campaign", "state": "open", **given}
    insert = sa.insert(runs).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(runs.c.id))).one()


async def a_send(work: Work, **given: Any) -> UUID:
    """A queued reminder to an address of its own; `queue_at` follows the state."""
    mark = uuid4().hex[:10]
    address = given.get("to_address", f"{mark}@customer.example")
    row = {
        "purpose": "campaign",
        "stream": "reminder",
        "touch_key": f"test/{mark}",
        "channel": "email",
        "to_address": address,
        "address_key": address.lower() if address else None,
        "locale": "en",
        "state": "queued",
        **given,
    }
    row.setdefault("queue_at", work.now if row["state"] == "queued" else None)
    insert = sa.insert(sends).values(tenant_id=work.tenant_id, **row)
    return (await work.db.scalars(insert.returning(sends.c.id))).one()


async def a_subject(work: Work, send_id: UUID, **given: Any) -> UUID:
    row = {"subject_type": "invoice", "subject_id": uuid4(), **given}
    insert = sa.insert(send_subjects).values(tenant_id=work.tenant_id, send_id=send_id, **row)
    await work.db.execute(insert)
    return row["subject_id"]


async def the_send(work: Work, send_id: UUID) -> sa.Row[Any]:
    found = sa.select(sends).where(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
    return (await work.db.execute(found)).one()


async def the_account(work: Work, account_id: UUID) -> sa.Row[Any]:
    found = sa.select(sending_accounts).where(
        sending_accounts.c.tenant_id == work.tenant_id, sending_accounts.c.id == account_id
    )
    return (await work.db.execute(found)).one()


async def engagements_of(work: Work, send_id: UUID) -> list[sa.Row[Any]]:
    found = (
        sa.select(engagements)
        .where(engagements.c.tenant_id == work.tenant_id, engagements.c.send_id == send_id)
        .order_by(engagements.c.at, engagements.c.id)
    )
    return list(await work.db.execute(found))
