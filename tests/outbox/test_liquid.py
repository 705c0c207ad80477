"""What tenants may write in Liquid, and what it can never do (R139)."""

import pytest

from bursar.core.errors import Invalid
from bursar.outbox import liquid
from bursar.outbox.skeletons import CompiledTemplate, compile_version
from bursar.outbox.tags import Category, sample_values


def compiled(body: str, *, subject: str = "Hello", body_format: str = "text") -> CompiledTemplate:
    return compile_version(
        subject=subject,
        body=body,
        body_format=body_format,
        locale="en",
        category=Category.STATEMENT,
        required_tags=(),
    )


def shown(body: str, **changed) -> str:
    """The text part of `body` written for the sample customer, without the footer's lines."""
    values = sample_values(Category.STATEMENT, "en") | changed
    return compiled(body).render(values).text.pieces[0].decode().split("\r\n\r\n")[0]


def refusal(body: str, **more) -> Invalid:
    with pytest.raises(Invalid) as caught:
        compiled(body, **more)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        "{{7*7}}",
        "{{ x.__class__ }}",
        "{{ customer.__class__.__mro__ }}",
        "{{ customer['__init__'] }}",
        "{{ customer.name.upper }}",
        "{% include 'secrets' %}",
        "{% render 'secrets' %}",
        "{% extends 'secrets' %}",
        "{% capture x %}a{% endcapture %}",
        "{% assign x = 'a' %}",
        "{% raw %}<script>{% endraw %}",
        "{% tracked_address %}https://a.example{% endaddress %}",
        "{% pixel %}",
        "{{ now }}",
        "{{{{ customer.name }}}}",
        "{{ customer.name",
        "{% if pay_link %}never closed",
        "{% endif %}",
        "{{ customer.name | safe }}",
        "{{ customer.name | escape }}",
        "{{ customer[today] }}",
    ],
)
def test_what_could_reach_beyond_plain_values_is_refused_when_saved(body):
    assert refusal(body).field == "body"


@pytest.mark.parametrize("body", ["${7*7}", "#{7*7}", "<%= 7*7 %>", "{7*7}", "%(name)s {0} {name!r}"])
def test_other_template_languages_are_mere_text(body):
    assert shown(body) == body


def test_a_value_that_looks_like_liquid_stays_text():
    customer = {"name": "{{ tenant.name }}{% pixel %}", "company": None, "code": None}
    assert shown("Dear {{ customer.name }}", customer=customer) == "Dear {{ tenant.name }}{% pixel %}"


def test_entities_cannot_smuggle_liquid_past_the_checks():
    made = compiled("<p>&#123;&#123; customer.name }} &#123;% pixel %}</p>", body_format="html")
    html = made.render(sample_values(Category.STATEMENT, "en")).html
    assert b"&#123;&#123; customer.name }}" in html.pieces[0]
    assert len(html.slots) == 2  # the unsubscribe link and our own pixel


def test_a_value_of_a_megabyte_is_refused_and_not_sent():
    customer = {"name": "x" * 1_000_000, "company": None, "code": None}
    with pytest.raises(Invalid) as caught:
        shown("Dear {{ customer.name }}", customer=customer)
    assert caught.value.code == "template_value"


def test_loops_within_loops_end_at_the_limit():
    body = "{% for a in invoices %}{% for b in invoices %}x{% endfor %}{% endfor %}"
    rows = sample_values(Category.STATEMENT, "en")["invoices"]
    with pytest.raises(Invalid) as caught:
        shown(body, invoices=rows * 100)
    assert "loop iteration limit" in str(caught.value)
    assert shown(body, invoices=rows * 3) == "x" * 9


def test_an_unknown_tag_is_named_with_the_nearest_known_one():
    refused = refusal("Dear {{ custmer.name }}")
    assert (refused.code, refused.params["near"]) == ("unknown_tag", "customer.name")
    refused = refusal("{% for invoice in invoices %}{{ invoice.numbr }}{% endfor %}")
    assert refused.params == {"name": "invoices.numbr", "near": "invoices.number"}


def test_a_subject_cannot_hold_the_address_that_stops_reminders():
    assert refusal("x", subject="{{ unsubscribe_link }}").code == "unknown_tag"


