"""Messages of blocks: what each becomes, in both directions of writing, and what is refused."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest

from bursar.core.errors import Invalid
from bursar.outbox.blocks.conversions import as_html, as_text
from bursar.outbox.blocks.reading import read_blocks, written
from bursar.outbox.blocks.shorthand import read_shorthand
from bursar.outbox.skeletons import CompiledTemplate, compile_version
from bursar.outbox.tags import Category, sample_values
from bursar.outbox.targets import PIXEL, UNSUBSCRIBE

pytestmark = pytest.mark.pure

TABLE = {"kind": "invoices", "columns": ["number", "due_date", "balance"]}


def compiled(
    *blocks: dict[str, Any], locale: str = "en", preheader: str = "", **given: Any
) -> CompiledTemplate:
    return compile_version(
        subject="Open",
        body=json.dumps([*blocks, TABLE]),
        body_format="blocks",
        locale=locale,
        category=given.get("category", Category.OVERDUE_NOTICE),
        preheader=preheader,
    )


def shown(
    *blocks: dict[str, Any], locale: str = "en", preheader: str = "", **changed: Any
) -> tuple[str, str]:
    """HTML and text, links in place."""
    values = sample_values(Category.OVERDUE_NOTICE, locale) | changed
    composed = compiled(*blocks, locale=locale, preheader=preheader).render(values)
    targets = {position: target.encode() for position, target in enumerate(composed.links)}
    targets |= {UNSUBSCRIBE: b"https://stop.example/", PIXEL: b""}
    html, text = (
        part.filled(targets).decode().replace("\r\n", "\n") for part in (composed.html, composed.text)
    )
    return " ".join(html.split()), text  # a line of HTML may end wherever a space stands


def elements_of(html: str) -> set[str]:
    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add(tag)

    found: set[str] = set()
    Reader().feed(html)
    return found


def text(words: str) -> dict[str, Any]:
    return {"kind": "text", "text": words}


def test_every_block_is_in_both_parts():
    html, plain = shown(
        {"kind": "heading", "text": "Your account"},
        text("Dear {{ customer.name }},\n\n- one\n- two"),
        {"kind": "button", "label": "Pay now", "to": "pay"},
        {"kind": "divider"},
        {"kind": "image", "src": "https://firm.example/a.png?x=1&y=2", "alt": "Our office", "width": 120},
        {"kind": "columns", "columns": [[text("Start side")], [text("End side")]]},
        {"kind": "footer", "text": "Licence 77"},
    )

    for part in (html, plain):
        for told in (
            "Your account",
            "Huda Salem",
            "Pay now",
            "Our office",
            "Start side",
            "End side",
            "Licence 77",
        ):
            assert told in part
        for told in ("INV-2041", "AED 1,625.00", "https://pay.example/p/77", "https://stop.example/"):
            assert told in part
    assert "<li>one</li>" in html
    assert "- one\n- two" in plain
    assert (
        'src="https://firm.example/a.png?x=1&amp;y=2"' in html or "https://firm.example/a.png?x=1&y=2" in html
    )
    assert plain.index("Start side") < plain.index("End side") < plain.index("INV-2041")


def test_styles_stand_on_the_elements_themselves():
    html, _ = shown(text("Hello"))

    assert '<p style="margin: 0 0 12px;">Hello</p>' in html
    assert '<th style="padding: 8px 6px;' in html


def test_arabic_runs_from_the_right_and_keeps_numbers_whole():
    html, plain = shown(text("المبلغ {{ totals.first.balance }} على {{ customer.name }}"), locale="ar")

    assert '<html lang="ar" dir="rtl"' in html
    assert "direction:rtl" in html
    assert "text-align:right" in html
    assert "<bdi>1,625.00 AED</bdi>" in html
    assert "<bdi>هدى سالم</bdi>" in html
    assert "<bdi>INV-2041</bdi>" in html
    assert "الفاتورة" in plain


@pytest.mark.parametrize(("to", "value"), [("pay", {"pay_link": None}), ("promise", {"pay_link": None})])
def test_a_button_without_an_address_is_not_shown(to: str, value: dict[str, Any]):
    html, plain = shown({"kind": "button", "label": "Press here", "to": to}, **value)

    assert "Press here" not in html + plain


def test_a_button_leads_to_the_invoice_to_a_promise_or_to_an_address_of_ones_own():
    html, plain = shown(
        {"kind": "button", "label": "See", "to": "see"},
        {"kind": "button", "label": "Promise", "to": "promise"},
        {
            "kind": "button",
            "label": "Call",
            "to": "address",
            "address": "https://firm.example/?c={{ customer.code }}",
        },
    )

    for address in (
        "https://pay.example/i/2041",
        "https://pay.example/p/77/promise",
        "https://firm.example/?c=C-1042",
    ):
        assert f'href="{address}"' in html
        assert f"<{address}>" in plain


def test_a_block_may_stand_only_while_something_or_nothing_is_open():
    blocks = (
        {**text("This is open:"), "when": "something_open"},
        {**text("All is settled."), "when": "nothing_open"},
    )

    owing, settled = shown(*blocks)[1], shown(*blocks, invoices=[], totals=[])[1]

    assert ("This is open:" in owing, "All is settled." in owing) == (True, False)
    assert ("This is open:" in settled, "All is settled." in settled) == (False, True)


def test_the_preheader_stands_hidden_in_front_and_not_in_the_text():
    html, plain = shown(text("Hello"), preheader="About {{ invoices.first.number }} & more")

    assert "display:none" in html
    assert "About INV-2041 &amp; more" in html
    assert html.index("About INV-2041") < html.index("Hello")
    assert "& more" not in plain


def test_what_people_write_is_text_and_never_markup():
    hostile = '<script>alert(1)</script> <mj-button href="x"> </mj-text><img src=x onerror=y> $styles $body'

    html, plain = shown(
        text(hostile),
        {"kind": "heading", "text": hostile},
        {"kind": "button", "label": hostile, "to": "pay"},
        {"kind": "image", "src": "https://a.example/a.png", "alt": '"><script>', "width": 10},
        {"kind": "footer", "text": hostile},
        preheader="<script> $styles",
    )

    assert elements_of(html).isdisjoint({"script", "mj-button", "mj-text"})
    assert "onerror=" not in html.replace("&lt;img src=x onerror=y&gt;", "")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script>alert(1)</script>" in plain


def test_an_address_cannot_end_its_attribute():
    with pytest.raises(Invalid, match="full web address"):
        shown({"kind": "image", "src": 'https://a.example/"onload="x', "alt": "", "width": 10})


def test_what_a_value_says_stays_text():
    html, _ = shown(
        text("{{ customer.name }}"), customer={"name": "<b>{{ x }}</b>", "company": None, "code": None}
    )

    assert "&lt;b&gt;{{ x }}&lt;/b&gt;" in html


@pytest.mark.parametrize(
    ("block", "code"),
    [
        (text(" "), "block_empty"),
        ({"kind": "script", "text": "x"}, "block_kind"),
        ({"kind": ["text"]}, "block_kind"),
        ("text", "block_kind"),
        ({"kind": "image", "src": "http://a.example/a.png", "alt": "", "width": 10}, "block_address"),
        ({"kind": "image", "src": "javascript:alert(1)", "alt": "", "width": 10}, "block_address"),
        ({"kind": "image", "src": "https://a.example/a.png", "alt": "", "width": 9999}, "block_width"),
        ({"kind": "image", "src": "https://a.example/a.png", "alt": "", "width": True}, "block_width"),
        (
            {"kind": "button", "label": "x", "to": "address", "address": "javascript:alert(1)"},
            "block_address",
        ),
        ({"kind": "button", "label": "x", "to": "moon"}, "block_setting"),
        ({"kind": "button", "label": "", "to": "pay"}, "block_empty"),
        ({**text("x"), "when": "never"}, "block_setting"),
        ({"kind": "invoices", "columns": []}, "block_columns"),
        ({"kind": "invoices", "columns": ["salary"]}, "block_columns"),
        ({"kind": "columns", "columns": [[text("x")]]}, "block_columns"),
        ({"kind": "columns", "columns": [[text("x")], []]}, "block_columns"),
        ({"kind": "columns", "columns": [[text("x")], [TABLE]]}, "block_kind"),
        (text("a\x01b"), "control_characters"),
        (text("{% if pay_link %}open"), "template_syntax"),
        (text("{% endif %}x{% if pay_link %}"), "template_syntax"),
        (text("{{ customer.salary }}"), "unknown_tag"),
        (text("{% include 'x' %}"), "template_syntax"),
    ],
)
def test_a_block_that_cannot_be_sent_is_refused(block: Any, code: str):
    with pytest.raises(Invalid) as refusal:
        compiled(text("first"), block)

    assert (refusal.value.code, refusal.value.field) == (code, "body")
    if code.startswith("block_"):
        assert refusal.value.params["number"] == 2


@pytest.mark.parametrize("body", ["", "{}", "[", "[]", json.dumps([text("x")] * 61), "[" * 5_000])
def test_what_is_no_list_of_blocks_is_refused(body: str):
    with pytest.raises(Invalid) as refusal:
        read_blocks(body)

    assert refusal.value.field == "body"


def test_a_preheader_knows_no_other_tags_than_the_subject():
    for preheader in ("{{ customer.salary }}", "{% if", "{{ unsubscribe_link }}"):
        with pytest.raises(Invalid) as refusal:
            compiled(preheader=preheader)
        assert refusal.value.field == "preheader"


def test_blocks_are_read_back_as_they_were_written():
    body = json.dumps(
        [
            {**text("x"), "when": "nothing_open"},
            {
                "kind": "columns",
                "columns": [[text("a")], [{"kind": "divider"}], [{"kind": "heading", "text": "h"}]],
            },
            {"kind": "button", "label": "b", "to": "address", "address": "https://a.example/"},
            {"kind": "invoices", "columns": ["number", "balance"], "totals": False},
        ]
    )

    assert read_blocks(written(read_blocks(body))) == read_blocks(body)


def test_blocks_can_be_gone_on_with_as_html_and_as_plain_text():
    blocks = read_shorthand(
        "Dear {{ customer.name }},\n\n[heading: Hello]\n\n[when something_open]\n\n[invoices number balance]"
        "\n\n[button pay: Pay now]\n\n[when always]\n\n[divider]"
    )
    values = sample_values(Category.OVERDUE_NOTICE, "en")

    for body, body_format in ((as_html(blocks, "en"), "html"), (as_text(blocks, "en"), "text")):
        composed = compile_version(
            subject="Open", body=body, body_format=body_format, locale="en", category=Category.OVERDUE_NOTICE
        ).render(values)
        said = composed.text.filled(dict.fromkeys(composed.text.slots, b"")).decode()
        for told in ("Dear Huda Salem", "INV-2041", "AED 1,625.00", "Pay now"):
            assert told in said, body_format
        assert "https://pay.example/p/77" in composed.links


def test_the_library_knows_no_other_brackets():
    with pytest.raises(ValueError, match="no block called video"):
        read_shorthand("[video: x]")
