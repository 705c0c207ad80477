"""Bank lines: their lifecycle, and whose money they are."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from bursar.billing import ledger
from bursar.billing.ageing import credit_of
from bursar.billing.bank import (
    get_line,
    list_lines,
    match_line,
    set_line_aside,
    take_line_up,
    unmatch_line,
)
from bursar.billing.finding import get_invoice
from bursar.billing.payments import reverse_payment
from bursar.billing.queries import bank as queries
from bursar.billing.receipts import get_payment
from bursar.core.errors import IllegalMove, Invalid, NotAllowed, NotFound, StaleVersion
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.money import MixedCurrencies
from bursar.core.work import Actor, Office, Work
from tests.billing.test_payment_races import in_turn_or_at_once
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, footprint, told_of
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

REFUSED = "refused"
# fmt: off
MATRIX: dict[tuple[str, str], tuple[str, str | None]] = {
    ("unmatched", "match"):     ("matched", "bank_line.match"),
    ("unmatched", "unmatch"):   (REFUSED, None),
    ("unmatched", "set_aside"): ("set_aside", "bank_line.set_aside"),
    ("unmatched", "take_up"):   (REFUSED, None),
    ("matched", "match"):       (REFUSED, None),
    ("matched", "unmatch"):     ("unmatched", "bank_line.unmatch"),
    ("matched", "set_aside"):   (REFUSED, None),
    ("matched", "take_up"):     (REFUSED, None),
    ("set_aside", "match"):     (REFUSED, None),
    ("set_aside", "unmatch"):   (REFUSED, None),
    ("set_aside", "set_aside"): (REFUSED, None),
    ("set_aside", "take_up"):   ("unmatched", "bank_line.take_up"),
}
# fmt: on


async def a_line(work: Work, minor: int = 100_00, **given: Any) -> UUID:
    row = {
        "received_on": work.today,
        "amount_minor": minor,
        "currency": "AED",
        "payer": None,
        "reference": None,
        "external_id": uuid4().hex,
        **given,
    }
    return (await work.db.execute(queries.add_lines(work, [row]))).one().id


async def stand_in(work: Work, state: str) -> UUID:
    line = await a_line(work)
    if state == "matched":
        await match_line(work, line, customer_id=await a_customer(work))
    if state == "set_aside":
        await set_line_aside(work, line, because="interest")
    return line


async def do(work: Work, event: str, line: UUID, customer: UUID, **more: Any) -> None:
    match event:
        case "match":
            await match_line(work, line, customer_id=customer, **more)
        case "unmatch":
            await unmatch_line(work, line, because="another customer's", **more)
        case "set_aside":
            await set_line_aside(work, line, because="interest", **more)
        case "take_up":
            await take_line_up(work, line, **more)


@pytest.mark.parametrize(("state", "event"), MATRIX)
async def test_an_event_in_a_state(work: Work, state: str, event: str) -> None:
    target, told = MATRIX[state, event]
    line, customer = await stand_in(work, state), await a_customer(work)
    before, events = await footprint(work), await told_of(work, line)

    if target is REFUSED:
        with pytest.raises(IllegalMove):
            await do(work, event, line, customer)
        assert await footprint(work) == before
        return

    await do(work, event, line, customer)
    found = await get_line(work, line)
    assert (found.state, found.payment_id is not None) == (target, target == "matched")
    assert await told_of(work, line) == [*events, told]


@pytest.mark.parametrize(
    ("state", "event"),
    [("unmatched", "match"), ("unmatched", "set_aside"), ("matched", "unmatch"), ("set_aside", "take_up")],
)
async def test_a_stale_version_and_a_viewer_change_nothing(work: Work, state: str, event: str) -> None:
    line, customer = await stand_in(work, state), await a_customer(work)
    with pytest.raises(StaleVersion):
        await do(work, event, line, customer, version=9)
    work.actor = Actor(ActorType.AGENT, None, AgentRole.VIEWER)
    with pytest.raises(NotAllowed):
        await do(work, event, line, customer)


async def test_another_tenant_finds_no_line_and_matches_none_of_ours(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        line = await a_line(work)
        customer = await a_customer(work)
    async with office.work(theirs) as work:
        for act in (
            get_line(work, line),
            match_line(work, line, customer_id=customer),
            set_line_aside(work, line, because="theirs"),
            take_line_up(work, line),
            unmatch_line(work, line, because="theirs"),
            match_line(work, await a_line(work), customer_id=customer),
        ):
            with pytest.raises(NotFound):
                await act
        assert len(await list_lines(work)) == 1


async def test_a_matched_line_is_a_payment_that_pays_the_oldest_first(work: Work) -> None:
    customer = await a_customer(work)
    young = await an_overdue_invoice(work, of=customer, days=5)
    old = await an_overdue_invoice(work, of=customer, days=50)
    line = await a_line(work, 150_00, reference="our invoices")

    recorded = await match_line(work, line, customer_id=customer)

    assert recorded.allocations == {old: aed(100_00), young: aed(50_00)}
    payment = await get_payment(work, recorded.payment_id)
    assert (payment.source, payment.reference, payment.received_on) == ("bank", "our invoices", work.today)


async def test_a_line_can_be_split_over_invoices_by_hand_and_the_rest_is_credit(work: Work) -> None:
    customer = await a_customer(work)
    first, second = await an_invoice(work, of=customer), await an_invoice(work, of=customer)
    line = await a_line(work, 150_00)

    recorded = await match_line(
        work, line, customer_id=customer, allocate_to=[(first, aed(30_00)), (second, aed(100_00))]
    )

    assert recorded.allocations == {first: aed(30_00), second: aed(100_00)}
    assert recorded.credit == aed(20_00)


async def test_undoing_a_match_reverses_the_payment_and_the_line_can_be_matched_again(work: Work) -> None:
    wrong, right = await an_invoice(work), await an_invoice(work)
    line = await a_line(work)
    first = await match_line(work, line, allocate_to=[(wrong, None)])

    await unmatch_line(work, line, because="another customer's")

    assert (await get_payment(work, first.payment_id)).reversed_by_id is not None
    assert (await get_invoice(work, wrong)).state == "issued"
    await match_line(work, line, allocate_to=[(right, None)])
    assert (await get_invoice(work, right)).state == "paid"
    assert await ledger.discrepancies(work) == []


async def test_a_payment_that_was_reversed_by_hand_is_not_reversed_again(work: Work) -> None:
    line = await a_line(work)
    recorded = await match_line(work, line, customer_id=await a_customer(work))
    await reverse_payment(work, recorded.payment_id, because="bounced")

    await unmatch_line(work, line, because="bounced")

    assert (await get_line(work, line)).state == "unmatched"


async def test_a_line_in_another_currency_than_the_invoice_is_refused_unless_both_amounts_are_said(
    work: Work,
) -> None:
    invoice = await an_invoice(work, currency="USD")
    line = await a_line(work, 370_00)
    with pytest.raises(MixedCurrencies):
        await match_line(work, line, allocate_to=[(invoice, None)])
    with pytest.raises(Invalid):
        await match_line(work, line, allocate_to=[(invoice, None)], taken={invoice: aed(370_00)})
    assert (await get_line(work, line)).state == "unmatched"


async def test_two_people_matching_one_line_record_one_payment(office: Office) -> None:
    tenant = await a_tenant(office)
    async with office.work(tenant) as work:
        line, one, other = await a_line(work), await a_customer(work), await a_customer(work)

    outcomes = await in_turn_or_at_once(
        office,
        tenant,
        lambda work: match_line(work, line, customer_id=one),
        lambda work: match_line(work, line, customer_id=other),
    )

    assert outcomes == ["done", "illegal_move"]
    async with office.work(tenant) as work:
        credits_ = [await credit_of(work, customer) for customer in (one, other)]
        assert sorted(map(len, credits_)) == [0, 1]


async def test_lines_come_in_the_order_of_their_days(work: Work) -> None:
    late = await a_line(work)
    early = await a_line(work, received_on=work.today - timedelta(days=3))

    first = await list_lines(work, limit=1)

    assert [one.id for one in first] == [early]
    assert [one.id for one in await list_lines(work, after=early)] == [late]
