"""What a tenant has set about its invoices: `tenants.settings["billing"]`, typed, with our defaults."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Self

from bursar.billing.rules import SeriesStrategy, Terms
from bursar.catalog.kinds import TaxCategory

CONTINUOUS_BY_LAW = frozenset({"FR"})
"""Countries that want one unbroken chronological sequence (R69, CGI ann. II 242 nonies A)."""


@dataclass(frozen=True, slots=True)
class Series:
    """How numbers are made; `prefix` stands before each of them."""

    strategy: SeriesStrategy = SeriesStrategy.DAILY
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Bank:
    """Where a transfer goes, as it is printed."""

    account_name: str | None = None
    iban: str | None = None
    bic: str | None = None
    bank: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """Which notices are written by themselves. Days are counted from the due date; None is never."""

    issued: bool = True
    reminder_days_before: int | None = 3
    overdue_days_after: int | None = 1
    receipt: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of the law: ours until the tenant sets its own under `billing.limits` (R1).

    The Emirates want an invoice within 14 days of the supply (R7, unverified). Israel wants an allocation number
    from 5,000 shekels net, in agorot here (R65, since 2026-06-01). A rate is good until the next is published: after
    the longest feast of the Emirates that may be `rate_days` later.
    """

    issue_within_days: int = 14
    warn_after_days: int = 10
    allocation_from_minor: int = 5_000_00
    rate_days: int = 10


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """`default_tax_rate` is in percent. `einvoice_provider` is who hands e-invoices over, None for nobody."""

    series: Series = Series()
    terms: Terms = field(default_factory=Terms)
    default_tax_category: TaxCategory = TaxCategory.STANDARD
    default_tax_rate: Decimal = Decimal(5)
    payment_instructions: str | None = None
    bank: Bank = Bank()
    auto_issue: bool = False
    notices: NoticeRules = field(default_factory=NoticeRules)
    einvoice_provider: str | None = None
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, settings: Mapping[str, Any], country: str | None = None) -> Self:
        """From all of a tenant's settings. A country whose law says so counts without end unless told otherwise."""
        given = settings.get("billing", {})
        series = dict(given.get("series", {}))
        if country in CONTINUOUS_BY_LAW:
            series.setdefault("strategy", SeriesStrategy.CONTINUOUS)
        standard = cls()
        return cls(
            series=Series(SeriesStrategy(series.get("strategy", "daily")), series.get("prefix", "")),
            terms=Terms.of(settings),
            default_tax_category=TaxCategory(
                given.get("default_tax_category", standard.default_tax_category)
            ),
            default_tax_rate=Decimal(given.get("default_tax_rate", standard.default_tax_rate)),
            payment_instructions=given.get("payment_instructions"),
            bank=Bank(**_known(Bank, given.get("bank", {}))),
            auto_issue=given.get("auto_issue", standard.auto_issue),
            notices=NoticeRules(**_known(NoticeRules, given.get("notices", {}))),
            einvoice_provider=given.get("einvoice", {}).get("provider"),
            limits=Limits(**_known(Limits, given.get("limits", {}))),
        )


def _known(kind: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `given` that are fields of `kind`: a newer version may have written more."""
    names = {each.name for each in fields(kind)}
    return {name: value for name, value in given.items() if name in names}
