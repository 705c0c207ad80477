"""Whatever a provider tells of a checkout, late, twice and in any order: one end (R128, R129)."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing.states import CheckoutState, PaymentStatus
from bursar.billing.tills.ports import SeenCheckout
from bursar.billing.tills.rules import Known, Standing, after
from bursar.core.money import Money

pytestmark = pytest.mark.pure

ASKED = Money(4_500_00, "AED")
ENDS = datetime(2026, 11, 19, tzinfo=UTC)
BEGUN = Known(Standing.OPEN, ASKED, PaymentStatus.UNPAID, None, None, ENDS, None, None)


def seen(state: CheckoutState, status: PaymentStatus, **given: object) -> SeenCheckout:
    values = {"session_id": "cs_1", "state": state, "payment_status": status, "amount": ASKED, "live": False}
    return SeenCheckout(**{**values, **given})  # pyright: ignore[reportArgumentType]  of many types


C, P = CheckoutState, PaymentStatus
OPEN = seen(C.OPEN, P.UNPAID, url="https://checkout.example/cs_1")
EXPIRED = seen(C.EXPIRED, P.UNPAID)
UNPAID = seen(C.COMPLETE, P.UNPAID, payment_intent="pi_1")
FAILED = seen(C.COMPLETE, P.FAILED, payment_intent="pi_1")
PAID = seen(C.COMPLETE, P.PAID, payment_intent="pi_1")
DEAR = seen(C.COMPLETE, P.PAID, amount=Money(1, "AED"), payment_intent="pi_1")


def end_of(*told: SeenCheckout) -> Standing:
    known = BEGUN
    for one in told:
        known = after(known, one)
    return known.standing


@pytest.mark.parametrize("told", list(permutations([OPEN, UNPAID, FAILED, EXPIRED, PAID])))
def test_in_whatever_order_it_is_told_money_wins(told: tuple[SeenCheckout, ...]) -> None:
    assert end_of(*told) is Standing.PAID


@pytest.mark.parametrize("told", list(permutations([OPEN, UNPAID, FAILED, EXPIRED])))
def test_without_money_a_payment_that_failed_is_the_end(told: tuple[SeenCheckout, ...]) -> None:
    assert end_of(*told) is Standing.FAILED


@given(st.lists(st.sampled_from([OPEN, UNPAID, FAILED, EXPIRED, PAID]), min_size=1, max_size=9))
def test_what_is_told_twice_or_shuffled_ends_as_told_once(told: list[SeenCheckout]) -> None:
    once = sorted(set(told), key=lambda one: (one.state, one.payment_status))

    assert end_of(*told) is end_of(*once)


def test_the_same_again_is_nothing_new() -> None:
    known = after(BEGUN, PAID)

    assert after(known, PAID) == known
    assert after(known, EXPIRED) == known


def test_what_a_provider_asks_for_while_it_is_open_is_not_compared() -> None:
    assert end_of(replace(OPEN, amount=None)) is Standing.OPEN


@pytest.mark.parametrize(
    "amount", [Money(4_500_01, "AED"), Money(4_499_99, "AED"), Money(4_500_00, "USD"), None]
)
def test_another_amount_or_currency_is_never_paid(amount: Money | None) -> None:
    assert end_of(replace(PAID, amount=amount)) is Standing.MISMATCHED


def test_money_of_the_right_amount_counts_after_money_of_another() -> None:
    assert end_of(DEAR, PAID) is Standing.PAID
    assert end_of(PAID, DEAR) is Standing.PAID


def test_money_on_another_page_of_the_same_attempt_counts() -> None:
    other = replace(PAID, session_id="cs_2")

    assert after(after(BEGUN, OPEN), other).session_id == "cs_2"


def test_another_page_on_which_nothing_happened_tells_nothing() -> None:
    known = after(BEGUN, OPEN)

    assert after(known, replace(OPEN, session_id="cs_2")) == known


def test_an_address_to_pay_at_is_kept_while_somebody_can_pay_there() -> None:
    known = after(BEGUN, OPEN)

    assert known.url == "https://checkout.example/cs_1"
    assert after(known, replace(OPEN, url=None)).url == known.url
    assert after(known, EXPIRED).url is None


def test_nothing_to_pay_is_paid() -> None:
    free = replace(BEGUN, asked=Money.zero("AED"))

    known = after(free, seen(C.COMPLETE, P.NO_PAYMENT_REQUIRED, amount=Money.zero("AED")))
    assert (known.standing, known.payment_status) == (Standing.PAID, P.NO_PAYMENT_REQUIRED)
