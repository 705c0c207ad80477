"""The merge tags and the templates everybody starts with."""

import pytest

from bursar.outbox.defaults import LADDER, library
from bursar.outbox.skeletons import Composed, compile_version
from bursar.outbox.tags import Category, emptied, required_tags, sample_values, tags_of
from bursar.outbox.targets import PIXEL, PRIVATE, UNSUBSCRIBE

EACH = {f"{template.code}.{template.locale}": template for template in library()}
ABOUT_INVOICES = [name for name, template in EACH.items() if "invoices" in tags_of(template.category)]
OTHERS = [name for name in EACH if name not in ABOUT_INVOICES]


def written(name: str, **changed) -> Composed:
    template = EACH[name]
    made = compile_version(
        subject=template.words.subject,
        body=template.words.body,
        body_format=template.words.body_format,
        locale=template.locale,
        category=template.category,
        preheader=template.words.preheader,
    )
    return made.render(sample_values(template.category, template.locale) | changed)


def text_of(composed: Composed) -> str:
    targets = {position: target.encode() for position, target in enumerate(composed.links)}
    return composed.text.filled(targets | {UNSUBSCRIBE: b"stop", PRIVATE: b"theirs", PIXEL: b""}).decode()


@pytest.mark.parametrize("category", Category)
def test_samples_have_a_value_for_every_tag(category):
    for path, tag in tags_of(category).items():
        place = sample_values(category, "ar")
        for step in path.split("."):
            place = place[step.removesuffix("[]")]
            place = place[0] if step.endswith("[]") else place
        assert place is not None, tag.path


@pytest.mark.parametrize("category", Category)
def test_what_is_required_exists(category):
    assert required_tags(category) <= set(tags_of(category))


def test_a_composer_starts_from_every_name_and_no_value():
    values = emptied(Category.THANKS)
    assert values["payment"] == {"amount": None, "date": None, "reference": None}
    assert (values["invoices"], values["pay_link"]) == ([], None)


def test_every_template_of_the_ladder_speaks_both_languages():
    for code in (*LADDER, "due", "payment_follow_up", "thanks", "statement"):
        assert {f"{code}.en", f"{code}.ar"} <= set(EACH)


@pytest.mark.parametrize("name", OTHERS)
def test_a_template_that_is_about_no_invoice_names_the_firm_and_leads_to_one_page(name):
    composed = written(name)
    text = text_of(composed)
    assert sample_values(EACH[name].category, EACH[name].locale)["tenant"]["name"] in text
    assert "{" not in text + composed.subject
    assert "\n\n\n" not in text.replace("\r", "")
    assert len(composed.links) + composed.html.slots.count(PRIVATE) == 1


@pytest.mark.parametrize("name", OTHERS)
def test_a_template_that_is_about_no_invoice_offers_no_way_where_there_is_none(name):
    ways = [tag for tag in sample_values(EACH[name].category, "en") if tag.endswith("_link")]
    composed = written(name, **dict.fromkeys(ways))
    assert (composed.links, composed.html.slots) == ((), (PIXEL,))


@pytest.mark.parametrize("name", ABOUT_INVOICES)
def test_each_template_of_the_library_names_firm_customer_and_what_is_open(name):
    composed = written(name)
    text = text_of(composed)
    values = sample_values(EACH[name].category, EACH[name].locale)
    issued = EACH[name].category is Category.INVOICE_ISSUED
    for told in (
        values["tenant"]["name"],
        values["customer"]["name"],
        "INV-2041",
        values["invoices"][0]["total" if issued else "balance"],
    ):
        assert told in text, told
    assert "{" not in text + composed.subject
    assert "\n\n\n" not in text.replace("\r", "")
    assert "https://pay.example/i/2041" in composed.links


@pytest.mark.parametrize("name", ABOUT_INVOICES)
def test_no_link_is_offered_where_there_is_none(name):
    rows = sample_values(EACH[name].category, "en")["invoices"]
    composed = written(name, pay_link=None, unsubscribe_link=None, invoices=[{**rows[0], "link": None}])
    assert composed.links == ()
    assert composed.html.slots == (PIXEL,)
    assert b"<a class" not in composed.html.pieces[0]


@pytest.mark.parametrize("name", [name for name in EACH if name.endswith(".ar")])
def test_arabic_is_set_from_right_to_left_with_numbers_kept_whole(name):
    html = b"".join(written(name).html.pieces).decode()
    assert '<html lang="ar" dir="rtl"' in html
    assert ("<bdi>INV-2041</bdi>" in html) is (name in ABOUT_INVOICES)
    for value in ("AED", "INV-2041", "1,625.00", "billing@alsafa.example"):
        assert html.count(f">{value}") == html.count(f"<bdi>{value}"), value


def test_every_open_invoice_stands_in_its_own_row():
    row = sample_values(Category.OVERDUE_NOTICE, "en")["invoices"][0]
    rows = [{**row, "number": f"INV-{n}", "days_overdue": n} for n in range(3)]
    text = text_of(written("overdue_gentle.en", invoices=rows))
    assert [line for line in text.split("\r\n") if line.startswith("INV-")] == [
        "INV-0 <https://pay.example/i/2041> | 31 October 2026 | – | AED 1,625.00",
        "INV-1 <https://pay.example/i/2041> | 31 October 2026 | 1 | AED 1,625.00",
        "INV-2 <https://pay.example/i/2041> | 31 October 2026 | 2 | AED 1,625.00",
    ]
