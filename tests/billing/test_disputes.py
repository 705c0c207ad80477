"""Disputes: the lifecycle of section 16, typed by hand."""

from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
import sqlalchemy as sa

from bursar.billing.credit_notes import cancel_invoice
from bursar.billing.disputes import (
    accept_dispute,
    comment_dispute,
    open_dispute,
    reject_dispute,
    withdraw_dispute,
)
from bursar.billing.finding import get_invoice
from bursar.billing.promises import make_promise
from bursar.billing.states import DisputeReason, InvoiceState
from bursar.billing.tables import dispute_notes, disputes
from bursar.core.errors import Conflict, IllegalMove, Invalid, NotAllowed, NotFound, Refusal, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import Money
from bursar.core.work import Actor, Office, Work
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, footprint, pay, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("open", "comment"):          ("open", "dispute.comment"),
    ("open", "accept"):           ("accepted", "dispute.accept"),
    ("open", "reject"):           ("rejected", "dispute.reject"),
    ("open", "withdraw"):         ("withdrawn", "dispute.withdraw"),
    ("open", "pay_part"):         ("open", None),
    ("open", "pay_all"):          ("withdrawn", "dispute.invoice_settled"),
    ("open", "cancel_invoice"):   ("withdrawn", "dispute.invoice_settled"),

    ("accepted", "comment"):      (REFUSED, None),
    ("accepted", "accept"):       (REFUSED, None),
    ("accepted", "reject"):       (REFUSED, None),
    ("accepted", "withdraw"):     (REFUSED, None),
    ("accepted", "pay_all"):      ("accepted", None),

    ("rejected", "comment"):      (REFUSED, None),
    ("rejected", "accept"):       (REFUSED, None),
    ("rejected", "reject"):       (REFUSED, None),
    ("rejected", "withdraw"):     (REFUSED, None),
    ("rejected", "pay_all"):      ("rejected", None),

    ("withdrawn", "comment"):     (REFUSED, None),
    ("withdrawn", "accept"):      (REFUSED, None),
    ("withdrawn", "reject"):      (REFUSED, None),
    ("withdrawn", "withdraw"):    (REFUSED, None),
    ("withdrawn", "pay_all"):     ("withdrawn", None),
}
# fmt: on


async def a_dispute(work: Work, state: str = "open", *, invoice: UUID | None = None) -> UUID:
    invoice = invoice or await an_invoice(work)
    dispute = await open_dispute(work, invoice, reason=DisputeReason.WRONG_AMOUNT, statement="Nine, not ten")
    done = {"accepted": "accept", "rejected": "reject", "withdrawn": "withdraw"}
    if state in done:
        await do(work, done[state], dispute)
    return dispute


async def row(work: Work, dispute: UUID) -> Any:
    found = sa.select(disputes).where(disputes.c.tenant_id == work.tenant_id, disputes.c.id == dispute)
    return (await work.db.execute(found)).one()


async def do(work: Work, event: str, dispute: UUID, **more: Any) -> None:
    invoice = (await row(work, dispute)).invoice_id
    match event:
        case "comment":
            await comment_dispute(work, dispute, body="Here is the list.", **more)
        case "accept":
            await accept_dispute(work, dispute, because="right", credit=aed(10_00), **more)
        case "reject":
            await reject_dispute(work, dispute, because="ten it was", **more)
        case "withdraw":
            await withdraw_dispute(work, dispute, **more)
        case "pay_part":
            await pay(work, invoice, 10_00)
        case "pay_all":
            await pay(work, invoice, 100_00)
        case "cancel_invoice":
            await cancel_invoice(work, invoice, because="duplicate")


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    dispute = await a_dispute(work, state)
    before, events = await footprint(work), await told_of(work, dispute)

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await do(work, event, dispute)
        assert await footprint(work) == before
        return

    await do(work, event, dispute)
    assert (await row(work, dispute)).state == target
    assert await told_of(work, dispute) == [*events, *([told] if told else [])]


@pytest.mark.parametrize("state", ["draft", "paid", "cancelled"])
async def test_only_an_open_invoice_can_be_contested(work: Work, state: str) -> None:
    invoice = await an_invoice(work, state=InvoiceState(state))

    with pytest.raises(IllegalMove):
        await a_dispute(work, invoice=invoice)


async def test_an_invoice_is_contested_once_at_a_time_and_always_in_words(work: Work) -> None:
    invoice = await an_invoice(work)
    with pytest.raises(Invalid):
        await open_dispute(work, invoice, reason=DisputeReason.OTHER, statement="  ")
    first = await a_dispute(work, invoice=invoice)
    with pytest.raises(Conflict) as refused:
        await a_dispute(work, invoice=invoice)
    assert refused.value.code == "dispute_exists"

    await withdraw_dispute(work, first)
    assert await a_dispute(work, invoice=invoice) != first


async def test_a_contested_invoice_is_not_overdue_and_its_promise_ends(work: Work) -> None:
    invoice = await an_overdue_invoice(work)
    promise = await make_promise(work, invoice, promised_for=work.today)
    assert (await get_invoice(work, invoice)).status == "overdue"

    dispute = await a_dispute(work, invoice=invoice)
    contested = await get_invoice(work, invoice)
    assert (contested.status, contested.disputed, contested.promised) == ("issued", True, False)
    assert (await told_of(work, promise))[-1] == "promise.withdraw"

    await reject_dispute(work, dispute, because="ten it was")
    assert (await get_invoice(work, invoice)).status == "overdue"


