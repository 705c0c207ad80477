"""Countries as firms in four languages write them."""

import pytest

from bursar.core.errors import Invalid
from bursar.tenancy.places import parse_country

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "code"),
    [("AE", "AE"), ("ae", "AE"), ("UAE", "AE"), ("U.A.E.", "AE"), ("United Arab Emirates", "AE"), ("الإمارات العربية المتحدة", "AE"),
     ("الامارات", "AE"), ("Émirats arabes unis", "AE"), ("France", "FR"), ("فرنسا", "FR"), ("Israël", "IL"), ("ישראל", "IL"),
     ("UK", "GB"), ("Royaume-Uni", "GB"), ("USA", "US"), ("KSA", "SA"), ("السعودية", "SA"), (" \u200fIN ", "IN"), ("No", "NO")],
)  # fmt: skip
def test_countries_are_known_by_code_and_by_name(text, code):
    assert parse_country(text) == code


@pytest.mark.parametrize("text", ["", "Dubai", "XX", "ZZ", "150", "=AE+1", "Atlantis", "EU", "Eurozone"])
def test_what_is_no_country_is_refused(text):
    with pytest.raises(Invalid) as refused:
        parse_country(text)
    assert (refused.value.code, refused.value.field) == ("country_unknown", "country")
