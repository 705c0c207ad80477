"""Phone numbers to E.164 by the tenant's region (R52). The library weighs 23 MB: loaded at first use."""

import re
import unicodedata
from functools import lru_cache

from bursar.core.errors import N_, Invalid
from bursar.tenancy.cells import refuse_scientific, text_of, unquoted
from bursar.tenancy.folding import latin_digits
from bursar.tenancy.grids import CellValue

# Nothing but digits and what groups them: the library would take the first of two numbers, drop an
# extension and read letters as keys, all without a word.
_PHONE = re.compile(r"\+?[0-9()\-.\s]{3,40}", re.ASCII)
_DASHES = str.maketrans("\u2010\u2011\u2012\u2013\u2014\u2212", "------")


def parse_phone(value: CellValue, region: str, *, field: str = "phone") -> str:
    """A number that exists in a numbering plan, of any type; `region` is for those without a country code.

    Merely possible lengths are not enough: most mistyped numbers have those.
    """
    text = unquoted(text_of(value, field))
    refuse_scientific(text, field)
    plain = latin_digits(unicodedata.normalize("NFKC", text).translate(_DASHES))
    number = _e164(plain, region) if _PHONE.fullmatch(plain) else None
    if number is None:
        raise Invalid(
            N_("“%(text)s” is not a phone number. Write one with its country code, like +971501234567."),
            code="phone_invalid",
            field=field,
            text=text[:40],
        )
    return number


def may_be_mobile(e164: str) -> bool:
    """Whether messages can reach it: mobile, or of a plan that does not tell mobile and fixed lines apart."""
    import phonenumbers  # lazily, see above

    mobile = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    return phonenumbers.number_type(phonenumbers.parse(e164)) in mobile


@lru_cache(maxsize=4096)  # a customer's number stands in each of their rows
def _e164(text: str, region: str) -> str | None:
    import phonenumbers  # lazily, see above

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
