"""Amounts as Stripe counts them: its documentation's own examples, and each currency there and back."""

import pytest

from bursar.billing.tills.ports import TillRefused
from bursar.core.money import EXPONENTS, Money
from bursar.integrations.stripe.shapes import from_stripe, to_stripe

pytestmark = pytest.mark.pure


# fmt: off
WRITTEN = [
    #  amount     ISO    Stripe's
    ("10.00",    "USD", 1_000),
    ("50.00",    "ILS", 5_000),
    ("1050.00",  "AED", 105_000),
    ("500",      "JPY", 500),
    ("500",      "XOF", 500),
    ("5",        "ISK", 500),    # lost its cents, and is still written with two
    ("5",        "UGX", 500),    # the same
    ("5.00",     "MGA", 5),      # ISO 4217 has cents, Stripe has none
    ("10.45",    "HUF", 1_045),  # without cents in payouts only
    ("800.45",   "TWD", 80_045),
    ("5.120",    "KWD", 5_120),
    ("0.00",     "ILS", 0),
]
# fmt: on


@pytest.mark.parametrize(("amount", "currency", "stripes"), WRITTEN)
def test_an_amount_is_written_as_stripe_counts(amount: str, currency: str, stripes: int) -> None:
    money = Money.parse(amount, currency)

    assert to_stripe(money) == stripes
    assert from_stripe(stripes, currency.lower()) == money


@pytest.mark.parametrize(
    ("amount", "currency"), [("5.124", "KWD"), ("1.001", "BHD"), ("5.50", "MGA"), ("0.01", "MGA")]
)
def test_what_falls_between_stripes_units_is_refused_and_not_rounded(amount: str, currency: str) -> None:
    with pytest.raises(TillRefused) as refused:
        to_stripe(Money.parse(amount, currency))

    assert refused.value.code == "amount_between_units"


@pytest.mark.parametrize(("minor", "currency"), [(4_010, "isk"), (1, "ugx"), (-50, "isk")])
def test_part_of_a_unit_is_refused_on_its_way_back(minor: int, currency: str) -> None:
    with pytest.raises(TillRefused):
        from_stripe(minor, currency)


def test_every_currency_comes_back_as_it_went() -> None:
    for currency, exponent in EXPONENTS.items():
        for whole in (1, 7, 1_000_000):
            money = Money(whole * 10**exponent, currency)
            assert from_stripe(to_stripe(money), currency.lower()) == money


def test_nothing_named_is_nothing() -> None:
    assert from_stripe(None, "ils") is None
    assert from_stripe(100, None) is None


def test_a_currency_that_we_cannot_hold_is_refused() -> None:
    with pytest.raises(TillRefused) as refused:
        from_stripe(100, "xxx")

    assert refused.value.code == "unknown_currency"
