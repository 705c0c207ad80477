"""From a tenant's HTML or plain writing to the two parts of a message."""

import re

import pytest

from bursar.core.errors import Invalid
from bursar.outbox.bodies import Sources, direction, sources


def content(body: str, body_format: str = "html") -> Sources:
    """Both parts without layout, styles and footer."""
    made = sources(body, body_format, "en")
    html = re.search(r'<div class="sheet"[^>]*>\n(.*?)\n<div class="footer"', made.html, re.DOTALL)
    assert html
    return Sources(re.sub(r' style="[^"]*"', "", html[1]), re.split(r"\n+{{ tenant.name }}", made.text)[0])


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<p onclick='x()'>a</p>", "onclick (<p>)"),
        ("<img src='https://a.example/x.png' onerror=x>", "onerror (<img>)"),
        ("<a href='javascript:alert(1)'>a</a>", 'href="javascript:alert(1)"'),
        ("<a href='JaVaScRiPt:alert(1)'>a</a>", "JaVaScRiPt"),
        ("<a href='data:text/html,x'>a</a>", "data:text/html"),
        ("<a href='/relative'>a</a>", 'href="/relative"'),
        ("<a href='//evil.example'>a</a>", "//evil.example"),
        ("<img src='http://a.example/x.png'>", "http://a.example"),
        ("<p style='width: expression(alert(1))'>a</p>", "expression"),
        ("<p style='background: url(https://a.example/x)'>a</p>", "url"),
        ("<p style='position: fixed'>a</p>", "position"),
        ("<p style='color: {{ customer.name }}'>a</p>", "{{ customer.name }} (style)"),
        ("<p style='color: \\65 xpression'>a</p>", "style"),
        ("<iframe src='https://a.example'></iframe>", "<iframe>"),
        ("<form action='https://a.example'><input></form>", "<form>"),
        ("<style>p{}</style>", "<style>"),
        ("<meta http-equiv='refresh' content='0'>", "<meta>"),
        ("<svg><a xlink:href='javascript:x'>a</a></svg>", "<svg>"),
        ("<!-- hidden -->", "hidden"),
        ("<!--[if mso]><p>x</p><![endif]-->", "[if mso]"),
        ("<html><body>a</body></html>", "<html>"),
        ("<p {% if pay_link %}title='x'{% endif %}>a</p>", "if pay_link"),
        ("<{{ customer.name }}>a", "{{ customer.name }}"),
    ],
)
def test_what_may_not_stand_in_an_email_is_refused_by_name(body, named):
    with pytest.raises(Invalid) as caught:
        sources(body, "html", "en")
    assert named in str(caught.value)
    assert caught.value.field == "body"


def test_everything_unsafe_is_named_at_once():
    with pytest.raises(Invalid) as caught:
        sources("<script>1</script><p onclick=x style='position:fixed'>a</p>", "html", "en")
    assert caught.value.params["found"] == "<script>, onclick (<p>), style “position:fixed”"


@pytest.mark.parametrize(
    "body",
    [
        "<p>{% if pay_link %}</p><p>{% endif %}</p>",
        "<p title='{% if pay_link %}a'>b{% endif %}</p>",
        "<table><tr>{% for invoice in invoices %}<td>a</td></tr>{% endfor %}</table>",
    ],
)
def test_a_block_torn_between_elements_is_refused(body):
    with pytest.raises(Invalid) as caught:
        sources(body, "html", "en")
    assert caught.value.code == "template_tag_misplaced"


def test_a_loop_over_rows_stays_inside_its_table():
    body = "<table>\n{% for invoice in invoices %}<tr><td>{{ invoice.number }}</td></tr>{% endfor %}</table>"
    made = content(body)
    loop = "{% for invoice in invoices %}<tr><td>{{ invoice.number }}</td></tr>{% endfor %}"
    assert made.html.replace("\n", "") == f"<table><tbody>{loop}</tbody></table>"
    assert made.text == "{% for invoice in invoices %}{{ invoice.number }}\n{% endfor %}"