async def test_a_decision_needs_a_reason(work: Work) -> None:
    dispute = await a_dispute(work)
    before = await footprint(work)
    for decision in (
        accept_dispute(work, dispute, because=" ", credit=aed(1)),
        reject_dispute(work, dispute, because=""),
    ):
        with pytest.raises(Invalid) as refused:
            await decision
        assert refused.value.code == "reason_missing"
    assert await footprint(work) == before


async def test_accepting_credits_the_invoice_in_the_same_act(work: Work) -> None:
    part, whole = await an_invoice(work), await an_invoice(work)

    await accept_dispute(work, await a_dispute(work, invoice=part), because="right", credit=aed(10_00))
    ended = await a_dispute(work, invoice=whole)
    await accept_dispute(work, ended, because="right", credit=aed(100_00))

    assert (await get_invoice(work, part)).balance == aed(90_00)
    assert (await get_invoice(work, whole)).state == "cancelled"
    assert (await row(work, ended)).state == "accepted"


async def test_accepting_matches_the_payment_that_was_meant(work: Work) -> None:
    customer = await a_customer(work)
    invoice = await an_invoice(work, of=customer)
    stray = await pay(work, invoice, 100_00, customer_id=customer, allocate_to=())
    dispute = await open_dispute(
        work, invoice, reason=DisputeReason.ALREADY_PAID, statement="Paid on Monday by transfer"
    )

    await accept_dispute(work, dispute, because="found it", payment_id=stray.payment_id)

    assert (await get_invoice(work, invoice)).state == "paid"
    assert (await row(work, dispute)).state == "accepted"


@pytest.mark.parametrize("remedy", [{}, {"credit": aed(1), "payment_id": uuid4()}])
async def test_accepting_says_one_remedy(work: Work, remedy: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        await accept_dispute(work, await a_dispute(work), because="right", **remedy)
    assert refused.value.code == "remedy_missing"


async def test_a_remedy_that_does_not_fit_is_refused(work: Work) -> None:
    dispute = await a_dispute(work)
    before = await footprint(work)
    remedies: list[dict[str, Any]] = [{"credit": Money(100_01, "AED")}, {"payment_id": uuid4()}]
    for remedy in remedies:
        with pytest.raises(Invalid):
            await accept_dispute(work, dispute, because="right", **remedy)
    assert await footprint(work) == before


async def test_comments_are_kept_with_their_author(work: Work) -> None:
    dispute = await a_dispute(work)
    work.actor = Actor(ActorType.CUSTOMER, uuid4())
    with pytest.raises(Invalid):
        await comment_dispute(work, dispute, body=" ")
    await comment_dispute(work, dispute, body=" See the photo. ")

    notes = sa.select(dispute_notes).where(dispute_notes.c.tenant_id == work.tenant_id)
    note = (await work.db.execute(notes)).one()
    assert (note.body, note.author_type, note.author_id) == ("See the photo.", "customer", work.actor.id)


async def test_who_may_do_what(work: Work) -> None:
    dispute, invoice = await a_dispute(work), await an_invoice(work)

    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    for event in ("comment", "accept", "reject", "withdraw"):
        with pytest.raises(NotAllowed):
            await do(work, event, dispute)
    with pytest.raises(NotAllowed):
        await a_dispute(work, invoice=invoice)

    work.actor = Actor(ActorType.CUSTOMER, uuid4())
    for event in ("accept", "reject"):
        with pytest.raises(NotAllowed):
            await do(work, event, dispute)
    await a_dispute(work, invoice=invoice)
    await do(work, "withdraw", dispute)


async def test_a_stale_version_decides_nothing(work: Work) -> None:
    dispute = await a_dispute(work)
    for event in ("accept", "reject", "withdraw"):
        with pytest.raises(StaleVersion):
            await do(work, event, dispute, version=7)
    await do(work, "reject", dispute, version=1)


async def test_a_dispute_of_another_tenant_is_not_there(office: Office) -> None:
    async with office.work(await a_tenant(office)) as work:
        dispute = await a_dispute(work)
        invoice = (await row(work, dispute)).invoice_id
    async with office.work(await a_tenant(office)) as work:
        for act in (
            open_dispute(work, invoice, reason=DisputeReason.OTHER, statement="Not mine"),
            comment_dispute(work, dispute, body="Hello"),
            accept_dispute(work, dispute, because="right", credit=aed(1)),
            reject_dispute(work, dispute, because="no"),
            withdraw_dispute(work, dispute),
        ):
            with pytest.raises(NotFound):
                await act


async def test_two_agents_that_decide_at_once_make_one_decision(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        dispute = await a_dispute(work)
    outcomes: list[str] = []

    async def decide(event: str) -> None:
        try:
            async with office.work(tenant) as work:
                await do(work, event, dispute)
            outcomes.append("done")
        except Refusal as refusal:
            outcomes.append(refusal.code)

    async with anyio.create_task_group() as group:
        group.start_soon(decide, "accept")
        group.start_soon(decide, "reject")

    assert sorted(outcomes) == ["done", "illegal_move"]
