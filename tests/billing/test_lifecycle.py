"""The invoice's lifecycle, every state against every event; expectations typed from section 7."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing import allocations
from bursar.billing.credit_notes import cancel_invoice, issue_credit_note
from bursar.billing.finding import get_invoice
from bursar.billing.invoices import Draft, delete_draft, edit_draft
from bursar.billing.issuing import issue_invoice
from bursar.billing.states import InvoiceState
from bursar.billing.tables import invoice_payments
from bursar.core.errors import Conflict, IllegalMove, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.work import Actor, Office, Work
from tests.makers.billing import a_line, aed, an_invoice, footprint, pay, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

REFUSED, GONE = "refused", "gone"
# What a person can do to an invoice. An event of the journal is written beside the target; "part" is issued
# with 40.00 of 100.00 allocated. "credit_all" takes back what is open (of a paid one all of it), "credit_whole"
# what no credit note has taken yet.
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("draft", "edit"):          ("draft", "invoice.edit"),
    ("draft", "delete"):        (GONE, "invoice.delete"),
    ("draft", "issue"):         ("issued", "invoice.issue"),
    ("draft", "pay_part"):      (REFUSED, None),
    ("draft", "pay_all"):       (REFUSED, None),
    ("draft", "cancel"):        (REFUSED, None),
    ("draft", "credit_part"):   (REFUSED, None),
    ("draft", "credit_all"):    (REFUSED, None),
    ("draft", "credit_whole"):  (REFUSED, None),
    ("draft", "apply_credit"):  (REFUSED, None),

    ("issued", "edit"):         (REFUSED, None),
    ("issued", "delete"):       (REFUSED, None),
    ("issued", "issue"):        (REFUSED, None),
    ("issued", "pay_part"):     ("issued", "invoice.allocate"),
    ("issued", "pay_all"):      ("paid", "invoice.settle"),
    ("issued", "cancel"):       ("cancelled", "invoice.cancel"),
    ("issued", "credit_part"):  ("issued", "invoice.credit_note"),
    ("issued", "credit_all"):   ("cancelled", "invoice.cancel"),
    ("issued", "credit_whole"): ("cancelled", "invoice.cancel"),

    ("part", "edit"):           (REFUSED, None),
    ("part", "delete"):         (REFUSED, None),
    ("part", "issue"):          (REFUSED, None),
    ("part", "pay_part"):       ("issued", "invoice.allocate"),
    ("part", "pay_all"):        ("paid", "invoice.settle"),
    ("part", "cancel"):         (REFUSED, None),
    ("part", "credit_part"):    ("issued", "invoice.credit_note"),
    ("part", "credit_all"):     ("paid", "invoice.settle"),
    ("part", "credit_whole"):   ("paid", "invoice.settle"),
    ("part", "reverse"):        ("issued", "invoice.reverse_allocation"),

    ("paid", "edit"):           (REFUSED, None),
    ("paid", "delete"):         (REFUSED, None),
    ("paid", "issue"):          (REFUSED, None),
    ("paid", "pay_part"):       ("paid", "invoice.payment_arrives"),
    ("paid", "pay_all"):        ("paid", "invoice.payment_arrives"),
    ("paid", "cancel"):         (REFUSED, None),
    ("paid", "credit_part"):    ("paid", "invoice.credit_note"),
    ("paid", "credit_all"):     ("paid", "invoice.credit_note"),
    ("paid", "credit_whole"):   ("paid", "invoice.credit_note"),
    ("paid", "apply_credit"):   (REFUSED, None),
    ("paid", "reverse"):        ("issued", "invoice.reverse_allocation"),

    ("cancelled", "edit"):         (REFUSED, None),
    ("cancelled", "delete"):       (REFUSED, None),
    ("cancelled", "issue"):        (REFUSED, None),
    ("cancelled", "pay_part"):     ("cancelled", "invoice.payment_arrives"),
    ("cancelled", "pay_all"):      ("cancelled", "invoice.payment_arrives"),
    ("cancelled", "cancel"):       (REFUSED, None),
    ("cancelled", "credit_part"):  (REFUSED, None),
    ("cancelled", "credit_all"):   (REFUSED, None),
    ("cancelled", "credit_whole"): (REFUSED, None),
    ("cancelled", "apply_credit"): (REFUSED, None),
}
# fmt: on


async def stand_in(work: Work, state: str) -> UUID:
    if state != "part":
        return await an_invoice(work, state=InvoiceState(state))
    invoice = await an_invoice(work)
    await pay(work, invoice, 40_00)
    return invoice


async def allocation_of(work: Work, invoice: UUID) -> UUID:
    found = await work.db.scalars(
        sa.select(invoice_payments.c.id).where(
            invoice_payments.c.tenant_id == work.tenant_id,
            invoice_payments.c.invoice_id == invoice,
            invoice_payments.c.reverses_id.is_(None),
        )
    )
    return found.one()


async def do(work: Work, event: str, invoice: UUID, **more: Any) -> None:  # noqa: C901  one branch an event
    part_paid = "invoice.allocate" in await told_of(work, invoice)
    match event:
        case "edit":
            before = await get_invoice(work, invoice)
            await edit_draft(work, invoice, Draft(before.customer_id, "AED", [a_line(200_00)]), **more)
        case "delete":
            await delete_draft(work, invoice, **more)
        case "issue":
            await issue_invoice(work, invoice, **more)
        case "pay_part":
            await pay(work, invoice, 10_00)
        case "pay_all":
            await pay(work, invoice, 100_00)
        case "cancel":
            await cancel_invoice(work, invoice, because="duplicate", **more)
        case "credit_part":
            await issue_credit_note(work, invoice, aed(10_00), because="late")
        case "credit_all":
            await issue_credit_note(work, invoice, aed(60_00 if part_paid else 100_00), because="late")
        case "credit_whole":
            await issue_credit_note(work, invoice, because="late")
        case "apply_credit":
            await allocations.apply_credit(work, invoice)
        case "reverse":
            await allocations.reverse_allocation(work, await allocation_of(work, invoice), because="bounced")


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    invoice = await stand_in(work, state)
    before, events = await footprint(work), await told_of(work, invoice)

    if target is REFUSED:
        with pytest.raises(Conflict) as refusal:
            await do(work, event, invoice)
        assert refusal.value.status == 409
        assert await footprint(work) == before
        return

    await do(work, event, invoice)
    assert await told_of(work, invoice) == [*events, told]
    if target is GONE:
        with pytest.raises(NotFound):
            await get_invoice(work, invoice)
    else:
        assert (await get_invoice(work, invoice)).state == target


async def test_a_refusal_names_the_state_the_event_and_what_is_allowed(work: Work) -> None:
    paid = await an_invoice(work, state=InvoiceState.PAID)

    with pytest.raises(IllegalMove, match="invoice is paid: cannot cancel") as refusal:
        await cancel_invoice(work, paid, because="duplicate")

    assert sorted(refusal.value.allowed) == ["refund", "reverse_allocation"]


@pytest.mark.parametrize("event", ["edit", "delete", "issue"])
async def test_a_stale_version_of_a_draft_writes_nothing(work: Work, event: str) -> None:
    draft = await an_invoice(work, state=InvoiceState.DRAFT)
    before = await footprint(work)

    with pytest.raises(StaleVersion):
        await do(work, event, draft, version=7)

    assert await footprint(work) == before


async def test_a_stale_version_of_an_issued_invoice_cannot_be_cancelled(work: Work) -> None:
    invoice = await an_invoice(work)

    with pytest.raises(StaleVersion):
        await cancel_invoice(work, invoice, because="duplicate", version=1)


EVENTS = {
    "draft": ("edit", "delete", "issue"),
    "issued": ("pay_part", "cancel", "credit_part"),
    "paid": ("reverse", "credit_part"),
}


@pytest.mark.parametrize(("state", "event"), [(state, event) for state in EVENTS for event in EVENTS[state]])
async def test_a_viewer_and_a_customer_may_do_nothing_to_an_invoice_and_any_agent_all(
    work: Work, state: str, event: str
) -> None:
    invoice = await stand_in(work, state)
    before = await footprint(work)

    for actor in (Actor(ActorType.AGENT, None, AgentRole.VIEWER), Actor(ActorType.CUSTOMER, uuid4())):
        work.actor = actor
        with pytest.raises(NotAllowed):
            await do(work, event, invoice)
    assert await footprint(work) == before

    work.actor = Actor(ActorType.AGENT, None, AgentRole.AGENT)
    await do(work, event, invoice)


async def test_another_tenant_finds_nothing_and_changes_nothing(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        draft, issued = await stand_in(work, "draft"), await stand_in(work, "part")
        allocation = await allocation_of(work, issued)
        before = await footprint(work)

    async with office.work(theirs) as work:
        mine = await a_customer(work)
        edited = Draft(mine, "AED", [a_line()])
        acts = [
            edit_draft(work, draft, edited),
            delete_draft(work, draft),
            issue_invoice(work, draft),
            pay(work, issued, 10_00),
            pay(work, issued, 10_00, customer_id=mine),
            cancel_invoice(work, issued, because="theirs"),
            issue_credit_note(work, issued, aed(1), because="theirs"),
            allocations.apply_credit(work, issued),
            allocations.reverse_allocation(work, allocation, because="theirs"),
            get_invoice(work, issued),
        ]
        for act in acts:
            with pytest.raises(NotFound):
                await act

    async with office.work(ours) as work:
        assert await footprint(work) == before
