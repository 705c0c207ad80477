"""Rounding, numbers, conditions, and where money goes: values alone."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing import rules
from bursar.billing.rules import Bucket, Rounding, Status, Taxed
from bursar.billing.states import InvoiceState, PromiseState

pytestmark = pytest.mark.pure

FIVE = Decimal("5.00")
DUE = date(2026, 3, 31)


def five_percent(*nets: int) -> rules.Taxes:
    return rules.tax_lines([Taxed(net, FIVE, "S") for net in nets], "AED")


@pytest.mark.parametrize(("net", "tax"), [(10, 1), (50, 3), (1010, 51), (-10, -1), (9, 0)])
def test_half_a_fils_goes_away_from_zero(net, tax):
    assert five_percent(net).total == tax


def test_line_taxes_stay_where_their_sum_is_within_two_fils_of_the_document():
    taxes = five_percent(30, 30, 30)

    assert (taxes.of_lines, taxes.total, taxes.rounding) == ((2, 2, 2), 6, Rounding.LINE)


def test_line_taxes_that_drift_are_spread_so_that_they_add_up_to_the_document():
    taxes = five_percent(*[10] * 10)

    assert (sum(taxes.of_lines), taxes.rounding) == (5, Rounding.SPREAD)
    assert set(taxes.of_lines) == {0, 1}


def test_the_tolerance_is_two_hundredths_of_the_currency_whatever_its_decimals():
    dinars = rules.tax_lines([Taxed(10, FIVE, "S")] * 30, "KWD")
    yen = rules.tax_lines([Taxed(10, FIVE, "S")] * 2, "JPY")

    assert (dinars.total, dinars.rounding) == (30, Rounding.LINE)
    assert (yen.total, yen.rounding) == (1, Rounding.SPREAD)


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**7), 10**12),
            st.sampled_from([Decimal(0), FIVE, Decimal("18.00"), Decimal("5.50")]),
            st.sampled_from(["S", "N"]),
        ),
        max_size=40,
    )
)
def test_taxes_add_up_and_no_category_drifts_by_more_than_two_fils(lines):
    taxed = [Taxed(*line) for line in lines]
    taxes = rules.tax_lines(taxed, "AED")

    assert taxes.total == sum(taxes.of_lines)
    for group in {(line.group, line.rate) for line in taxed}:
        members = [at for at, line in enumerate(taxed) if (line.group, line.rate) == group]
        document = rules.half_up(sum((taxed[at].net * group[1] / 100 for at in members), Decimal(0)))
        assert abs(sum(taxes.of_lines[at] for at in members) - document) <= 2
        assert all(abs(taxes.of_lines[at] - taxed[at].net * group[1] / 100) <= 1 for at in members)


@given(st.integers(1, 10**15), st.sampled_from([Decimal(5), Decimal(18), Decimal("17.5")]))
def test_a_price_with_tax_splits_into_net_and_tax_that_add_up(gross, rate):
    net = rules.net_of_gross(gross, rate)

    assert abs(net * (100 + rate) / 100 - gross) <= (100 + rate) / 200


def test_a_price_with_tax_is_split_half_up():
    assert rules.net_of_gross(105_00, FIVE) == 100_00
    assert rules.net_of_gross(10, FIVE) == 10


@pytest.mark.parametrize(
    ("gross", "net", "tax"), [(1_05, 1_00, 5), (10, 10, 0), (11, 10, 1), (100_00, 95_24, 4_76), (1, 1, 0)]
)
def test_tax_inside_a_price_is_what_remains_beside_the_net(gross, net, tax):
    assert rules.net_of_gross(gross, FIVE) == net
    assert gross - net == tax


@pytest.mark.parametrize(
    ("minor", "currency", "rate", "local", "told"),
    [
        (50_01, "USD", "3.672500", "AED", 183_66),
        (1_000, "KWD", "12.000000", "AED", 12_00),
        (100, "JPY", "0.025", "AED", 2_50),
        (-50_01, "USD", "3.672500", "AED", -183_66),
        (2, "USD", "0.25", "AED", 1),
    ],
)
def test_an_amount_at_a_rate_keeps_the_decimals_of_both_currencies(minor, currency, rate, local, told):
    assert rules.in_currency(minor, currency, Decimal(rate), local) == told


def test_a_line_counts_fractions_of_a_quantity_and_takes_its_discount_off():
    assert rules.line_net(Decimal("2.5"), 333, 0) == 833
    assert rules.line_net(Decimal(3), 100, 50) == 250
    assert rules.line_net(Decimal("999999999999.999999"), 10**6, 0) == 10**18 - 1


def test_a_number_is_the_day_and_a_serial_of_four_digits_or_more():
    day = date(2026, 11, 18)

    assert rules.number_of(day, 1) == "202611180001"
    assert rules.number_of(day, 9999) == "202611189999"
    assert rules.number_of(day, 10000) == "2026111810000"
    assert rules.number_of(day, 7, "CN-") == "CN-202611180007"


@pytest.mark.parametrize(
    ("state", "balance", "allocated", "late", "disputed", "status"),
    [
        ("draft", 0, 0, False, False, Status.DRAFT),
        ("issued", 100, 0, False, False, Status.ISSUED),
        ("issued", 60, 40, False, False, Status.PARTIALLY_PAID),
        ("issued", 60, 0, False, False, Status.ISSUED),  # credited in part: no money came
        ("issued", 60, 40, True, False, Status.OVERDUE),
        ("issued", 60, 40, True, True, Status.PARTIALLY_PAID),
        ("issued", 100, 0, True, True, Status.ISSUED),
        ("paid", 0, 100, True, False, Status.PAID),
        ("cancelled", 0, 0, True, False, Status.CANCELLED),
        ("refunded", 0, 0, True, False, Status.REFUNDED),
    ],
)
def test_the_status_of_an_invoice(state, balance, allocated, late, disputed, status):
    today = DUE + timedelta(days=1 if late else 0)
    due = None if state == "draft" else DUE

    assert (
        rules.status_of(
            InvoiceState(state),
            balance=balance,
            allocated=allocated,
            due_date=due,
            today=today,
            disputed=disputed,
        )
        is status
    )


@pytest.mark.parametrize(
    ("days", "bucket"),
    [
        (-5, Bucket.CURRENT),
        (0, Bucket.CURRENT),
        (1, Bucket.TO_30),
        (30, Bucket.TO_30),
        (31, Bucket.TO_60),
        (60, Bucket.TO_60),
        (61, Bucket.TO_90),
        (90, Bucket.TO_90),
        (91, Bucket.OLDER),
    ],
)
def test_the_bucket_of_an_age(days, bucket):
    assert rules.bucket_of(DUE, DUE + timedelta(days=days)) is bucket


@pytest.mark.parametrize(
    ("amount", "asks", "given_"),
    [
        (100, [(100, None)], [100]),
        (130, [(100, None)], [100]),
        (40, [(100, None)], [40]),
        (100, [(60, None), (60, None)], [60, 40]),
        (100, [(60, 10), (60, None)], [10, 60]),
        (100, [(60, 90)], [60]),
        (100, [(0, None), (50, None)], [0, 50]),
    ],
)
def test_money_goes_to_invoices_in_order_and_never_above_what_is_open(amount, asks, given_):
    assert rules.take_from(amount, asks) == given_


@pytest.mark.parametrize(
    ("paid", "days_after", "settled", "outcome"),
    [
        (0, 0, False, PromiseState.ACTIVE),
        (99, 0, False, PromiseState.ACTIVE),
        (100, 0, False, PromiseState.KEPT),
        (100, 5, False, PromiseState.KEPT),
        (99, 1, False, PromiseState.BROKEN),
        (50, 0, True, PromiseState.KEPT),
        (50, 1, True, PromiseState.BROKEN),
    ],
)
def test_what_becomes_of_a_promise(paid, days_after, settled, outcome):
    today = DUE + timedelta(days=days_after)

    assert rules.promise_outcome(100, paid, DUE, today, settled=settled) is outcome


@given(st.lists(st.integers(-(10**9), 10**12), min_size=1, max_size=30), st.data())
def test_parts_add_up_to_what_was_parted_and_none_is_beyond_its_weight(weights, data):
    total = sum(weights)
    amount = data.draw(st.integers(min(total, 0), max(total, 0)))
    parts = rules.spread(amount, weights)

    assert sum(parts) == (amount if total else 0)
    assert all(min(weight, 0) <= part <= max(weight, 0) for part, weight in zip(parts, weights, strict=True))


def test_a_tenants_terms_are_its_settings_or_ours():
    assert rules.Terms.of({}) == rules.Terms(timedelta(days=30), timedelta(days=30), 2)
    assert rules.Terms.of({"billing": {"terms": {"due": 14, "promise_moves": 0}}}) == rules.Terms(
        timedelta(days=14), timedelta(days=30), 0
    )
