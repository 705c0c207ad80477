"""What a tenant has set about its invoices, read with our defaults."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bursar.billing.rules import Terms
from bursar.billing.settings import Bank, BillingSettings, NoticeRules, Series, SeriesStrategy
from bursar.catalog.kinds import TaxCategory

pytestmark = pytest.mark.pure


def test_a_tenant_that_set_nothing_has_our_defaults():
    assert BillingSettings.of({}) == BillingSettings(
        series=Series(SeriesStrategy.DAILY, ""),
        terms=Terms(timedelta(days=30)),
        default_tax_category=TaxCategory.STANDARD,
        default_tax_rate=Decimal(5),
        bank=Bank(),
        auto_issue=False,
        notices=NoticeRules(issued=True, reminder_days_before=3, overdue_days_after=1, receipt=True),
        einvoice_provider=None,
    )


def test_what_was_set_is_read_and_what_a_newer_version_wrote_is_passed_over():
    told = BillingSettings.of(
        {
            "billing": {
                "series": {"strategy": "yearly", "prefix": "HH-"},
                "terms": {"due": 14},
                "default_tax_category": "Z",
                "default_tax_rate": "0",
                "bank": {"iban": "AE070331234567890123456", "colour": "blue"},
                "notices": {"reminder_days_before": None},
                "einvoice": {"provider": "sandbox"},
            }
        }
    )

    assert told.series == Series(SeriesStrategy.YEARLY, "HH-")
    assert (told.terms.due, told.default_tax_rate) == (timedelta(days=14), Decimal(0))
    assert told.bank == Bank(iban="AE070331234567890123456")
    assert told.notices == NoticeRules(reminder_days_before=None)
    assert told.einvoice_provider == "sandbox"


def test_a_french_firm_counts_without_end_unless_it_says_otherwise():
    assert BillingSettings.of({}, "FR").series.strategy is SeriesStrategy.CONTINUOUS
    yearly = {"billing": {"series": {"strategy": "yearly"}}}
    assert BillingSettings.of(yearly, "FR").series.strategy is SeriesStrategy.YEARLY
