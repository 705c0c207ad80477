"""Our bytes, read by the standard library, give back exactly what was put in."""

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bursar.core.errors import Invalid
from bursar.outbox.mime import (
    Recipient,
    Thread,
    build_message,
    encoded_words,
    has_long_line,
    make_skeleton,
    shown_name,
)
from bursar.outbox.skeletons import one_line
from bursar.outbox.tags import Category, sample_values
from bursar.outbox.targets import PIXEL, UNSUBSCRIBE
from tests.makers.mime import SKELETON, TEMPLATE, WHEN, built, name_of, read, simple


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
