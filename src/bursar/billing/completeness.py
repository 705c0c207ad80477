"""What an invoice lacks before it may have a number, all at once (R3, R8, R9, R19, R37).

Each check looks at one `Candidate` and yields what is missing, with the rule that wants it and where it is mended.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from bursar.billing import rules
from bursar.billing.documents import before_issue
from bursar.billing.settings import BillingSettings
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_

_TRN = re.compile(r"[0-9]{15}", re.ASCII)
_TRN_OF_EINVOICES = re.compile(r"1[0-9]{12}03", re.ASCII)
_ALLOCATION = re.compile(r"[0-9]{9}", re.ASCII)
_ONLY_REGISTERED = frozenset(TaxCategory) - {TaxCategory.OUT_OF_SCOPE, TaxCategory.EXEMPT}
"""Categories that only a firm registered for the tax may use."""


ALLOCATED_BY_LAW = frozenset({"IL"})
"""Countries whose tax authority gives larger invoices a number of its own (R65)."""


class Where(StrEnum):
    """Where somebody puts it right."""

    FIRM = "firm"
    BILLING = "billing"
    RATES = "rates"
    CUSTOMER = "customer"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is missing. `message` is a msgid; a `warning` does not hold the invoice back."""

    key: str
    rule: str
    message: str
    where: Where
    column: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Firm:
    """The seller at this moment. `tax_currency` is the one it owes its tax in; `regimes` want e-invoices of it."""

    seller: Mapping[str, Any]
    country: str
    locale: str
    tax_currency: str
    settings: BillingSettings
    regimes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """An invoice on its way to a number; amounts in minor units.

    `categories` are those of its lines, `described` how many of its `lines` say what they are for. `rate` is
    None when there is none, or none is needed. `details` are all its lines' columns, only for who is under
    an e-invoicing regime.
    """

    firm: Firm
    issue_date: date
    id: UUID
    customer_id: UUID
    buyer: Mapping[str, Any]
    locale: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    lines: int
    described: int
    categories: frozenset[str]
    due_date: date | None = None
    supply_date: date | None = None
    rate: Decimal | None = None
    allocation_number: str | None = None
    transaction_flags: str = "00000000"
    details: Sequence[Mapping[str, Any]] = ()

    @property
    def is_registered_supply(self) -> bool:
        """Whether a line is of a kind that only a firm registered for the tax may supply."""
        return bool(self.categories & _ONLY_REGISTERED)

    @property
    def is_foreign(self) -> bool:
        return self.currency != self.firm.tax_currency

    @property
    def buyer_country(self) -> str:
        """A customer without a country is at home."""
        return self.buyer["country"] or self.firm.country


Check = Callable[[Candidate], Iterator[Item]]


def missing(candidate: Candidate) -> tuple[Item, ...]:
    """Everything, warnings too, in the order of the checks."""
    return tuple(item for check in CHECKS for item in check(candidate))


def _seller(its: Candidate) -> Iterator[Item]:
    seller = its.firm.seller
    if not seller["legal_name"]:
        yield Item("seller_legal_name", "R3", N_("Your firm's legal name"), Where.FIRM, "legal_name")
    if not seller["address_lines"]:
        yield Item("seller_address", "R3", N_("Your firm's address"), Where.FIRM, "address_lines")
    number = seller["tax_number"]
    if not number and its.is_registered_supply:
        yield Item(
            "seller_tax_number",
            "R8",
            N_("Your tax registration number: without one no tax may be charged"),
            Where.FIRM,
            "tax_number",
        )
    if number and its.firm.country == "AE":
        yield from _trn(number, "seller_tax_number", Where.FIRM, strict=bool(its.firm.regimes))


def _buyer(its: Candidate) -> Iterator[Item]:
    buyer = its.buyer
    if not (buyer["company_name"] or buyer["full_name"]):
        yield Item("buyer_name", "R3", N_("The customer's name"), Where.CUSTOMER, "company_name")
    if not buyer["address_lines"]:
        yield Item("buyer_address", "R3", N_("The customer's address"), Where.CUSTOMER, "address_lines")
    number = buyer["tax_number"]
    if not number and TaxCategory.REVERSE_CHARGE in its.categories:
        yield Item(
            "buyer_tax_number",
            "ibr-103",
            N_("The customer's tax registration number: they account for the tax"),
            Where.CUSTOMER,
            "tax_number",
        )
    elif not number and buyer["kind"] == "firm" and its.is_registered_supply and its.buyer_country == "AE":
        yield Item(
            "buyer_tax_number",
            "R3",
            N_("The customer's tax registration number, if they are registered"),
            Where.CUSTOMER,
            "tax_number",
            warning=True,
        )
    if number and its.buyer_country == "AE":
        yield from _trn(number, "buyer_tax_number", Where.CUSTOMER, strict=bool(its.firm.regimes))


