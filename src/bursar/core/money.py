"""Amounts of money: whole minor units and a currency; no float, no two currencies in one sum (R20)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from bursar.core.errors import N_, Invalid

# ISO 4217 list one as of 2026, by number of decimals. Left out: fund codes and units of account
# (CLF, UYW, XDR...), metals, testing codes. CLDR prints IQD, LBP and others without decimals because
# nobody has the coins; invoices follow ISO, so these digits are ours and not Babel's.
_CODES_BY_EXPONENT: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD "
        "HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
        "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN "
        "QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
}
EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in _CODES_BY_EXPONENT.items() for code in codes.split()
}

LARGEST_MINOR = 2**63 - 1  # what the column (bigint) holds

# People also type Arabic-Indic (U+0660) and Persian (U+06F0) digits and the Arabic decimal separator.
_TO_LATIN = {start + digit: str(digit) for start in (0x0660, 0x06F0) for digit in range(10)} | {0x066B: "."}
_PLAIN = re.compile(r"([0-9]{1,20})(?:\.([0-9]+))?", re.ASCII)


class MixedCurrencies(Invalid):
    """Two currencies met in one sum or comparison; there is no exchange rate in arithmetic."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(
            N_("%(left)s and %(right)s cannot be added or compared. Keep each currency apart."),
            code="mixed_currencies",
            left=left,
            right=right,
        )


def is_currency(code: str) -> bool:
    """True for a current ISO 4217 code in capitals."""
    return code in EXPONENTS


def exponent_of(code: str) -> int:
    """How many decimals the currency has: 10 ** exponent minor units make one. Raises `Invalid`."""
    exponent = EXPONENTS.get(code)
    if exponent is None:
        raise Invalid(
            N_("%(currency)s is not a currency we know. Use its three capital letters, like AED."),
            code="unknown_currency",
            field="currency",
            currency=code,
        )
    return exponent


@dataclass(frozen=True, slots=True)
class Money:
    """`minor` counts the currency's smallest unit (fils, cents, yen). Zero and negative amounts exist.

    Adding, subtracting and ordering raise `MixedCurrencies`; equality just says no.
    """

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError(f"minor units are an int, not {type(self.minor).__name__}")
        exponent_of(self.currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        return cls(0, currency)

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Self:
        """`amount` in whole units, half a minor unit going away from zero (R17, pinned)."""
        shifted = amount.scaleb(exponent_of(currency))
        return cls(int(shifted.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)

    @classmethod
    def parse(cls, text: str, currency: str, *, field: str = "amount") -> Self:
        """What a person or a sheet wrote, taken exactly: digits and at most one decimal point.

        Nothing is guessed or rounded, so signs, exponents, grouping and surplus decimals raise
        `Invalid` about `field`.
        """
        exponent = exponent_of(currency)
        match = _PLAIN.fullmatch(text.strip().translate(_TO_LATIN))
        if match is None:
            raise Invalid(
                N_("Write the amount with digits and a point only, like 1050.00."),
                code="amount_unreadable",
                field=field,
            )
        whole, decimals = match[1], match[2] or ""
        if len(decimals) > exponent:
            raise Invalid(
                N_("An amount in %(currency)s has at most %(decimals)s decimals."),
                code="amount_too_precise",
                field=field,
                currency=currency,
                decimals=exponent,
            )
        minor = int(whole + decimals.ljust(exponent, "0"))
        if minor > LARGEST_MINOR:
            raise Invalid(N_("This amount is too large."), code="amount_too_large", field=field)
        return cls(minor, currency)

    @classmethod
    def total(cls, amounts: "Iterable[Money]", currency: str) -> Self:
        """The sum; the currency is said because a sum of nothing has none of its own."""
        minor = 0
        for amount in amounts:
            if amount.currency != currency:
                raise MixedCurrencies(currency, amount.currency)
            minor += amount.minor
        return cls(minor, currency)

    @property
    def decimal(self) -> Decimal:
        """Whole units with exactly the currency's decimals."""
        return Decimal(self.minor).scaleb(-EXPONENTS[self.currency])

    def plain(self) -> str:
        """For machines and forms: "1050.00" in Latin digits; `parse` reads back what is not negative."""
        exponent = EXPONENTS[self.currency]
        digits = str(abs(self.minor)).rjust(exponent + 1, "0")
        sign = "-" if self.minor < 0 else ""
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else sign + digits

    def __str__(self) -> str:
        return f"{self.currency} {self.plain()}"

    def __bool__(self) -> bool:
        return self.minor != 0

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, times: int) -> "Money":
        """A whole number of times; anything else needs a rounding said aloud: see `rounded`."""
        if type(times) is not int:
            return NotImplemented
        return Money(self.minor * times, self.currency)

    __rmul__ = __mul__

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        return Money(abs(self.minor), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def _same(self, other: "Money") -> int:
        if not isinstance(other, Money):
            raise TypeError(f"money meets money only, not {type(other).__name__}")
        if other.currency != self.currency:
            raise MixedCurrencies(self.currency, other.currency)
        return other.minor
