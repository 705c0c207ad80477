"""Our bytes, read by the standard library, give back exactly what was put in."""

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from email import policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.outbox.mime import (
    Recipient,
    Thread,
    ascii_address,
    build_message,
    encoded_words,
    has_long_line,
    make_skeleton,
    shown_name,
)
from bursar.outbox.skeletons import Composed, Part, compile_version, one_line
from bursar.outbox.tags import Category, sample_values
from bursar.outbox.targets import PIXEL, UNSUBSCRIBE

WHEN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SKELETON = make_skeleton(
    from_address="billing@alsafa.example",
    from_name="الصفا للمحاسبة",
    reply_to="omar@alsafa.example",
    locale="ar",
)
TEMPLATE = compile_version(
    subject="For {{ customer.name }}: {{ today }}",
    body='<p>{{ customer.name }}</p>\n<p>{{ customer.code }}</p><p><a href="{{ pay_link }}">{{ tenant.name }}</a></p>',
    body_format="html",
    locale="ar",
    category=Category.STATEMENT,
    required_tags=(),
)


def simple(text: str = "text\n", html: str = "<p>html</p>\n", subject: str = "Hello") -> Composed:
    def part(body: str) -> Part:
        return Part((body.replace("\n", "\r\n").encode(),), ())

    return Composed(subject, part(html), part(text), (), b"", "en")


def built(composed: Composed | None = None, **more) -> bytes:
    told = {"to": Recipient("huda@noor.example", "Huda"), "message_id": "<1@bursar.example>", "date": WHEN}
    return build_message(SKELETON, composed or simple(), **told | more)


def read(message: bytes) -> EmailMessage:
    parsed = BytesParser(policy=policy.default).parsebytes(message)
    assert isinstance(parsed, EmailMessage)
    for part in parsed.walk():
        assert part.defects == []
        for name in part:
            assert getattr(part[name], "defects", ()) == (), name
    return parsed


def name_of(message: bytes, header: str) -> str:
    """A display name, by the library's older decoder: its newer one puts a space between encoded words."""
    value = BytesParser(policy=policy.compat32).parsebytes(message)[header]
    return str(make_header(decode_header(parseaddr(value)[0])))


def assert_fit_for_smtp(message: bytes) -> None:
    lines = message.split(b"\r\n")
    assert lines[-1] == b""
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)
    assert max(map(len, lines)) <= 998
    head = message.split(b"\r\n\r\n", 1)[0]
    assert head.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 320


anything = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from("\r\n\t .\"'<>&@,;:\\=?_{}%ا😀\u200f\u202e\u2028\xa0\x00\x01"),
    max_size=300,
)
subjects = anything.filter(lambda text: one_line_or_none(text) is not None)
long_lines = st.builds(
    lambda word, n: word * n, st.sampled_from(["x", ".", "ا", "😀", "a b "]), st.integers(0, 3000)
)


def one_line_or_none(text: str) -> str | None:
    try:
        return one_line(text)
    except Invalid:
        return None


@settings(max_examples=150, deadline=None)
@given(name=anything, code=anything | long_lines, firm=anything, to_name=anything)
def test_any_values_come_back_as_they_were(name, code, firm, to_name):
    values = sample_values(Category.STATEMENT, "ar")
    values["customer"] |= {"name": name, "code": code}
    values["tenant"]["name"] = firm
    composed = TEMPLATE.render(values)
    message = built(
        composed,
        to=Recipient("huda@noor.example", to_name),
        unsubscribe_url="https://t.example/u/abc",
        link_for="https://t.example/c/abc.{}".format,
        pixel_url="https://t.example/o/abc.gif",
    )
    parsed = read(message)
    assert_fit_for_smtp(message)

    assert parsed["Subject"] == composed.subject
    (recipient,) = parsed["To"].addresses
    assert recipient.addr_spec == "huda@noor.example"
    assert name_of(message, "To") == shown_name(to_name)
    assert parsed.get_all("Bcc", []) == parsed.get_all("Cc", []) == []
    text, html = parsed.iter_parts()
    fillings = {0: b"https://t.example/c/abc.0", UNSUBSCRIBE: b"https://t.example/u/abc"}
    pixel = b'<img src="https://t.example/o/abc.gif" width="1" height="1" alt="">'
    assert text.get_payload(decode=True) == composed.text.filled(fillings)
    assert html.get_payload(decode=True) == composed.html.filled(fillings | {PIXEL: pixel})
    assert len(message) < 3 * composed.size + 3_000