def test_an_unknown_filter_is_named_with_the_nearest_known_one():
    assert refusal("{{ customer.name | upcse }}").params["near"] == "upcase"


def test_a_missing_value_stops_the_message():
    values = sample_values(Category.STATEMENT, "en")
    del values["customer"]["name"]
    with pytest.raises(Invalid) as caught:
        compiled("Dear {{ customer.name }}").render(values)
    assert "customer.name" in str(caught.value)


def test_an_object_is_not_a_value():
    with pytest.raises(Invalid):
        shown("{{ customer.name }}", customer={"name": object(), "company": None, "code": None})


def test_control_characters_of_a_value_do_not_reach_the_message():
    customer = {"name": "a\x00b\x01c\x1bd\r\ne\u2028f", "company": None, "code": None}
    assert shown("{{ customer.name }}", customer=customer) == "abcd\r\ne\r\nf"


def test_a_subject_is_one_plain_line():
    for subject in ("two\nlines", "a\r\nBcc: x@example.com", "", "  ", "a\x0bb"):
        assert refusal("x", subject=subject).field == "subject"
    customer = {"name": "Huda\r\nBcc: x@example.com\u2028\x0b\u202ezz", "company": None, "code": None}
    made = compiled("x", subject="For {{ customer.name }}")
    values = sample_values(Category.STATEMENT, "en") | {"customer": customer}
    assert made.render(values).subject == "For Huda Bcc: x@example.com zz"


def test_an_empty_subject_is_refused_when_written():
    with pytest.raises(Invalid, match="subject is empty"):
        compiled("x", subject="{{ customer.company }}").render(
            sample_values(Category.STATEMENT, "en") | {"customer": {"name": "a", "company": None}}
        )


def test_the_required_tags_of_a_category_must_be_there():
    with pytest.raises(Invalid) as caught:
        compile_version(
            subject="Hello",
            body="Please pay",
            body_format="text",
            locale="en",
            category=Category.OVERDUE_NOTICE,
        )
    assert caught.value.params == {"missing": "invoices.balance, invoices.number"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ customer.name | upcase }}", "HUDA SALEM"),
        ("{{ customer.company | default: 'you' }}", "Noor Trading LLC"),
        ("{{ customer.name | truncate: 7 }}", "Huda..."),
        (
            "{{ invoices.size }} {{ invoices.first.number }} {{ invoices[0].balance }}",
            "1 INV-2041 AED 1,625.00",
        ),
        ("{{ oldest_days_overdue | plus: 1 }}", "21"),
        ("{{ today | date }}", "20 November 2026"),
        ("{% unless oldest_days_overdue > 30 %}soon{% else %}late{% endunless %}", "soon"),
        ("{% case totals.size %}{% when 1 %}one{% else %}many{% endcase %}", "one"),
        ("{% for i in (1..3) %}{{ i }}{% endfor %}", "123"),
        ("a{% comment %}not {{ this }}{% endcomment %}b{% # nor this %}c", "abc"),
    ],
)
def test_what_templates_can_say(body, text):
    assert shown(body) == text


def test_money_and_days_are_written_in_the_language_of_the_template():
    owed = {"amount_minor": 262500, "currency": "AED"}
    assert liquid.money("en", owed).replace("\xa0", " ") == "AED 2,625.00"
    assert "2,625.00" in liquid.money("ar", owed)
    assert liquid.money("en", "AED 1.00") == "AED 1.00"
    assert liquid.written_date("en", "2026-11-20") == "20 November 2026"
    assert liquid.written_date("en", "2026-11-20", "full").startswith("Friday")
    assert "نوفمبر" in liquid.written_date("ar", "2026-11-20")
    assert liquid.written_date("en", "yesterday") == "yesterday"


@pytest.mark.parametrize("value", ["2026-99-99", "2026-02-30", "0000-01-01", "٢٠٢٦-١١-٢٠"])
def test_what_only_looks_like_a_day_stays_as_it_was_written(value):
    customer = {"name": value, "company": None, "code": None}
    assert shown("{{ customer.name | date }}", customer=customer) == value
