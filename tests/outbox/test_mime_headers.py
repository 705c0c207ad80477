"""Headers: who may stand in them, what may not, and how they are written."""

from datetime import datetime, timedelta, timezone

import pytest

from bursar.core.errors import Invalid
from bursar.outbox.mime import (
    Recipient,
    Thread,
    ascii_address,
    shown_name,
)
from bursar.outbox.skeletons import one_line
from bursar.outbox.tags import Category, sample_values
from tests.makers.mime import TEMPLATE, built, name_of, read, simple


@pytest.mark.parametrize(
    "address",
    [
        "",
        "huda",
        "huda@",
        "a@x.example, b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "alice@example.org)bob@evil.com",
        "Alice <alice@x.example>",
        "a b@x.example",
        "a@x.example ",
        "a..b@x.example",
        ".a@x.example",
        "a@-x.example",
        "a@x..example",
        "هدى@x.example",
        "a@" + "x" * 64 + ".example",
        '"a"@x.example',
    ],
)
def test_only_exactly_one_address_can_be_written_to(address):
    with pytest.raises(Invalid) as caught:
        built(to=Recipient(address))
    assert caught.value.code == "address_unusable"


def test_domains_of_other_scripts_are_written_in_ascii():
    assert ascii_address("billing@bücher.example") == "billing@xn--bcher-kva.example"
    assert read(built(to=Recipient("a@مثال.إختبار")))["To"].addresses[0].domain == "xn--mgbh0fb.xn--kgbechtv"


def test_a_name_cannot_bring_lines_or_turn_the_reading_direction():
    message = built(to=Recipient("a@x.example", 'Huda\r\nBcc: b@x.example\u202e\u2066 "Q" <c@x.example>'))
    parsed = read(message)
    assert "Bcc" not in parsed
    (recipient,) = parsed["To"].addresses
    assert recipient.display_name == 'Huda Bcc: b@x.example "Q" <c@x.example>'
    assert recipient.addr_spec == "a@x.example"


@pytest.mark.parametrize(
    "more",
    [
        {"message_id": "no brackets@x.example"},
        {"message_id": "<1@x.example>\r\nBcc: b@x.example"},
        {"thread": Thread("<a@x.example> <b@x.example>", ())},
        {"thread": Thread(None, ["<a@x\r\n.example>"])},
        {"unsubscribe_url": "https://t.example/u>\r\nBcc: b@x.example"},
        {"unsubscribe_url": "mailto:a@x.example"},
        {"pixel_url": 'https://t.example/"onload="x'},
    ],
)
def test_what_could_break_a_header_is_refused(more):
    with pytest.raises(Invalid):
        built(**more)


def test_without_https_the_way_out_stands_in_the_message_and_in_no_header():
    plain = read(built(unsubscribe_url="http://t.example/u"))
    assert "List-Unsubscribe" not in plain
    assert "List-Unsubscribe" in read(built(unsubscribe_url="https://t.example/u"))


def test_a_message_that_offers_to_stop_reminders_must_know_how():
    composed = TEMPLATE.render(sample_values(Category.STATEMENT, "ar"))
    with pytest.raises(Invalid) as caught:
        built(composed)
    assert caught.value.code == "no_unsubscribe"


def test_without_tracking_links_lead_straight_to_their_targets():
    values = sample_values(Category.STATEMENT, "ar") | {
        "pay_link": "https://pay.example/?a=1&b=2",
        "unsubscribe_link": None,
    }
    text, html = read(built(TEMPLATE.render(values))).iter_parts()
    assert "<https://pay.example/?a=1&b=2>" in text.get_content()
    assert 'href="https://pay.example/?a=1&amp;b=2"' in html.get_content()
    assert "<img" not in html.get_content()


def test_times_are_written_with_their_zone():
    dubai = datetime(2026, 11, 20, 13, 30, tzinfo=timezone(timedelta(hours=4)))
    assert read(built(date=dubai))["Date"] == "Fri, 20 Nov 2026 13:30:00 +0400"
    with pytest.raises(ValueError, match="zone"):
        built(date=datetime(2026, 11, 20))  # noqa: DTZ001  that is the point


@pytest.mark.parametrize(
    "text", ["=?utf-8?B?eHg=?=", 'back\\slash "quoted" (and) <more>, x;', "a" * 90, "b " * 60 + "c"]
)
def test_text_that_headers_give_a_meaning_is_carried_as_text(text):
    message = built(simple(subject=one_line(text)), to=Recipient("a@x.example", text))
    assert read(message)["Subject"] == one_line(text)
    assert name_of(message, "To") == shown_name(text)
