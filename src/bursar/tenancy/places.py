"""Countries by the names that sheets give them. CLDR's names come from Babel, which is loaded at first use."""

from functools import cache

from bursar.core.errors import N_, Invalid
from bursar.tenancy.cells import text_of
from bursar.tenancy.folding import fold
from bursar.tenancy.grids import CellValue

_NO_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})  # groups and placeholders of CLDR
_LOCALES = ("en", "ar", "fr", "he")
# What people write and CLDR does not.
_ALSO = {
    "AE": "UAE|U.A.E.|Emirates|Émirats|EAU|الإمارات|امارات",
    "GB": "UK|U.K.|Great Britain|England|Angleterre|بريطانيا",
    "IL": "Israël",
    "SA": "KSA|Saudi|السعودية",
    "US": "USA|U.S.A.|U.S.|United States of America|États-Unis d'Amérique|أمريكا",
}


def parse_country(value: CellValue, *, field: str = "country") -> str:
    """ISO 3166-1 alpha-2, from the code or from the country's name in English, Arabic, French or Hebrew."""
    name = fold(text_of(value, field))
    code = _codes().get(name) if name else None
    if code is None:
        raise Invalid(
            N_("Write the country by its name or its two letters, like AE."),
            code="country_unknown",
            field=field,
        )
    return code


@cache
def _codes() -> dict[str, str]:
    from babel import Locale  # lazily, see above

    codes: dict[str, str] = {}
    for locale in _LOCALES:
        for code, name in Locale(locale).territories.items():
            if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES:
                codes[fold(name)] = code
    codes |= {fold(name): code for code, names in _ALSO.items() for name in names.split("|")}
    return codes | {code.lower(): code for code in set(codes.values())}
