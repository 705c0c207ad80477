"""What was open as of any day: the same that people saw on that day, and the same that statements say."""

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bursar.billing import ledger
from bursar.billing.aged import aged_invoices, aged_report, credit_at
from bursar.billing.allocations import apply_credit, reverse_allocation
from bursar.billing.credit_notes import cancel_invoice, issue_credit_note
from bursar.billing.disputes import open_dispute
from bursar.billing.figures import days_sales_outstanding, figures
from bursar.billing.payments import NewPayment, record_payment, reverse_payment
from bursar.billing.refunds import NewRefund, refund_payment
from bursar.billing.rules import Bucket
from bursar.billing.statements import statement
from bursar.billing.states import DisputeReason
from bursar.billing.tables import invoice_payments, payments
from bursar.core.errors import Invalid, NotFound, Refusal
from bursar.core.money import Money
from bursar.core.work import Office, Work
from tests.billing.test_ledger import ids_of
from tests.makers.billing import aed, an_invoice, an_overdue_invoice, pay
from tests.makers.tenancy import a_customer, a_tenant

pytestmark = pytest.mark.anyio

EVENTS = (
    *(
        "issue",
        "issue in dollars",
        "pay",
        "pay both",
        "pay in dirhams",
        "credit",
        "cancel",
        "reverse payment",
    ),
    *("reverse allocation", "apply credit", "refund"),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(EVENTS),
        st.integers(0, 2),
        st.integers(1, 90_00),
        st.integers(0, 9),
        st.integers(0, 40),
    ),
    min_size=1,
    max_size=14,
)


