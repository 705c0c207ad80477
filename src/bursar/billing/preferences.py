"""A tenant's billing settings, read and changed (R1: what is the law's stands beside what is the firm's)."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypedDict

from bursar.billing.queries import invoices as queries
from bursar.billing.rules import SeriesStrategy
from bursar.billing.settings import BillingSettings
from bursar.catalog.kinds import TaxCategory
from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Work
from bursar.tenancy import tenants

_PREFIX = re.compile(r"[A-Za-z]([A-Za-z0-9/_.-]{0,14}[A-Za-z/_.-])?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{8}([A-Z0-9]{3})?")
_LONGEST = 2_000
_PROVIDERS = frozenset({"sandbox"})


class SettingsInput(TypedDict, total=False):
    """What is left out is not touched, None empties or goes back to ours. Days are calendar days, rates percent."""

    strategy: str
    prefix: str | None
    due_days: int | None
    promise_days_ahead: int | None
    promise_moves: int | None
    default_tax_category: str | None
    default_tax_rate: Decimal | None
    payment_instructions: str | None
    account_name: str | None
    iban: str | None
    bic: str | None
    bank: str | None
    auto_issue: bool
    notice_issued: bool
    notice_receipt: bool
    reminder_days_before: int | None
    overdue_days_after: int | None
    einvoice_provider: str | None
    issue_within_days: int | None
    warn_after_days: int | None
    allocation_from_minor: int | None


async def billing_settings(work: Work) -> BillingSettings:
    row = (await work.db.execute(queries.settings(work))).one()
    return BillingSettings.of(row.settings, row.country)


async def change_billing_settings(work: Work, given: SettingsInput) -> None:
    """From the next document on; what was issued stays as it is. Raises `Invalid` by field."""
    work.allow(AgentRole.ADMIN)
    row = (await work.db.execute(queries.lock_settings(work))).one()
    before = row.settings.get("billing", {})
    after = _with(before, {name: _checked(name, value) for name, value in given.items()})
    if after == before:
        return
    _check_together(BillingSettings.of({"billing": after}, row.country))
    changed = sorted(name for name in after.keys() | before.keys() if after.get(name) != before.get(name))
    sides = {
        "before": {name: before.get(name) for name in changed},
        "after": {name: after.get(name) for name in changed},
    }
    await tenants.change_settings(work, {"billing": after}, changes=sides)


def _with(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`before` with each given value at its place; None takes what stood there away, unless it says "never"."""
    after = {name: dict(value) if isinstance(value, Mapping) else value for name, value in before.items()}
    for name, value in given.items():
        *outer, last = _PLACES[name]
        place = after.setdefault(outer[0], {}) if outer else after
        if value is None and name not in _NEVER:
            place.pop(last, None)
        else:
            place[last] = value
    return {name: value for name, value in after.items() if value != {}}


def _checked(name: str, value: Any) -> Any:
    if name not in _PLACES:
        raise Invalid(N_("There is no field %(name)s."), code="field_unknown", field=name, name=name)
    if isinstance(value, str):
        value = value.strip() or None
    return value if value is None else _CHECKS[name](name, value)


def _check_together(settings: BillingSettings) -> None:
    taxed = settings.default_tax_category in {TaxCategory.STANDARD, TaxCategory.MARGIN}
    if settings.default_tax_rate and not taxed:
        raise Invalid(
            N_("This rate does not fit the kind of tax."), code="tax_rate", field="default_tax_rate"
        )
    limits = settings.limits
    if limits.warn_after_days > limits.issue_within_days:
        raise Invalid(
            N_("Warn before the days are over, not after."), code="warning_too_late", field="warn_after_days"
        )


def _whole(least: int, most: int) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Invalid(
                N_("Give a whole number from %(least)s to %(most)s."),
                code="number_out_of_range",
                field=name,
                least=least,
                most=most,
            )
        return value

    return check


