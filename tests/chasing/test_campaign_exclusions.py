"""Who is not written about: standing exclusions, and customers and invoices taken out of one campaign by hand."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from bursar.billing.tables import invoices
from bursar.chasing import campaigns
from bursar.chasing.exclusions import exclude, lift, list_exclusions
from bursar.chasing.following import start_due
from bursar.chasing.leaving_out import leave_out, list_left_out, put_back
from bursar.chasing.results import results_of, show
from bursar.chasing.states import Covers
from bursar.core.clock import FixedClock
from bursar.core.errors import Conflict, Invalid, NotAllowed, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Office, Work
from bursar.outbox.tables import sends
from tests.makers.billing import an_overdue_invoice, told_of
from tests.makers.campaigns import TOMORROW, standing
from tests.makers.story import a_campaign, all_sends, an_account, late_customers, the_library
from tests.makers.tenancy import a_customer, a_tenant, acting

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(work: Work) -> Work:
    await an_account(work, 25)
    await the_library(work)
    return work


async def number_of(work: Work, customer: UUID, which: int = 0) -> tuple[UUID, str]:
    found = sa.select(invoices.c.id, invoices.c.number).where(
        invoices.c.tenant_id == work.tenant_id, invoices.c.customer_id == customer
    )
    row = (await work.db.execute(found.order_by(invoices.c.id))).all()[which]
    return row.id, row.number


async def states(work: Work, campaign: UUID) -> dict[str, int]:
    return dict((await show(work, campaign)).counts)


# --- standing ----------------------------------------------------------------------------------------


async def test_an_excluded_customer_is_in_no_campaign_until_it_is_lifted(firm: Work) -> None:
    [one, _] = await late_customers(firm, 2)
    made = await exclude(firm, one, reason="A court case")

    first = await show(firm, await a_campaign(firm))
    await lift(firm, made)
    second = await show(firm, await a_campaign(firm))

    assert (first.total, first.excluded) == (1, {"excluded": 1})
    assert (second.total, second.excluded) == (2, {})
    assert await told_of(firm, made) == ["exclusion.exclude", "exclusion.lift"]


async def test_one_invoice_alone_can_be_excluded(firm: Work) -> None:
    [customer] = await late_customers(firm, 1, invoices=2)
    invoice, _ = await number_of(firm, customer)

    await exclude(firm, customer, invoice_id=invoice, reason="Wrong address on it")

    shown = await show(firm, await a_campaign(firm))
    assert (shown.total, shown.excluded) == (1, {"excluded": 1})


async def test_an_exclusion_ends_after_its_last_day(firm: Work) -> None:
    [customer, _] = await late_customers(firm, 2)
    await exclude(firm, customer, reason="On holiday", until=firm.today)
    today = await show(firm, await a_campaign(firm))

    firm.now += timedelta(days=1)

    tomorrow = await show(firm, await a_campaign(firm))
    assert (today.total, tomorrow.total) == (1, 2)
    assert (await list_exclusions(firm)).rows == []
    [kept] = (await list_exclusions(firm, lifted=True)).rows
    assert not kept.in_force


async def test_what_waits_about_an_excluded_customer_is_taken_out_at_once(firm: Work) -> None:
    [one, two] = await late_customers(firm, 2, invoices=2)
    campaign = await a_campaign(firm)
    await campaigns.send_now(firm, campaign)

    await exclude(firm, one, reason="A court case")
    invoice, _ = await number_of(firm, two)
    await exclude(firm, two, invoice_id=invoice, reason="Under dispute by phone")

    by_customer = {send.customer_id: send for send in await all_sends(firm)}
    assert (by_customer[one].state, by_customer[one].reason) == ("suppressed", "excluded")
    assert by_customer[two].state == "queued"
    assert (await results_of(firm, campaign)).dropped == {"excluded": 3}


async def test_the_same_exclusion_again_keeps_the_new_words(firm: Work) -> None:
    [customer] = await late_customers(firm, 1)
    first = await exclude(firm, customer, reason="A court case")

    again = await exclude(firm, customer, reason="Settled by the owner", covers=Covers.CAMPAIGNS)

    assert again == first
    [kept] = (await list_exclusions(firm)).rows
    assert (kept.reason, kept.covers, kept.invoice_id) == ("Settled by the owner", "campaigns", None)


async def test_whoever_is_excluded_after_the_list_was_made_is_left_out_of_the_release(
    office: Office, clock: FixedClock
) -> None:
    """As if the exclusion had been written while the list was being made: its sends are there, and it holds."""
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        await an_account(work, 25)
        await the_library(work)
        [one, _] = await late_customers(work, 2)
        now, later = await a_campaign(work), await a_campaign(work)
        await campaigns.schedule(work, later, TOMORROW)
        await exclude(work, one, reason="A court case")
        await work.db.execute(
            sa.text("update send_subjects set dropped_at = null, reason = null where tenant_id = :t"),
            {"t": tenant},
        )
        unseen = sa.update(sends).where(sends.c.tenant_id == tenant, sends.c.reason == "excluded")
        await work.db.execute(unseen.values(state="queued", reason=None, queue_at=work.now))
    async with office.work(tenant) as work:
        await campaigns.send_now(work, now)
        assert await states(work, now) == {"queued": 1, "suppressed": 1}

    clock.advance(timedelta(days=2))
    assert await start_due(office) == 1

    async with office.work(tenant) as work:
        assert await states(work, later) == {"queued": 1, "suppressed": 1}


@pytest.mark.parametrize(
    ("given", "field"), [({"reason": "  "}, "reason"), ({"reason": "Late", "until": -1}, "until")]
)
async def test_an_exclusion_has_a_reason_and_a_day_to_come(firm: Work, given: dict, field: str) -> None:
    customer = await a_customer(firm)
    if "until" in given:
        given = {**given, "until": firm.today + timedelta(days=given["until"])}

    with pytest.raises(Invalid) as refusal:
        await exclude(firm, customer, **given)

    assert refusal.value.field == field


async def test_an_invoice_of_somebody_else_is_not_found(firm: Work) -> None:
    customer, other = await a_customer(firm), await an_overdue_invoice(firm)

    for invoice in (other, uuid4()):
        with pytest.raises(NotFound):
            await exclude(firm, customer, invoice_id=invoice, reason="Late")
    with pytest.raises(NotFound):
        await exclude(firm, uuid4(), reason="Late")


async def test_what_was_lifted_is_not_lifted_again(firm: Work) -> None:
    made = await exclude(firm, await a_customer(firm), reason="Late")
    await lift(firm, made)

    with pytest.raises(Conflict):
        await lift(firm, made)
    with pytest.raises(NotFound):
        await lift(firm, uuid4())


async def test_exclusions_of_another_firm_are_not_there(office: Office) -> None:
    theirs, ours = await a_tenant(office), await a_tenant(office)
    async with office.work(theirs) as work:
        customer = await a_customer(work)
        made = await exclude(work, customer, reason="Late")

    async with office.work(ours) as work:
        assert (await list_exclusions(work, lifted=True)).rows == []
        with pytest.raises(NotFound):
            await lift(work, made)
        with pytest.raises(NotFound):
            await exclude(work, customer, reason="Late")


async def test_a_viewer_excludes_nobody(firm: Work) -> None:
    [customer] = await late_customers(firm, 1)
    campaign = await a_campaign(firm)
    firm.actor = acting(AgentRole.VIEWER)

    for verb in (exclude(firm, customer, reason="Late"), leave_out(firm, campaign, customers=[customer])):
        with pytest.raises(NotAllowed):
            await verb


# --- out of one campaign ------------------------------------------------------------------------------


async def test_a_customer_taken_out_by_hand_stays_out_of_every_later_list_and_of_a_clone(firm: Work) -> None:
    [one, _] = await late_customers(firm, 2)
    campaign = await a_campaign(firm)

    assert await leave_out(firm, campaign, customers=[one], reason="Their owner called") == 1
    now = await show(firm, campaign)
    await campaigns.prepare(firm, campaign)
    later = await show(firm, campaign)
    cloned = await show(firm, await campaigns.clone(firm, campaign, "Again"))

    assert (now.counts, now.excluded) == ({"queued": 1, "cancelled": 1}, {"by_hand": 1})
    assert (later.counts, later.excluded) == ({"queued": 1}, {"by_hand": 1})
    assert (cloned.counts, cloned.excluded) == ({"queued": 1}, {"by_hand": 1})
    assert [str(one) for one in now.open_amounts] == ["AED 100.00"]
    [kept] = await list_left_out(firm, campaign)
    assert (kept.customer_id, kept.invoice_id, kept.reason) == (one, None, "Their owner called")


async def test_one_invoice_taken_out_leaves_the_rest_of_the_message_and_texts_written_by_hand(
    firm: Work,
) -> None:
    [customer, _] = await late_customers(firm, 2, invoices=2)
    campaign = await a_campaign(firm)
    await firm.db.execute(
        sa.update(sends).where(sends.c.tenant_id == firm.tenant_id).values(edited_body="In my own words")
    )
    _, number = await number_of(firm, customer)

    assert await leave_out(firm, campaign, numbers=[number, "NOBODY-7"]) == 0

    shown = await show(firm, campaign)
    assert (shown.counts, shown.excluded) == ({"queued": 2}, {"by_hand": 1})
    assert {send.edited_body for send in await all_sends(firm)} == {"In my own words"}


async def test_who_was_taken_out_can_be_put_back(firm: Work) -> None:
    [one, _] = await late_customers(firm, 2)
    campaign = await a_campaign(firm)
    await leave_out(firm, campaign, customers=[one])
    [kept] = await list_left_out(firm, campaign)

    await put_back(firm, campaign, kept.id)

    assert (await show(firm, campaign)).counts == {"queued": 2}
    assert await list_left_out(firm, campaign) == []
    with pytest.raises(NotFound):
        await put_back(firm, campaign, kept.id)


async def test_what_is_not_in_the_list_cannot_be_taken_out(firm: Work) -> None:
    await late_customers(firm, 1)
    campaign = await a_campaign(firm)

    for numbers, strangers in ((["NOBODY-7"], []), ([], [uuid4()]), ([], [])):
        with pytest.raises(Invalid) as refusal:
            await leave_out(firm, campaign, numbers=numbers, customers=strangers)
        assert refusal.value.code == "not_in_the_list"


LEAVES_OUT = {"draft": True, "scheduled": True}
"""States in which a list can be changed by hand; in the others single messages are cancelled."""


@pytest.mark.parametrize(
    "state", ["draft", "scheduled", "sending", "paused", "completed", "failed", "cancelled"]
)
async def test_only_a_list_that_was_not_let_go_is_changed_by_hand(firm: Work, state: str) -> None:
    [one, _] = await late_customers(firm, 2)
    campaign = await standing(firm, state)

    if LEAVES_OUT.get(state):
        await leave_out(firm, campaign, customers=[one])
        assert (await show(firm, campaign)).state == state
    else:
        with pytest.raises(Conflict) as refusal:
            await leave_out(firm, campaign, customers=[one])
        assert refusal.value.code == "let_go"