def _trn(number: str, key: str, where: Where, *, strict: bool) -> Iterator[Item]:
    """15 digits always; the shape of the network only where an e-invoice has to pass (R9)."""
    if not _TRN.fullmatch(number):
        message = N_("A tax registration number of exactly 15 digits")
        yield Item(key, "R9", message, where, "tax_number")
    elif not _TRN_OF_EINVOICES.fullmatch(number):
        message = N_("A tax registration number that begins with 1 and ends with 03")
        yield Item(key, "ibr-132-ae", message, where, "tax_number", warning=not strict)


def _lines(its: Candidate) -> Iterator[Item]:
    if not its.lines:
        yield Item("lines", "R3", N_("At least one line"), Where.DRAFT, "lines")
    if its.described < its.lines:
        yield Item("descriptions", "R3", N_("A description on every line"), Where.DRAFT, "lines")
    if its.total_minor <= 0:
        yield Item("total", "R3", N_("A total above zero"), Where.DRAFT, "lines")


def _rate(its: Candidate) -> Iterator[Item]:
    if its.is_foreign and its.rate is None and its.categories - {TaxCategory.OUT_OF_SCOPE}:
        day = its.supply_date or its.issue_date
        yield Item(
            "exchange_rate",
            "R19",
            N_("The exchange rate of %(currency)s on %(day)s"),
            Where.RATES,
            params={"currency": its.currency, "day": day.isoformat()},
        )


def _in_time(its: Candidate) -> Iterator[Item]:
    """Warned of from the tenth day on, and told to be late from the fifteenth (R7)."""
    if its.firm.country != "AE" or its.supply_date is None:
        return
    limits, days = its.firm.settings.limits, (its.issue_date - its.supply_date).days
    told = {"days": days, "limit": limits.issue_within_days}
    if days > limits.issue_within_days:
        message = N_("The supply was %(days)s days ago: the law gives %(limit)s")
        yield Item("late", "R7", message, Where.DRAFT, "supply_date", told, warning=True)
    elif days >= limits.warn_after_days:
        message = N_("The supply was %(days)s days ago: issue within %(limit)s")
        yield Item("soon_late", "R7", message, Where.DRAFT, "supply_date", told, warning=True)


def _allocation_number(its: Candidate) -> Iterator[Item]:
    """Israel wants a number of its own on an invoice from one firm to another above a threshold (R65)."""
    number = its.allocation_number
    if number and not _ALLOCATION.fullmatch(number):
        message = N_("An allocation number of exactly 9 digits")
        yield Item("allocation_number", "R65", message, Where.DRAFT, "allocation_number")
    if number or its.firm.country not in ALLOCATED_BY_LAW or its.is_foreign or not its.is_registered_supply:
        return
    to_a_firm = its.buyer["tax_number"] or its.buyer["kind"] == "firm"
    if to_a_firm and its.subtotal_minor > its.firm.settings.limits.allocation_from_minor:
        message = N_("The allocation number of the tax authority")
        yield Item("allocation_number", "R65", message, Where.DRAFT, "allocation_number")


def _einvoice(its: Candidate) -> Iterator[Item]:
    """What the network would refuse, by its own rule ids: it is mended before there is a number (R37)."""
    if before_issue.REGIME not in its.firm.regimes or not its.details:
        return
    places = {"seller": Where.FIRM, "buyer": Where.CUSTOMER}
    for gap in before_issue.gaps(_as_issued(its), its.details):
        column = before_issue.COLUMNS.get(gap.rule, "lines")
        where = Where.BILLING if column == "bank" else places.get(gap.where, Where.DRAFT)
        key = f"{gap.rule} {gap.where}".strip()
        yield Item(key, gap.rule, gap.message, where, column)


def _as_issued(its: Candidate) -> dict[str, Any]:
    """The columns that this invoice would have."""
    copied = (
        *("id", "currency", "subtotal_minor", "tax_minor", "total_minor", "issue_date", "supply_date"),
        *("transaction_flags", "locale", "buyer"),
    )
    due, rate = its.due_date or its.issue_date + its.firm.settings.terms.due, its.rate
    local = rules.in_currency(its.tax_minor, its.currency, rate, its.firm.tax_currency) if rate else None
    given = {"number": "-", "due_date": due, "exchange_rate": rate, "tax_local_minor": local}
    none = dict.fromkeys(("purchase_order", "notes"))
    seller = {"seller": its.firm.seller, "firm_currency": its.firm.tax_currency}
    return {**{name: getattr(its, name) for name in copied}, **given, **none, **seller}


CHECKS: list[Check] = [_seller, _buyer, _lines, _rate, _in_time, _allocation_number, _einvoice]
"""In the order in which people read them."""