def _one_of(allowed: Any) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if value not in {str(each) for each in allowed}:
            raise Invalid(N_("Choose one of the list."), code="not_offered", field=name)
        return str(value)

    return check


def _text(name: str, value: Any) -> str:
    if len(value) > _LONGEST:
        raise Invalid(N_("This is too long."), code="too_long", field=name)
    return value


def _flag(name: str, value: Any) -> bool:
    if type(value) is not bool:
        raise Invalid(N_("Choose one of the list."), code="not_offered", field=name)
    return value


def _prefix(name: str, value: Any) -> str:
    """Begins with a letter and ends without a digit, so that no number reads like one of another series."""
    if not _PREFIX.fullmatch(value):
        raise Invalid(
            N_(
                "A prefix begins with a letter, ends without a digit and has at most 16 characters, like INV-."
            ),
            code="prefix_unusable",
            field=name,
        )
    return value


def _rate(name: str, value: Any) -> str:
    rate = Decimal(value)
    if not rate.is_finite() or not 0 <= rate <= 100 or rate != round(rate, 2):
        raise Invalid(
            N_("A tax rate is between 0 and 100, with two decimals at most."), code="tax_rate", field=name
        )
    return str(rate)


def _iban(name: str, value: Any) -> str:
    """Two letters, two check digits that make it 1 modulo 97 (ISO 13616)."""
    iban = re.sub(r"\s", "", value).upper()
    rearranged = iban[4:] + iban[:4]
    digits = "".join(str(int(each, 36)) for each in rearranged) if _IBAN.fullmatch(iban) else "0"
    if int(digits) % 97 != 1:
        raise Invalid(N_("This IBAN is mistyped. Compare it again."), code="iban_unusable", field=name)
    return iban


def _bic(name: str, value: Any) -> str:
    bic = value.upper()
    if not _BIC.fullmatch(bic):
        raise Invalid(N_("A BIC has 8 or 11 letters and digits."), code="bic_unusable", field=name)
    return bic


_NEVER = frozenset({"reminder_days_before", "overdue_days_after"})
"""Where None is an answer of its own."""

_PLACES: dict[str, tuple[str, ...]] = {
    "strategy": ("series", "strategy"),
    "prefix": ("series", "prefix"),
    "due_days": ("terms", "due"),
    "promise_days_ahead": ("terms", "promise_ahead"),
    "promise_moves": ("terms", "promise_moves"),
    "default_tax_category": ("default_tax_category",),
    "default_tax_rate": ("default_tax_rate",),
    "payment_instructions": ("payment_instructions",),
    **{name: ("bank", name) for name in ("account_name", "iban", "bic", "bank")},
    "auto_issue": ("auto_issue",),
    "notice_issued": ("notices", "issued"),
    "notice_receipt": ("notices", "receipt"),
    "reminder_days_before": ("notices", "reminder_days_before"),
    "overdue_days_after": ("notices", "overdue_days_after"),
    "einvoice_provider": ("einvoice", "provider"),
    **{name: ("limits", name) for name in ("issue_within_days", "warn_after_days", "allocation_from_minor")},
}
_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "strategy": _one_of(SeriesStrategy),
    "prefix": _prefix,
    "due_days": _whole(0, 365),
    "promise_days_ahead": _whole(1, 365),
    "promise_moves": _whole(0, 20),
    "default_tax_category": _one_of(TaxCategory),
    "default_tax_rate": _rate,
    **dict.fromkeys(("payment_instructions", "account_name", "bank"), _text),
    "iban": _iban,
    "bic": _bic,
    **dict.fromkeys(("auto_issue", "notice_issued", "notice_receipt"), _flag),
    **dict.fromkeys(("reminder_days_before", "overdue_days_after"), _whole(0, 90)),
    "einvoice_provider": _one_of(_PROVIDERS),
    **dict.fromkeys(("issue_within_days", "warn_after_days"), _whole(1, 365)),
    "allocation_from_minor": _whole(0, 10**15),
}