@settings(max_examples=150, deadline=None)
@given(subject=subjects)
def test_any_subject_comes_back_in_one_line(subject):
    line = one_line(subject)
    message = built(simple(subject=line))
    assert read(message)["Subject"] == line
    assert_fit_for_smtp(message)
    head = message.split(b"\r\nSubject: ")[1].split(b"\r\nDate: ")[0]
    assert all(len(part) <= 76 for part in re.findall(rb"=\?\S+\?=", head))


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_no_character_is_cut_in_two_between_encoded_words(text):
    for word in encoded_words(text).split("\r\n "):
        assert len(word) <= 75
        encoded = word.removeprefix("=?utf-8?B?").removesuffix("?=")
        base64.b64decode(encoded).decode("utf-8")


def test_the_headers_of_automatic_mail_are_all_there():
    parsed = read(
        built(
            unsubscribe_url="https://t.example/u/abc",
            thread=Thread("<b@x.example>", ["<a@x.example>", "<b@x.example>"]),
        )
    )
    assert dict(parsed.items()) == {
        "From": "الصفا للمحاسبة <billing@alsafa.example>",
        "Reply-To": "omar@alsafa.example",
        "To": "Huda <huda@noor.example>",
        "Subject": "Hello",
        "Date": "Fri, 20 Nov 2026 09:30:00 +0000",
        "Message-ID": "<1@bursar.example>",
        "In-Reply-To": "<b@x.example>",
        "References": "<a@x.example> <b@x.example>",
        "List-Unsubscribe": "<https://t.example/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Content-Language": "ar",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="{SKELETON.boundary.decode()}"',
    }
    text, html = parsed.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert {part["Content-Transfer-Encoding"] for part in (text, html)} == {"8bit"}
    assert {part.get_content_charset() for part in (text, html)} == {"utf-8"}


def test_what_was_not_given_is_not_claimed():
    parsed = read(built())
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post", "In-Reply-To", "References"} & set(parsed.keys())


def test_a_long_thread_keeps_its_first_and_latest():
    ids = [f"<{n}@x.example>" for n in range(50)]
    kept = read(built(thread=Thread(ids[-1], ids)))["References"].split()
    assert kept == [ids[0], *ids[-19:]]


@pytest.mark.parametrize("line", ["x" * 998, "ا" * 499])
def test_the_longest_allowed_line_stays_as_it_is(line):
    text, _ = read(built(simple(text=f"a\n{line}\nb\n"))).iter_parts()
    assert text["Content-Transfer-Encoding"] == "8bit"


@pytest.mark.parametrize("line", ["x" * 999, "ا" * 500, "x" * 5000])
def test_a_longer_line_is_carried_in_base64(line):
    message = built(simple(text=f"a\n{line}\nb\n"))
    text, html = read(message).iter_parts()
    assert (text["Content-Transfer-Encoding"], html["Content-Transfer-Encoding"]) == ("base64", "8bit")
    assert text.get_payload(decode=True) == f"a\r\n{line}\r\nb\r\n".encode()
    assert_fit_for_smtp(message)


@settings(max_examples=100, deadline=None)
@given(lengths=st.lists(st.integers(0, 1200) | st.integers(990, 1005), max_size=12))
def test_long_lines_are_found_without_reading_each(lengths):
    body = b"\r\n".join(b"x" * length for length in lengths)
    assert has_long_line(body) == any(length > 998 for length in lengths)


def test_a_body_that_holds_our_boundary_cannot_end_its_part():
    fixed = make_skeleton(
        from_address="a@x.example", from_name="", reply_to=None, locale="en", token="0" * 32
    )
    evil = simple(text=f"a\n--{fixed.boundary.decode()}--\nb\n")
    message = build_message(fixed, evil, to=Recipient("b@x.example"), message_id="<1@x.example>", date=WHEN)
    text, html = read(message).iter_parts()
    assert text.get_payload(decode=True) == evil.text.pieces[0]
    assert html.get_payload(decode=True) == b"<p>html</p>\r\n"


def test_every_skeleton_has_a_boundary_of_its_own():
    made = {
        make_skeleton(from_address="a@x.example", from_name="", reply_to=None, locale="en").boundary
        for _ in range(50)
    }
    assert len(made) == 50


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
        {"unsubscribe_url": "http://t.example/u"},
        {"unsubscribe_url": "https://t.example/u>\r\nBcc: b@x.example"},
        {"unsubscribe_url": "mailto:a@x.example"},
        {"pixel_url": 'https://t.example/"onload="x'},
    ],
)
def test_what_could_break_a_header_is_refused(more):
    with pytest.raises(Invalid):
        built(**more)


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
