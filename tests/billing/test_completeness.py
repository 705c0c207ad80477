"""What an invoice must say before it may have a number, rule by rule."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from bursar.billing.completeness import Candidate, Firm, Where, missing
from bursar.billing.settings import BillingSettings

pytestmark = pytest.mark.pure

DAY = date(2026, 11, 18)
SELLER = {
    "legal_name": "Working Title FZ-LLC",
    "address_lines": ["Office 5"],
    "tax_number": "100123456700003",
}
BUYER = {
    "kind": "firm",
    "company_name": "Atelier",
    "full_name": None,
    "address_lines": ["Street 1"],
    "tax_number": "100765432100003",
    "country": None,
}


def a_firm(country="AE", currency="AED", regimes=(), settings=None, **seller):
    told = BillingSettings.of({"billing": settings or {}}, country)
    return Firm({**SELLER, **seller}, country, "en", currency, told, regimes)


def a_candidate(firm=None, buyer=None, **given):
    plain = Candidate(
        firm=firm or a_firm(),
        issue_date=DAY,
        id=uuid4(),
        customer_id=uuid4(),
        buyer={**BUYER, **(buyer or {})},
        locale="en",
        currency="AED",
        subtotal_minor=100_00,
        tax_minor=5_00,
        total_minor=105_00,
        lines=1,
        described=1,
        categories=frozenset({"S"}),
    )
    return replace(plain, **given)


def held_back(candidate):
    return [(item.key, item.rule) for item in missing(candidate) if not item.warning]


def warned(candidate):
    return [(item.key, item.rule) for item in missing(candidate) if item.warning]


def test_a_whole_invoice_lacks_nothing():
    assert missing(a_candidate()) == ()


def test_everything_it_lacks_is_named_at_once_with_its_rule_and_where_to_mend_it():
    firm = a_firm(legal_name=None, address_lines=[], tax_number=None)
    nobody = {"company_name": None, "address_lines": []}
    bare = a_candidate(firm, nobody, lines=0, described=0, total_minor=0)

    assert [(item.key, item.rule, item.where) for item in missing(bare)] == [
        ("seller_legal_name", "R3", Where.FIRM),
        ("seller_address", "R3", Where.FIRM),
        ("seller_tax_number", "R8", Where.FIRM),
        ("buyer_name", "R3", Where.CUSTOMER),
        ("buyer_address", "R3", Where.CUSTOMER),
        ("lines", "R3", Where.DRAFT),
        ("total", "R3", Where.DRAFT),
    ]


def test_a_line_without_words_is_missed():
    assert held_back(a_candidate(lines=2, described=1)) == [("descriptions", "R3")]


@pytest.mark.parametrize(
    ("categories", "held"),
    [({"S"}, True), ({"Z"}, True), ({"AE"}, True), ({"N"}, True), ({"O"}, False), ({"E"}, False)],
)
def test_without_a_registration_number_no_tax_is_charged(categories, held):
    firm = a_firm(tax_number=None)
    expected = [("seller_tax_number", "R8")] if held else []

    assert held_back(a_candidate(firm, categories=frozenset(categories))) == expected


@pytest.mark.parametrize(
    "number", ["10012345670003", "1001234567000033", "10012345670000A", "١٠٠١٢٣٤٥٦٧٠٠٠٠٣"]
)
def test_a_registration_number_has_fifteen_ascii_digits(number):
    assert held_back(a_candidate(a_firm(tax_number=number))) == [("seller_tax_number", "R9")]
    assert held_back(a_candidate(buyer={"tax_number": number})) == [("buyer_tax_number", "R9")]


def test_another_countrys_number_has_another_shape():
    assert missing(a_candidate(buyer={"tax_number": "FR40303265045", "country": "FR"})) == ()


def test_the_shape_of_the_network_is_a_warning_on_paper_and_a_must_in_an_e_invoice():
    odd = {"tax_number": "200123456700001"}

    assert warned(a_candidate(buyer=odd)) == [("buyer_tax_number", "ibr-132-ae")]
    assert held_back(a_candidate(a_firm(regimes=("PINT-AE",)), buyer=odd)) == [
        ("buyer_tax_number", "ibr-132-ae")
    ]


def test_whoever_accounts_for_the_tax_themselves_is_named_by_number():
    unknown = {"tax_number": None}

    assert held_back(a_candidate(buyer=unknown, categories=frozenset({"AE"}))) == [
        ("buyer_tax_number", "ibr-103")
    ]
    assert warned(a_candidate(buyer=unknown)) == [("buyer_tax_number", "R3")]
    assert missing(a_candidate(buyer={**unknown, "kind": "person"})) == ()


def test_a_foreign_currency_needs_the_rate_of_its_day():
    foreign = a_candidate(currency="USD", supply_date=DAY - timedelta(days=1))

    [item] = missing(foreign)
    assert (item.key, item.rule, item.where) == ("exchange_rate", "R19", Where.RATES)
    assert item.params == {"currency": "USD", "day": "2026-11-17"}
    assert missing(replace(foreign, rate=Decimal("3.6725"))) == ()
    assert missing(replace(foreign, categories=frozenset({"O"}))) == ()


@pytest.mark.parametrize(
    ("days", "told"), [(9, None), (10, "soon_late"), (14, "soon_late"), (15, "late"), (40, "late")]
)
def test_a_late_invoice_is_warned_of_from_the_tenth_day_on(days, told):
    late = a_candidate(supply_date=DAY - timedelta(days=days))

    assert warned(late) == ([(told, "R7")] if told else [])
    assert held_back(late) == []


def test_the_days_of_the_law_are_the_tenants_to_set():
    firm = a_firm(settings={"limits": {"issue_within_days": 5, "warn_after_days": 3}})

    assert warned(a_candidate(firm, supply_date=DAY - timedelta(days=6))) == [("late", "R7")]


@pytest.mark.parametrize(
    ("net", "buyer", "number", "held"),
    [
        (5_000_00, {}, None, False),
        (5_000_01, {}, None, True),
        (5_000_01, {}, "123456789", False),
        (5_000_01, {}, "12345678", True),
        (5_000_01, {"kind": "person", "tax_number": None}, None, False),
        (5_000_01, {"kind": "person", "tax_number": "514000000"}, None, True),
    ],
)
def test_israel_gives_a_number_to_what_one_firm_bills_another(net, buyer, number, held):
    firm = a_firm("IL", "ILS", tax_number="514111111")
    one = a_candidate(
        firm, buyer, currency="ILS", subtotal_minor=net, total_minor=net, allocation_number=number
    )

    assert held_back(one) == ([("allocation_number", "R65")] if held else [])
