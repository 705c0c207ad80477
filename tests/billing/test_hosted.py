"""What a customer's link may do, asked of the verbs themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bursar.billing import disputes, hosted, promises
from bursar.billing.hosted import Opened
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.core.errors import Conflict, IllegalMove, Invalid
from bursar.core.work import Work
from tests.makers.billing import aed, an_invoice
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def opened(work: Work) -> Opened:
    customer = await a_customer(work)
    return Opened(work.tenant_id, await an_invoice(work, of=customer), customer, may_act=True)


async def test_a_day_is_promised_once_and_moved(work: Work) -> None:
    link = await opened(work)
    for days in (3, 3, 4):
        await hosted.promise(work, link, work.today + timedelta(days=days))
    [promise] = await promises.list_promises(work, invoice_id=link.invoice_id)
    assert promise.promised_for == work.today + timedelta(days=4)


async def test_a_complaint_ends_a_promise_and_takes_the_next_words_as_a_note(work: Work) -> None:
    link = await opened(work)
    await hosted.promise(work, link, work.today)
    for words in ("Too dear", "Too dear", "And late"):
        await hosted.contest(work, link, DisputeReason.WRONG_AMOUNT, words)
    [dispute] = await disputes.list_disputes(work, invoice_id=link.invoice_id)
    assert [note.body for note in await disputes.notes_of(work, dispute.id)] == ["And late"]
    with pytest.raises(Conflict):
        await hosted.promise(work, link, work.today)


async def test_what_is_said_of_a_payment_is_held_to_what_can_have_been(work: Work) -> None:
    link = await opened(work)
    with pytest.raises(Invalid, match="future"):
        await hosted.say_paid(work, link, paid_on=work.today + timedelta(days=1), amount=aed(1), reference="")
    with pytest.raises(Invalid, match="above zero"):
        await hosted.say_paid(work, link, paid_on=work.today, amount=aed(0), reference="")
    await hosted.say_paid(work, link, paid_on=work.today, amount=aed(100_00), reference=" T\n9 ")
    [dispute] = await disputes.list_disputes(work, invoice_id=link.invoice_id)
    assert dispute.statement == f"100.00 AED · {work.today.isoformat()} · T 9"


async def test_a_link_whose_acts_are_closed_does_nothing(work: Work) -> None:
    link = replace(await opened(work), may_act=False)
    for act in (
        hosted.promise(work, link, work.today),
        hosted.contest(work, link, DisputeReason.OTHER, "x"),
        hosted.say_paid(work, link, paid_on=work.today, amount=aed(1), reference=""),
    ):
        with pytest.raises(Conflict, match="writing to us"):
            await act


async def test_nothing_is_said_of_a_draft(work: Work) -> None:
    link = await opened(work)
    draft = replace(link, invoice_id=await an_invoice(work, of=link.customer_id, state=InvoiceState.DRAFT))
    with pytest.raises(IllegalMove):
        await hosted.contest(work, draft, DisputeReason.OTHER, "x")
