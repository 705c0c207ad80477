"""Amounts as Stripe takes them: integers in a minor unit, which is not ISO's for every currency.

The lists are from the vendor's pages of currencies and minimum amounts, from memory.
"""

from bursar.sandbox.stripe.refusing import Refusal

_TWO = """
aed all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve czk dkk
dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak lbp lkr
lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd rub
sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx usd uyu uzs wst xcd yer zar zmw
"""
_NONE = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
TWO_DECIMALS = frozenset(_TWO.split())
NO_DECIMALS = frozenset(_NONE.split())
THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
IN_HUNDREDS = frozenset({"isk", "ugx"})
"""They have no decimals any more, and are told with two that have to be 00."""
MINIMUMS = {
    "aed": 200,
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
    "jpy": 50,
    "mxn": 1000,
    "myr": 200,
    "nok": 300,
    "pln": 200,
    "ron": 200,
    "sek": 300,
    "thb": 1000,
}
USUAL_MINIMUM = 50
LARGEST = 99_999_999


def known(currency: str) -> bool:
    return currency in TWO_DECIMALS | NO_DECIMALS | THREE_DECIMALS


def decimals(currency: str) -> int:
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2


def shown(amount: int, currency: str) -> str:
    """For a person: 1,234.50 AED."""
    places = decimals(currency)
    return f"{amount / 10**places:,.{places}f} {currency.upper()}"


def check_total(amount: int, currency: str) -> None:
    """Raises `Refusal` for what cannot be charged."""
    least = MINIMUMS.get(currency, USUAL_MINIMUM)
    if amount < least:
        words = f"The Checkout Session's total amount due must add up to at least {shown(least, currency)}"
        raise Refusal("amount_too_small", words)
    if amount > LARGEST:
        raise Refusal("amount_too_large")
    step = 10 if currency in THREE_DECIMALS else 100 if currency in IN_HUNDREDS else 1
    if amount % step:
        words = f"Invalid amount: in {currency} it has to be a multiple of {step}."
        raise Refusal("invalid_charge_amount", words)