async def step(  # noqa: C901  one branch an event
    work: Work, customer: UUID, invoices: list[UUID], event: str, minor: int, at: int
) -> None:
    """One act that may be refused; a refusal writes nothing."""
    invoice = invoices[at % len(invoices)]
    match event:
        case "issue":
            invoices.append(await an_invoice(work, of=customer))
        case "issue in dollars":
            invoices.append(await an_invoice(work, of=customer, currency="USD"))
        case "pay":
            await pay(work, invoice, minor)
        case "pay both":
            await record_payment(
                work,
                NewPayment(aed(minor * 2), work.today, allocate_to=[(one, None) for one in invoices[:2]]),
            )
        case "pay in dirhams":
            part = Money(max(1, minor // 4), "USD")
            taken = {invoice: aed(minor)}
            await record_payment(
                work, NewPayment(aed(minor + 5), work.today, allocate_to=[(invoice, part)], taken=taken)
            )
        case "credit":
            await issue_credit_note(work, invoice, aed(minor), because="late")
        case "cancel":
            await cancel_invoice(work, invoice, because="duplicate")
        case "reverse payment" if found := await ids_of(work, payments, customer):
            await reverse_payment(work, found[at % len(found)], because="bounced")
        case "reverse allocation" if found := await ids_of(work, invoice_payments, customer):
            await reverse_allocation(work, found[at % len(found)], because="mistaken")
        case "apply credit":
            await apply_credit(work, invoice)
        case "refund" if found := await ids_of(work, payments, customer):
            given = NewRefund(found[at % len(found)], aed(minor), work.today, "asked for it")
            await refund_payment(work, given)


Seen = tuple[dict[UUID, Money], Mapping[str, Money], dict[str, tuple[Money, Money]]]


async def seen(work: Work, customer: UUID, day: date) -> Seen:
    report = await aged_report(work, day)
    invoices = {one.id: one.open for one in await aged_invoices(work, customer, day)}
    credit = await credit_at(work, customer, day)
    return invoices, credit, {code: (aged.total, aged.credit) for code, aged in report.totals.items()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_as_of_a_day_is_what_was_seen_on_that_day(
    work: Work, steps: list[tuple[str, int, int, int, int]]
) -> None:
    customer = await a_customer(work)
    invoices = [await an_invoice(work, of=customer) for _ in range(2)]
    told: dict[date, Seen] = {}

    for event, later, minor, at, _ in steps:
        work.now += timedelta(days=later)
        save = await work.db.begin_nested()
        try:
            await step(work, customer, invoices, event, minor, at)
            await save.commit()
        except Refusal:
            await save.rollback()
        told[work.today] = await seen(work, customer, work.today)

    assert await ledger.discrepancies(work) == []
    for day, then in told.items():
        assert await seen(work, customer, day) == then
        # The statement of the same day closes with what is open less what is the customer's.
        accounts = (await statement(work, customer, day, day)).accounts
        opened, credit, totals = then
        for code in totals:
            owed = sum(one.minor for one in opened.values() if one.currency == code)
            mine = credit.get(code, Money.zero(code)).minor
            closing = accounts[code].closing.minor if code in accounts else 0
            assert closing == owed - mine, (day, code)


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        *((0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60"), (60, "31-60")),
        *((61, "61-90"), (90, "61-90"), (91, "91+")),
    ],
)
async def test_an_invoice_stands_in_the_bucket_of_its_days(work: Work, days: int, bucket: str) -> None:
    invoice = await an_overdue_invoice(work, days=days)

    report = await aged_report(work)
    [row] = report.customers

    assert {name for name, money in row.aged.buckets.items() if money} == {bucket}
    assert report.totals["AED"].buckets[Bucket(bucket)] == aed(100_00)
    [one] = await aged_invoices(work, row.customer_id)
    assert (one.id, one.bucket, one.open) == (invoice, bucket, aed(100_00))


async def test_an_earlier_day_moves_an_invoice_to_an_earlier_bucket(work: Work) -> None:
    invoice = await an_overdue_invoice(work, days=40)
    await pay(work, invoice, 30_00, received_on=work.today - timedelta(days=5))

    totals = {
        days: (await aged_report(work, work.today - timedelta(days=days))).totals
        for days in (0, 4, 6, 20, 75)
    }

    assert totals[0]["AED"].buckets[Bucket.TO_60] == aed(70_00)
    assert totals[4]["AED"].buckets[Bucket.TO_60] == aed(70_00)
    assert totals[6]["AED"].buckets[Bucket.TO_60] == aed(100_00)
    assert totals[20]["AED"].buckets[Bucket.TO_30] == aed(100_00)
    assert totals[75] == {}


async def test_money_that_came_before_the_invoice_counts_for_it_from_its_issue(work: Work) -> None:
    customer = await a_customer(work)
    await record_payment(work, NewPayment(aed(100_00), work.today - timedelta(days=20), customer))
    before = work.today - timedelta(days=1)
    invoice = await an_invoice(work, of=customer)
    await apply_credit(work, invoice)

    assert (await credit_at(work, customer, before)) == {"AED": aed(100_00)}
    assert await aged_invoices(work, customer, before) == []
    assert (await credit_at(work, customer, work.today)) == {}


async def test_currencies_are_never_added_and_credit_and_disputes_stand_apart(work: Work) -> None:
    customer = await a_customer(work)
    await an_overdue_invoice(work, of=customer, currency="USD")
    contested = await an_overdue_invoice(work, of=customer, minor=50_00)
    await open_dispute(work, contested, reason=DisputeReason.OTHER, statement="Not ours")
    await record_payment(work, NewPayment(Money(7_000, "BHD"), work.today, customer))

    report = await aged_report(work)

    told = {code: (one.total, one.disputed, one.credit) for code, one in report.totals.items()}
    zero = Money.zero
    assert told == {
        "AED": (aed(50_00), aed(50_00), aed(0)),
        "USD": (Money(100_00, "USD"), zero("USD"), zero("USD")),
        "BHD": (zero("BHD"), zero("BHD"), Money(7_000, "BHD")),
    }
    assert [(row.aged.total.currency) for row in report.customers] == ["AED", "USD"]


async def test_customers_come_a_page_at_a_time_who_owe_most_first(work: Work) -> None:
    owing = [await a_customer(work) for _ in range(3)]
    for at, customer in enumerate(owing):
        await an_overdue_invoice(work, of=customer, minor=(at + 1) * 10_00)

    first = await aged_report(work, limit=2)
    rest = await aged_report(work, limit=2, offset=2)

    assert ([row.customer_id for row in first.customers], first.more) == ([owing[2], owing[1]], True)
    assert ([row.customer_id for row in rest.customers], rest.more) == ([owing[0]], False)


async def test_a_day_to_come_and_a_period_that_runs_backwards_are_refused(work: Work) -> None:
    with pytest.raises(Invalid) as refused:
        await aged_report(work, work.today + timedelta(days=1))
    assert refused.value.code == "as_of_in_future"
    with pytest.raises(Invalid) as refused:
        await statement(work, await a_customer(work), work.today, work.today - timedelta(days=1))
    assert refused.value.code == "period_backwards"


async def test_a_statement_opens_with_what_came_before_and_names_every_document(work: Work) -> None:
    customer = await a_customer(work)
    old = await an_overdue_invoice(work, of=customer, days=30)
    start = work.today - timedelta(days=10)
    paid = (await pay(work, old, 130_00, received_on=start)).payment_id
    invoice = await an_invoice(work, of=customer)
    await issue_credit_note(work, invoice, aed(20_00), because="late")
    await refund_payment(work, NewRefund(paid, aed(10_00), work.today, "too much"))

    [account] = (await statement(work, customer, start, work.today)).accounts.values()

    assert (account.opening, account.closing) == (aed(100_00), aed(60_00))
    assert [(one.kind, one.amount, one.balance) for one in account.entries] == [
        ("payment", aed(-130_00), aed(-30_00)),
        ("invoice", aed(100_00), aed(70_00)),
        ("credit_note", aed(-20_00), aed(50_00)),
        ("refund", aed(10_00), aed(60_00)),
    ]


async def test_what_came_and_went_back_stands_in_its_own_month(work: Work) -> None:
    invoice = await an_invoice(work)
    first = await pay(work, invoice, 60_00)
    work.now += timedelta(days=20)
    await reverse_payment(work, first.payment_id, because="bounced")
    await pay(work, invoice, 25_00)

    found = (await figures(work, months=2)).currencies["AED"]

    assert [(one.first.month, one.invoiced, one.collected) for one in found.months] == [
        (11, aed(100_00), aed(60_00)),
        (12, aed(0), aed(-35_00)),
    ]
    assert (found.open, found.dso) == (aed(75_00), days_sales_outstanding(aed(75_00), aed(100_00)))
    assert str(found.dso) == "67.5"


async def test_without_sales_there_is_no_dso(work: Work) -> None:
    await an_overdue_invoice(work, days=200)
    assert (await figures(work)).currencies["AED"].dso is None


async def test_another_tenant_sees_nothing_of_ours(office: Office) -> None:
    ours, theirs = await a_tenant(office), await a_tenant(office)
    async with office.work(ours) as work:
        customer = await a_customer(work)
        await pay(work, await an_overdue_invoice(work, of=customer), 130_00)
        await an_overdue_invoice(work, of=customer)
    async with office.work(theirs) as work:
        report = await aged_report(work)
        assert (report.totals, report.customers) == ({}, ())
        assert await aged_invoices(work, customer) == []
        assert (await figures(work)).currencies == {}
        with pytest.raises(NotFound):
            await statement(work, customer, work.today, work.today)