def test_web_addresses_are_put_between_our_tags_and_others_stay():
    made = content(
        '<a href="https://a.example/?x=1&amp;y={{ customer.code }}">see</a> <a href="{{ pay_link }}">pay</a>'
        ' <a href="mailto:{{ reply_to }}">write</a> <img src="{{ pay_link }}" alt="logo">'
    )
    assert made.html.replace("\n", " ") == (
        '<a href="{% tracked_address %}https://a.example/?x=1&amp;y={{ customer.code }}{% endaddress %}">see</a>'
        ' <a href="{% tracked_address %}{{ pay_link }}{% endaddress %}">pay</a>'
        ' <a href="mailto:{{ reply_to }}">write</a>'
        ' <img src="{% plain_address %}{{ pay_link }}{% endaddress %}" alt="logo">'
    )
    assert made.text == (
        "see <{% tracked_address %}https://a.example/?x=1&y={{ customer.code }}{% endaddress %}>"
        " pay <{% tracked_address %}{{ pay_link }}{% endaddress %}> write <mailto:{{ reply_to }}> logo"
    )


def test_the_text_part_reads_like_a_letter():
    made = content(
        "<h1>Hello</h1><p>one <b>two</b>\n three<br>four</p><ul><li>a</li><li>b</li></ul><hr>"
        "<table><tr><th>x</th><th>y</th></tr><tr><td>1</td><td>2</td></tr></table><p>end {curly}</p>"
    )
    assert made.text == (
        'Hello\n\none two three\nfour\n\n- a\n- b\n\n--\nx | y\n1 | 2\n\nend {{ "{" }}curly}'
    )


def test_plain_writing_becomes_paragraphs_lists_and_links():
    made = content(
        "Dear {{ customer.name }},\nplease see https://a.example/x?a=1&b=2.\n"
        "{% for invoice in invoices %}\n- {{ invoice.number }} <b>\n{% endfor %}\n\n"
        "{% if pay_link %}\nPay: {{ pay_link }}\n\nSoon.\n{% endif %}\nYours",
        "text",
    )
    address = "{% tracked_address %}https://a.example/x?a=1&amp;b=2{% endaddress %}"
    assert made.html.split("\n") == [
        "<p>Dear {{ customer.name }},<br>",
        f'please see <a href="{address}">https://a.example/x?a=1&amp;b=2</a>.</p>',
        "<ul>{% for invoice in invoices %}<li>{{ invoice.number }} &lt;b&gt;</li>{% endfor %}</ul>",
        "{% if pay_link %}",
        '<p>Pay: <a href="{% tracked_address %}{{ pay_link }}{% endaddress %}">{{ pay_link }}</a></p>',
        "<p>Soon.</p>",
        "{% endif %}",
        "<p>Yours</p>",
    ]
    assert made.text == (
        "Dear {{ customer.name }},\n"
        "please see <{% tracked_address %}https://a.example/x?a=1&b=2{% endaddress %}>.\n\n"
        "{% for invoice in invoices %}- {{ invoice.number }} <b>\n{% endfor %}\n"
        "{% if pay_link %}Pay: <{% tracked_address %}{{ pay_link }}{% endaddress %}>\n\nSoon.\n\n"
        "{% endif %}Yours"
    )


def test_the_address_that_stops_reminders_is_never_tracked():
    for body in ('<a href="{{ unsubscribe_link }}">stop</a>', "<p>{{ unsubscribe_link }}</p>"):
        made = content(body)
        assert "{% unsubscribe_address %}{{ unsubscribe_link }}{% endaddress %}" in made.html
        assert "tracked_address" not in made.html + made.text


def test_styles_are_put_on_elements_and_lines_stay_short():
    made = sources(f"<p>{'word ' * 2000}</p>", "html", "en")
    assert "<style" not in made.html
    assert '<p style="margin: 0 0 16px;">' in made.html
    assert max(len(line) for line in (made.html + made.text).split("\n")) < 900


def test_control_characters_in_a_body_are_refused():
    with pytest.raises(Invalid) as caught:
        sources("a\x01b", "text", "en")
    assert caught.value.code == "control_characters"


@pytest.mark.parametrize(
    ("locale", "expected"), [("ar", "rtl"), ("ar-AE", "rtl"), ("he", "rtl"), ("en", "ltr"), ("fr_FR", "ltr")]
)
def test_languages_run_in_their_direction(locale, expected):
    assert direction(locale) == expected
    assert f'dir="{expected}"' in sources("a", "text", locale).html
