"""Who says a template's words, and what came of them: from rows alone."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from bursar.billing.payment_book import NewPayment
from bursar.billing.payments import record_payment
from bursar.chasing.sequences.sequences import install_default_ladder
from bursar.chasing.template_usage import results_of, usage_of
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.work import Office, Work
from bursar.outbox.tables import engagements, send_subjects
from bursar.outbox.template_library import install_library
from bursar.outbox.templates import list_templates, version_for
from tests.makers.billing import an_overdue_invoice
from tests.makers.outbox import a_send
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio


async def gentle(work: Work) -> UUID:
    return next(one.id for one in await list_templates(work) if one.code == "overdue_gentle")


async def a_message(work: Work, invoice: UUID | None = None, **given: Any) -> UUID:
    version = await version_for(work, "overdue_gentle", given.pop("language", "en"))
    sent = {"state": "sent", "sent_at": work.now, "template_version_id": version, **given}
    send = await a_send(work, **sent)
    if invoice:
        row = {"send_id": send, "subject_type": "invoice", "subject_id": invoice, "touch": str(send)}
        await work.db.execute(sa.insert(send_subjects).values(tenant_id=work.tenant_id, **row))
    return send


async def clicked(work: Work, send: UUID, kind: str, judged: str) -> None:
    row = {"send_id": send, "kind": kind, "at": work.now, "source": "link", "class": judged}
    await work.db.execute(sa.insert(engagements).values(tenant_id=work.tenant_id, **row))


async def test_what_left_came_back_was_answered_and_clicked_is_counted(work: Work):
    await install_library(work)
    template = await gentle(work)
    first, second = await a_message(work), await a_message(work, language="ar", replied_at=work.now)
    await a_message(work, state="bounced", bounced_at=work.now)
    await a_message(work, state="queued", sent_at=None, queue_at=work.now)
    await a_message(work, purpose="test")
    for send, kind, judged in (
        (first, "click", "human_likely"), (first, "click", "human_likely"), (second, "click", "bot"),
        (second, "open", "human_likely"),
    ):  # fmt: skip
        await clicked(work, send, kind, judged)

    found = await results_of(work, template)

    assert (found.sent, found.bounced, found.replied, found.clicked) == (3, 1, 1, 1)
    other = next(one.id for one in await list_templates(work) if one.code == "overdue_firm")
    assert (await results_of(work, other)).sent == 0


async def test_money_counts_once_from_the_first_message_on(work: Work):
    await install_library(work)
    customer = await a_customer(work)
    invoice = await an_overdue_invoice(work, of=customer, minor=100_00)
    quiet = await an_overdue_invoice(work, of=customer, minor=50_00)
    await a_message(work, invoice, sent_at=work.now - timedelta(days=2))
    await a_message(work, invoice, sent_at=work.now - timedelta(days=1))
    template = await gentle(work)
    assert (await results_of(work, template)).collected == ()

    for paid, minor in ((invoice, 60_00), (quiet, 50_00)):
        await record_payment(work, NewPayment(Money(minor, "AED"), work.today, allocate_to=[(paid, None)]))

    assert (await results_of(work, template)).collected == (Money(60_00, "AED"),)


async def test_it_says_who_uses_it(work: Work):
    await install_library(work)
    template = await gentle(work)
    assert (await usage_of(work, template)).notices == ("overdue",)
    assert (await usage_of(work, template)).campaigns == ()
    ladder = await install_default_ladder(work)
    assert [(one.id, one.offset_days) for one in (await usage_of(work, template)).sequences] == [(ladder, 1)]

    with pytest.raises(NotFound):
        await usage_of(work, work.tenant_id)
    with pytest.raises(NotFound):
        await results_of(work, work.tenant_id)


async def test_another_firms_messages_do_not_count(office: Office):
    ours, theirs = await a_tenant(office), await a_tenant(office)
    for tenant in (ours, theirs):
        async with office.work(tenant) as work:
            await install_library(work)
            await a_message(work)
    async with office.work(ours) as work:
        assert (await results_of(work, await gentle(work))).sent == 1
