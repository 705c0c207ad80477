"""A firm with late customers, made and asked by commands."""

from typing import Any

import sqlalchemy as sa

from bursar.billing.tables import invoices
from tests.makers.billing import an_overdue_invoice
from tests.makers.cli import Shell
from tests.makers.story import an_account, late_customers
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")


def a_late_firm(shell: Shell) -> Shell:
    """It has a mailbox, templates, two late customers with two invoices each, and one without address."""
    shell.firm()

    async def late(work):
        await an_account(work, 25)
        await late_customers(work, 2, invoices=2)
        await an_overdue_invoice(work, of=await a_customer(work, email=None))

    shell.inside(late)
    return shell


def a_draft(shell: Shell, *more: str, **given: str) -> dict[str, Any]:
    create = ("campaign", "create", *IN, "--name", "November", "--kind", "overdue_notice")
    return shell.answer(*create, *more, **given)


def numbers(shell: Shell) -> list[str]:
    """Of every invoice in the order they were made: two of each late customer, then the one without address."""

    async def found(work):
        mine = invoices.c.tenant_id == work.tenant_id
        return list(await work.db.scalars(sa.select(invoices.c.number).where(mine).order_by(invoices.c.id)))

    return shell.inside(found)
